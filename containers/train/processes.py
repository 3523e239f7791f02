"""The training job on several GPUs or machines: one process for each, started and watched by the container's first.

The processes find each other by the environment variables that `torchrun` sets (see stylegan2.training.distributed).
Why not torchrun itself: it answers SIGTERM by killing its processes 30 seconds later and by failing, but a job that
SageMaker stops has 120 seconds to save everything and ends well; and it does not write SageMaker's failure file.

Source: SageMaker Developer Guide, "Distributed Training Configuration" (resourceconfig.json).
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from containers.errors import StepError
from containers.job import Cluster, StopRequest, TrainingJob

RENDEZVOUS_PORT = 29500  # torchrun's default
GRACE_SECONDS = 60.0
"""For the others to notice that one is gone and to say so. Those that wait inside a GPU's driver never do."""

_PORT_VARIABLE = "MASTER_PORT"


def is_one_of_many(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process was started by `train_together`."""
    return "RANK" in environment


def sentence_file(job: TrainingJob, rank: int | str) -> Path:
    """Where a process that `train_together` has started says why it failed."""
    return job.sentence_file.with_name(f"failure-{rank}")


def train_together(job: TrainingJob, cluster: Cluster, per_machine: int, stop: StopRequest) -> None:
    """Start this machine's processes, pass a stop request on to them, and wait for their end.

    Raises StepError with the sentence of the first that ended badly; the others only noticed.
    """
    first_rank = cluster.hosts.index(cluster.current) * per_machine
    ranks = range(first_rank, first_rank + per_machine)
    size = len(cluster.hosts) * per_machine
    environment = _meeting_place(cluster) | {"WORLD_SIZE": str(size)}
    # A process that is just starting gets the signal when it listens for it (StopRequest): a mask is inherited.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    processes = {
        rank: subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]],
            env={**os.environ, **environment, "RANK": str(rank), "LOCAL_RANK": str(rank - first_rank)},
        )
        for rank in ranks
    }
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def pass_on() -> None:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)

    stop.also(pass_on)
    failed = _first_failure(processes)
    if failed is not None:
        raise StepError(_sentence(job, failed, processes[failed].returncode, size, cluster.current))


def _meeting_place(cluster: Cluster) -> dict[str, str]:
    """The variables that tell all processes where they find each other."""
    if len(cluster.hosts) == 1:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return {"MASTER_ADDR": "127.0.0.1", _PORT_VARIABLE: str(listener.getsockname()[1])}
    place = {"MASTER_ADDR": cluster.hosts[0], _PORT_VARIABLE: os.environ.get(_PORT_VARIABLE, str(RENDEZVOUS_PORT))}
    if cluster.interface is not None:
        place |= {"GLOO_SOCKET_IFNAME": cluster.interface, "NCCL_SOCKET_IFNAME": cluster.interface}
    return place


def _first_failure(processes: Mapping[int, subprocess.Popen[bytes]]) -> int | None:
    """Wait for all processes; the rank of the first that ended badly, or None."""
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()

    def wait(rank: int) -> None:
        processes[rank].wait()
        ended.put(rank)

    for rank in processes:
        threading.Thread(target=wait, args=(rank,), daemon=True).start()
    failed: int | None = None
    for _ in processes:
        try:
            rank = ended.get(timeout=None if failed is None else GRACE_SECONDS)
        except queue.Empty:
            for process in processes.values():
                process.kill()
            rank = ended.get()
        if failed is None and processes[rank].returncode != 0:
            failed = rank
    return failed


def _sentence(job: TrainingJob, rank: int, status: int, size: int, host: str) -> str:
    file = sentence_file(job, rank)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    how = f"with status {status}"
    if status < 0:
        hint = ", perhaps for want of memory" if status == -signal.SIGKILL else ""
        how = f"by {signal.Signals(-status).name}{hint}"
    return (
        f"Process {rank} of 0 to {size - 1}, on {host}, was ended {how}. Everything up to the last checkpoint is "
        f"kept: start the job again to go on from there."
    )
