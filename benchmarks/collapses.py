"""What a page shows of a training that falls apart: `python -m benchmarks.collapses [RUNS] [SEED]`.

RUNS times (20) the jobs Train and Infer run one after the other in this process: 32-pixel portraits, fine-tuned from
the shipped base network, with another seed each. At a random snapshot the generator is lost, in one of four ways in
turn; it is trained on with what is left of it. Prints for each when that was, which network has drawn, and what the
report says. Ends with status 1 if a page is not of a network from before.
"""

import contextlib
import dataclasses
import io
import json
import logging
import os
import random
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from containers.infer.step import infer
from containers.job import ProcessingJob, TrainingJob
from containers.train.hyperparameters import read_hyperparameters
from containers.train.step import train_network
from contract.prepare_report import PrepareReport
from local_aws import ROOT
from local_aws.drawings import write_drawings
from stylegan2.data.preparation import prepare_images
from stylegan2.options import presets
from tests.containers.jobs import Job
from tests.training.collapses import KINDS, collapsing

BASE = ROOT / "stylegan2-ada-pytorch" / "base" / "fantasy32"
PORTRAITS, RESOLUTION = 300, 32
BATCH, SNAPSHOTS, ITERATIONS = 8, 10, 10  # images; iterations from one snapshot to the next
TICK_KIMG = BATCH * ITERATIONS / 1000


def main() -> None:
    runs, seed = (int(text) for text in (*sys.argv[1:], "20", "7")[:2])
    chance = random.Random(seed)  # noqa: S311 - no secret
    save_often()
    logging.basicConfig(handlers=[logging.NullHandler()])
    failures = 0
    print(
        f"{'seed':>4} {'way':10} {'lost at':>8} {'drawn':>6} {'from':>7} {'score':>6} {'last':>6} {'trouble':10}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="collapses-") as temporary:
        folder = Path(temporary)
        write_drawings(folder / "drawings", kind="faces", count=PORTRAITS, size=2 * RESOLUTION, seed=seed)
        prepare_images(folder / "drawings", folder / "dataset.zip", resolution=RESOLUTION, workers=1)
        for number in range(runs):
            way = list(KINDS)[number % len(KINDS)]
            snapshots_before = chance.randrange(3, SNAPSHOTS - 1)
            iteration = snapshots_before * ITERATIONS + chance.randrange(1, ITERATIONS + 1)
            told = run(folder, number, way, iteration)
            failures += told["network_kimg"] > snapshots_before * TICK_KIMG + 1e-9
            last = "none" if told["last_score"] is None else f"{told['last_score']:.3f}"
            drawn = f"{told['network']:>6} {told['network_kimg']:7.3f} {told['network_score']:6.3f}"
            lost_at = iteration * BATCH / 1000
            print(f"{number:4d} {way:10} {lost_at:8.3f} {drawn} {last:>6} {told['trouble'] or '-':10}", flush=True)
    print(f"{runs - failures} of {runs} pages are of a network from before")
    sys.exit(bool(failures))


def save_often() -> None:
    """Let the preset laptop take a snapshot every few iterations: a training of minutes would have a handful."""
    laptop = presets.PRESETS["laptop"]

    def settings(resolution: int, gpus: int) -> presets.TrainingSettings:
        return dataclasses.replace(laptop.settings(resolution, gpus), tick_kimg=TICK_KIMG, snapshot_ticks=1)

    presets.PRESETS["laptop"] = dataclasses.replace(laptop, settings=settings)


def run(folder: Path, seed: int, way: str, iteration: int) -> dict[str, Any]:
    """Both jobs; returns what report.json says of the training."""
    for name in ("train", "infer"):
        shutil.rmtree(folder / name, ignore_errors=True)
    job, kimg = Job(folder / "train"), f"{SNAPSHOTS * TICK_KIMG:g}"
    job.configure_training(dataset="faces", preset="laptop", kimg=kimg, resolution=f"{RESOLUTION}", seed=f"{seed}")
    shutil.copy(folder / "dataset.zip", job.base / "input/data/train/dataset.zip")
    shutil.copytree(BASE, job.base / "input/data/base", dirs_exist_ok=True)
    training = TrainingJob(job.base)
    with collapsing(way, iteration), contextlib.redirect_stdout(io.StringIO()):
        train_network(training, read_hyperparameters(training), lambda: False)
        job = Job(folder / "infer")
        with tarfile.open(job.folder("processing/input/model") / "model.tar.gz", "w:gz", compresslevel=1) as tar:
            tar.add(training.model_folder, arcname=".")
        report = PrepareReport("faces", RESOLUTION, PORTRAITS, PORTRAITS, (), 0.5)
        (job.folder("processing/input/prepare-report") / "prepare.json").write_text(report.to_json())
        os.environ |= {"DATASET": "faces", "EXECUTION_ID": "ifw9mcxjxl5q", "INFERENCE_MODE": "generate"}
        infer(ProcessingJob(job.base))
    told: dict[str, Any] = json.loads(job.text("processing/output/report/report.json"))["training"]
    return told


if __name__ == "__main__":
    main()
