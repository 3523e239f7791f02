"""The process that holds a workshop up: it stays when it was told to, and ends in every other case."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

from local_aws import ROOT, server
from local_aws.errors import LocalStartError
from local_aws.workshop import Options
from tests.patience import HARD_END

# `python -m local_aws.server OPTIONS`, at home in a folder of the test's, with a workshop that only notes its life.
SERVER = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from local_aws import server
from local_aws.aws import Endpoint
from local_aws.errors import LocalError, LocalStartError
from local_aws.keys import RootKey
from local_aws.workshop import Options

home = Path({home!r})
server.HOME, server.STATE, server.LOCK = home, home / "running.json", home / "lock"


class Workshop(SimpleNamespace):
    def __init__(self, root, folder, options, say):
        endpoint = Endpoint("https://localhost:1", home, "", RootKey.make())
        outputs = {{"PipelineName": "p", "StartRunFunctionName": "s"}}
        super().__init__(folder=folder, endpoint=endpoint, outputs=outputs, bucket="b",
                         app_url="http://127.0.0.1:1", app_token="t", say=say, preset=options.preset)

    def __enter__(self):
        self.say("starting something")
        if self.preset == "best":
            raise LocalStartError("it cannot be started")
        (home / "life").write_text("up")
        return self

    def __exit__(self, *_):
        (home / "life").write_text("ended")


server.LocalWorkshop = Workshop
try:
    server.serve_workshop(Options(**json.loads(sys.argv[-1])))
except LocalError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program, python = tmp_path / "server.py", tmp_path / "python"
    program.write_text(SERVER.format(home=str(tmp_path)))
    python.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {program} "$@"\n')
    python.chmod(0o755)
    for name in ("HOME", "STATE", "LOCK", "LOG"):
        own = {"HOME": "", "STATE": "running.json", "LOCK": "lock", "LOG": "server.log"}[name]
        monkeypatch.setattr(server, name, tmp_path / own)
    monkeypatch.setattr(server.sys, "executable", str(python))
    return tmp_path


def life(home: Path) -> str:
    return (home / "life").read_text()


def no_word(line: str) -> None:
    pass


def test_a_workshop_goes_on_after_the_block_until_it_is_ended(home: Path) -> None:
    said: list[str] = []
    with server.start_workshop(Options(port=1234), said.append) as state:
        assert (state.app_link(), life(home)) == ("http://127.0.0.1:1/#t=t&go=/", "up")
    assert server.running_workshop() == state
    with pytest.raises(LocalStartError, match="a workshop is up in this checkout already; end it with"), \
            server.start_workshop(Options(), no_word):  # fmt: skip
        pass
    assert server.running_workshop() == state
    server.end_workshop(state)
    assert life(home) == "ended"
    assert not server.STATE.exists()
    assert set(said) <= {"", "starting something"}


def test_of_two_that_start_at_the_same_moment_one_fails_and_is_not_taken_for_the_other(home: Path) -> None:
    def start(_: int) -> server.Running | LocalStartError:
        try:
            with server.start_workshop(Options(), no_word) as state:
                return state
        except LocalStartError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(start, range(2)))
    (state,) = [end for end in ends if isinstance(end, server.Running)]
    assert server.running_workshop() == state
    server.end_workshop(state)
    assert life(home) == "ended"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_workshop_whose_starter_fails_is_ended_before_the_failure_goes_on(
    home: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), server.start_workshop(Options(), no_word):
        raise error
    assert life(home) == "ended"


def test_a_workshop_may_be_ended_within_the_block(home: Path) -> None:
    with server.start_workshop(Options(), no_word) as state:
        server.end_workshop(state)
    assert life(home) == "ended"


def test_what_keeps_a_workshop_from_starting_is_said(home: Path) -> None:
    with pytest.raises(LocalStartError, match="it cannot be started"), \
            server.start_workshop(Options(preset="best"), no_word):  # fmt: skip
        pass


def start_by_hand(home: Path, options: Options) -> "subprocess.Popen[bytes]":
    command = [str(home / "python"), "-m", "local_aws.server", json.dumps(asdict(options))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    while not server.STATE.exists():
        assert process.poll() is None
    return process


def hang_up(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.close()


def terminate(process: "subprocess.Popen[bytes]") -> None:
    os.kill(process.pid, signal.SIGTERM)


@pytest.mark.parametrize("end", [hang_up, terminate], ids=["its starter is killed", "it is told to end"])
def test_a_workshop_ends_when(home: Path, end: Callable[["subprocess.Popen[bytes]"], None]) -> None:
    process = start_by_hand(home, Options())
    end(process)
    assert process.wait(HARD_END) == 0
    assert life(home) == "ended"
    hang_up(process)
