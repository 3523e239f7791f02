"""A live display of a run: redrawn on a terminal, one plain line a change elsewhere."""

import re
import sys
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from contract.pipeline import Step
from contract.statuses import EXECUTING, FAILED, STOPPED, SUCCEEDED
from local_aws.mailbox import Mail
from local_aws.runs import RunView, StepView

SHOWN_STEPS = (Step.PREPARE, Step.TRAIN, Step.INFER, Step.NOTIFY)
SIGNS = {SUCCEEDED: "[green]✓[/]", FAILED: "[red]✗[/]", STOPPED: "[yellow]■[/]", EXECUTING: "[cyan]●[/]"}
TRAINED = re.compile(r"kimg=([0-9.]+)")


class ProgressDisplay:
    """Shows what is going on; use as a context manager and call `show` as often as you like."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=False)
        self._live = (
            Live(console=self._console, refresh_per_second=4, transient=True) if self._console.is_terminal else None
        )
        self._said: set[str] = set()

    def __enter__(self) -> "ProgressDisplay":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print one line that stays."""
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def show(
        self, doing: str, run: RunView | None = None, mails: Sequence[Mail] = (), tick: str = "", kimg: float = 0
    ) -> None:
        """Show the present state.

        Args:
            doing: what is going on outside the run, in a few words.
            tick: the last line that training printed.
            kimg: how far training is to go, in thousands of images; 0 if not known.
        """
        if self._live:
            self._live.update(_drawing(doing, run, mails, tick, kimg))
            return
        steps = run.steps if run else ()
        for line in [
            doing,
            *(f"{step.name}: {step.status}" for step in steps),
            *(f"mail: {mail.subject}" for mail in mails),
            tick,
        ]:
            if line and line not in self._said:
                self._said.add(line)
                self.say(line)
                sys.stdout.flush()


def _drawing(doing: str, run: RunView | None, mails: Sequence[Mail], tick: str, kimg: float) -> Group:
    rows: list[Table | Text] = [Text(doing, style="bold")]
    if run is not None:
        rows.append(_steps(run, tick, kimg))
    rows.extend(Text(f"✉ {mail.subject}", style="magenta") for mail in mails)
    return Group(*rows)


def _steps(run: RunView, tick: str, kimg: float) -> Table:
    table = Table.grid(padding=(0, 2))
    begun = {step.name: step for step in run.steps}
    for name in SHOWN_STEPS:
        step = begun.get(name, StepView(name, "waiting", None))
        sign = Text.from_markup(SIGNS.get(step.status, "[dim]·[/]"))
        seconds = "" if step.seconds is None else f"{step.seconds:.0f} s"
        table.add_row(sign, name, seconds, _detail(step, tick, kimg))
    return table


def _detail(step: StepView, tick: str, kimg: float) -> Text | ProgressBar:
    if step.reason:
        return Text(step.reason, style="red")
    if step.name == Step.TRAIN and step.status == EXECUTING and kimg and (trained := TRAINED.search(tick)):
        return ProgressBar(total=kimg, completed=float(trained[1]), width=40)
    return Text(tick if step.name == Step.TRAIN and step.status == EXECUTING else "", style="dim")
