"""training_options.json given back: the same training again, what is given beside it wins, and no file breaks it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from train import main

from stylegan2.base.errors import OptionError
from stylegan2.options.recorded import RECORDED, recorded_choices
from stylegan2.options.training import TrainingChoices
from tests.training.pictures import write_pictures
from tests.training.trainings import options
from tests.unit.properties import quick

CHOSEN = [
    "",
    "--preset laptop --kimg 0.1 --gamma 0.1 --glr 1e-05 --seed 4294967295 --mirror true",
    "--aug fixed --p 0.3 --augpipe bg --subset 3 --batch 6 --batch-gpu 3",
    "--aug noaug --cond false --keep 7 --tick 0.3 --snap 9 --workers 2",
    "--max-hours 0.1 --max-cost 5 --price-per-hour 1.41 --precision bf16 --channels-last off",
    "--target -0.5 --freezed 2 --dlr 0.1 --dataset-name its --signal-images 0 --compile on",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "discs", 4, 16)


def resolved(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*words, "--dry-run"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("chosen", CHOSEN)
def test_a_training_is_repeated_in_every_option(data: Path, tmp_path: Path, chosen: str) -> None:
    first = resolved("--data", str(data), "--outdir", str(tmp_path / "first"), "--preset", "tiny", *chosen.split())
    (tmp_path / "training_options.json").write_text(json.dumps(first))
    again = resolved("--options", str(tmp_path / "training_options.json"), "--outdir", str(tmp_path / "again"))
    different = {name for name in first if first[name] != again[name]}
    assert different == {"outdir", "checkpoint_dir", "tensorboard_dir"}


def test_what_the_command_line_says_wins_and_the_difference_is_told(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "training_options.json"
    file.write_text(json.dumps(options(data, tmp_path, seed=4, gamma=2).as_json()))
    words = ["--options", str(file), "--outdir", str(tmp_path / "again"), "--dry-run"]
    result = CliRunner().invoke(main, [*words, "--gamma", "3", "--kimg", "9"])
    found = json.loads(result.stdout)
    assert (found["settings"]["r1_gamma"], found["settings"]["kimg"], found["seed"]) == (3, 9, 4)
    assert result.stderr == f"options: as in {file}, but for r1_gamma\n"
    assert CliRunner().invoke(main, words).stderr == f"options: as in {file}\n"


def test_every_choice_but_where_things_go_is_recorded() -> None:
    assert {field.name for field in dataclasses.fields(TrainingChoices)} - {
        "outdir",
        "checkpoint_dir",
        "tensorboard_dir",
    } == RECORDED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no training_options.json that a training has left"),
        (b"{}", "'data' is missing"),
        (b"[]", "is no training_options.json"),
        (b"[" * 100_000, "is no training_options.json"),
        (b"\xff\xfe{}", "is no training_options.json"),
        (b" " * (1 << 20) + b"{}", "it is larger than 1048576 bytes"),
    ],
)
def test_another_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(OptionError, match=rf"^options: .*file\.json .*{sentence}"):
        recorded_choices(tmp_path / "file.json")
    result = CliRunner().invoke(main, ["--options", str(tmp_path / "file.json"), "--outdir", "x"])
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)


HOSTILE = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400) | st.lists(st.integers())
)


@settings(quick, max_examples=200)
@given(st.data())
def test_no_value_in_it_breaks_the_program(
    data: Path, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    record = options(data, Path("out")).as_json()
    place = draw.draw(st.sampled_from([record, record["settings"], record["performance"], record["budget"]]))
    place[draw.draw(st.sampled_from(sorted(place)))] = draw.draw(HOSTILE)
    file = tmp_path_factory.getbasetemp() / "hostile.json"
    file.write_text(json.dumps(record))
    result = CliRunner().invoke(main, ["--options", str(file), "--outdir", "out", "--dry-run"])
    assert result.exit_code in (0, 1, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
