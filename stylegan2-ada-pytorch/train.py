"""Command line: train a generator on a folder or zip of images."""

import importlib.util
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.cli import WIDE, SectionedCommand, errors_as_messages, with_options
from stylegan2.options.row import SWITCH, Row, rows_of
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.distributed import ALONE, ProcessGroup, connected_processes
from stylegan2.training.training_options import TrainingOptions, resolve_options


@click.command(cls=SectionedCommand, context_settings=WIDE)
@with_options(
    **rows_of(TrainingChoices),
    dry_run = Row("-n --dry-run", SWITCH, None, False,
        "Check everything, print the resolved options, and end.", "Output and interruptions"),
)  # fmt: skip
@errors_as_messages
def main(dry_run: bool, **chosen: Any) -> None:
    """Train a generative network (StyleGAN2 with adaptive augmentation) on pictures.

    A folder of a few hundred to some thousand similar pictures is enough. Ctrl-C or SIGTERM ends the training after the
    current step, with everything saved. Ended so, or killed, it goes on when the same command is given again.

    \b
    Examples:
      # Minutes on a laptop, from 64-pixel pictures:
      python dataset_tool.py --source photos --dest faces.zip --resolution 64
      python train.py --data faces.zip --outdir out --preset laptop

    \b
      # Go on after an interruption: run the same command again.
      python train.py --data faces.zip --outdir out --preset laptop

    \b
      # Begin with a network that has learned something similar:
      python train.py --data cats.zip --outdir cats --transfer out --kimg 200

    \b
      # On four GPUs of this machine; torchrun's --nnodes adds machines:
      torchrun --nproc-per-node 4 train.py --data faces.zip --outdir out
    """
    with connected_processes(chosen["device"]) as group:
        chosen["checkpoint_dir"] = chosen["checkpoint_dir"] or chosen["outdir"] / "checkpoints"
        options = resolve_options(TrainingChoices(**chosen), group.size)
        if options.device == "cpu":
            keep_freed_memory()
        if not dry_run:
            run(options, group)
        elif group.is_main_process:
            click.echo(json.dumps(options.as_json(), indent=2))


def run(options: TrainingOptions, group: ProcessGroup = ALONE) -> None:
    """Train; a first SIGINT or SIGTERM asks for a clean stop, a second one ends the process at once."""
    asked_to_stop = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True
        click.echo(f"{signal.Signals(number).name}: saving everything after this step ...", err=True)
        signal.signal(number, signal.SIG_DFL)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with progress_shown(options.settings.kimg, group) as show:
            train(options, group=group, should_stop=lambda _: "stopped" if asked_to_stop else None, on_progress=show)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def progress_shown(total_kimg: float, group: ProcessGroup) -> Iterator[Callable[[float], None]]:
    """The log on stdout: below it a progress bar if that is a terminal and rich is installed, otherwise plain lines.

    Of several processes, only the first one shows anything.
    """
    if not group.is_main_process:
        yield lambda kimg: None
    elif sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
        from stylegan2.cli.progress_bar import progress_bar

        with progress_bar(total_kimg) as show:
            yield show
    else:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
        yield lambda kimg: None


if __name__ == "__main__":
    main()
