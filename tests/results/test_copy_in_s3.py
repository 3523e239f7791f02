"""A training goes on from a copy of its checkpoints in S3, also where nothing is ever deleted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local_aws.sagemaker.checkpoints import CheckpointSync
from stylegan2.results import sheet_series
from stylegan2.training import train
from tests.training.pictures import write_pictures
from tests.training.trainings import assert_same_weights, options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def s3_without_deletions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Whether SageMaker deletes in S3 what the job has deleted is documented nowhere. The stand-in does; this S3 does
    not let it."""
    with mock_aws():
        client = boto3.client("s3", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        monkeypatch.setattr(client, "delete_object", lambda **_: None)
        yield client


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_given_back_is_no_more_than_is_kept_and_the_training_ends_as_if_nothing_had_happened(
    tmp_path: Path, s3_without_deletions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each job is on a new machine, and is killed without a last look."""
    monkeypatch.setattr(sheet_series, "MOST_SHEETS", 3)
    data = write_pictures(tmp_path / "discs", 20, 8)
    often = {"tick_kimg": 0.008, "snapshot_ticks": 1, "signal_images": 4}
    train(options(data, tmp_path / "whole", **often))
    kept = {f"checkpoint-{number}.pt" for number in (1, 2)} | {f"samples/sheet-{number:02}.png" for number in (1, 2, 3)}
    kept |= {"best/network.json", "best/network.safetensors"}
    for job in range(3):
        machine = tmp_path / f"machine{job}"
        sync = CheckpointSync(lambda: s3_without_deletions, machine / "kept", "s3://kept/faces", interval_seconds=3600)
        sync.restore(lambda: None)
        given_back = files(machine / "kept").keys() - {"checkpoint.partial"}
        assert {name.removesuffix(".partial") for name in given_back} == (kept if job else set())
        train(
            options(data, machine / "out", checkpoint_dir=machine / "kept", **often),
            should_stop=stop_after(10**6 if job == 2 else 7),
            on_tick=lambda _, sync=sync: sync.copy(last=True),  # type: ignore[misc]
        )
    assert_same_weights(tmp_path / "whole", machine / "out")
    assert files(machine / "out/samples") == files(tmp_path / "whole/samples")
    best = [files(out / "best")["network.safetensors"] for out in (tmp_path / "whole", machine / "out")]
    assert best[0] == best[1]
