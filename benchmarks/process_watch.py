"""Processor time and peak memory of this process and of all that descend from it."""

import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_LOOK_SECONDS = 0.5
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_THIS = "this program"
_KINDS = (  # what a command line has in it, and whose process that is
    (re.compile(r"local_aws\.server"), "stand-in for SageMaker, door, mailbox"),
    (re.compile(r"local_aws\.ministack_server"), "MiniStack"),
    (re.compile(r"ministack-lambda-workshop-(\w+?)-[\w-]+/"), "function {0}"),
    (re.compile(r"-m containers\.(\w+)"), "job {0}"),
    (re.compile(r"multiprocessing\.forkserver"), "workers of the jobs"),
)


@dataclass
class _Process:
    kind: str = ""
    seconds: float = 0.0
    peak_kib: int = 0


@dataclass
class ProcessWatch:
    """Use as a context manager. What happens between the last look at a process and its end is not seen: at most half
    a second of each."""

    _seen: dict[int, _Process] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def seconds(self) -> float:
        """Processor seconds of all together so far."""
        return sum(process.seconds for process in list(self._seen.values()))

    def seconds_of(self) -> dict[str, float]:
        """The same by kind of process."""
        kinds: dict[str, float] = {}
        for process in list(self._seen.values()):
            kinds[process.kind] = kinds.get(process.kind, 0.0) + process.seconds
        return kinds

    def table(self) -> str:
        """Peak memory of the largest process of each kind, and the processor time of all of that kind, in Markdown."""
        kinds: dict[str, list[_Process]] = {}
        for process in self._seen.values():
            kinds.setdefault(process.kind, []).append(process)
        rows = [
            f"| {kind} | {len(all_of)} | {max(one.peak_kib for one in all_of) / 1024:.0f} | "
            f"{sum(one.seconds for one in all_of):.0f} |"
            for kind, all_of in sorted(kinds.items())
        ]
        head = ["| process | number | peak memory of one, MB | processor s of all |", "|---|---|---|---|"]
        return "\n".join(head + rows)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            for pid in _descendants(os.getpid()):
                self._look(pid)

    def _look(self, pid: int) -> None:
        folder = Path("/proc", str(pid))
        with suppress(OSError):  # it may have ended
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if not command:
                return  # it has ended, and its parent does not know yet
            peak = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
            process = self._seen.setdefault(pid, _Process())
            process.kind = _THIS if pid == os.getpid() else _kind(command)
            process.seconds = sum(map(int, _stat(pid)[11:13])) / _TICKS_PER_SECOND
            process.peak_kib = int(peak[1]) if peak else process.peak_kib


def _descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    family = {root}
    while found := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= found
    return family


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the third on; the second, a name, may have anything in it."""
    return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()


def _kind(command: str) -> str:
    for pattern, kind in _KINDS:
        if found := pattern.search(command):
            return kind.format(*found.groups())
    return "others"
