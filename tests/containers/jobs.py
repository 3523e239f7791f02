"""Start a container's entry point as SageMaker would: a process with its own base folder."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.patience import HARD_END

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """One job's base folder, what is in it, and how it is started."""

    base: Path

    def start(self, module: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `python -m module`; its output is kept for `communicate()`."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd="/",
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/workshop'}:{ROOT / 'stylegan2-ada-pytorch'}",
                "PYTHONUNBUFFERED": "1",
                "SAGEMAKER_BASE_DIR": str(self.base),
                "OMP_NUM_THREADS": "1",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, module: str, *arguments: str, **environment: str) -> "Ended":
        """Start `python -m module` and wait for its end."""
        process = self.start(module, *arguments, **environment)
        out, err = process.communicate(timeout=HARD_END)
        return Ended(process.returncode, out, err)

    def folder(self, path: str) -> Path:
        """A folder below the base, made if need be."""
        folder = self.base / path
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def text(self, path: str) -> str:
        """The content of a file below the base."""
        return (self.base / path).read_text()

    def configure_training(self, **hyperparameters: str) -> None:
        """Write the files that SageMaker writes for a training job with the channels train and base."""
        config = self.folder("input/config")
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {}, "base": {}}))
        (self.folder("input/data/base") / "README.txt").write_text("no base network, train from scratch")
        for folder in ("input/data/train", "model", "checkpoints"):
            self.folder(folder)


@dataclass(frozen=True)
class Ended:
    """How a job's process ended."""

    code: int
    out: str
    err: str


def draw(folder: Path, count: int, side: int = 24) -> None:
    """`count` different little pictures: a disc of one colour on another."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:side, :side] / side - 0.5
    for number in range(count):
        disc = (np.hypot(x, y) < random.uniform(0.2, 0.45))[..., None]
        pixels = np.where(disc, random.integers(0, 256, 3), random.integers(0, 256, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"picture{number:03d}.png")
