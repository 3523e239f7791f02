"""The training job and the processing job Infer, run one after the other as SageMaker would run them."""

import contextlib
import json
import re
import shutil
import signal
import tarfile
import zipfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from containers.errors import InputError, SettingError, StepError
from containers.gpus import refuse_idle_gpu
from containers.infer.step import infer
from containers.job import ProcessingJob, TrainingJob, run_job
from containers.train import step
from containers.train.hyperparameters import read_hyperparameters
from containers.train.step import train_network
from contract import layout
from contract.gallery import Gallery, GalleryKind
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import told
from contract.training_progress import TrainingProgress
from stylegan2.base.errors import NetworkFileError
from stylegan2.data.preparation import prepare_images
from stylegan2.options.training import TrainingChoices
from stylegan2.results import checkpoint
from stylegan2.training.training_options import TrainingOptions
from tests.containers.bucket import Bucket
from tests.containers.jobs import ROOT, Job, draw
from tests.containers.test_hyperparameters import SEEDS_OWN
from tests.marks import assert_says_a_machine_made_it, mark_of
from tests.patience import HARD_END
from workshop.handlers.status_events import SheetNews, parse_event
from workshop.notices.artefacts import is_made

HYPERPARAMETERS = {
    "dataset": "my-faces",
    "preset": "tiny",
    "kimg": "0.2",
    "resolution": "16",
    "mirror": "true",
    "seed": "0",
}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    draw(folder, 12)
    return folder


@pytest.fixture(scope="module")
def dataset(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("dataset") / "dataset.zip"
    prepare_images(images, file, resolution=16, workers=1)
    return file


def training_job(base: Path, prepared: Path, **changes: str) -> Job:
    """A job on a new machine: of an earlier one in the same folder, only the checkpoints are left."""
    job = Job(base)
    shutil.rmtree(base / "model", ignore_errors=True)
    job.configure_training(**{**HYPERPARAMETERS, **changes})
    (base / "input/data/train/dataset.zip").write_bytes(prepared.read_bytes())
    return job


def train_here(base: Path) -> None:
    """What the entry point does, in this process: importing torch once more would cost seconds."""
    train_network(TrainingJob(base), read_hyperparameters(TrainingJob(base)), lambda: False)


def kimg_of_ticks(job: Job) -> list[float]:
    return [json.loads(line)["kimg"] for line in job.text("model/stats.jsonl").splitlines()]


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A finished training job."""
    job = training_job(tmp_path_factory.mktemp("trained"), dataset)
    ended = job.run("containers.train", "train")
    assert ended.code == 0, ended.err
    (job.base / "stdout.txt").write_text(ended.out)
    return job


@pytest.fixture(scope="module")
def archive(trained: Job, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The trained job's model.tar.gz."""
    file = tmp_path_factory.mktemp("archive") / "model.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        tar.add(trained.base / "model", arcname=".")
    return file.read_bytes()


def infer_job(base: Path, archive: bytes) -> Job:
    job = Job(base)
    (job.folder("processing/input/model") / "model.tar.gz").write_bytes(archive)
    report = PrepareReport("my-faces", 16, 13, 12, (SetAside("notes.png", told("It is no image.")),), 0.5)
    (job.folder("processing/input/prepare-report") / "prepare.json").write_text(report.to_json())
    return job


def test_training_leaves_the_model_and_prints_a_line_a_tick(trained: Job) -> None:
    names = {path.relative_to(trained.base / "model").as_posix() for path in (trained.base / "model").rglob("*.*")}
    assert {"network.safetensors", "network.json", "training_options.json", "stats.jsonl", "log.txt"} <= names
    assert {"samples/reals.png", "samples/fakes0000.000.png", "samples/grid.json"} <= names
    assert_says_a_machine_made_it(trained.base / "model/samples/fakes0000.000.png")
    assert mark_of((trained.base / "model/samples/reals.png").read_bytes()) is None
    assert "12 images of the data set my-faces" in trained.text("model/MODEL-NOTE.txt")
    out = trained.text("stdout.txt")
    for metric in ("kimg", "sec_per_kimg", "loss_g", "loss_d", "augment_p"):
        assert len(re.findall(rf"\b{metric}=(\S+)", out)) >= 2
    assert json.loads(trained.text("model/network.json"))["training"]["dataset"] == "my-faces"
    assert not (trained.base / "output/failure").exists()


def test_a_training_that_is_stopped_saves_ends_well_and_is_continued_by_the_next(tmp_path: Path, dataset: Path) -> None:
    job = training_job(tmp_path, dataset, kimg="1000")
    process = job.start("containers.train", "train")
    assert process.stdout is not None
    before = []
    for line in process.stdout:
        before.append(line)
        if line.startswith("tick 0"):
            process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=HARD_END)
    assert process.returncode == 0, err
    assert before[-1].startswith("stopped: the network has seen")
    ticks = kimg_of_ticks(job)
    assert len(list((tmp_path / "checkpoints").glob("*/checkpoint-*.pt"))) == 1

    for path in sorted((tmp_path / "model").rglob("*"), reverse=True):  # another machine: only checkpoints came along
        path.rmdir() if path.is_dir() else path.unlink()
    job.configure_training(**{**HYPERPARAMETERS, "kimg": str(ticks[-1] + 0.05)})
    ended = job.run("containers.train", "train")
    assert ended.code == 0, ended.err
    assert f"going on at kimg={ticks[-1]:.3f}" in ended.out
    assert kimg_of_ticks(job)[: len(ticks)] == ticks
    assert kimg_of_ticks(job)[-1] >= ticks[-1] + 0.05
    assert (tmp_path / "model/network.safetensors").is_file()
    assert (tmp_path / "model/samples/fakes0000.000.png").is_file()


