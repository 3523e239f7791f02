"""How soon a training's sheets of samples come, and what drawing them costs:
`PYTHONPATH=layers/workshop python -m benchmarks.early_sheets`.

The first table is arithmetic: estimates/speeds.toml says how long it takes, from the start of a run (the drop has
settled then) until the trainer runs, of 1,000 images of a megabyte each; the trainer's own start is taken for as long
as Infer's. Compilers' time is not known and not in it. Real are, in the second table, whole trainings on this machine:
their time, and how much of it sheets take.
"""

import math
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from contract.pipeline import PARAMETERS
from local_aws.drawings import write_drawings
from stylegan2.data.preparation import prepare_images
from stylegan2.options.presets import settings_of
from stylegan2.options.training import TrainingChoices
from stylegan2.results.sample_grid import Grid
from stylegan2.results.sheet_series import is_early_moment
from stylegan2.training import train
from stylegan2.training.run_files import RunFiles
from stylegan2.training.training_options import resolve_options
from workshop.dataset.settings import PRESETS
from workshop.estimates.speeds import Basis, Figure, speed_table

IMAGES, BYTES = 1_000, 10**9
TRAINER_STARTS = 30  # seconds: infer.gpu.loading
PEOPLES = ("sketch", "balanced", "best")
MEASURED = ("tiny", "laptop")
NOT_KNOWN = Figure(math.nan, Basis.GUESS)


def moments(preset: str) -> tuple[list[float], int]:
    """When early sheets are drawn, in kimg, and how many follow at snapshots."""
    choice = PRESETS[preset]
    s = settings_of(choice.train_preset, choice.resolution)
    tick = round(s.tick_kimg * 1000)
    seen = range(s.batch, tick * s.snapshot_ticks + s.batch, s.batch)
    early = [now / 1000 for now in seen if is_early_moment(now - s.batch, now, tick, tick * s.snapshot_ticks)]
    return early, math.ceil(choice.kimg / s.tick_kimg / s.snapshot_ticks)


def print_arithmetic() -> None:
    """When the first sheets are there, on the pipeline's own machines."""
    prepares, trains = (PARAMETERS[f"{name}InstanceType"].default or "" for name in ("Process", "Train"))
    speeds = speed_table()
    prepared = speeds.preparing(prepares, IMAGES, BYTES) or NOT_KNOWN
    begun = speeds.starting(prepares).seconds + prepared.seconds + speeds.starting(trains).seconds
    first = begun + TRAINER_STARTS
    print(f"{trains}: its program runs after {begun:.0f} s, its first sheet is there after {first:.0f} s.\n")
    print("| preset | first that has learned, s (kimg) | early | at snapshots | drawn, % of shown |")
    print("|---|---|---|---|---|")
    for preset in PEOPLES:
        choice = PRESETS[preset]
        speed = speeds.training(trains, 1, choice.train_preset, choice.resolution) or NOT_KNOWN
        early, snapshots = moments(preset)
        sheets = 1 + len(early) + snapshots
        drawn = sheets * Grid.for_device(choice.resolution, choice.resolution, "cuda").images / choice.kimg / 10
        learned = first + early[0] * speed.seconds
        print(f"| `{preset}` | {learned:.0f} ({early[0]:g}) | {len(early)} | {snapshots} | {drawn:.2f} |")


@contextmanager
def drawing_seconds() -> Iterator[list[float]]:
    """How long each sheet takes, its file and its copy included."""
    seconds: list[float] = []
    draw = RunFiles.draw

    def timed(files: RunFiles, *arguments: Any) -> None:
        begun, before = time.perf_counter(), files.drawn_at
        draw(files, *arguments)
        if files.drawn_at != before:
            seconds.append(time.perf_counter() - begun)

    with patch.object(RunFiles, "draw", timed):
        yield seconds


def measure(preset: str, folder: Path) -> None:
    """Train by this preset, and say what its sheets took."""
    choice = PRESETS[preset]
    images, data = folder / f"{preset}-images", folder / f"{preset}.zip"
    write_drawings(images, kind="faces", count=200, size=choice.resolution)
    prepare_images(images, data, resolution=choice.resolution)
    out = folder / preset
    options = resolve_options(
        TrainingChoices(
            data=data, outdir=out, checkpoint_dir=folder / f"{preset}-kept", device="cpu",
            preset=choice.train_preset, kimg=choice.kimg,
        )
    )  # fmt: skip
    begun = time.perf_counter()
    with drawing_seconds() as seconds:
        train(options)
    whole = time.perf_counter() - begun
    pictures = Grid.for_device(choice.resolution, choice.resolution, "cpu").images
    a_picture = sum(seconds) / len(seconds) / pictures
    trained = (whole - sum(seconds)) / (options.settings.kimg * 1000)
    early = len(moments(preset)[0])
    print(
        f"| `{preset}`, {choice.resolution} px | {whole:.1f} | {len(seconds)} | {sum(seconds) / len(seconds):.3f} "
        f"| {sum(seconds) / whole:.2%} | {sum(seconds[1 : 1 + early]) / whole:.2%} | {a_picture / trained:.2f} |"
    )


def main() -> int:
    """Print both tables."""
    print_arithmetic()
    print("\n| measured | training, s | sheets | a sheet, s | all sheets | early ones | a picture drawn / one shown |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for preset in MEASURED:
            measure(preset, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
