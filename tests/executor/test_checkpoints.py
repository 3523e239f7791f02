"""Checkpoints: restored before training, copied while it runs, never half written."""

import os
from pathlib import Path
from typing import Any

import pytest

from local_aws.sagemaker import checkpoints
from local_aws.sagemaker.checkpoints import CheckpointSync
from local_aws.sagemaker.storage import upload_file
from tests.executor.support import BUCKET, FakeAws, MakePlace, Place, eventually, training

URI = f"s3://{BUCKET}/checkpoints/faces"


def no_check() -> None:
    """Let the copying go on."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints"


@pytest.fixture
def sync(aws: FakeAws, folder: Path) -> CheckpointSync:
    made = CheckpointSync(lambda: aws.s3, folder, URI, interval_seconds=3600)
    made.restore(no_check)
    return made


def test_training_finds_earlier_checkpoints_and_its_own_are_copied_while_it_runs(place: Place) -> None:
    place.aws.put("checkpoints/faces/sub/state-1", "earlier")
    place.aws.put("checkpoints/faces-2/other", "of another dataset")
    place.program(
        "import os, pathlib, time\n"
        "folder = pathlib.Path(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml')) / 'checkpoints'\n"
        "assert [str(p.relative_to(folder)) for p in folder.rglob('*')] == ['sub', 'sub/state-1']\n"
        "(folder / 'state-2').write_text('later')\n"
        "(folder / 'sub/state-1').unlink()\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    place.create([training(CheckpointConfig={"S3Uri": URI, "LocalPath": "/opt/ml/checkpoints"})])
    arn = place.start()
    eventually(lambda: place.aws.stored("checkpoints/faces/") == ["checkpoints/faces/state-2"], "the new checkpoint")
    assert place.running(arn).status == "Executing", place.running(arn)
    assert place.aws.read("checkpoints/faces/state-2") == b"later"
    assert place.aws.stored("checkpoints/faces-2/") == ["checkpoints/faces-2/other"]


def test_checkpoints_of_a_failed_job_are_there_for_the_next(place: Place) -> None:
    place.program(
        "import os, sys\n"
        "folder = os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/checkpoints'\n"
        "open(folder + '/state', 'a').write('x')\n"
        "print(open(folder + '/state').read())\n"
        "sys.exit(1)\n"
    )
    place.create([training(CheckpointConfig={"S3Uri": URI})])
    place.finish(place.start("1" * 32))
    assert place.log(place.finish(place.start("2" * 32))) == "xx\n"


def test_checkpoints_that_cannot_be_copied_fail_the_job(make_place: MakePlace) -> None:
    place = make_place(checkpoint_seconds=3600)
    place.program(
        "import os\n"
        "folder = os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/checkpoints'\n"
        "open(os.fsencode(folder) + b'/\\xff', 'w').close()\n"
    )
    description = place.run([training(CheckpointConfig={"S3Uri": URI})])
    assert "Artifact upload failed:the file name" in place.reason(description)


def test_failed_copy_is_made_good_by_the_next_look(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    troubles = [OSError("no route")]

    def fail_once(*arguments: Any) -> None:
        if troubles:
            raise troubles.pop()
        upload_file(*arguments)

    monkeypatch.setattr(checkpoints, "upload_file", fail_once)
    place.program(
        "import os, time\n"
        "open(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/checkpoints/state', 'w').close()\n"
        "time.sleep(600)\n"
    )
    place.create([training(CheckpointConfig={"S3Uri": URI})])
    place.start()
    eventually(lambda: place.aws.stored("checkpoints/") == ["checkpoints/faces/state"], "the checkpoint")
    assert any("could not copy checkpoints" in record.message for record in caplog.records)


def test_file_that_is_still_growing_waits(sync: CheckpointSync, aws: FakeAws, folder: Path) -> None:
    (folder / "state").write_text("ha")
    sync.copy(last=False)
    (folder / "state").write_text("half")
    sync.copy(last=False)
    assert aws.stored("checkpoints/") == []
    sync.copy(last=False)
    assert aws.read("checkpoints/faces/state") == b"half"


def test_last_look_copies_what_is_left(sync: CheckpointSync, aws: FakeAws, folder: Path) -> None:
    (folder / "state").write_text("whole")
    sync.copy(last=True)
    assert aws.read("checkpoints/faces/state") == b"whole"


def test_file_that_is_replaced_while_it_is_copied_is_copied_again(
    sync: CheckpointSync, aws: FakeAws, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "state").write_text("old")

    def replaced_meanwhile(s3: Any, path: Path, bucket: str, key: str) -> None:
        upload_file(s3, path, bucket, key)
        path.with_suffix(".tmp").write_text("newer")
        os.replace(path.with_suffix(".tmp"), path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "upload_file", replaced_meanwhile)
        sync.copy(last=True)
    sync.copy(last=True)
    assert aws.read("checkpoints/faces/state") == b"newer"


def test_unchanged_files_are_copied_once(
    sync: CheckpointSync, aws: FakeAws, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "state").write_text("x")
    sync.copy(last=True)
    monkeypatch.setattr("local_aws.sagemaker.checkpoints.upload_file", lambda *_: pytest.fail("copied again"))
    sync.copy(last=True)


def test_files_are_copied_in_the_order_of_their_writing(
    sync: CheckpointSync, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that names others is written, and so copied, after them."""
    for age, name in enumerate(["latest.json", "network-2", "network-1"]):
        (folder / name).write_text(name)
        os.utime(folder / name, (1000 - age, 1000 - age))
    copied: list[str] = []
    monkeypatch.setattr("local_aws.sagemaker.checkpoints.upload_file", lambda s3, path, *_: copied.append(path.name))
    sync.copy(last=True)
    assert copied == ["network-1", "network-2", "latest.json"]


def test_symbolic_links_are_not_followed(sync: CheckpointSync, aws: FakeAws, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    (folder / "loop").symlink_to(folder)
    sync.copy(last=True)
    assert aws.stored("checkpoints/") == []
