"""Whoever ends a program knows what to type next, and whoever comes from the reference what to give instead."""

import shlex
import sys
from pathlib import Path

import calc_metrics
import dataset_tool
import generate
import pytest
import train
from click.testing import CliRunner, Result

from stylegan2.cli.next_steps import free_place
from stylegan2.cli.reference_names import INSTEAD
from tests.training.pictures import write_pictures
from tests.training.trainings import stop_after

pytestmark = pytest.mark.usefixtures("one_thread")

MODEL = Path(train.__file__).parent
PROGRAMS = {"train.py": train.main, "generate.py": generate.main, "dataset_tool.py": dataset_tool.main}
SHORT = ["--preset", "tiny", "--kimg", "0.016", "--signal-images", "0", "--device", "cpu"]


def run(monkeypatch: pytest.MonkeyPatch, program: str, *words: str) -> Result:
    monkeypatch.setattr(sys, "argv", [str(MODEL / program)])
    result = CliRunner().invoke(PROGRAMS[program], words)
    assert result.exit_code == 0, result.output
    return result


def offered(result: Result) -> tuple[str, list[str]]:
    """The program and the arguments of the command in the last line."""
    python, program, *words = shlex.split(result.output.splitlines()[-1].rpartition(" with it: ")[2])
    assert python in ("python", sys.executable)
    assert Path(program).is_file()
    return Path(program).name, words


@pytest.mark.parametrize("labels", ["none", "folders"])
def test_each_program_ends_with_the_command_of_the_next_which_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("colour", "grey"):
        write_pictures(tmp_path / "it's pictures" / kind, 6, 16, grey=kind == "grey")
    made = run(
        monkeypatch, "dataset_tool.py",
        "--source", "it's pictures", "--dest", "$my set.zip", "--resolution", "16", "--labels", labels,
    )  # fmt: skip
    program, words = offered(made)
    trained = run(monkeypatch, program, *words, *SHORT)
    for folder in ("pictures", "pictures-2"):
        program, words = offered(trained)
        run(monkeypatch, program, *words)
        assert len(list((tmp_path / "runs/$my set" / folder).glob("*.png"))) == 32
        trained = run(monkeypatch, "train.py", "--data", "$my set.zip", "--outdir", "runs/$my set", *SHORT,
                      *(["--cond", "true"] if labels == "folders" else []))  # fmt: skip
    assert free_place(Path("runs/$my set")) == Path("runs/$my set-2")


def test_a_training_that_was_stopped_says_how_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_pictures(tmp_path / "discs", 6, 16)
    short = ["--data", str(data), "--outdir", str(tmp_path / "out"), *SHORT]
    original = train.train
    with monkeypatch.context() as patch:
        patch.setattr(train, "train", lambda *a, **more: original(*a, **more | {"should_stop": stop_after(1)}))
        stopped = run(monkeypatch, "train.py", *short)
    assert "and the same command again goes on. Draw with it: " in stopped.output
    assert "same command" not in run(monkeypatch, "train.py", *short).output


@pytest.mark.parametrize("option", INSTEAD)
@pytest.mark.parametrize("form", ["{}", "{}=ffhq256"])
def test_the_references_options_are_answered_with_ours(option: str, form: str) -> None:
    result = CliRunner().invoke(train.main, [form.format(option), "x"])
    assert result.exit_code == 2
    assert f"There is no option {option}. {INSTEAD[option]}" in result.output
    ours = {flag for program in (train.main, calc_metrics.main) for p in program.params for flag in p.opts}
    named = {word.rstrip(".,;)`").lstrip("(`") for word in INSTEAD[option].split() if "--" in word}
    assert named <= ours | {"--nproc-per-node"}


def test_another_unknown_option_is_answered_as_ever() -> None:
    result = CliRunner().invoke(train.main, ["--gama", "1"])
    assert "No such option '--gama'" in result.output
