"""Seconds per thousand pictures of training on the CPU, against a plain implementation of the papers' formulas:
`python -m benchmarks.training_step [ROUNDS]`.

Both train the same networks with the same losses (benchmarks/plain_stylegan2.py is the yardstick); they take turns,
16 iterations each, so that a slow moment of the machine hits both. Augmentation is the same code in both, except for
its filters. Printed are the medians over the rounds, their ratio's median, and the peak memory of each in a process of
its own.
"""

import dataclasses
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks import plain_stylegan2 as plain
from local_aws.drawings import write_drawings
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.data.preparation import prepare_images
from stylegan2.options.training import TrainingChoices
from stylegan2.training.loop import iterate
from stylegan2.training.loss import PhaseStats
from stylegan2.training.optimisation import ema_beta
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions, resolve_options

ITERATIONS = 16  # one R1 and four path length regularisations: the mixture of a long training
CASES = {"32 px, batch 16, noaug": (32, 16, None), "64 px, batch 8, bgc p=0.6": (64, 8, 0.6)}


def options_of(resolution: int, batch: int, p: float | None, folder: Path) -> TrainingOptions:
    """The small network of the comparison: 4096 / resolution channels, at most 128; z and w of 512; `auto`'s rules."""
    data = folder / f"{resolution}.zip"
    if not data.exists():
        write_drawings(folder / str(resolution), kind="faces", count=256, size=resolution)
        prepare_images(folder / str(resolution), data, resolution=resolution)
    augmentation: dict[str, Any] = {"aug": "noaug"} if p is None else {"aug": "fixed", "p": p}
    options = resolve_options(
        TrainingChoices(data=data, outdir=folder / "out", batch=batch, batch_gpu=batch, device="cpu", **augmentation)
    )
    settings = dataclasses.replace(options.settings, channel_base=4096, channel_max=128, mbstd_group_size=4)
    return dataclasses.replace(options, settings=settings)


class PlainTraining:
    """The same iteration as loop.iterate, by the plain formulas."""

    def __init__(self, options: TrainingOptions) -> None:
        self.state = state = TrainingState(options)
        for network in (state.generator, state.discriminator):
            for parameter in network.parameters():
                parameter.data = parameter.data.contiguous()
        losses, G, D = state.losses, state.generator, state.discriminator
        losses.main_synthesis = lambda ws, noise_mode: plain.synthesis(G, ws, noise_mode)
        losses.main_discriminator = lambda img, c: plain.discriminate(D, img)
        # The regularisers use the networks themselves.
        losses.generator = SimpleNamespace(mapping=lambda z, c: plain.mapping(G, z), synthesis=losses.main_synthesis)  # type: ignore[assignment]
        losses.discriminator = losses.main_discriminator  # type: ignore[assignment]
        for optimiser in (state.optimise_g, state.optimise_d):
            for group in optimiser.param_groups:
                group["fused"] = False

    @patch("stylegan2.augmentation.geometry.upfirdn", plain.resampled)
    def iterate(self, real: Tensor) -> None:
        state, s, losses = self.state, self.state.settings, self.state.losses
        G, D = state.generator, state.discriminator

        def latents() -> Tensor:
            return torch.randn(len(real), s.z_dim)

        def follow(stats: PhaseStats) -> None:
            G.mapping.w_avg.copy_(stats.w_mean.lerp(G.mapping.w_avg, 0.995))  # type: ignore[union-attr]

        D.requires_grad_(False)
        follow(losses.generator_main(latents()))
        plain.optimise(state.optimise_g, G.parameters())
        if state.iteration % s.g_reg_interval == 0:
            stats = losses.generator_regularisation(latents(), interval=s.g_reg_interval)
            follow(stats)
            losses.follow_path_length(stats.path_length)  # type: ignore[arg-type]
            plain.optimise(state.optimise_g, G.parameters())
        D.requires_grad_(True)
        follow(losses.discriminator_main(latents(), real))
        plain.optimise(state.optimise_d, D.parameters())
        if state.iteration % s.d_reg_interval == 0:
            losses.discriminator_regularisation(real, interval=s.d_reg_interval)
            plain.optimise(state.optimise_d, D.parameters())
        plain.average(state.generator_ema, G, ema_beta(s.batch, s.ema_kimg, state.images_seen, s.ema_rampup))
        state.images_seen += len(real)
        state.iteration += 1


def seconds_per_kimg(iteration: Callable[[Tensor], None], real: Tensor) -> float:
    """Time of ITERATIONS iterations, per thousand pictures."""
    began = time.perf_counter()
    for _ in range(ITERATIONS):
        iteration(real)
    return (time.perf_counter() - began) / ITERATIONS / len(real) * 1000


def measure(options: TrainingOptions, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds per kimg of both, in turn."""
    real = torch.rand(options.settings.batch, 3, options.resolution, options.resolution) * 2 - 1
    own, yardstick = partial(iterate, TrainingState(options)), PlainTraining(options)
    pairs = []
    for _ in range(rounds + 1):
        pairs.append((seconds_per_kimg(own, real), seconds_per_kimg(yardstick.iterate, real)))
    return [one for one, _ in pairs[1:]], [other for _, other in pairs[1:]]  # the first round warms up


def peak_memory_mb(which: str, case: str, folder: Path) -> float:
    """Largest resident set of a fresh process that does 2 x ITERATIONS iterations."""
    command = [sys.executable, "-m", "benchmarks.training_step", "--memory", which, case, str(folder)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _memory(which: str, case: str, folder: str) -> None:
    options = options_of(*CASES[case], Path(folder))
    real = torch.rand(options.settings.batch, 3, options.resolution, options.resolution) * 2 - 1
    keep_freed_memory()
    one = partial(iterate, TrainingState(options)) if which == "own" else PlainTraining(options).iterate
    for _ in range(2):
        seconds_per_kimg(one, real)
    # Not getrusage's ru_maxrss: across fork and exec Linux keeps the parent's peak there.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    print(float(status["VmHWM"].split()[0]) / 1024)


def main() -> None:
    if sys.argv[1:2] == ["--memory"]:
        _memory(*sys.argv[2:])
        return
    keep_freed_memory()  # as train.py does; for both
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}, median of {rounds}\n")
    print("| case | plain s/kimg | own s/kimg | ratio | plain MB | own MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for case, (resolution, batch, p) in CASES.items():
            options = options_of(resolution, batch, p, Path(scratch))
            own, yardstick = measure(options, rounds)
            ratio = statistics.median(y / o for o, y in zip(own, yardstick, strict=True))
            memory = [peak_memory_mb(which, case, Path(scratch)) for which in ("plain", "own")]
            print(
                f"| {case} | {statistics.median(yardstick):.1f} | {statistics.median(own):.1f} | {ratio:.2f} "
                f"| {memory[0]:.0f} | {memory[1]:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
