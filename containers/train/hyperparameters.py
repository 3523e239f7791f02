"""The training job's hyperparameters. Free of torch, so that a wrong one is refused in no time.

A value may be written as JSON (`"\\"paper256\\""` for paper256), as notebooks for older SDKs do, and the reference's
names are known, too: see containers.train.reference_names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from containers.errors import SettingError
from containers.job import TrainingJob
from containers.settings import NamedStrings
from containers.train.reference_names import REFERENCE_NAMES, ReferenceNames
from contract.errors import RefusedOptions
from contract.jobs import HYPERPARAMETERS
from contract.pipeline import OF_FOLDERS, PARAMETERS
from contract.train_options import NO_OPTIONS, TRAIN_OPTIONS, Value, first_clash, read_options
from stylegan2.options.row import rows_of
from stylegan2.options.training import TrainingChoices

JOBS_OWN = frozenset(
    {
        *(
            "data",
            "outdir",
            "checkpoint_dir",
            "tensorboard_dir",
            "keep",
            "dataset_name",
            "transfer",
            "device",
            "signal_images",
        ),
        *("max_hours", "max_cost", "price_per_hour"),  # the pipeline's limits and prices
        *("preset", "kimg", "mirror", "seed", "cond", "patience"),  # hyperparameters with bounds of the contract
    }
)
"""The trainer's options that are not chosen by name: the job decides them, or they have a place of their own."""

_FIELDS = {row.name: field for field, row in rows_of(TrainingChoices).items() if field not in JOBS_OWN}


@dataclass(frozen=True)
class Hyperparameters:
    """What a person may choose about a training, and how long it and its job may take, in seconds. None: as the preset
    or the data set has it; of the times, no limit that is known."""

    dataset: str | None
    preset: str
    kimg: float | None
    resolution: int | None
    mirror: bool
    seed: int
    patience: int
    train_seconds: int | None
    max_train_seconds: int | None
    options: Mapping[str, Any]
    """More of TrainingChoices, by their names there."""
    reference: ReferenceNames
    has_classes: bool


def read_hyperparameters(job: TrainingJob) -> Hyperparameters:
    """Read and check them.

    Raises:
        SettingError: one is unknown, out of its range, or given twice.
        InputError: their file is damaged.
    """
    given = _decoded(job.hyperparameters())
    given.refuse_others({*HYPERPARAMETERS, *TRAIN_OPTIONS, *REFERENCE_NAMES})
    preset, kimg, seed, patience = (PARAMETERS[name] for name in ("Preset", "Kimg", "Seed", "Patience"))
    if "cfg" in given.values:
        given = _with_other_name(given, "cfg", "preset")
    reference = ReferenceNames.read(given)
    options = _options(given, reference)
    return Hyperparameters(
        dataset=given.dataset("dataset") if "dataset" in given.values else None,
        preset=given.choice("preset", preset.choices, preset.default),
        kimg=given.number("kimg", *kimg.bounds) if "kimg" in given.values else None,
        resolution=given.resolution("resolution") if "resolution" in given.values else None,
        mirror=given.flag("mirror", default=False),
        seed=given.integer("seed", *seed.bounds, default=0),
        patience=given.integer("patience", *patience.bounds, default=0),
        train_seconds=_seconds(given, "train_seconds"),
        max_train_seconds=_seconds(given, "max_train_seconds"),
        # As the command line reads them, so that 10 and 10.0 are one training.
        options={
            _FIELDS[name]: float(value) if TRAIN_OPTIONS[name].takes == "number" else value
            for name, value in options.items()
        },
        reference=reference,
        has_classes=given.parameter("labels", "Labels") == OF_FOLDERS or given.flag("cond", default=False),
    )


def _seconds(given: NamedStrings, key: str) -> int | None:
    # From one on: whoever starts the container by hand may give it less than a run may have.
    return given.integer(key, 1, PARAMETERS[HYPERPARAMETERS[key]].bounds[1]) if key in given.values else None


def _decoded(given: NamedStrings) -> NamedStrings:
    """The same, with texts that are JSON strings read, and `-` in names taken for `_`."""
    values: dict[str, str] = {}
    for key, value in given.values.items():
        name = key.replace("-", "_")
        if name in values:
            raise SettingError(f"{given.kind} {name!r} is given twice.")
        try:
            text = json.loads(value) if value.startswith('"') else value
        except ValueError:
            text = value
        values[name] = text
    return NamedStrings(given.kind, values)


def _with_other_name(given: NamedStrings, theirs: str, ours: str) -> NamedStrings:
    """The same, with what the reference calls `theirs` under our own name."""
    values = dict(given.values)
    value = values.pop(theirs)
    if values.setdefault(ours, value) != value:
        raise SettingError(f"{given.kind}s {theirs!r} and {ours!r} mean the same, and differ.")
    return NamedStrings(given.kind, values)


def _options(given: NamedStrings, reference: ReferenceNames) -> dict[str, Value]:
    """The options of the trainer: those of the JSON object, and those that are hyperparameters by themselves."""
    text = given.values.get("options", NO_OPTIONS)
    try:
        options = read_options(text)
    except RefusedOptions as error:
        raise SettingError(f"{given.kind} 'options' must be {PARAMETERS['TrainOptions'].refusal(text)}") from error
    alone: dict[str, Value] = {}
    for name in sorted(given.values.keys() & TRAIN_OPTIONS.keys()):
        value = TRAIN_OPTIONS[name].read(given.values[name])
        if value is None:
            raise given.refusal(name, TRAIN_OPTIONS[name].must_be, given.values[name])
        alone[name] = value
    for more in (alone, reference.options):
        for name in more:
            if name in options and options[name] != more[name]:
                raise SettingError(f"{given.kind} {name!r} is given twice, and differs.")
        options |= more
    if (clash := first_clash(options)) is not None:
        raise SettingError(f"{given.kind} {clash.sentence}")
    return options
