"""The images that Infer makes, as files, and as the report needs to know them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from containers.infer.classes import ClassChoice, NetworkClass
from contract.names import FALLBACK_LANGUAGE
from contract.pipeline import PARAMETERS
from contract.prepare_report import PrepareReport, SetAside
from stylegan2.base.machine_made import save_marked
from stylegan2.synthesis.video import as_image

BEST_NETWORK, LAST_NETWORK = PARAMETERS["InferenceNetwork"].choices

Pixels = NDArray[np.uint8]
"""[H, W, C]"""


# The default level is 3.6 times as slow for images hardly smaller.
_COMPRESSION = 1


def save_picture(pixels: Pixels, file: Path) -> Path:
    """Write a picture as PNG, with the mark of what a machine made."""
    save_marked(as_image(pixels), file, "PNG", compress_level=_COMPRESSION)
    return file


def save_original(pixels: Pixels, file: Path) -> Path:
    """Write an artist's image as PNG."""
    as_image(pixels).save(file, compress_level=_COMPRESSION)
    return file


def safe_stem(name: str) -> str:
    """A file's name without its suffix, as it is harmless in the name of another."""
    return _harmless(Path(name).stem) or "picture"


def class_stem(one: NetworkClass) -> str:
    """A class's number and what is harmless of its name, for the names of its files."""
    return "-".join(filter(None, [f"{one.number:02d}", _harmless(one.name)]))


def _harmless(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:60]


@dataclass(frozen=True)
class GeneratedImage:
    """An image made from a seed alone, or from a seed and a class."""

    seed: int
    file: Path
    of_class: NetworkClass | None = None


@dataclass(frozen=True)
class MixtureGrid:
    """`cells[r][c]` has the coarse styles, those of `layers`, of `columns[c]`, and the fine styles of `rows[r]`."""

    rows: Sequence[GeneratedImage]
    columns: Sequence[GeneratedImage]
    cells: Sequence[Sequence[Path]]
    layers: Sequence[int] = ()


@dataclass(frozen=True)
class ProjectedImage:
    """A target, the nearest image that the network can draw, and the distance after each step of the search."""

    name: str
    target: Path
    projection: Path
    distances: Sequence[float]


@dataclass(frozen=True)
class Projections:
    """The projected images, and in how many steps each was searched for (the last ones; none in more than wanted)."""

    images: Sequence[ProjectedImage] = ()
    steps: int = 0
    wanted_steps: int = 0

    @property
    def were_hurried(self) -> bool:
        """Whether there was not the time for all steps."""
        return self.steps < self.wanted_steps


@dataclass(frozen=True)
class MovedPicture:
    """A seed's picture moved along a direction, from 1, by a step, from 1. `shift` is how far that is, to either side,
    in parts of what pictures differ from the mean one."""

    seed: int
    direction: int
    step: int
    shift: float
    file: Path
    of_class: NetworkClass | None = None


@dataclass(frozen=True)
class MadeFilm:
    """A film that passes the pictures of `seeds`, as animated WebP and, where it can be written, as MP4."""

    file: Path
    mp4: Path | None
    seeds: Sequence[int]
    frames: int
    seconds: float


@dataclass(frozen=True)
class MadeImages:
    """All images of a run; a part that the inference mode, or the time, leaves out is empty."""

    classes: ClassChoice = field(default_factory=ClassChoice)
    generated: Sequence[GeneratedImage] = ()
    mixing: MixtureGrid | None = None
    projections: Projections = field(default_factory=Projections)
    skipped_targets: Sequence[SetAside] = ()
    directions: Sequence[MovedPicture] = ()
    film: MadeFilm | None = None

    @property
    def projected(self) -> Sequence[ProjectedImage]:
        """The projected images."""
        return self.projections.images

    @property
    def mixed_count(self) -> int:
        """How many mixtures there are."""
        return sum(len(row) for row in self.mixing.cells) if self.mixing else 0


@dataclass(frozen=True)
class ChosenNetwork:
    """The one of a training's networks that draws.

    `name` is BEST_NETWORK or LAST_NETWORK, `kimg` how far the training had come then, in thousands of images seen. A
    score is a distance: less is better. None: not known.
    """

    name: str = LAST_NETWORK
    kimg: float | None = None
    score: float | None = None
    last_score: float | None = None


@dataclass(frozen=True)
class ReportRun:
    """Everything that the report tells: the names of the run, what was prepared, learned and drawn.

    `trained_by` is the earlier run whose network was drawn with; None if this run trained its own. `network` is the one
    of the training's networks that has drawn. `language` is that of the page.
    """

    dataset: str
    execution_id: str
    prepare: PrepareReport
    model_folder: Path
    images: MadeImages
    trained_by: str | None = None
    network: ChosenNetwork = field(default_factory=ChosenNetwork)
    language: str = FALLBACK_LANGUAGE
