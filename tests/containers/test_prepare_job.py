"""The processing job Prepare, run as a process."""

import json
import zipfile
from pathlib import Path

from contract.file_kinds import FileKind, kind_of
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import Reason, ReasonCode
from tests.containers.bucket import Bucket
from tests.containers.jobs import Job, draw

ENVIRONMENT = {"DATASET": "my-faces", "RESOLUTION": "16"}


PREFIX = "uploads/my-faces/"
PREPARED = "processing/output/prepared"


def read_report(base: Path) -> PrepareReport:
    return PrepareReport.from_json((base / "processing/output/report/prepare.json").read_bytes())


def prepare_job(base: Path, bucket: Bucket) -> Job:
    """A job whose record lists what lies in the bucket now."""
    bucket.list_into(base / "processing/input/snapshot", PREFIX)
    return Job(base)


def test_good_images_become_a_data_set_and_bad_ones_are_set_aside_with_a_reason(tmp_path: Path, bucket: Bucket) -> None:
    images = tmp_path / "images"
    images.mkdir()
    draw(images, 6)
    (images / "broken.png").write_bytes((images / "picture000.png").read_bytes()[:60])
    (images / "notes.jpg").write_text("These are my notes.")
    (images / "again.png").write_bytes((images / "picture001.png").read_bytes())

    bucket.put_folder(images, PREFIX)
    job = prepare_job(tmp_path, bucket)
    ended = job.run("containers.prepare", **ENVIRONMENT, **bucket.environment)

    assert ended.code == 0, ended.err
    report = json.loads(job.text("processing/output/report/prepare.json"))
    assert report["dataset"] == "my-faces"
    assert report["resolution"] == 16
    assert report["images"] == {"found": 9, "good": 6, "set_aside": 3}
    assert report["set_aside_copies"] == 3
    counts = json.loads(job.text("processing/output/report/counts.json"))
    assert counts == {"found": 9, "good": 6, "set_aside": 3, "resolution": 16}
    assert {one["name"] for one in report["set_aside"]} >= {"broken.png", "notes.jpg"}
    assert all(Reason.from_dict(one).sentence("de").endswith(".") for one in report["set_aside"])
    with zipfile.ZipFile(tmp_path / "processing/output/prepared/dataset.zip") as dataset:
        assert sum(name.endswith(".png") for name in dataset.namelist()) == 6
    assert len([file for file in (tmp_path / "processing/output/set-aside").rglob("*") if file.is_file()]) == 3
    assert "images found=9 good=6 set_aside=3" in ended.out
    assert [path.name for path in (tmp_path / PREPARED).iterdir()] == ["dataset.zip"]


def test_a_run_reads_its_snapshot_whatever_has_become_of_the_folder(
    tmp_path: Path, bucket: Bucket, drawn: Path
) -> None:
    """Replaced, deleted, new: the data set is that of the folder as it was listed, byte for byte."""
    bucket.put_folder(drawn, PREFIX)
    before, after = (prepare_job(tmp_path / name, bucket) for name in ("before", "after"))
    assert before.run("containers.prepare", **ENVIRONMENT, **bucket.environment).code == 0
    for number, file in enumerate(sorted(drawn.iterdir())):
        if number % 3 == 0:
            bucket.put(PREFIX + file.name, b"replaced")
        elif number % 3 == 1:
            bucket.s3.delete_object(Bucket=bucket.name, Key=PREFIX + file.name)
    bucket.put(f"{PREFIX}new.png", b"new")

    ended = after.run("containers.prepare", **ENVIRONMENT, **bucket.environment)
    assert "images found=11 good=11 set_aside=0" in ended.out, ended.err
    first, second = (job.base / PREPARED / "dataset.zip" for job in (before, after))
    assert first.read_bytes() == second.read_bytes()


