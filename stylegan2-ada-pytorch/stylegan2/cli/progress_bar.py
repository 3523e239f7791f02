"""How far a training is, on a terminal."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def progress_bar(total_kimg: float, console: Console | None = None) -> Iterator[Callable[[float], None]]:
    """Show a bar below the log, which is printed above it; gives the function to call with the progress in kimg."""
    console = Console() if console is None else console
    columns = (
        BarColumn(),
        TextColumn("{task.completed:.2f} of {task.total:g} kimg"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    handler = _AboveTheBar(console)
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("training", total=total_kimg)
            yield lambda kimg: progress.update(task, completed=kimg)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _AboveTheBar(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(self.format(record), markup=False, highlight=False, soft_wrap=True)
