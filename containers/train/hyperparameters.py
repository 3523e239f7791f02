"""The training job's hyperparameters. Free of torch, so that a wrong one is refused in no time."""

from __future__ import annotations

from dataclasses import dataclass

from containers.job import TrainingJob
from containers.settings import NamedStrings
from contract.jobs import HYPERPARAMETERS
from contract.pipeline import PARAMETERS


@dataclass(frozen=True)
class Hyperparameters:
    """What a person may choose about a training, and how long it and its job may take, in seconds. None: as the preset
    or the data set has it; of the times, no limit that is known."""

    dataset: str
    preset: str
    kimg: float | None
    resolution: int | None
    mirror: bool
    seed: int
    patience: int
    train_seconds: int | None
    max_train_seconds: int | None


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
        train_seconds=_seconds(given, "train_seconds"),
        max_train_seconds=_seconds(given, "max_train_seconds"),
    )


def _seconds(given: NamedStrings, key: str) -> int | None:
    # From one on: whoever starts the container by hand may give it less than a run may have.
    return given.integer(key, 1, PARAMETERS[HYPERPARAMETERS[key]].bounds[1]) if key in given.values else None
