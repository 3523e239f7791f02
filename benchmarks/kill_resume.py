"""Whether a training that is killed at any moment goes on exactly: `python -m benchmarks.kill_resume [POINTS] [SEED]`.

Runs a small training once without interruption. Then POINTS times (50) the same training is killed with SIGKILL at a
random moment of its life, started again, and its end compared with that of the first, bit by bit: the network, the
whole state in the last checkpoint, the statistics. Ends with status 1 if one differs.
"""

import hashlib
import json
import logging
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from stylegan2.options.training import TrainingChoices
from stylegan2.results.checkpoint import load_checkpoint
from stylegan2.training import train
from stylegan2.training.training_options import resolve_options

PICTURES, SIZE = 24, 8
TIMES = ("seconds", "sec_per_kimg", "memory_mb")
"""What differs between two runs of the same training."""


@dataclass(frozen=True)
class Kill:
    """One interruption and how it ended."""

    after_seconds: float
    checkpoints: int
    """Files in the checkpoint folder at that moment, half-written ones included."""
    differences: list[str]


def kill_and_resume(folder: Path, points: int, seed: int, kimg: float = 0.4) -> list[Kill]:
    """Interrupt `points` trainings of `kimg` thousand pictures, all in `folder`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["stylegan2.training"])  # so that a training begins at once
    data = _write_pictures(folder / "data")
    nothing = context.Process(target=int)
    nothing.start()  # and with it the server, whose start is not part of a training
    nothing.join()
    expected, longest = _uninterrupted(context, data, folder / "whole", kimg)
    kills: list[Kill] = []
    moments = random.Random(seed)  # noqa: S311 - no secret
    while len(kills) < points:
        place = folder / f"point{len(kills):03d}"
        process = _start(context, data, place, kimg)
        moment = moments.uniform(0, longest)
        process.join(moment)
        if not process.is_alive():
            longest = moment  # the machine has become faster: this training was over already
            shutil.rmtree(place, ignore_errors=True)
            continue
        process.kill()
        process.join()
        checkpoints = len(list((place / "checkpoints").glob("checkpoint*")))
        _finish(_start(context, data, place, kimg))
        found = _end_of(place)
        kills.append(Kill(moment, checkpoints, [name for name in expected if found[name] != expected[name]]))
        shutil.rmtree(place)
    return kills


def _uninterrupted(context: ForkServerContext, data: Path, place: Path, kimg: float) -> tuple[dict[str, str], float]:
    """What the training leaves when it is let alone, and how long it takes."""
    started = time.monotonic()
    _finish(_start(context, data, place, kimg))
    return _end_of(place), time.monotonic() - started


def _start(context: ForkServerContext, data: Path, place: Path, kimg: float) -> BaseProcess:
    process = context.Process(target=_train, args=(data, place, kimg))
    process.start()
    return process


def _train(data: Path, place: Path, kimg: float) -> None:
    torch.set_num_threads(1)
    logging.disable()
    train(
        resolve_options(
            TrainingChoices(
                data=data,
                outdir=place / "out",
                checkpoint_dir=place / "checkpoints",
                preset="tiny",
                device="cpu",
                kimg=kimg,
                tick_kimg=0.048,
                snapshot_ticks=1,
            )
        )
    )


def _finish(process: BaseProcess) -> None:
    process.join()
    if process.exitcode != 0:
        raise RuntimeError(f"a training ended with status {process.exitcode}")


def _end_of(place: Path) -> dict[str, str]:
    """Digests of all that a training leaves and that may not depend on its interruptions."""
    saved = load_checkpoint(place / "checkpoints")
    if saved is None:
        raise RuntimeError(f"{place}: the training left no checkpoint")
    network = (place / "out/network.safetensors").read_bytes()
    ticks = [json.loads(line) for line in (place / "out/stats.jsonl").read_text().splitlines()]
    ticks = [{name: value for name, value in tick.items() if name not in TIMES} for tick in ticks]
    parts = {"network": hashlib.sha256(network).hexdigest(), "statistics": json.dumps(ticks)}
    return parts | {f"state {name}": _digest(value) for name, value in saved["training"].items()}


def _digest(value: Any) -> str:
    """Of nested dictionaries and lists with tensors, to the bit."""
    if isinstance(value, dict):
        value = [(str(name), _digest(part)) for name, part in value.items()]
    elif isinstance(value, list):
        value = [_digest(part) for part in value]
    elif isinstance(value, torch.Tensor):
        value = (str(value.dtype), list(value.shape), value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _write_pictures(folder: Path) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.RandomState(0)
    for index in range(PICTURES):
        pixels = np.broadcast_to(rng.randint(0, 256, 3), (SIZE, SIZE, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03d}.png")
    return folder


def main() -> int:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory() as folder:
        kills = kill_and_resume(Path(folder), points, seed)
    different = [kill for kill in kills if kill.differences]
    moments = sorted(kill.after_seconds for kill in kills)
    with_checkpoint = sum(kill.checkpoints > 0 for kill in kills)
    print(
        f"{points} points (seed {seed}), killed {moments[0]:.2f} to {moments[-1]:.2f} s after the start, "
        f"{with_checkpoint} of them with a checkpoint: {points - len(different)} ended bit-equal"
    )
    for kill in different:
        print(f"killed after {kill.after_seconds:.3f} s: {', '.join(kill.differences)}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
