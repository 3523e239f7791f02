"""Trainings that fall apart, lived through by the jobs: the page is of the network from before, and says so.

Many more are lived through by the trainer alone, in tests/training/test_collapse.py.
"""

import dataclasses
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from containers.errors import InputError
from containers.infer.step import infer
from containers.infer.synthesis import draw_generated
from containers.job import ProcessingJob, TrainingJob
from containers.train.hyperparameters import read_hyperparameters
from containers.train.step import train_network
from contract.prepare_report import PrepareReport
from contract.run_results import RunResults
from stylegan2.base.errors import NetworkFileError
from stylegan2.data.preparation import prepare_images
from stylegan2.formats.network_file import load_generator, load_network, save_network
from stylegan2.options import presets
from tests.containers.jobs import Job
from tests.training.collapses import collapsing, network_and_its_pictures
from tests.training.trainings import base_network

BATCH_KIMG = 0.008
SNAPSHOTS = 13

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def often_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every iteration of the preset tiny is a snapshot, and its score is that of few pictures."""
    tiny = presets.PRESETS["tiny"]

    def settings(resolution: int, gpus: int) -> presets.TrainingSettings:
        return dataclasses.replace(tiny.settings(resolution, gpus), tick_kimg=BATCH_KIMG, snapshot_ticks=1)

    monkeypatch.setitem(presets.PRESETS, "tiny", dataclasses.replace(tiny, settings=settings))


@pytest.fixture(scope="module")
def base_and_dataset(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("learned")
    base, pictures = network_and_its_pictures(folder, 64)
    prepare_images(pictures, folder / "dataset.zip", resolution=16, workers=1)
    return base, folder / "dataset.zip"


def run_training(folder: Path, base: Path, dataset: Path) -> None:
    """The training job; nothing ends it early."""
    job = Job(folder / "train")
    job.configure_training(dataset="faces", preset="tiny", kimg=f"{SNAPSHOTS * BATCH_KIMG}", resolution="16", seed="3")
    shutil.copy(dataset, job.base / "input/data/train/dataset.zip")
    shutil.copytree(base, job.base / "input/data/base", dirs_exist_ok=True)
    train_network(TrainingJob(job.base), read_hyperparameters(TrainingJob(job.base)), lambda: False)


def run_inference(folder: Path, monkeypatch: pytest.MonkeyPatch, **network: str) -> tuple[Any, str]:
    """Draw with the model of the training job: what report.json says of the training, and the page."""
    shutil.rmtree(folder / "infer", ignore_errors=True)
    job = Job(folder / "infer")
    with tarfile.open(job.folder("processing/input/model") / "model.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(folder / "train/model", arcname=".")
    report = PrepareReport("faces", 16, 12, 12, (), 0.5)
    (job.folder("processing/input/prepare-report") / "prepare.json").write_text(report.to_json())
    environment = {"DATASET": "faces", "EXECUTION_ID": "ifw9mcxjxl5q", "INFERENCE_MODE": "generate", **network}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    infer(ProcessingJob(job.base))
    numbers = job.text("processing/output/report/report.json")
    assert RunResults.from_json(numbers).training is not None
    return json.loads(numbers)["training"], job.text("processing/output/report/index.html")


@pytest.mark.parametrize(("way", "iteration"), [("nothing", 5), ("noise", 9), ("no numbers", 7)])
def test_the_page_of_a_training_that_fell_apart_is_from_before(
    tmp_path: Path, base_and_dataset: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, way: str, iteration: int
) -> None:
    with collapsing(way, iteration):
        run_training(tmp_path, *base_and_dataset)
    told, page = run_inference(tmp_path, monkeypatch)
    assert (told["network"], told["trouble"]) == ("best", "collapsed")
    assert told["ended"] == ("finished" if way == "noise" else "collapsed"), "what is nothing soon has no numbers"
    assert told["network_kimg"] <= (iteration - 1) * BATCH_KIMG + 1e-9
    assert "This training has collapsed" in page
    assert "they were made with the best model that the training had" in page
    draw_generated(load_generator(tmp_path / "train/model/best"), tmp_path / "again", 0)
    drawn = tmp_path / "infer/processing/output/inference/generated/seed0000.png"
    assert drawn.read_bytes() == (tmp_path / "again/seed0000.png").read_bytes()
    with pytest.raises(NetworkFileError, match="holds a generator alone"):
        load_network(tmp_path / "train/model/best")


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A training job's model: a last network, and another, better one from before."""
    model = base_network(tmp_path / "train/model", resolution=16)
    last = load_network(model)
    save_network(model, last.G_ema, last.D, {"kimg": 2.0, "score": 0.5})
    torch.nn.init.zeros_(last.G_ema.synthesis.get_submodule("b16").torgb.bias)
    save_network(model / "best", last.G_ema, None, {"kimg": 1.0, "score": 0.25})
    (model / "training_options.json").write_text(json.dumps({"kimg": 3.0}))
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "told", "sentence"),
    [
        (
            "best",
            ("best", 1.0, 0.25, 0.5),
            "from when it had seen 1,000 images. Its score is 0.25, that of",
        ),
        ("last", ("last", 2.0, 0.5, 0.5), "made with the last model of the training. Its score is 0.5:"),
    ],
)
def test_the_other_network_may_be_asked_for(
    finished: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, told: tuple[Any, ...], sentence: str
) -> None:
    training, page = run_inference(finished, monkeypatch, INFERENCE_NETWORK=wanted)
    assert tuple(training[name] for name in ("network", "network_kimg", "network_score", "last_score")) == told
    assert sentence in page


def without_score(best: Path) -> None:
    save_network(best, load_generator(best), None, {"kimg": 1.0})


def with_a_score_that_no_float_can_be(best: Path) -> None:
    save_network(best, load_generator(best), None, {"kimg": 1.0, "score": 10**400})


@pytest.mark.parametrize("strike", [shutil.rmtree, without_score, with_a_score_that_no_float_can_be])
def test_without_a_score_the_last_network_draws(
    finished: Path, monkeypatch: pytest.MonkeyPatch, strike: Callable[[Path], None]
) -> None:
    strike(finished / "train/model/best")
    training, _ = run_inference(finished, monkeypatch)
    assert (training["network"], training["network_kimg"], training["trouble"]) == ("last", 2.0, None)


def test_a_best_network_of_another_size_is_refused(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = load_generator(base_network(finished / "other", resolution=8))
    save_network(finished / "train/model/best", other, None, {"kimg": 1.0, "score": 0.25})
    with pytest.raises(InputError, match="the network in best/ of the model is of another kind than the one beside it"):
        run_inference(finished, monkeypatch)
