"""The processing job Prepare, run as a process."""

import json
import zipfile
from pathlib import Path

from containers.prepare_report import SetAsideImage, read_prepare_summary
from tests.containers.jobs import Job, draw
from workshop.file_kinds import FileKind, kind_of

ENVIRONMENT = {"DATASET": "my-faces", "RESOLUTION": "16"}


def test_good_images_become_a_data_set_and_bad_ones_are_set_aside_with_a_reason(tmp_path: Path) -> None:
    job = Job(tmp_path)
    images = job.folder("processing/input/images")
    draw(images, 6)
    (images / "broken.png").write_bytes((images / "picture000.png").read_bytes()[:60])
    (images / "notes.jpg").write_text("These are my notes.")
    (images / "again.png").write_bytes((images / "picture001.png").read_bytes())

    ended = job.run("containers.prepare", **ENVIRONMENT)

    assert ended.code == 0, ended.err
    report = json.loads(job.text("processing/output/report/prepare.json"))
    assert report["dataset"] == "my-faces"
    assert report["resolution"] == 16
    assert report["images"] == {"found": 9, "good": 6, "set_aside": 3}
    assert {one["name"] for one in report["set_aside"]} >= {"broken.png", "notes.jpg"}
    assert all(one["reason"].endswith(".") for one in report["set_aside"])
    with zipfile.ZipFile(tmp_path / "processing/output/prepared/dataset.zip") as dataset:
        assert sum(name.endswith(".png") for name in dataset.namelist()) == 6
    assert len([file for file in (tmp_path / "processing/output/set-aside").rglob("*") if file.is_file()]) == 3
    assert "images found=9 good=6 set_aside=3" in ended.out


def test_a_file_of_any_name_is_used_or_told_why_not(tmp_path: Path) -> None:
    """What a folder's listing takes for an image (workshop.file_kinds) need not be called like one."""
    job = Job(tmp_path)
    images = job.folder("processing/input/images")
    draw(images, 4)
    good = ["camera.jfif", "scan.jpe", "no-extension", "odd.ending"]
    for number, name in enumerate(good):
        (images / f"picture{number:03d}.png").rename(images / name)
    refused = {
        "empty.png": (b"", "The file is empty (0 bytes); upload it again."),
        "IMG_0001.HEIC": (b"\0\0\0\x18ftypheic\0\0", "This is not a picture but a HEIC photo; export it as JPEG."),
        "a.avif": (b"\0\0\0\x18ftypavif\0\0", "This is not a picture but an AVIF picture; export it as PNG or JPEG."),
        "a.psd": (b"8BPS\0\1", "This is not a picture but a Photoshop document; export it as PNG or JPEG."),
        "a.svg": (b"<svg/>", "This is not a picture but an SVG drawing; export it as PNG."),
        "README": (b"Hello", "This is not a picture but text."),
        "a.raw": (b"\x80" * 100, "This is not a picture that can be read; save it as PNG or JPEG."),
    }
    for name, (content, _) in refused.items():
        (images / name).write_bytes(content)
    assert {kind_of(name) for name in [*good, *refused]} == {FileKind.IMAGE}

    assert job.run("containers.prepare", **ENVIRONMENT).code == 0

    summary = read_prepare_summary(tmp_path / "processing/output/report")
    assert (summary.found, summary.good) == (len(good) + len(refused), len(good))
    assert {one.name: one.reason for one in summary.set_aside} == {
        name: reason for name, (_, reason) in refused.items()
    }


def test_not_one_good_image_is_still_a_finished_job(tmp_path: Path) -> None:
    """The pipeline's condition reads the count and ends the run with a sentence; the job itself did its work."""
    job = Job(tmp_path)
    (job.folder("processing/input/images") / "notes.png").write_text("no picture")
    ended = job.run("containers.prepare", **ENVIRONMENT)
    assert ended.code == 0, ended.err
    summary = read_prepare_summary(tmp_path / "processing/output/report")
    assert (summary.found, summary.good) == (1, 0)
    assert summary.set_aside == [SetAsideImage("notes.png", "This is not a picture but text.")]


def test_a_bad_setting_ends_the_job_with_a_sentence_that_names_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.folder("processing/input/images")
    ended = job.run("containers.prepare", **{**ENVIRONMENT, "RESOLUTION": "17"})
    assert ended.code == 1
    assert job.text("output/message").startswith("environment variable 'RESOLUTION' must be one of 8, 16")


def test_a_job_without_its_input_says_so(tmp_path: Path) -> None:
    ended = Job(tmp_path).run("containers.prepare", **ENVIRONMENT)
    assert ended.code == 1
    assert Job(tmp_path).text("output/message") == "the processing job has no input 'images'."
