"""Drawing, finding and starting on the CPU, against a plain implementation and against the bare import of torch:
`python -m benchmarks.inference [ROUNDS]`.

    drawing     pictures a second of a 256-pixel network of preset paper256 with random weights, 1, 4 and 8 at once:
                latents, synthesis, bytes. Plain: benchmarks/plain_stylegan2.py with weights for each sample.
    finding     steps a second of the projector for one picture of that network: synthesis, gradients of latent and
                noise maps, penalty, Adam, new noise. What is near is said by the means of 8x8 places on both sides, as
                the network that says it usually is the user's. Plain: by the papers' formulas, once with weights for
                each sample, whose gradients lead to the styles, and once with norms for each sample only.
    starting    whole processes: generate.py with one picture; train.py up to the line of its first tick, which is set
                to one batch, on 2,000 pictures of 32 pixels, with the preset laptop and with the network of
                benchmarks/training_step.py; beside them `import torch`, which no program can do without.

Drawing and finding have a process for each side, with the memory settings that each would have by itself; they take
turns, one batch or step each, so that a slow moment of the machine hits both. Printed are medians over ROUNDS (9), and
the median of the rounds' ratios. Processes that start take turns, too (a third as many rounds); beside their wall time
stands the processor time, which other programs disturb less.

The limit is arithmetic: a picture takes 30.1 GFLOP and a step twice that, and this kind of machine (2 cores, AVX2)
multiplies matrices at about 170 GFLOP/s: 5.6 pictures or 2.8 steps a second.
"""

import dataclasses
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import plain_stylegan2 as plain
from local_aws import ROOT
from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.data.png_format import encode_png
from stylegan2.formats.network_file import load_generator, save_network
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.model.performance import prepare_for_inference
from stylegan2.model.pixels import from_bytes, to_bytes
from stylegan2.synthesis import generate_images
from stylegan2.synthesis.latents import seed_ws
from stylegan2.synthesis.projection import NOISE_PENALTY, SMALLEST_NOISE_MAP, project

PROGRAMS = ROOT / "stylegan2-ada-pytorch"
PAPER256 = {"img_resolution": 256, "channel_base": 16384, "channel_max": 512}
PICTURES, SIDE = 2_000, 32
TARGET = np.random.RandomState(0).randint(0, 256, (1, 256, 256, 3)).astype(np.uint8)


class Turns:
    """A worker's side of taking turns: it waits for a line, and answers with the seconds that its turn took."""

    def begin(self) -> None:
        """Wait; the process ends when nobody asks for turns any more."""
        if not sys.stdin.readline():
            sys.exit()
        self._began = time.perf_counter()

    def end(self) -> None:
        print(time.perf_counter() - self._began, flush=True)