def test_one_object_does_not_spoil_the_run(tmp_path: Path, bucket: Bucket, drawn: Path) -> None:
    bucket.put_folder(drawn, PREFIX)
    files = sorted(drawn.iterdir())
    for file, name in zip(files[:2], ("a.png", "a.png/b.png"), strict=True):
        bucket.put(f"{PREFIX}{name}", file.read_bytes())
        bucket.s3.delete_object(Bucket=bucket.name, Key=PREFIX + file.name)
    bucket.put(f"{PREFIX}glacier.png", files[2].read_bytes(), StorageClass="GLACIER")
    bucket.put(f"{PREFIX}deep.png", files[2].read_bytes(), StorageClass="DEEP_ARCHIVE")
    bucket.put(f"{PREFIX}gone.png", b"of which no version is kept")
    job = prepare_job(tmp_path, bucket)
    for version in bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=f"{PREFIX}gone.png")["Versions"]:
        bucket.s3.delete_object(Bucket=bucket.name, Key=version["Key"], VersionId=version["VersionId"])

    ended = job.run("containers.prepare", **ENVIRONMENT, **bucket.environment)

    assert ended.code == 0, ended.err
    summary = read_report(tmp_path)
    reasons = {one.name: one.reason.sentence("en") for one in summary.set_aside}
    assert (summary.found, summary.good) == (14, 11)  # a file and a folder of one name are both read
    assert "lies in an archive" in reasons["glacier.png"]
    assert "lies in an archive" in reasons["deep.png"]
    assert "was replaced or deleted" in reasons["gone.png"]


def test_a_file_of_any_name_is_used_or_told_why_not(tmp_path: Path, bucket: Bucket) -> None:
    """What a folder's listing takes for an image (workshop.file_kinds) need not be called like one."""
    images = tmp_path / "any"
    images.mkdir()
    draw(images, 4)
    good = ["camera.jfif", "scan.jpe", "no-extension", "odd.ending"]
    for number, name in enumerate(good):
        (images / f"picture{number:03d}.png").rename(images / name)
    refused = {
        "empty.png": (b"", "The file is empty (0 bytes); upload it again."),
        "IMG_0001.HEIC": (b"\0\0\0\x18ftypheic\0\0", "This is a HEIC photo; export it as JPEG."),
        "a.avif": (b"\0\0\0\x18ftypavif\0\0", "This is an AVIF image; export it as PNG or JPEG."),
        "a.psd": (b"8BPS\0\1", "This is a Photoshop document; export it as PNG or JPEG."),
        "a.svg": (b"<svg/>", "This is an SVG drawing; export it as PNG."),
        "README": (b"Hello", "This is not an image but text."),
        "a.raw": (b"\x80" * 100, "This is not an image that can be read; save it as PNG or JPEG."),
    }
    for name, (content, _) in refused.items():
        (images / name).write_bytes(content)
    assert {kind_of(name) for name in [*good, *refused]} == {FileKind.IMAGE}

    bucket.put_folder(images, PREFIX)
    job = prepare_job(tmp_path, bucket)
    assert job.run("containers.prepare", **ENVIRONMENT, **bucket.environment).code == 0

    summary = read_report(tmp_path)
    assert (summary.found, summary.good) == (len(good) + len(refused), len(good))
    assert {one.name: one.reason.sentence("en") for one in summary.set_aside} == {
        name: reason for name, (_, reason) in refused.items()
    }


def test_not_one_good_image_is_still_a_finished_job(tmp_path: Path, bucket: Bucket) -> None:
    """The pipeline's condition reads the count and ends the run with a sentence; the job itself did its work."""
    bucket.put(f"{PREFIX}notes.png", b"no picture")
    ended = prepare_job(tmp_path, bucket).run("containers.prepare", **ENVIRONMENT, **bucket.environment)
    assert ended.code == 0, ended.err
    summary = read_report(tmp_path)
    assert (summary.found, summary.good) == (1, 0)
    assert summary.set_aside == (SetAside("notes.png", Reason(ReasonCode.TEXT)),)


def test_a_bad_setting_ends_the_job_with_a_sentence_that_names_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    ended = job.run("containers.prepare", **{**ENVIRONMENT, "RESOLUTION": "17"})
    assert ended.code == 1
    assert job.text("output/message").startswith("environment variable 'RESOLUTION' must be one of 16, 32")


def test_a_job_without_its_input_says_so(tmp_path: Path) -> None:
    ended = Job(tmp_path).run("containers.prepare", **ENVIRONMENT)
    assert ended.code == 1
    assert Job(tmp_path).text("output/message") == "the processing job has no input 'snapshot'."