def test_a_training_whose_time_is_up_ends_well_and_tells_how_far_it_came(tmp_path: Path, dataset: Path) -> None:
    job = training_job(tmp_path, dataset, kimg="1000", train_seconds="1", max_train_seconds="3600")
    ended = job.run("containers.train", "train")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("time_limit: the network has seen")
    training = json.loads(job.text("model/network.json"))["training"]
    assert (training["ended"], training["wanted_kimg"]) == ("time_limit", 1000)
    progress = TrainingProgress.from_json(job.text("checkpoints/progress.json"))
    assert (progress.phase, progress.outcome.ended, progress.seconds_left) == ("saving", "time_limit", 0)
    assert progress.outcome.kimg == pytest.approx(training["kimg"], abs=1e-3)
    assert all(point.loss_d and point.loss_g for point in progress.history)
    assert progress.history[-1].kimg == progress.sheets[-1].kimg == progress.outcome.kimg
    assert progress.grid is not None
    for sheet in progress.sheets:
        with Image.open(tmp_path / "checkpoints" / sheet.key) as image:
            grid = progress.grid
            assert image.size == (grid.columns * grid.width, grid.rows * grid.height)


def test_a_training_that_is_killed_leaves_its_first_sheets_and_tells_what_they_are(
    tmp_path: Path, dataset: Path
) -> None:
    """Before its first checkpoint."""
    job = training_job(tmp_path, dataset, kimg="1000")
    process = job.start("containers.train", "train")
    assert process.stdout is not None
    next(line for line in process.stdout if line.startswith("tick 0"))
    process.kill()
    process.communicate(timeout=HARD_END)
    assert process.returncode == -signal.SIGKILL
    progress = TrainingProgress.from_json(job.text("checkpoints/progress.json"))
    assert progress.phase == "training"
    assert [sheet.kimg for sheet in progress.sheets][:3] == [0, 0.016, 0.024]
    for sheet in progress.sheets:
        with Image.open(tmp_path / "checkpoints" / sheet.key) as image:
            image.load()
        assert parse_event(sheet_event(sheet.key)) == SheetNews("faces", f"{CHECKPOINTS_OF_A_RUN}{sheet.key}")


CHECKPOINTS_OF_A_RUN = layout.checkpoints("faces", "0123456789abcdef" * 4, "fedcba98" * 8)


def sheet_event(key: str) -> dict[str, Any]:
    """S3's, once SageMaker has copied the sheet to where the run keeps its checkpoints."""
    event: dict[str, Any] = json.loads((ROOT / "events" / "s3_sheet_created.json").read_text(encoding="utf-8"))
    event["detail"]["object"]["key"] = CHECKPOINTS_OF_A_RUN + key
    return event


