"""A folder with a sub-folder for each class, in pictures of 3:2: from Prepare through Train and Infer to the page."""

import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from containers.infer.classes import MOST_DRAWN, choose_classes
from containers.infer.report import write_report
from containers.infer.results import GeneratedImage, MadeImages, ReportRun
from containers.infer.step import infer
from containers.job import ProcessingJob, TrainingJob
from containers.train.hyperparameters import read_hyperparameters
from containers.train.step import train_network
from contract.pipeline import class_names
from contract.prepare_report import ImageClass, PrepareReport
from stylegan2.formats.network_file import LoadedNetwork
from stylegan2.model.networks import Discriminator, Generator
from tests.containers.bucket import Bucket
from tests.containers.jobs import Job, draw
from workshop.notices.artefacts import is_made

PREFIX = "uploads/furniture/"
SHAPE = {"RESOLUTION": "16", "PICTURE_SIZE": "24x16", "FIT": "letterbox", "BACKGROUND": "ff0000", "LABELS": "folders"}
CLASSES = {"chairs": 5, "lamps": 1, "St\u00fchle <b>": 4}


@pytest.fixture(scope="module")
def furniture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Square images: a sub-folder for each class, and one image in none."""
    drawn, folder = tmp_path_factory.mktemp("drawn"), tmp_path_factory.mktemp("furniture")
    draw(drawn, 11)
    places = [name for name, count in CLASSES.items() for _ in range(count)]
    places[-1] = "Stu\u0308hle <b>/old"  # the same letters, as another system writes them
    for file, place in zip(sorted(drawn.iterdir()), [*places, ""], strict=True):
        (folder / place).mkdir(parents=True, exist_ok=True)
        file.rename(folder / place / file.name)
    return folder


def test_classes_and_shape_go_from_the_folder_to_the_page(
    tmp_path: Path, furniture: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_folder(furniture, PREFIX)
    prepare = Job(tmp_path / "prepare")
    bucket.list_into(prepare.folder("processing/input/snapshot"), PREFIX)
    ended = prepare.run("containers.prepare", DATASET="furniture", **SHAPE, **bucket.environment)
    assert ended.code == 0, ended.err
    report = PrepareReport.from_json(prepare.text("processing/output/report/prepare.json"))
    assert (report.size, report.resolution, report.good) == ("24x16", 16, 10)
    assert {one.name: one.images for one in report.classes} == CLASSES
    assert "lies in none of the sub-folders" in report.set_aside[0].reason.sentence("en")
    archive = prepare.base / "processing/output/prepared/dataset.zip"
    with zipfile.ZipFile(archive) as dataset, Image.open(dataset.open("00000/img00000000.png")) as image:
        assert image.size == (24, 16)
        assert image.getpixel((0, 8)) == image.getpixel((23, 8)) == (255, 0, 0)

    train = Job(tmp_path / "train")
    train.configure_training(dataset="furniture", preset="tiny", kimg="0.1", resolution="16", labels="folders")
    (train.base / "input/data/train/dataset.zip").write_bytes(archive.read_bytes())
    train_network(TrainingJob(train.base), read_hyperparameters(TrainingJob(train.base)), lambda: False)

    inference = Job(tmp_path / "inference")
    with tarfile.open(inference.folder("processing/input/model") / "model.tar.gz", "w:gz") as tar:
        tar.add(train.base / "model", arcname=".")
    (inference.folder("processing/input/prepare-report") / "prepare.json").write_text(report.to_json())
    bucket.put("inference/furniture/mine.png", (furniture / "picture010.png").read_bytes())
    bucket.list_into(inference.folder("processing/input/targets"), "inference/furniture/")
    asked = {"DATASET": "furniture", "EXECUTION_ID": "abc", "INFERENCE_CLASSES": "chairs, 0, gone"}
    for name, value in {**asked, "PROJECTION_STEPS": "2", **bucket.environment}.items():
        monkeypatch.setenv(name, value)
    infer(ProcessingJob(inference.base))

    numbers = json.loads(inference.text("processing/output/report/report.json"))
    assert numbers["pictures"] == {"generated": 48, "mixed": 24, "projected": 1}
    assert [one["name"] for one in numbers["classes"]] == ["chairs", "St\u00fchle <b>"]
    page = inference.text("processing/output/report/index.html")
    assert "--shape: 24 / 16" in page
    assert "24 × 16 px" in page
    assert '<h3><bdi>St\u00fchle &lt;b&gt;</bdi> <span class="tag">learned from 4 images</span></h3>' in page
    assert "Asked for, but not learned by the model: “gone”. 1 class is not shown here" in page
    made = inference.base / "processing/output/inference"
    assert (made / "generated/00-St-hle-b-seed0023.png").is_file()
    assert (made / "generated/01-chairs-seed0000.png").is_file()
    with Image.open(made / "generated/sheet.png") as sheet:
        assert sheet.size == (12 * 24, 4 * 16)
    names = {f"inference/{path.relative_to(made).as_posix()}" for path in made.rglob("*.png")}
    assert sum(is_made(name, names) for name in names) == 48 + 24 + 1


def test_a_size_of_another_resolution_ends_the_job_with_a_sentence(tmp_path: Path) -> None:
    job = Job(tmp_path)
    ended = job.run("containers.prepare", DATASET="furniture", **{**SHAPE, "RESOLUTION": "32"})
    assert ended.code == 1
    sentence = "environment variable 'PICTURE_SIZE' must be a size whose resolution is 32, but it is '24x16'."
    assert job.text("output/message") == sentence


def network_of(classes: int, names: object) -> LoadedNetwork:
    sizes = {"img_resolution": 8, "img_channels": 3, "channel_base": 16, "channel_max": 4}
    generator = Generator(z_dim=4, c_dim=classes, w_dim=4, mapping_layers=1, **sizes)
    return LoadedNetwork(generator, Discriminator(**sizes), None, {"classes": names})


@pytest.mark.parametrize("names", [None, ["a", "b"], ["a", "b", 7], {"a": 1}, "abc", ["x" * 10**6, "b", "c"]])
def test_classes_without_good_names_are_called_by_their_numbers(names: object) -> None:
    choice = choose_classes(network_of(3, names), ["2", "class 1", "a"])
    assert [one.name for one in choice.drawn] == ["class 2", "class 1"]
    assert (choice.others, list(choice.unknown)) == (1, ["a"])


def test_a_name_that_another_system_has_written_is_the_class_that_looks_alike() -> None:
    choice = choose_classes(network_of(2, ["chairs", "St\u00fchle"]), class_names("Stu\u0308hle"))
    assert ([one.number for one in choice.drawn], list(choice.unknown)) == ([1], [])


def test_a_network_without_classes_has_none_to_choose() -> None:
    assert choose_classes(network_of(0, ["a"]), ()).drawn == []


def test_of_very_many_classes_the_first_are_drawn_and_a_name_that_is_a_number_is_a_name() -> None:
    network = network_of(60, [str(59 - number) for number in range(60)])
    assert [one.number for one in choose_classes(network, ["0", "0"]).drawn] == [59]
    every = choose_classes(network, ())
    assert ([one.number for one in every.drawn], every.others) == (list(range(MOST_DRAWN)), 60 - MOST_DRAWN)
    assert choose_classes(network, ["none of them"]).drawn == every.drawn


def test_a_page_tells_which_images_each_class_was_learned_from(finished_run: ReportRun, tmp_path: Path) -> None:
    choice = choose_classes(network_of(30, None), ())
    file = finished_run.images.generated[0].file
    drawn = [GeneratedImage(seed, file, one) for one in choice.drawn for seed in range(2)]
    prepare = replace(finished_run.prepare, classes=[ImageClass("class 0", 1), ImageClass("class 1", 1234)])
    write_report(tmp_path, replace(finished_run, prepare=prepare, images=MadeImages(choice, drawn)))
    page = (tmp_path / "index.html").read_text()
    assert page.count('<div class="class">') == MOST_DRAWN
    assert "learned from 1,234 images" in page
    assert "6 classes are not shown here; `classes` in settings.yaml chooses which are." in page
