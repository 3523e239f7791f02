"""The training job's hyperparameters. Free of torch, so that a wrong one is refused in no time."""

from __future__ import annotations

from dataclasses import dataclass

from containers.job import TrainingJob
from contract.jobs import HYPERPARAMETERS
from contract.pipeline import PARAMETERS


@dataclass(frozen=True)
class Hyperparameters:
    """What a person may choose about a training. None: as the preset or the data set has it."""

    dataset: str
    preset: str
    kimg: float | None
    resolution: int | None
    mirror: bool
    seed: int
    patience: int


def read_hyperparameters(job: TrainingJob) -> Hyperparameters:
    """Read and check them.

    Raises:
        SettingError: one is missing, unknown or out of its range.
        InputError: their file is damaged.
    """
    given = job.hyperparameters()
    given.refuse_others(HYPERPARAMETERS)
    preset, kimg, seed, patience = (PARAMETERS[name] for name in ("Preset", "Kimg", "Seed", "Patience"))
    return Hyperparameters(
        dataset=given.dataset("dataset"),
        preset=given.choice("preset", preset.choices, preset.default),
        kimg=given.number("kimg", *kimg.bounds) if "kimg" in given.values else None,
        resolution=given.resolution("resolution") if "resolution" in given.values else None,
        mirror=given.flag("mirror", default=False),
        seed=given.integer("seed", *seed.bounds, default=0),
        patience=given.integer("patience", *patience.bounds, default=0),
    )