def stop_after(base: Path, steps: int) -> None:
    calls = iter(range(10_000))
    train_network(TrainingJob(base), read_hyperparameters(TrainingJob(base)), lambda: next(calls) >= steps)


def checkpoints(base: Path) -> dict[str, bytes]:
    return {p.relative_to(base).as_posix(): p.read_bytes() for p in (base / "checkpoints").rglob("*.pt")}


@pytest.mark.parametrize("change", ["other pictures", "other options", "another format"])
def test_an_interrupted_training_does_not_spoil_those_of_its_snapshot_that_are_no_continuation(
    tmp_path: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """The same snapshot, and so the same checkpoints in S3; but a new image of Prepare makes other pictures of it, and
    one of Train has other options or another format. The next run trains; one with the old ones goes on, bit by bit."""
    base = tmp_path / "interrupted"
    training_job(base, dataset, kimg="0.1")
    stop_after(base, 2)
    interrupted = checkpoints(base)
    prepared = dataset
    with monkeypatch.context() as patch:
        if change == "other pictures":
            prepared, images = tmp_path / "other.zip", tmp_path / "images"
            images.mkdir()
            draw(images, 13)
            prepare_images(images, prepared, resolution=16, workers=1)
        elif change == "other options":
            patch.setattr(step, "TrainingChoices", partial(TrainingChoices, target=0.5))
        else:
            for module in (step, checkpoint):
                patch.setattr(module, "FORMAT", "workshop-checkpoint/2")
        training_job(base, prepared, kimg="0.1")
        train_here(base)
    assert json.loads((base / "model/network.json").read_text())["training"]["kimg"] >= 0.1
    assert checkpoints(base).items() > interrupted.items()

    training_job(base, dataset, kimg="0.1")
    train_here(base)
    whole = tmp_path / "whole"
    training_job(whole, dataset, kimg="0.1")
    train_here(whole)
    networks = [(job / "model/network.safetensors").read_bytes() for job in (base, whole)]
    assert networks[0] == networks[1]


def test_the_hyperparameters_of_a_notebook_for_the_reference_start_the_training_that_they_ask_for(
    tmp_path: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started = []

    class StartedError(Exception):
        pass

    def note(options: TrainingOptions, **_: object) -> None:
        started.append(options)
        raise StartedError

    training_job(tmp_path, dataset)
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(SEEDS_OWN))
    with monkeypatch.context() as patch:
        patch.setattr(step, "train", note)
        with pytest.raises(StartedError):
            train_here(tmp_path)
    (options,) = started
    assert (options.preset, options.settings.batch, options.settings.mapping_layers) == ("paper256", 64, 8)
    assert (options.settings.r1_gamma, options.augpipe, options.settings.snapshot_ticks) == (10, "bg", 10)
    assert (options.settings.kimg, options.mirror, options.seed, options.dataset_name) == (2000, True, 0, "dataset")
    assert options.tensorboard_dir == tmp_path / "output/tensorboard"
    assert "gpus: 1 was asked for, and none is there" in capsys.readouterr().out

    # And to its end, where that takes no GPU.
    small = SEEDS_OWN | {"cfg": '"tiny"', "kimg": "0.1"}
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(small))
    train_here(tmp_path)
    written = json.loads((tmp_path / "model/training_options.json").read_text())
    assert (written["settings"]["r1_gamma"], written["augpipe"], written["preset"]) == (10, "bg", "tiny")
    assert json.loads((tmp_path / "model/network.json").read_text())["training"]["kimg"] >= 0.1


