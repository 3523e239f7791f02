"""The containers check by themselves what they are given; here their bounds are compared with those that a start is
checked against (workshop.parameters): nothing is started that a job then refuses."""

import json
from pathlib import Path

import pytest

from containers.contract import TrainingJob
from containers.errors import SettingError
from containers.infer.step import MODES
from containers.settings import LARGEST_SEED, RESOLUTIONS
from containers.train.hyperparameters import read_hyperparameters
from stylegan2.options.presets import PRESETS
from workshop import parameters
from workshop.parameters import PARAMETERS

# Parameter -> hyperparameter that Train gets it as, and values of which the table and Train have to think alike.
SEEDS = ["0", "7", "2147483647", "2147483648", "4294967000", "4294967295", "-1", "1.5", "x", ""]
ALIKE = {
    "Seed": SEEDS,
    "Preset": [*PRESETS, "cheap", "sketch", "AUTO", ""],
    "Mirror": ["true", "false", "yes", "1", ""],
}
# ... and values of which Train takes more than a start does.
TAKEN = {
    "Kimg": ["0.1", "0.5", "400", "25000"],
    "Resolution": [str(resolution) for resolution in parameters.RESOLUTIONS],
}
REFUSED = {"Kimg": ["0", "-1", "nan", "abc", "inf", ""], "Resolution": ["100", "0", "256.0", "x", ""]}


def train_takes(folder: Path, name: str, value: str) -> bool:
    config = folder / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "hyperparameters.json").write_text(json.dumps({"dataset": "cats", name.lower(): value}))
    try:
        read_hyperparameters(TrainingJob(folder))
    except SettingError:
        return False
    return True


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ALIKE.items() for value in values])
def test_a_start_and_the_training_job_think_alike(tmp_path: Path, name: str, value: str) -> None:
    assert train_takes(tmp_path, name, value) is PARAMETERS[name].accepts(value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values])
def test_whatever_may_be_started_is_taken_by_the_training_job(tmp_path: Path, name: str, value: str) -> None:
    assert PARAMETERS[name].accepts(value)
    assert train_takes(tmp_path, name, value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_what_the_training_job_refuses_is_not_started(tmp_path: Path, name: str, value: str) -> None:
    assert not train_takes(tmp_path, name, value)
    assert not PARAMETERS[name].accepts(value)


def test_all_jobs_have_the_same_seeds_and_modes_and_know_every_resolution() -> None:
    assert LARGEST_SEED == parameters.MAX_SEED
    assert MODES == parameters.INFERENCE_MODES
    assert set(parameters.RESOLUTIONS) <= set(RESOLUTIONS)
    assert tuple(PRESETS) == parameters.TRAIN_PRESETS
