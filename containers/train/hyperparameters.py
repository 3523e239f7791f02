"""The training job's hyperparameters. Free of torch, so that a wrong one is refused in no time."""

from __future__ import annotations

from dataclasses import dataclass

from containers.contract import TrainingJob
from containers.settings import LARGEST_SEED
from stylegan2.options.presets import PRESETS

NAMES = ("dataset", "preset", "kimg", "resolution", "mirror", "seed")
_LARGEST_KIMG = 1_000_000.0


@dataclass(frozen=True)
class Hyperparameters:
    """What a person may choose about a training. None: as the preset or the data set has it."""

    dataset: str
    preset: str
    kimg: float | None
    resolution: int | None
    mirror: bool
    seed: int


def read_hyperparameters(job: TrainingJob) -> Hyperparameters:
    """Read and check them.

    Raises:
        SettingError: one is missing, unknown or out of its range.
        InputError: their file is damaged.
    """
    given = job.hyperparameters()
    given.refuse_others(NAMES)
    return Hyperparameters(
        dataset=given.dataset("dataset"),
        preset=given.choice("preset", list(PRESETS), default="auto"),
        kimg=given.number("kimg", 0.001, _LARGEST_KIMG) if "kimg" in given.values else None,
        resolution=given.resolution("resolution") if "resolution" in given.values else None,
        mirror=given.flag("mirror", default=False),
        seed=given.integer("seed", 0, LARGEST_SEED, default=0),
    )
