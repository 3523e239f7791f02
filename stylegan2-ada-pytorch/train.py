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
from typing import Any, get_args

import click

from stylegan2.augmentation.augment import PIPES
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.cli.command_line import errors_as_messages
from stylegan2.model.performance import Compilation, Precision
from stylegan2.options.presets import PRESETS
from stylegan2.training import train
from stylegan2.training.distributed import ALONE, ProcessGroup, connected_processes
from stylegan2.training.training_options import TrainingOptions, resolve_options

SECTIONS = {
    "Main options": ["data", "outdir", "preset", "kimg", "transfer", "seed"],
    "Data": ["mirror", "cond", "subset", "dataset_name"],
    "Augmentation": ["aug", "target", "p", "augpipe"],
    "Hyperparameters": ["batch", "gamma", "glr", "dlr", "freezed"],
    "Output and interruptions": ["checkpoint_dir", "keep", "tick", "snap", "signal_images", "dry_run"],
    "Budget": ["max_hours", "max_cost", "price_per_hour"],
    "Performance": ["device", "batch_gpu", "precision", "channels_last", "compilation", "workers"],
}


class MicroBatch(click.IntRange):
    """A number of images, or `auto`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "auto" else super().convert(value, param, ctx)


class SectionedCommand(click.Command):
    """A command whose help lists the options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        by_name = {parameter.name: parameter for parameter in self.get_params(ctx)}
        listed = {name for names in SECTIONS.values() for name in names}
        sections = {**SECTIONS, "Help": [name for name in by_name if name not in listed]}
        for title, names in sections.items():
            records = [record for name in names if (record := by_name[name].get_help_record(ctx))]
            with formatter.section(title):
                formatter.write_dl(records, col_max=34)


PRESET_HELP = (
    "Networks and numbers for a situation. " + "; ".join(f"{n}: {p.summary}" for n, p in PRESETS.items()) + "."
)