def test_a_bad_hyperparameter_ends_the_job_with_a_sentence_that_names_it(tmp_path: Path, dataset: Path) -> None:
    job = training_job(tmp_path, dataset, kimg="as long as it takes")
    ended = job.run("containers.train", "train")
    assert ended.code == 1
    sentence = "hyperparameter 'kimg' must be a number from 0.1 to 25000, but it is 'as long as it takes'."
    assert job.text("output/failure") == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kmig": "5"}, "hyperparameter 'kmig' is not known"),
        ({"resolution": "32"}, "'resolution' does not match the data set, whose pictures have 16 px"),
        ({"preset": "enormous"}, "'preset' must be one of auto"),
        ({"seed": "-1"}, "'seed' must be a whole number"),
    ],
)
def test_hyperparameters_that_cannot_be_used_are_refused(
    tmp_path: Path, dataset: Path, changes: dict[str, str], sentence: str
) -> None:
    training_job(tmp_path, dataset, **changes)
    with pytest.raises(SettingError, match=sentence):
        train_here(tmp_path)


def test_a_training_channel_without_a_data_set_is_refused(tmp_path: Path, dataset: Path) -> None:
    training_job(tmp_path, dataset)
    (tmp_path / "input/data/train/dataset.zip").unlink()
    with pytest.raises(InputError, match=r"no dataset\.zip"):
        train_here(tmp_path)


def test_a_base_channel_that_holds_something_else_than_a_network_is_refused(tmp_path: Path, dataset: Path) -> None:
    """In particular a pickle, which would run code when it is read."""
    training_job(tmp_path, dataset)
    (tmp_path / "input/data/base/network.pkl").write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    with pytest.raises(InputError, match=r"'base' holds no network\.safetensors"):
        train_here(tmp_path)


def test_a_base_network_is_fine_tuned_and_remembered(tmp_path: Path, dataset: Path, trained: Job) -> None:
    training_job(tmp_path, dataset, dataset="other-faces", kimg="0.1")
    for name in ("network.safetensors", "network.json"):
        (tmp_path / "input/data/base" / name).write_bytes((trained.base / "model" / name).read_bytes())
    train_here(tmp_path)
    base = json.loads((tmp_path / "model/base.json").read_text())
    assert (base["dataset"], base["kimg"]) == ("my-faces", 0.2)
    assert json.loads((tmp_path / "model/training_options.json").read_text())["transfer"]
    assert "Its file names no licence" in (tmp_path / "model/MODEL-NOTE.txt").read_text()


