"""Parameters of the template as people give them: taken as they stand, or refused in a sentence."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline_builder import __main__ as cli
from pipeline_builder.bundle import bundle_files, bundle_prefix
from pipeline_builder.errors import ParameterError
from pipeline_builder.stack_parameters import read_file, read_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("A=1  B=2", {"A": "1", "B": "2"}),
        ("RerunSchedule='cron(0 4 ? * MON *)' A=x", {"RerunSchedule": "cron(0 4 ? * MON *)", "A": "x"}),
        ('A="it\'s $x `y`"', {"A": "it's $x `y`"}),
        ("A=b=c", {"A": "b=c"}),
        ("A=", {"A": ""}),
    ],
)
def test_words_are_read_as_a_shell_would_without_running_anything(text: str, expected: dict[str, str]) -> None:
    assert read_words(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "RerunSchedule=cron(0 4 ? * MON *)",
            "'4' is not of the form NAME=VALUE. A value with spaces",
        ),
        ("A='x", r"cannot be read \(No closing quotation\)"),
        ("A=1 A=2", "the parameter A is given twice"),
        ("=1", "'' is no name of a parameter"),
        ("--force=1", "'--force' is no name"),
    ],
)
def test_words_that_are_none_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        read_words(text)


def test_every_value_of_a_file_is_the_text_that_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "my parameters.yaml"
    lines = "A: 010", "B: yes", "C: 12:30", "D: 1e3", "E:", "F: [ml.g5.xlarge=1.41, b]", "G: 'a: b'"
    file.write_text("\n".join(["# ours", "RerunSchedule: cron(0 4 ? * MON *)", *lines]))
    assert read_file(file) == {
        "RerunSchedule": "cron(0 4 ? * MON *)",
        "A": "010",
        "B": "yes",
        "C": "12:30",
        "D": "1e3",
        "E": "",
        "F": "ml.g5.xlarge=1.41,b",
        "G": "a: b",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"- a", "must hold lines of the form Name: value"),
        (b"A: {b: c}", "line 1: a value must be a text or a list of texts"),
        (b"A: 1\nB: 2\nA: 3", "line 3: the parameter A is given twice"),
        (b"<<: 1", "'<<' is no name"),
        (b"$include: x", "is no name"),
        (b"A: [", "is not YAML"),
        (b"\xff", "is not YAML"),
        (b"A: &x [*x]", "a value must be a text or a list of texts"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(content)
    with pytest.raises(ParameterError, match=sentence.replace("$", r"\$").replace("(", r"\(")):
        read_file(file)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match=r"^/no/where.yaml cannot be read: No such file"):
        read_file(Path("/no/where.yaml"))


@pytest.fixture(autouse=True)
def _this_checkout(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.setattr(cli, "_ROOT", checkout)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["parameters", *arguments])


def test_words_win_over_the_file_and_the_code_is_this_checkouts(tmp_path: Path, checkout: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("A: from the file\nB: too\n")
    result = run("--file", str(file), "--words", "A='it''s \"mine\"'")
    assert json.loads(result.stdout) == yaml.safe_load(result.stdout)
    assert json.loads(result.stdout) == {
        "InferenceCodePath": bundle_prefix(bundle_files(checkout)),
        "A": 'its "mine"',
        "B": "too",
    }
    assert json.loads(run("--words", "InferenceCodePath=code/x/").stdout) == {"InferenceCodePath": "code/x/"}


def test_what_cannot_be_read_prints_a_sentence_and_no_parameters() -> None:
    result = run("--words", "cron")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: PARAMETERS: 'cron' is not of the form NAME=VALUE.")
