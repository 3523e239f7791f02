"""Whatever ends a workshop, nothing of it is left: no process, no folder."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.watchdog import MARK, end_processes, marked_processes, start_watchdog
from tests.patience import HARD_END

ROOT = Path(__file__).resolve().parents[2]

# A workshop's main process: starts the watchdog and a child of its own, says so, and waits to be killed.
MAIN = """
import os, subprocess, sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from local_aws.watchdog import MARK, start_watchdog
watchdog = start_watchdog(sys.argv[1], Path(sys.argv[2]))
child = subprocess.Popen(["sleep", "1000"], env={**os.environ, MARK: sys.argv[1]}, start_new_session=True)
print(watchdog.pid, child.pid, flush=True)
sys.stdin.read()
"""


def start_main(instance: str, folder: Path) -> tuple["subprocess.Popen[str]", int]:
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, instance, str(folder)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    watchdog = int(process.stdout.readline().split()[0])
    return process, watchdog


@contextmanager
def end_of_stranger(pid: int) -> Iterator[None]:
    """Wait for the end of a process that is no child of ours, and that is there when the block begins."""
    descriptor = os.pidfd_open(pid)
    try:
        yield
        ready, _, _ = select.select([descriptor], [], [], HARD_END)
    finally:
        os.close(descriptor)
    assert ready, f"process {pid} is still there"


def test_a_killed_workshop_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "workshop"
    folder.mkdir()
    (folder / "something").write_text("left over")
    process, watchdog = start_main("test-killed", folder)
    assert list(marked_processes("test-killed"))

    with end_of_stranger(watchdog):
        process.send_signal(signal.SIGKILL)
        process.communicate()

    assert list(marked_processes("test-killed")) == []
    assert not folder.exists()


def test_a_workshop_beside_it_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "1000"], env={**os.environ, MARK: "other"})
    watchdog = start_watchdog("test-one", tmp_path / "one")
    assert watchdog.stdin is not None
    watchdog.stdin.close()
    assert watchdog.wait(timeout=HARD_END) == 0

    assert list(marked_processes("other")) == [other.pid]
    other.kill()
    other.wait()


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_time() -> None:
    script = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); sys.stdin.read()"
    )
    deaf = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, MARK: "deaf"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert deaf.stdout is not None
    deaf.stdout.readline()

    end_processes("deaf", grace_seconds=0.3)

    assert deaf.wait(timeout=HARD_END) == -signal.SIGKILL
    deaf.communicate()
