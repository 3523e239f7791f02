"""Nothing is started that a job then refuses, and nothing refused that a job would take: a start and the training job
judge alike. The model knows nothing of the contract: its own presets are compared with it here."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containers.errors import SettingError
from containers.job import TrainingJob
from containers.train.hyperparameters import read_hyperparameters
from contract.jobs import HYPERPARAMETERS
from contract.pipeline import PARAMETERS, RESOLUTIONS
from contract.train_options import TRAIN_OPTIONS, why_options_refused
from stylegan2.base.errors import OptionError
from stylegan2.options.presets import PRESETS
from stylegan2.options.row import rows_of
from stylegan2.options.training import TrainingChoices
from tests.containers.write_train_options import TABLE, table
from tests.unit.properties import quick

OPTIONS = [
    "{}",
    '{"gamma": 10, "augpipe": "bg", "snap": 5}',
    '{"aug": "fixed", "p": 0.5}',
    '{"batch-gpu": "auto"}',
    "",
    "{",
    "[]",
    "null",
    '{"gama": 1}',
    '{"gamma": -1}',
    '{"gamma": "10"}',
    '{"gamma": NaN}',
    '{"gamma": 1e400}',
    '{"gamma": 1, "gamma": 2}',
    '{"p": 0.5}',
    '{"aug": "fixed"}',
    '{"aug": "noaug", "target": 0.5}',
    '{"kimg": 5}',
    '{"snap": 1.5}',
    '{"snap": true}',
    '{"cond": true}',
    '{"freezed": ' + "9" * 400 + "}",
    "[" * 1000,
    '{"a": ' * 150,
]  # fmt: skip
# Parameter -> values of which the table and Train, which gets it as a hyperparameter, have to judge alike.
ALIKE = {
    "Seed": ["0", "7", "2147483647", "2147483648", "4294967000", "4294967295", "-1", "1.5", "x", ""],
    "Preset": [*PRESETS, "cheap", "sketch", "AUTO", ""],
    "Patience": ["0", "50", "1000000", "1000001", "-1", "1.5", "x", ""],
    "Mirror": ["true", "false", "yes", "2", ""],
    "TrainOptions": OPTIONS,
    "Kimg": ["0.1", "0.5", "400", "25000", "0.09", "25001", "0", "-1", "nan", "abc", "inf", ""],
    "Resolution": [*map(str, RESOLUTIONS), "8", "100", "0", "2048", "256.0", "x", ""],
}


def train_takes(folder: Path, name: str, value: str) -> bool:
    config = folder / "input" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (hyperparameter,) = (ours for ours, parameter in HYPERPARAMETERS.items() if parameter == name)
    (config / "hyperparameters.json").write_text(json.dumps({"dataset": "cats", hyperparameter: value}))
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


FIELDS = {row.name: field for field, row in rows_of(TrainingChoices).items()}
NUMBERS = (
    st.integers(-2, 70_000) | st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 1.0000001, 1e-300, 1e308]) | st.floats(-2, 2)
)


def any_value_of(name: str) -> st.SearchStrategy[Any]:
    option = TRAIN_OPTIONS[name]
    words = st.sampled_from([*option.words, "xyz"])
    if option.takes == "truth":
        return st.booleans()
    return words if option.takes == "word" else NUMBERS.map(round if option.takes == "whole" else float) | words


def test_the_table_of_options_is_the_trainers() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "python -m tests.containers.write_train_options writes it anew"


@settings(quick, max_examples=300)
@given(st.fixed_dictionaries({}, optional={name: any_value_of(name) for name in TRAIN_OPTIONS}))
def test_the_contract_takes_exactly_the_options_that_the_trainer_takes(chosen: dict[str, Any]) -> None:
    """Alone and together. A word where a number belongs is for the command line's parser, not for the rows."""
    numbers = {name: v for name, v in chosen.items() if TRAIN_OPTIONS[name].takes in ("whole", "number")}
    if any(isinstance(value, str) and value not in TRAIN_OPTIONS[name].words for name, value in numbers.items()):
        assert why_options_refused(json.dumps(chosen)) is not None
        return
    try:
        TrainingChoices(data=Path("data"), outdir=Path("out"), **{FIELDS[name]: v for name, v in chosen.items()})
        is_taken = True
    except OptionError:
        is_taken = False
    ours = why_options_refused(json.dumps(chosen))
    assert is_taken == (ours is None)
    assert ours is None or any(ours.startswith(f"{name} ") for name in TRAIN_OPTIONS)