class Worker:
    """The other side: a process that does its work whenever it is its turn."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "benchmarks.inference", *map(str, arguments)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self) -> float:
        assert self._process.stdin  # noqa: S101 - for mypy
        assert self._process.stdout  # noqa: S101 - for mypy
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.communicate()


def mean_places(images: Tensor) -> Tensor:
    """Features: the picture, eight times smaller."""
    return F.avg_pool2d(images, 8).flatten(1)


def open_own(network: Path) -> Generator:
    """As the command line does."""
    keep_freed_memory()
    generator = load_generator(network)
    prepare_for_inference(generator)
    return generator


def draw(side: str, network: Path, batch: int) -> None:
    """Worker: each turn a batch of pictures of the next seeds."""
    generator = open_own(network) if side == "own" else load_generator(network)
    turns, seed = Turns(), 0
    while True:
        turns.begin()
        seeds = range(seed, seed + batch)
        if side == "own":
            generate_images(generator, seeds, batch=batch)
        else:
            with torch.inference_mode():
                to_bytes(plain.synthesis(generator, seed_ws(generator, seeds), "const", fused=True))
        turns.end()
        seed += batch


def find(side: str, network: Path) -> None:
    """Worker: each turn a step of the search."""
    turns = Turns()
    if side == "own":

        def next_turn(*_: object) -> None:
            turns.end()
            turns.begin()

        turns.begin()
        project(open_own(network), TARGET, features=mean_places, steps=1000, on_step=next_turn)
    else:
        find_plainly(load_generator(network), turns, fused=side == "plain")


def find_plainly(G: Generator, turns: Turns, *, fused: bool) -> None:
    """StyleGAN2, appendix D, step by step."""
    noise = [stored.requires_grad_() for name, stored in G.synthesis.named_buffers() if name.endswith("noise_const")]
    w = torch.zeros(1, 1, G.w_dim, requires_grad=True)
    optimiser = torch.optim.Adam([w, *noise], lr=0.1)
    goal = mean_places(from_bytes(TARGET, w.device))
    while True:
        turns.begin()
        ws = (w + 0.05 * torch.randn_like(w)).repeat(1, G.num_ws, 1)
        images = plain.synthesis(G, ws, "const", fused)
        loss = (mean_places(images) - goal).square().sum() + NOISE_PENALTY * penalty_by_map(noise)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for stored in noise:
                stored -= stored.mean()
                stored *= stored.square().mean().rsqrt()
        turns.end()


def penalty_by_map(noise: list[Tensor]) -> Tensor:
    """How much the places of noise maps resemble their neighbours, map by map and scale by scale."""
    penalty = torch.zeros([])
    for stored in noise:
        scaled = stored[None, None]
        while True:
            for dimension in (2, 3):
                penalty = penalty + (scaled * scaled.roll(1, dimension)).mean().square()
            if scaled.shape[2] <= SMALLEST_NOISE_MAP:
                break
            scaled = 2 * F.avg_pool2d(scaled, 2)
    return penalty


def train_small(data: Path, outdir: Path) -> None:
    """train.py with the network of benchmarks/training_step.py, which no preset has."""
    sys.path.insert(0, str(PROGRAMS))
    import train  # train.py

    from stylegan2.options.training import TrainingChoices
    from stylegan2.training.training_options import resolve_options

    options = resolve_options(
        TrainingChoices(data=data, outdir=outdir, batch=16, batch_gpu=16, device="cpu", tick_kimg=0.016)
    )
    settings = dataclasses.replace(options.settings, channel_base=4096, channel_max=128)
    train.run(dataclasses.replace(options, settings=settings))


def started(command: list[object], until: str | None = None) -> tuple[float, float]:
    """Wall and processor seconds of a process until its end, or until a line that begins so; then it is ended."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101 - for mypy
    for line in process.stdout:
        if until is not None and line.startswith(until):
            break
    else:
        if process.wait() or until is not None:
            sys.exit(f"{command} failed")
    seconds = time.perf_counter() - began
    process.kill()
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_data(path: Path) -> None:
    """A data set as dataset_tool.py makes them."""
    dice = np.random.RandomState(0)
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(PICTURES):
            pixels = dice.randint(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
            archive.writestr(f"00000/img{index:08d}.png", encode_png(pixels))


def compare(name: str, unit: str, sides: dict[str, list[object]], per_turn: int, rounds: int) -> None:
    """Let workers take turns, and print a line for each yardstick; the last side is ours."""
    workers = [Worker(*arguments) for arguments in sides.values()]
    turns = [[worker.turn() for worker in workers] for _ in range(rounds + 2)][2:]  # the first ones warm up
    for worker in workers:
        worker.stop()
    speeds = [per_turn / statistics.median(column) for column in zip(*turns, strict=True)]
    for index, yardstick in enumerate(list(sides)[:-1]):
        ratio = statistics.median(turn[index] / turn[-1] for turn in turns)
        print(f"| {name}, {unit} | {yardstick} {speeds[index]:.2f} | {speeds[-1]:.2f} | {ratio:.2f} |", flush=True)


def compare_starts(scratch: Path, network: Path, rounds: int) -> None:
    """Let whole processes take turns."""
    data, out = scratch / "data.zip", scratch / "out"
    write_data(data)
    tick = "tick 0"
    laptop = ["--data", data, "--outdir", out, "--preset", "laptop", "--tick", "0.008"]
    commands: dict[str, tuple[list[object], str | None]] = {
        "`import torch`": (["-c", "import torch"], None),
        "generate.py, one picture": (
            [PROGRAMS / "generate.py", "--network", network, "--seeds", 0, "--outdir", out],
            None,
        ),
        "train.py to its first tick, laptop": ([PROGRAMS / "train.py", *laptop], tick),
        "train.py to its first tick, 128 channels": (
            ["-m", "benchmarks.inference", "--train", data, scratch / "small"],
            tick,
        ),
    }
    taken = [[started(*command) for command in commands.values()] for _ in range(rounds + 1)][1:]
    print("\n| process | wall s (min) | processor s |\n|---|---|---|")
    for name, column in zip(commands, zip(*taken, strict=True), strict=True):
        walls, processors = zip(*column, strict=True)
        print(f"| {name} | {statistics.median(walls):.2f} ({min(walls):.2f}) | {statistics.median(processors):.2f} |")


def main() -> None:
    if sys.argv[1:2] == ["--draw"]:
        draw(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["--find"]:
        find(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--train"]:
        train_small(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
        print(f"torch {torch.__version__}, {os.cpu_count()} cores, {platform.machine()}, median of {rounds}\n")
        print("| what | plain | own | ratio |\n|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            network = Path(scratch) / "network"
            torch.manual_seed(0)
            save_network(network, Generator(**PAPER256), Discriminator(**PAPER256), {})
            for batch in (1, 4, 8):
                pair: dict[str, list[object]] = {side: ["--draw", side, network, batch] for side in ("plain", "own")}
                compare(f"drawing {batch} at once", "pictures/s", pair, batch, rounds)
            three: dict[str, list[object]] = {
                side: ["--find", side, network] for side in ("plain", "plain norms", "own")
            }
            compare("finding", "steps/s", three, 1, rounds)
            compare_starts(Path(scratch), network, max(1, rounds // 3))


if __name__ == "__main__":
    main()
