"""Command line: train a generator on a folder or zip of images."""

import importlib.util
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from stylegan2.base.errors import OptionError
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.cli import WIDE, SectionedCommand, errors_as_messages, with_options
from stylegan2.cli.click_options import SectionedOption
from stylegan2.cli.next_steps import command, free_place
from stylegan2.cli.reference_names import INSTEAD
from stylegan2.options.recorded import recorded_choices
from stylegan2.options.row import SWITCH, Row, rows_of
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.distributed import ALONE, ProcessGroup, connected_processes
from stylegan2.training.loop import TrainingResult
from stylegan2.training.training_options import TrainingOptions, identity_of, resolve_options


def _recorded(ctx: click.Context, param: click.Parameter, file: Path | None) -> Path | None:
    """Take the recorded choices as defaults, so that those of the command line win."""
    if file is not None:
        try:
            ctx.default_map = recorded_choices(file)
        except OptionError as error:
            raise click.ClickException(str(error)) from error
    return file


@click.command(cls=SectionedCommand, instead=INSTEAD, context_settings=WIDE)
@click.option(
    "--options",
    "recorded",
    cls=SectionedOption,
    section="Main options",
    is_eager=True,
    callback=_recorded,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Repeat a training: take all options from its training_options.json, but for those that are given here.",
)
@with_options(
    **rows_of(TrainingChoices),
    dry_run = Row("-n --dry-run", SWITCH, None, False,
        "Check everything, print the resolved options, and end.", "Output and interruptions"),
)  # fmt: skip
@errors_as_messages
def main(dry_run: bool, recorded: Path | None, **chosen: Any) -> None:
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
      # The same training once more, but for its length:
      python train.py --options out/training_options.json --outdir longer --kimg 30

    \b
      # On four GPUs of this machine; torchrun's --nnodes adds machines:
      torchrun --nproc-per-node 4 train.py --data faces.zip --outdir out
    """
    with connected_processes(chosen["device"]) as group:
        chosen["checkpoint_dir"] = chosen["checkpoint_dir"] or chosen["outdir"] / "checkpoints"
        options = resolve_options(TrainingChoices(**chosen), group.size)
        if options.device == "cpu":
            keep_freed_memory()
        if recorded is not None and group.is_main_process:
            click.echo(_comparison(recorded, options), err=True)
        if not dry_run:
            result = run(options, group)
            if group.is_main_process:
                click.echo(_last_words(options, result))
        elif group.is_main_process:
            click.echo(json.dumps(options.as_json(), indent=2))


def _comparison(recorded: Path, options: TrainingOptions) -> str:
    """Whether this will be the recorded training again, or what will differ in its result."""
    try:
        theirs = identity_of(json.loads(recorded.read_bytes()))
    except (KeyError, TypeError, AttributeError) as error:
        raise OptionError(
            f"options: {recorded} is of a training by another version, which cannot be compared"
        ) from error
    ours = json.loads(json.dumps(options.identity()))
    different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    return f"options: as in {recorded}" + (f", but for {', '.join(different)}" if different else "")


def _last_words(options: TrainingOptions, result: TrainingResult) -> str:
    """Where the network is, and what to type next."""
    network = result.network.parent
    words: list[str | Path] = ["--network", network, "--seeds", "0-31", "--outdir", free_place(network / "pictures")]
    draw = command("generate.py", *words, *(["--class", "0"] if options.label_size else []))
    goes_on = ", and the same command again goes on" if result.ended == "stopped" else ""
    return f"The network is in {network}{goes_on}. Draw with it: {draw}"


def run(options: TrainingOptions, group: ProcessGroup = ALONE) -> TrainingResult:
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
            return train(
                options,
                group=group,
                should_stop=lambda _: "stopped" if asked_to_stop else None,
                on_progress=show,
            )
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
