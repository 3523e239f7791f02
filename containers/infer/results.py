"""The pictures that Infer made, as the report needs to know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.prepare_report import PrepareSummary, SetAsideImage


@dataclass(frozen=True)
class GeneratedPicture:
    """A picture made from a seed alone."""

    seed: int
    file: Path


@dataclass(frozen=True)
class MixingGrid:
    """`cells[r][c]` has the coarse styles of `columns[c]` and the fine styles of `rows[r]`."""

    rows: Sequence[GeneratedPicture]
    columns: Sequence[GeneratedPicture]
    cells: Sequence[Sequence[Path]]


@dataclass(frozen=True)
class ProjectedPicture:
    """A target, the nearest picture that the network can draw, and the distance after each step of the search."""

    name: str
    target: Path
    projection: Path
    distances: Sequence[float]


@dataclass(frozen=True)
class Pictures:
    """All pictures of a run; a part that the inference mode leaves out is empty."""

    generated: Sequence[GeneratedPicture] = ()
    mixing: MixingGrid | None = None
    projected: Sequence[ProjectedPicture] = ()
    skipped_targets: Sequence[SetAsideImage] = ()

    @property
    def mixed_count(self) -> int:
        """How many mixtures there are."""
        return sum(len(row) for row in self.mixing.cells) if self.mixing else 0


@dataclass(frozen=True)
class Run:
    """Everything that the report tells: the names of the run, what was prepared, learned and drawn.

    `trained_by` is the earlier run whose network was drawn with; None if this run trained its own.
    """

    dataset: str
    execution_id: str
    prepare: PrepareSummary
    model_folder: Path
    pictures: Pictures
    trained_by: str | None = None
