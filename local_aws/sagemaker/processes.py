"""One job's process: started with an /opt/ml of its own, watched, stopped as SageMaker stops a container."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

ML_ROOT = "/opt/ml"
BASE_VARIABLE = "SAGEMAKER_BASE_DIR"
POLL_SECONDS = 0.05
PROBE_SECONDS = 300.0

_LAUNCHER = Path(__file__).with_name("launcher.py")
_ML_PATH = re.compile(r"(?<![\w./-])/opt/ml(?=[/:,\s]|$)")


class ProcessStop:
    """Asks a run to stop. Each call may only shorten the time that the running job still has to save its work."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._kill_at = float("inf")

    def request(self, grace_seconds: float) -> None:
        """Ask for SIGTERM now and SIGKILL after `grace_seconds`."""
        self._kill_at = min(self._kill_at, time.monotonic() + grace_seconds)
        self._requested.set()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    @property
    def kill_at(self) -> float:
        """When to lose patience, on the monotonic clock; infinite before anybody has asked."""
        return self._kill_at

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks, at most so long; return whether somebody has."""
        return self._requested.wait(seconds)


class EndCause(Enum):
    """Why a process ended."""

    BY_ITSELF = "by itself"
    STOPPED = "stopped"
    TIME_LIMIT = "time limit"


@dataclass(frozen=True)
class ProcessEnding:
    """How a process ended. `code` is the exit code, or minus the number of the signal that killed it."""

    cause: EndCause
    code: int

    @property
    def exit_code(self) -> int:
        """The exit code as a container runtime reports it: 128 + the signal's number if one killed it."""
        return self.code if self.code >= 0 else 128 - self.code

    @property
    def signal_name(self) -> str | None:
        """E.g. "signal 9 (SIGKILL)"; None for an ordinary exit."""
        if self.code >= 0:
            return None
        try:
            return f"signal {-self.code} ({signal.Signals(-self.code).name})"
        except ValueError:
            return f"signal {-self.code}"


def can_have_own_opt(root: Path, data_dir: Path) -> bool:
    """Return whether jobs here can run with /opt/ml mounted for each of them.

    Not if anything a job needs lives below /opt, which would be hidden, and not where the kernel's settings forbid user
    namespaces.
    """
    needed = [Path(sys.executable), Path(sys.prefix), Path(sys.base_prefix), root, data_dir]
    if any(path.is_relative_to("/opt") for each in needed for path in (each, each.resolve())):
        return False
    data_dir.mkdir(parents=True, exist_ok=True)
    look = [sys.executable, "-c", "import os, sys; os.listdir('/opt/ml'); os.listdir(sys.argv[1])", str(root)]
    try:
        return (
            subprocess.run(_launch(look, data_dir), capture_output=True, timeout=PROBE_SECONDS, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


class JobProcess:
    """A job's program, in a process group of its own; it dies with the executor.

    Args:
        command: argv. With `own_opt` its paths are the container's; otherwise `/opt/ml` in argv and environment is
        rewritten to `ml_folder`
            and SAGEMAKER_BASE_DIR is set, which is what this project's containers look at.
        environment: all of it; nothing is inherited.
        log: receives stdout and stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str,
        ml_folder: Path,
        log: Path,
        own_opt: bool,
    ) -> None:
        if not own_opt:
            command = [in_folder(word, ml_folder) for word in command]
            environment = {name: in_folder(value, ml_folder) for name, value in environment.items()} | {
                BASE_VARIABLE: str(ml_folder)
            }
        self._started = time.monotonic()
        with log.open("ab") as output:
            # "Die with the parent" means, to the kernel, the thread that starts the process: that thread must `wait`.
            self._process = subprocess.Popen(
                _launch(command, ml_folder if own_opt else None),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, stop: ProcessStop, max_seconds: float, grace_seconds: float) -> ProcessEnding:
        """Wait for the end; on a stop request or `max_seconds` after the start send SIGTERM, and later SIGKILL.

        What the program leaves running in its process group is killed, as the end of a container's first process would.
        """
        deadline = self._started + max_seconds
        cause, kill_at = EndCause.BY_ITSELF, float("inf")
        while not self._has_ended():
            now = time.monotonic()
            if cause is EndCause.BY_ITSELF and (stop.requested or now >= deadline):
                cause = EndCause.STOPPED if stop.requested else EndCause.TIME_LIMIT
                kill_at = now + grace_seconds
                self._process.terminate()
            if now >= min(kill_at, stop.kill_at):
                self.kill()
            if cause is EndCause.BY_ITSELF:
                stop.wait(POLL_SECONDS)
            else:
                time.sleep(POLL_SECONDS)
        self.kill()
        return ProcessEnding(cause, self._process.wait())

    def kill(self) -> None:
        """Kill the process group. The leader has not been reaped yet, so its number cannot mean anybody else."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def in_folder(text: str, ml_folder: Path) -> str:
    """Rewrite the paths below /opt/ml in a text to those below `ml_folder`."""
    return _ML_PATH.sub(lambda _: str(ml_folder), text)


def _launch(command: Sequence[str], ml_folder: Path | None) -> list[str]:
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(ml_folder or "-"), *command]
