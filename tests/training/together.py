"""Processes that train together, started as torchrun would start them: real ones, connected through gloo."""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from local_aws.ports import free_port
from stylegan2.base.errors import ModelError
from stylegan2.training import real_images, train
from stylegan2.training.distributed import PATIENCE, ProcessGroup, connected_processes
from tests.patience import HARD_END
from tests.training.pictures import write_pictures
from tests.training.trainings import options, stop_after

Work = Callable[[ProcessGroup, Path], dict[str, Any]]
"""What a process does, with a folder of its own; what it returns must be JSON."""


def start_together(work: Work, size: int, folder: Path, *, patience: timedelta = PATIENCE) -> list[BaseProcess]:
    """Start `size` processes; each writes what it returns, or its error, to `<folder>/<rank>/outcome.json`."""
    port = free_port()
    started = [
        _context().Process(target=_run, args=(work, rank, size, port, folder / str(rank), patience))
        for rank in range(size)
    ]
    # The server that forks them starts with the first one. It imports what is preloaded before it is told our path.
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        for process in started:
            process.start()
    return started


def outcomes_of(processes: list[BaseProcess], folder: Path) -> list[dict[str, Any]]:
    """Wait for the processes' ends; an empty outcome is that of one that was killed."""
    for process in processes:
        process.join(HARD_END)
        assert process.exitcode is not None, "a process hangs"
    files = [folder / str(rank) / "outcome.json" for rank in range(len(processes))]
    return [json.loads(file.read_text()) if file.exists() else {} for file in files]


def together(work: Work, size: int, folder: Path, *, patience: timedelta = PATIENCE) -> list[dict[str, Any]]:
    """What each of `size` processes returned; {"error": sentence} where it raised one of the package's errors."""
    return outcomes_of(start_together(work, size, folder, patience=patience), folder)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["stylegan2.training"])  # importing it takes seconds, a fork takes none
    return context


def _run(work: Work, rank: int, size: int, port: int, folder: Path, patience: timedelta) -> None:
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in place.items()}
    torch.set_num_threads(1)
    folder.mkdir(parents=True)
    try:
        with connected_processes("cpu", patience) as group:
            outcome = work(group, folder)
        assert not [name for name in _threads() if "gloo" in name], "they may abort the process at its end"
    except ModelError as error:
        outcome = {"error": str(error), "kind": type(error).__name__}
    (folder / "outcome.json").write_text(json.dumps(outcome))


def _threads() -> list[str]:
    """The names of all threads of this process, Python's and others."""
    return [(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()]


# What the processes do --------------------------------------------------------------------------------------------


def work_train(
    group: ProcessGroup, folder: Path, *, data: Path, changes: dict[str, Any], stop: int = 10**9
) -> dict[str, Any]:
    """Train; processes other than the first must write nothing."""
    chosen = options(data, folder / "out", processes=group.size, **changes)
    result = train(
        chosen, group=group, should_stop=stop_after(stop) if group.rank == group.size - 1 else lambda _: None
    )
    return {"ended": result.ended, "kimg": result.kimg, "wrote": (folder / "out").exists()}


def work_with_other_data(group: ProcessGroup, folder: Path, *, data: Path) -> dict[str, Any]:
    own = write_pictures(folder / "own", 20 + group.rank, 8)
    train(options(own, folder / "out", processes=group.size), group=group)
    return {}


def work_with_vanishing_data(group: ProcessGroup, folder: Path, *, data: Path, kept: Path) -> dict[str, Any]:
    """Pictures are read while the training goes on; the second process's break after the first iterations."""
    own = write_pictures(folder / "own", 20, 8)
    chosen = options(own, folder / "out", processes=group.size, checkpoint_dir=kept, kimg=1.0, signal_images=0)

    def break_pictures(kimg: float) -> None:
        if kimg == 0.016 and group.rank == 1:
            for file in own.glob("*.png"):
                file.write_bytes(b"")

    real_images.IN_MEMORY_BYTES = 0
    train(chosen, group=group, on_progress=break_pictures)
    return {}


def work_until_signalled(group: ProcessGroup, folder: Path, *, data: Path, number: int, kept: Path) -> dict[str, Any]:
    """The second process sends itself a signal in the middle of the training."""

    def stumble(kimg: float) -> None:
        if kimg == 0.104 and group.rank == 1:
            os.kill(os.getpid(), number)

    changes = {"processes": group.size, "checkpoint_dir": kept, "kimg": 1000, "signal_images": 0}
    train(options(data, folder / "out", **changes), group=group, on_progress=stumble)
    return {}
