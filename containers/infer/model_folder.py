"""What a training left in its model folder, read for the report: statistics, options, sample grids.

The folder comes out of an archive, so its files are read with limits and every value is checked before use.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from containers.errors import InputError
from containers.infer.inline_images import open_image
from contract.pipeline import LONGEST_SIDE
from contract.run_results import TrainingOutcome

_LARGEST_JSON_BYTES = 4 << 20
_LARGEST_STATISTICS_BYTES = 64 << 20
_FAKES_NAME = re.compile(r"fakes([0-9]{1,9}(?:\.[0-9]{1,6})?)\.(?:png|jpg)")  # all are PNG in older archives
_LARGEST_GRID = 64


@dataclass(frozen=True)
class SampleGrid:
    """One grid of training samples; `kimg` is when it was drawn (thousands of images seen)."""

    file: Path
    kimg: float


@dataclass(frozen=True)
class GridShape:
    """How a sample grid is divided: `columns` x `rows` cells of `cell_width` x `cell_height` pixels."""

    columns: int
    rows: int
    cell_width: int
    cell_height: int


@dataclass(frozen=True)
class TrainingRecord:
    """What is known about a training: its statistics tick by tick, its options, and of the network it began with.

    `base` is None if it began with none. `saved` is when the network was saved, in seconds since 1970. `ended` is why
    the training ended, and `trouble` what was the matter with it then, as it calls them; "" if it does not tell.
    """

    ticks: list[dict[str, float | None]]
    options: dict[str, Any]
    base: dict[str, Any] | None
    saved: float | None
    trouble: str = ""
    ended: str = ""

    @property
    def kimg(self) -> float:
        """Thousands of images that the networks have seen."""
        return self.series("kimg")[-1][1] if self.ticks and self.series("kimg") else 0.0

    @property
    def seconds(self) -> float:
        """Seconds the training took, up to its last tick."""
        return max((value for _, value in self.series("seconds")), default=0.0)

    @property
    def outcome(self) -> TrainingOutcome | None:
        """How far it came; None if it does not tell how far it should have."""
        wanted = _finite_number(self.options.get("kimg"))
        if wanted is None or wanted <= 0:
            return None
        ticks = [
            (kimg, seconds)
            for tick in self.ticks
            if (kimg := tick.get("kimg")) is not None and (seconds := tick.get("seconds")) is not None
        ]
        outcome = TrainingOutcome.of_ticks([tick for tick in ticks if min(tick) >= 0], wanted, self.ended)
        return replace(outcome, trouble=self.trouble or None)

    def series(self, name: str) -> list[tuple[float, float]]:
        """The statistic `name` as (kimg, value), without the ticks in which it was not measured."""
        return [
            (kimg, value)
            for tick in self.ticks
            if (kimg := tick.get("kimg")) is not None and (value := tick.get(name)) is not None
        ]


def read_training_record(folder: Path) -> TrainingRecord:
    """Read stats.jsonl, training_options.json and base.json of a model folder; absent files count as empty."""
    network, options = folder / "network.json", _read_json(folder / "training_options.json")
    saved_with = _read_json(network).get("training")
    settings = options.pop("settings", {})
    if isinstance(settings, dict):
        options |= settings
    ticks = _read_statistics(folder / "stats.jsonl")
    last = ticks[-1] if ticks else {}
    ended, trouble = (saved_with.get("ended") if isinstance(saved_with, dict) else None), last.get("trouble")
    ended = ended or last.get("ended")  # the network is from before, where the numbers became useless
    return TrainingRecord(
        ticks=[{name: _finite_number(value) for name, value in tick.items()} for tick in ticks],
        options=options,
        base=_read_json(folder / "base.json") if options.get("transfer") else None,
        saved=network.stat().st_mtime if network.is_file() else None,
        trouble=trouble if isinstance(trouble, str) else "",
        ended=ended if isinstance(ended, str) else "",
    )


def list_fakes(folder: Path) -> list[SampleGrid]:
    """The grids of generated samples in `folder`/samples, oldest first."""
    grids = [
        SampleGrid(file, float(match[1]))
        for file in (folder / "samples").glob("fakes*")
        if (match := _FAKES_NAME.fullmatch(file.name))
    ]
    return sorted(grids, key=lambda grid: grid.kimg)


def read_grid_shape(folder: Path) -> GridShape | None:
    """How the sample grids are divided (samples/grid.json), or None if the training left no samples."""
    file = folder / "samples" / "grid.json"
    if not file.is_file():
        return None
    values = _read_json(file)
    width = values.get("cell")
    numbers = [values.get("columns"), values.get("rows"), width, values.get("cell_height", width)]
    limits = (_LARGEST_GRID, _LARGEST_GRID, LONGEST_SIDE, LONGEST_SIDE)
    for number, limit in zip(numbers, limits, strict=True):
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= limit:
            raise InputError(f"grid.json of the model needs small numbers for columns, rows and cell, not {numbers!a}.")
    return GridShape(*(int(number) for number in numbers if isinstance(number, int)))


def cut_cells(file: Path, shape: GridShape, indices: list[int]) -> list[Image.Image]:
    """The cells `indices` (row by row, from 0) of a sample grid."""
    whole = open_image(file)
    width, height = shape.cell_width, shape.cell_height
    if whole.size != (shape.columns * width, shape.rows * height):
        raise InputError(f"{file.name} has {whole.width} x {whole.height} pixels, which is not what grid.json says.")
    corners = [((index % shape.columns) * width, (index // shape.columns) * height) for index in indices]
    return [whole.crop((x, y, x + width, y + height)) for x, y in corners]


def _read_statistics(file: Path) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    if file.stat().st_size > _LARGEST_STATISTICS_BYTES:
        raise InputError(f"{file.name} of the model is larger than {_LARGEST_STATISTICS_BYTES >> 20} MiB.")
    ticks = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            tick = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a training that was killed leaves half a last line
        if isinstance(tick, dict):
            ticks.append(tick)
    return ticks


def _finite_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _read_json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    if file.stat().st_size > _LARGEST_JSON_BYTES:
        raise InputError(f"{file.name} of the model is larger than {_LARGEST_JSON_BYTES >> 20} MiB.")
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.name} of the model is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file.name} of the model must hold a JSON object.")
    return value
