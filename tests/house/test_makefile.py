"""What `make` hands to the programs it starts: the real Makefile, over programs that only note how they were called."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTED = ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "PARAMETERS", "PARAMETERS_FILE", "IMAGES")

# Notes its arguments and some variables; fails if the file `fails` names one of its arguments.
PROGRAM = """#!{python}
import json, os, sys
from pathlib import Path
here = Path({folder!r})
with (here / "calls").open("a") as calls:
    variables = {{name: os.environ[name] for name in {noted!r} if os.environ.get(name)}}
    print(json.dumps([sys.argv, variables]), file=calls)
fails = here / "fails"
sys.exit(1 if fails.exists() and fails.read_text() in sys.argv else 0)
"""


@dataclass(frozen=True)
class Call:
    """A program that was started: its name with its arguments, and those of the NOTED variables that are not empty."""

    words: list[str]
    variables: dict[str, str]


@dataclass(frozen=True)
class Make:
    """`make` in this checkout, with environments of its own in `folder`."""

    folder: Path

    def __call__(self, *arguments: str, **environment: str) -> "tuple[int, list[Call]]":
        """Run it; returns its exit status, and the programs in the order of their start."""
        (self.folder / "calls").unlink(missing_ok=True)
        own = [f"VENV={self.folder}/venv", f"SAM={self.folder}/sam"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
        done = subprocess.run(
            ["make", "--silent", *own, *arguments], cwd=ROOT, env=clean | environment, capture_output=True, check=False
        )
        calls = self.folder / "calls"
        noted = [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []
        return done.returncode, [Call([Path(w[0]).name, *w[1:]], variables) for w, variables in noted]

    def let_fail(self, argument: str) -> None:
        (self.folder / "fails").write_text(argument)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    for program in ("venv/bin/python", "sam/sam", "venv/bin/pytest"):
        file = tmp_path / program
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PROGRAM.format(python=os.path.realpath("/proc/self/exe"), folder=str(tmp_path), noted=NOTED))
        file.chmod(0o755)
    for stamp in ("venv/run.done", "venv/test.done", "sam/done"):  # newer than requirements/
        (tmp_path / stamp).touch()
    return Make(tmp_path)


def steps(calls: list[Call]) -> list[str]:
    """What each call does, in a word."""
    return [call.words[3] if call.words[1:3] == ["-m", "pipeline_builder"] else call.words[1] for call in calls]


def test_a_deployment_is_its_steps_in_order(make: Make) -> None:
    status, calls = make("deploy", "STACK=w")
    assert (status, steps(calls)) == (0, ["where", "parameters", "build", "upload", "deploy", "upsert"])
    assert calls[3].words[-3:] == ["--stack", "w", "--if-stack-exists"]
    assert calls[4].words[-2:] == ["--parameter-overrides", "file://build/parameters.yaml"]


@pytest.mark.parametrize("step", ["where", "parameters", "build", "upload", "deploy"])
def test_a_step_that_fails_ends_a_deployment(make: Make, step: str) -> None:
    make.let_fail(step)
    status, calls = make("deploy")
    assert status != 0
    assert steps(calls)[-1] == step


@pytest.mark.parametrize(
    ("user", "region"),
    [
        ({}, None),
        ({"AWS_PROFILE": "work"}, None),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ({"AWS_REGION": "us-west-2"}, "us-west-2"),
        ({"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-east-2"}, "us-west-2"),
    ],
)
def test_a_deployment_goes_to_the_users_region(make: Make, user: dict[str, str], region: str | None) -> None:
    _, calls = make("deploy", **user)
    assert {call.variables.get("AWS_DEFAULT_REGION") for call in calls} == {region}
    assert {call.variables.get("AWS_PROFILE") for call in calls} == {user.get("AWS_PROFILE")}


@pytest.mark.parametrize("user", [{}, {"AWS_REGION": "us-west-2"}, {"AWS_DEFAULT_REGION": "us-west-2"}])
def test_tests_have_a_region_of_their_own(make: Make, user: dict[str, str]) -> None:
    _, calls = make("test-e2e", **user)
    assert [call.variables["AWS_DEFAULT_REGION"] for call in calls] == ["eu-central-1"]


HOSTILE = """a b'c"d $e $(shell touch made) `touch made` ;touch made; (cron) \\ é"""


def test_parameters_reach_their_reader_as_they_were_typed(make: Make) -> None:
    for given in ({"PARAMETERS": HOSTILE}, {}):
        arguments = () if given else (f"PARAMETERS={HOSTILE}",)
        _, calls = make("deploy", *arguments, **given)
        assert calls[1].words[-2:] == ["--words", HOSTILE]
    _, calls = make("deploy", f"PARAMETERS_FILE={HOSTILE}")
    assert calls[1].words[-4:] == ["--file", HOSTILE, "--words", ""]
    assert not (ROOT / "made").exists()


def test_the_folder_of_a_demo_reaches_it_as_it_was_typed(make: Make) -> None:
    _, calls = make("demo", f"IMAGES={HOSTILE}")
    assert calls[0].words[1:] == ["-m", "local_aws", "demo", "--images", HOSTILE]
    _, calls = make("demo")
    assert calls[0].words[1:] == ["-m", "local_aws", "demo"]
    assert not (ROOT / "made").exists()


def test_the_help_names_what_there_is() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("demo", "deploy", "test", "test-browser"):
        assert f"\n{target} " in f"\n{shown}"