@click.command(cls=SectionedCommand, context_settings={"max_content_width": 110})
@click.option(
    "--data",
    metavar="ZIP|DIR",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="Pictures to learn from: a zip or folder made by dataset_tool.py.",
)
@click.option(
    "--outdir",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the network, samples, statistics and checkpoints; made if missing. Another training's is refused.",
)
@click.option(
    "--preset", "--cfg", "preset", type=click.Choice(list(PRESETS)), default="auto", show_default=True, help=PRESET_HELP
)
@click.option(
    "--kimg",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Length: thousands of pictures to show.  [default: the preset's]",
)
@click.option(
    "--transfer",
    metavar="DIR|FILE",
    type=click.Path(exists=True, path_type=Path),
    help="Begin with another network's weights (a folder with network.safetensors, that file, or a .pkl of "
    "stylegan2-ada-pytorch). What "
    "fits is copied; the log says what does not.  [default: begin from noise]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Of all random numbers. The same seed gives the same network.",
)
@click.option(
    "--mirror",
    type=click.BOOL,
    default=False,
    show_default=True,
    metavar="BOOL",
    help="Show every picture also mirrored: twice the data, if left and right mean the same.",
)
@click.option(
    "--cond",
    type=click.BOOL,
    default=False,
    show_default=True,
    metavar="BOOL",
    help="Learn the labels in the data set's dataset.json too, so that a class can be asked for.",
)
@click.option(
    "--subset",
    type=click.IntRange(min=1),
    metavar="N",
    help="Use only N of the pictures, chosen by --seed.  [default: all]",
)
@click.option("--dataset-name", metavar="NAME", help="What to call the data in the results.  [default: from --data]")
@click.option(
    "--aug",
    type=click.Choice(["ada", "noaug", "fixed"]),
    default="ada",
    show_default=True,
    help="Augment what the discriminator sees: as much as it needs (ada), not at all, or always with --p.",
)
@click.option(
    "--target",
    type=click.FloatRange(-1, 1),
    metavar="R",
    help="With --aug ada: how sure the discriminator may be of the reals.  [default: 0.6]",
)
@click.option("--p", type=click.FloatRange(0, 1), metavar="P", help="With --aug fixed: probability of each operation.")
@click.option(
    "--augpipe",
    type=click.Choice(list(PIPES)),
    default="bgc",
    show_default=True,
    help="Operations: b = flips and shifts, g = geometry, c = colour, f = filter, n = noise, c = cut-outs.",
)
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Pictures per step.  [default: the preset's]")
@click.option(
    "--gamma",
    type=click.FloatRange(min=0),
    metavar="G",
    help="Weight of R1: larger is smoother and safer, smaller gives more detail.  [default: the preset's]",
)
@click.option(
    "--glr",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATE",
    help="Learning rate of the generator.  [default: the preset's]",
)
@click.option(
    "--dlr",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATE",
    help="Learning rate of the discriminator.  [default: the preset's]",
)
@click.option(
    "--freezed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="With --transfer, for few pictures: the first N layers of the discriminator, from the picture on, stay as "
    "they are.",
)
@click.option(
    "--checkpoint-dir",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the whole state here. If there is one, go on with it, exactly.  [default: checkpoints in --outdir]",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="Keep the last N checkpoints; older ones are removed.",
)
@click.option(
    "--tick",
    type=click.FloatRange(min=0, min_open=True),
    metavar="KIMG",
    help="Length of a tick, after which a line of statistics comes.  [default: the preset's]",
)
@click.option(
    "--snap",
    type=click.IntRange(min=1),
    metavar="TICKS",
    help="Ticks between samples, networks and checkpoints.  [default: the preset's]",
)
@click.option(
    "--signal-images",
    type=click.IntRange(min=0),
    default=128,
    show_default=True,
    metavar="N",
    help="At every snapshot, compare N pictures with as many of the data on random features, to keep the best network "
    "so far in best/; 0: do not.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, print the resolved options, and end.")
@click.option(
    "--max-hours",
    type=click.FloatRange(min=0, min_open=True),
    metavar="H",
    help="Stop after this time in all, with everything saved.  [default: no limit]",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="Stop when this is spent, with everything saved; needs --price-per-hour.  [default: no limit]",
)
@click.option(
    "--price-per-hour",
    type=click.FloatRange(min=0, min_open=True),
    metavar="M",
    help="What an hour on this machine costs; the statistics then say what was spent.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to compute; auto takes a GPU if there is one.",
)
@click.option(
    "--batch-gpu",
    type=MicroBatch(min=1),
    metavar="N|auto",
    help="Pictures in memory at once; the batch is done in rounds of as many. Smaller needs less memory; auto takes "
    "what fits.  [default: the preset's]",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", *get_args(Precision)]),
    default="auto",
    show_default=True,
    help="Numbers of the four highest resolutions; auto: fp16 on a GPU, fp32 on a CPU.",
)
@click.option(
    "--channels-last",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Memory layout; auto: on, except for fp32 on a GPU.",
)
@click.option(
    "--compile",
    "compilation",
    type=click.Choice(list(get_args(Compilation))),
    default="auto",
    show_default=True,
    help="Compile the networks for the two main phases; auto: on a GPU, where that works.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="Threads that decode pictures, if the data set is too large to be kept decoded.",
)
@errors_as_messages
def main(tick: float | None, snap: int | None, dry_run: bool, checkpoint_dir: Path | None, **arguments: Any) -> None:
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
    with connected_processes(arguments["device"]) as group:
        options = resolve_options(
            **arguments,
            checkpoint_dir=checkpoint_dir or arguments["outdir"] / "checkpoints",
            tick_kimg=tick,
            snapshot_ticks=snap,
            processes=group.size,
        )
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
            train(options, group=group, should_stop=lambda: asked_to_stop, on_progress=show)
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
