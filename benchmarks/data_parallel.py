"""What processes that train together gain: `python -m benchmarks.data_parallel [PROCESSES] [PRESET] [RESOLUTION]`.

Trains the same batches alone and shared by PROCESSES (2) processes, in turn, and prints seconds per thousand pictures,
how many times as fast that is, and how much of it the exchange of gradients takes. On a machine with GPUs each process
has one, and NCCL connects them; otherwise each has one core, and gloo does. The preset is auto at 32 px (on GPUs:
paper256 at 256 px); every process does one round of a batch, alone they are done one after the other.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from local_aws.ports import free_port
from stylegan2.options.training import TrainingChoices
from stylegan2.training.distributed import ProcessGroup, connected_processes
from stylegan2.training.loop import iterate
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import resolve_options

ROUNDS, ITERATIONS, WARM_UP = 3, 16, 2


class TimedGroup(ProcessGroup):
    """Counts the seconds that this process spends with the others, waiting for them included."""

    seconds = 0.0

    def add_up(self, tensors: Sequence[torch.Tensor]) -> None:
        _synchronize()
        started = time.perf_counter()
        super().add_up(tensors)
        _synchronize()
        self.seconds += time.perf_counter() - started


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(processes: int, preset: str, resolution: int, folder: Path) -> None:
    """In one of the processes: train, and let the first one print seconds per kimg and the exchange's part of it."""
    torch.set_num_threads(1)
    with connected_processes() as group:
        group = TimedGroup(group.rank, group.size)
        # The batch is that of all processes together, also for one alone.
        batch = resolve_options(
            TrainingChoices(data=folder, outdir=folder, preset=preset), processes=processes
        ).settings.batch
        options = resolve_options(
            TrainingChoices(data=folder, outdir=folder, preset=preset, batch=batch, batch_gpu=batch // processes),
            processes=group.size,
        )
        torch.manual_seed(0)
        state = TrainingState(options, group=group)
        real = torch.rand(batch // group.size, 3, resolution, resolution, device=state.device) * 2 - 1
        for _ in range(WARM_UP):
            iterate(state, real)
        group.seconds, started = 0.0, time.perf_counter()
        for _ in range(ITERATIONS):
            iterate(state, real)
        _synchronize()
        seconds = time.perf_counter() - started
        if group.is_main_process:
            print(seconds / ITERATIONS / batch * 1000, group.seconds / seconds)


def run(size: int, *arguments: str) -> tuple[float, float]:
    """Start `size` processes as torchrun would; what the first one printed."""
    meeting = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    place = os.environ | meeting
    command = [sys.executable, "-m", "benchmarks.data_parallel", "--measure", *arguments]
    started = [
        subprocess.Popen(command, env=place | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, stdout=subprocess.PIPE)
        for rank in range(size)
    ]
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("a process has failed; its message stands above")
    seconds, part = outputs[0].split()
    return float(seconds), float(part)


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        _, _, processes, preset, resolution, folder = sys.argv
        measure(int(processes), preset, int(resolution), Path(folder))
        return
    on_gpu = torch.cuda.is_available()
    defaults = ["2", "paper256" if on_gpu else "auto", "256" if on_gpu else "32"]
    processes, preset, resolution = [*sys.argv[1:4], *defaults[len(sys.argv[1:4]) :]]
    machine = torch.cuda.get_device_name() if on_gpu else "one core a process"
    print(f"{preset}, {resolution} px, {machine}, medians of {ROUNDS}\n")
    print("| processes | s/kimg | times as fast | exchange |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        size = int(resolution)
        Image.fromarray(np.zeros((size, size, 3), np.uint8)).save(Path(folder) / "0.png")
        arguments = processes, preset, resolution, folder
        pairs = [(run(1, *arguments), run(int(processes), *arguments)) for _ in range(ROUNDS)]
    alone = statistics.median(one for (one, _), _ in pairs)
    shared = statistics.median(several for _, (several, _) in pairs)
    ratio = statistics.median(one / several for (one, _), (several, _) in pairs)
    exchange = statistics.median(part for _, (_, part) in pairs)
    print(f"| 1 | {alone:.1f} | 1.00 | |\n| {processes} | {shared:.1f} | {ratio:.2f} | {exchange:.0%} |")


if __name__ == "__main__":
    main()
