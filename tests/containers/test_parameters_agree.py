"""Nothing is started that a job then refuses, and nothing refused that a job would take: a start and the training job
judge alike. The model knows nothing of the contract: its own presets are compared with it here."""

import json
from pathlib import Path

import pytest

from containers.errors import SettingError
from containers.job import TrainingJob
from containers.train.hyperparameters import read_hyperparameters
from contract.pipeline import PARAMETERS, RESOLUTIONS
from stylegan2.options.presets import PRESETS

# Parameter -> values of which the table and Train, which gets it as a hyperparameter, have to judge alike.
ALIKE = {
    "Seed": ["0", "7", "2147483647", "2147483648", "4294967000", "4294967295", "-1", "1.5", "x", ""],
    "Preset": [*PRESETS, "cheap", "sketch", "AUTO", ""],
    "Patience": ["0", "50", "1000000", "1000001", "-1", "1.5", "x", ""],
    "Mirror": ["true", "false", "yes", "1", ""],
    "Kimg": ["0.1", "0.5", "400", "25000", "0.09", "25001", "0", "-1", "nan", "abc", "inf", ""],
    "Resolution": [*map(str, RESOLUTIONS), "8", "100", "0", "2048", "256.0", "x", ""],
}


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
def test_a_start_and_the_training_job_judge_alike(tmp_path: Path, name: str, value: str) -> None:
    assert train_takes(tmp_path, name, value) is PARAMETERS[name].accepts(value)


def test_the_trainers_presets_are_those_that_a_start_may_name() -> None:
    assert tuple(PRESETS) == PARAMETERS["Preset"].choices
