"""What compilation and 16 bits give here: `python -m benchmarks.compiled_phases [PRESET] [RESOLUTION] [BATCH]`.

Trains on random pictures (preset paper256, 256 px, the whole batch at once; by default 64 pictures on a GPU, 8 on a
CPU) in every precision, plain and with compiled main phases, and prints seconds per thousand pictures, the GPU's memory
for both trainings, and how far the compiled phases' losses and gradients are from plain ones. The first iterations, in
which compilers and cuDNN look around, are not counted. All variants of a precision are measured in turn, so that a
drift of the machine touches them alike.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from stylegan2.options.training import TrainingChoices
from stylegan2.options.words import Compilation, Precision
from stylegan2.training.loop import iterate
from stylegan2.training.state import TrainingState
from stylegan2.training.training_options import TrainingOptions, resolve_options

ROUNDS, ITERATIONS, WARM_UP = 3, 16, 2
"""Iterations come in sixteens: in one of them R1 is computed, in four the path length."""


def variant(options: TrainingOptions, precision: Precision, compilation: Compilation) -> TrainingState:
    """A training in this precision; always from the same random numbers."""
    torch.manual_seed(0)
    how = replace(options.performance, precision=precision, compilation=compilation, channels_last=True)
    return TrainingState(replace(options, performance=how))


def main_phases(state: TrainingState, real: torch.Tensor) -> list[torch.Tensor]:
    """Both main losses and all their gradients, without a step and without noise or style mixing."""
    losses = replace(state.losses, noise_mode="none", style_mixing_prob=0.0)
    z = torch.randn(len(real), state.settings.z_dim, generator=torch.Generator().manual_seed(1)).to(state.device)
    state.discriminator.requires_grad_(False)
    found = [losses.generator_main(z).loss]
    state.discriminator.requires_grad_(True)
    found.append(losses.discriminator_main(z, real).loss)
    for network in (state.generator, state.discriminator):
        found += [p.grad for p in network.parameters() if p.grad is not None]
        network.zero_grad()
    return found


def distance(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> float:
    """The largest relative distance of two tensors of the same place."""
    return max(float((a - b).norm() / b.norm().clamp_min(1e-12)) for a, b in zip(ours, theirs, strict=True))


def seconds_of(state: TrainingState, real: torch.Tensor) -> float:
    """Per thousand pictures."""
    started = time.perf_counter()
    for _ in range(ITERATIONS):
        iterate(state, real)
    if state.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / (ITERATIONS * len(real)) * 1000


def main() -> None:
    given = sys.argv[1:4]
    defaults = ["paper256", "256", "64" if torch.cuda.is_available() else "8"]
    preset, resolution, batch = [*given, *defaults[len(given) :]]
    torch.backends.cudnn.benchmark = True
    with tempfile.TemporaryDirectory() as folder:
        size = int(resolution)
        Image.fromarray(np.zeros((size, size, 3), np.uint8)).save(Path(folder) / "0.png")
        options = resolve_options(
            TrainingChoices(
                data=Path(folder), outdir=Path(folder), preset=preset, batch=int(batch), batch_gpu=int(batch)
            )
        )
    on_gpu = options.device == "cuda"
    machine = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} threads"
    print(f"{preset}, {size} px, batch {batch}, torch {torch.__version__}, on {machine}\n")
    print("| precision | plain s/kimg | compiled s/kimg | ratio | compiled against plain | GPU MiB |")
    print("|---|---|---|---|---|---|")
    real = torch.rand(int(batch), 3, size, size, device=options.device) * 2 - 1
    precisions: list[Precision] = ["fp32", "bf16", "fp16"] if on_gpu else ["fp32"]
    for precision in precisions:
        plain, compiled = variant(options, precision, "off"), variant(options, precision, "on")
        off = distance(main_phases(compiled, real), main_phases(plain, real))
        for state in (plain, compiled):
            for _ in range(WARM_UP):
                iterate(state, real)
        measured = [(seconds_of(plain, real), seconds_of(compiled, real)) for _ in range(ROUNDS)]
        slow, fast = (statistics.median(column) for column in zip(*measured, strict=True))
        memory = f"{torch.cuda.max_memory_allocated() / 2**20:.0f}" if on_gpu else ""
        print(f"| {precision} | {slow:.2f} | {fast:.2f} | {slow / fast:.2f} | {off:.1e} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