def test_a_gpu_that_torch_cannot_use_ends_the_job_instead_of_training_on_the_cpu(
    tmp_path: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training_job(tmp_path, dataset)
    monkeypatch.setattr("containers.gpus.has_nvidia_gpu", lambda: True)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert run_job(TrainingJob(tmp_path), lambda job: train_here(job.base)) == 1
    assert "has a GPU, but torch" in (tmp_path / "output/failure").read_text()
    assert not any((tmp_path / "model").iterdir())


def test_a_training_on_a_gpu_machine_whose_gpu_is_not_seen_ends_with_a_sentence(tmp_path: Path, dataset: Path) -> None:
    """Without a device to look at: the container was not given one."""
    job = training_job(tmp_path, dataset)
    resources = {"current_host": "algo-1", "hosts": ["algo-1"], "current_instance_type": "ml.g5.xlarge"}
    (tmp_path / "input/config/resourceconfig.json").write_text(json.dumps(resources))
    ended = job.run("containers.train", "train")
    assert ended.code == 1
    assert job.text("output/failure").startswith("This machine is an ml.g5.xlarge, which has a GPU, but this container")
    assert not any((tmp_path / "model").iterdir())


def test_pictures_are_not_drawn_on_the_cpu_of_a_gpu_machine(tmp_path: Path) -> None:
    job = infer_job(tmp_path, b"is not even looked at")
    resources = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.g4dn.xlarge", "VolumeSizeInGB": 30}}
    config = {"ProcessingResources": resources, "StoppingCondition": {"MaxRuntimeInSeconds": 7200}}
    (job.folder("config") / "processingjobconfig.json").write_text(json.dumps(config))
    assert ProcessingJob(tmp_path).max_seconds() == 7200
    ended = job.run("containers.infer", DATASET="my-faces", EXECUTION_ID="ifw9mcxjxl5q")
    assert ended.code == 1
    assert job.text("output/message").startswith("This machine is an ml.g4dn.xlarge, which has a GPU")


@pytest.mark.parametrize(
    ("instance_type", "refused"),
    [
        *((name, True) for name in ("ml.g4dn.12xlarge", "ml.g6e.xlarge", "ml.gr6.4xlarge", "ml.p3.2xlarge")),
        *((name, True) for name in ("ml.p4de.24xlarge", "ml.p5en.48xlarge", "ml.p6-b200.48xlarge")),
        *(
            (name, False)
            for name in ("ml.m5.xlarge", "ml.c7i.large", "ml.trn1.2xlarge", "ml.inf2.xlarge", "ml.t3.medium")
        ),
        *((name, False) for name in ("ml.geospatial.interactive", "local", "", None)),
    ],
)
def test_types_with_a_gpu_are_told_from_those_without(
    monkeypatch: pytest.MonkeyPatch, instance_type: str | None, refused: bool
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("containers.gpus.has_nvidia_gpu", lambda: False)
    with pytest.raises(StepError) if refused else contextlib.nullcontext():
        refuse_idle_gpu(instance_type)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    refuse_idle_gpu(instance_type)


def test_the_trained_model_becomes_pictures_and_a_page(
    tmp_path: Path, archive: bytes, images: Path, bucket: Bucket
) -> None:
    job = infer_job(tmp_path, archive)
    folder = "inference/my-faces/"
    for number in range(12):
        bucket.put(f"{folder}mine/a<{number:02}>.png", (images / f"picture{number:03}.png").read_bytes())
    bucket.put(f"{folder}notes.png", b"no picture")
    bucket.put(f"{folder}old.png", b"in an archive", StorageClass="GLACIER")
    bucket.list_into(job.folder("processing/input/targets"), folder)
    bucket.put(f"{folder}mine/a<00>.png", b"replaced since")

    ended = job.run(
        "containers.infer",
        DATASET="my-faces",
        EXECUTION_ID="ifw9mcxjxl5q",
        PROJECTION_STEPS="3",
        **bucket.environment,
    )

    assert ended.code == 0, ended.err
    report = json.loads(job.text("processing/output/report/report.json"))
    assert report["pictures"] == {"generated": 48, "mixed": 24, "projected": 12}
    page = job.text("processing/output/report/index.html")
    assert "mine/a&lt;00&gt;.png" in page
    assert "mine/a&lt;11&gt;.png" in page
    assert "This is not an image but text." in page
    assert "The file lies in an archive" in page
    drawn = tmp_path / "processing/output/inference"
    folders = {path.name for path in drawn.iterdir()}
    assert folders == {"generated", "mixed", "projected", "directions", "film", "thumbnails"}
    for file in (path for path in drawn.rglob("*.*") if path.suffix != ".npz"):
        if re.fullmatch(r"projected/\d\d-a-\d\d\.(png|webp)", "/".join(file.parts[-2:])):
            assert mark_of(file.read_bytes()) is None, "the artist's own"
        else:
            assert_says_a_machine_made_it(file)
    gallery = Gallery.from_json(job.text("processing/output/report/gallery.json"))
    assert {item.kind for item in gallery.items} == {*GalleryKind}
    for item in gallery.items:
        assert (tmp_path / "processing/output" / item.file).is_file()
        assert (tmp_path / "processing/output" / item.thumbnail).is_file()
    assert "12 images of the data set my-faces" in gallery.model.note
    with zipfile.ZipFile(tmp_path / "processing/output" / gallery.archive.file) as pictures:
        packed = {name.partition("/")[0] for name in pictures.namelist()}
    assert packed == folders - {"thumbnails"}
    assert count_by_names(drawn) == sum(report["pictures"].values())
    assert len(list(drawn.glob("generated/seed*.png"))) == 48
    with Image.open(drawn / "generated/sheet.png") as sheet:
        assert sheet.size == (12 * 16, 4 * 16)
    kept = {f"{n:02}-a-{n:02}{kind}.png" for n in range(12) for kind in ("", "-drawn")} | {"projected_w.npz"}
    assert {path.name for path in (drawn / "projected").iterdir()} == kept
    with np.load(drawn / "projected/projected_w.npz") as latents:
        assert latents["w"].shape[0] == 12


def count_by_names(folder: Path) -> int:
    """The mail's count of the pictures in a run's folder, where report.json does not tell it."""
    names = {f"inference/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.png")}
    return sum(is_made(name, names) for name in names)


@pytest.mark.parametrize(
    ("mode", "pictures"),
    [
        ("generate", {"generated": 48, "mixed": 0, "projected": 0}),
        ("mix", {"generated": 0, "mixed": 24, "projected": 0}),
        ("project", {"generated": 0, "mixed": 0, "projected": 0}),
    ],
)
def test_a_mode_draws_only_its_own_pictures(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch, mode: str, pictures: dict[str, int]
) -> None:
    """(With no targets, a projection has nothing to do.)"""
    infer_job(tmp_path, archive)
    for name, value in {"DATASET": "my-faces", "EXECUTION_ID": "abc", "INFERENCE_MODE": mode, "SEED": "7"}.items():
        monkeypatch.setenv(name, value)
    infer(ProcessingJob(tmp_path))
    report = json.loads((tmp_path / "processing/output/report/report.json").read_text())
    assert report["pictures"] == pictures
    assert count_by_names(tmp_path / "processing/output/inference") == sum(pictures.values())


def test_pictures_are_drawn_from_the_seed_that_is_asked_for_on(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = drawn_gallery(tmp_path, archive, monkeypatch, "generate", "90000")
    assert [item.seed for item in gallery.of_kind(GalleryKind.GENERATED)] == [*range(90_000, 90_048)]


def test_two_seeds_are_mixed_with_each_other_in_both_ways(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = drawn_gallery(tmp_path, archive, monkeypatch, "mix", "4294967295,5")
    assert {item.seed for item in gallery.of_kind(GalleryKind.SOURCE)} == {4_294_967_295, 5}
    mixed = {
        (item.mixed_of.shape, item.mixed_of.details) for item in gallery.of_kind(GalleryKind.MIXED) if item.mixed_of
    }
    assert {(4_294_967_295, 5), (5, 4_294_967_295)} <= mixed


def drawn_gallery(folder: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch, mode: str, seeds: str) -> Gallery:
    infer_job(folder, archive)
    wish = {"DATASET": "my-faces", "EXECUTION_ID": "abc", "INFERENCE_MODE": mode, "INFERENCE_SEEDS": seeds}
    for name, value in wish.items():
        monkeypatch.setenv(name, value)
    infer(ProcessingJob(folder))
    return Gallery.from_json((folder / "processing/output/report/gallery.json").read_bytes())


def test_a_page_drawn_with_the_network_of_an_earlier_run_says_so(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = infer_job(tmp_path, archive)
    model = {"S3Uri": "s3://bucket/runs/my-faces/p4jn9xou8a8s/training/job-1/output/model.tar.gz"}
    config = {"ProcessingInputs": [{"InputName": "model", "S3Input": model}]}
    (job.folder("config") / "processingjobconfig.json").write_text(json.dumps(config))
    environment = {
        "DATASET": "my-faces",
        "EXECUTION_ID": "ifw9mcxjxl5q",
        "INFERENCE_MODE": "mix",
        "PAGE_LANGUAGE": "de",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    infer(ProcessingJob(tmp_path))
    year = datetime.now(UTC).year  # the network was trained by this very test run
    sentence = rf"in einem früheren Lauf, p4jn9xou8a8s am \d+\. \w+ {year}; die Bilder auf dieser Seite sind neu\."
    assert re.search(sentence, job.text("processing/output/report/index.html"))


def test_a_model_archive_that_leads_out_of_its_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = infer_job(tmp_path, b"")
    with tarfile.open(tmp_path / "processing/input/model/model.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
    monkeypatch.setenv("DATASET", "my-faces")
    monkeypatch.setenv("EXECUTION_ID", "abc")
    assert run_job(ProcessingJob(tmp_path), infer) == 1
    assert job.text("output/message").startswith("model.tar.gz is refused")


def test_an_archive_without_a_network_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer_job(tmp_path, b"")
    with tarfile.open(tmp_path / "processing/input/model/model.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("log.txt"))
    monkeypatch.setenv("DATASET", "my-faces")
    monkeypatch.setenv("EXECUTION_ID", "abc")
    with pytest.raises(NetworkFileError):
        infer(ProcessingJob(tmp_path))
