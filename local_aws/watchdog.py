"""Leaves the machine clean, whatever happens to the workshop: `python -m local_aws.watchdog INSTANCE FOLDER`.

Every process of a workshop carries `WORKSHOP_INSTANCE=<id>` in its environment. The watchdog waits for its standard
input to end, which the kernel brings about when the workshop's main process ends, be it by Ctrl-C, SIGKILL or the end
of a demo. Then it ends every process that carries the mark and removes the workshop's folder. Linux only: it reads
/proc.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MARK = "WORKSHOP_INSTANCE"
GRACE_SECONDS = 5.0


def start_watchdog(instance: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start the watchdog of `instance` in a session of its own, so that Ctrl-C in a terminal does not reach it.

    Closing the returned process's `stdin` sets it off; it ends when all is clean.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "local_aws.watchdog", instance, str(folder)],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def marked_processes(instance: str) -> Iterator[int]:
    """Yield the ids of the running processes that carry the mark of `instance`, except this one and zombies."""
    mark = f"{MARK}={instance}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        # A process may end, or belong to somebody else, while it is looked at.
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def end_processes(instance: str, grace_seconds: float = GRACE_SECONDS) -> None:
    """Send SIGTERM to every marked process, and SIGKILL to those that are still there after the grace time."""
    deadline = time.monotonic() + grace_seconds
    told: set[int] = set()
    while processes := list(marked_processes(instance)):
        late = time.monotonic() > deadline
        for pid in processes:
            if late or pid not in told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.05)  # between two looks at /proc: the kernel tells nobody but a parent that a process ended


def main() -> None:
    instance, folder = sys.argv[1], Path(sys.argv[2])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # only the end of the workshop ends its watchdog
    sys.stdin.buffer.read()
    end_processes(instance)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
