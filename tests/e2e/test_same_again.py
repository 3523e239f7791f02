"""What is a change, on an AWS whose ETags tell nothing, and what a run reads while the folder goes on changing."""

import io
import json
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from local_aws.deploy import STACK
from local_aws.workshop import LocalWorkshop
from operations.workshop_stack import Workshop
from tests.e2e.following import jobs_held_back, kinds, runs_of, wait_for, wait_for_runs, wait_until_over
from tests.e2e.test_whole_way import png
from workshop.ledger import Ledger

pytestmark = pytest.mark.e2e

PART = 5 << 20  # the smallest part of a multipart upload; what follows a PNG's end is nobody's business
PICTURES = {f"{n}.png": png(n) for n in range(8)} | {
    "a.png": png(8),
    "a.png/b.png": png(9),
    "large.png": png(10) + bytes(PART),
}


def put(workshop: LocalWorkshop, name: str, body: bytes, part: int = 64 << 20) -> None:
    s3 = workshop.endpoint.client("s3")
    config = TransferConfig(multipart_threshold=part, multipart_chunksize=part)
    s3.upload_fileobj(io.BytesIO(body), workshop.bucket, f"uploads/again/{name}", Config=config)


def etags(workshop: LocalWorkshop) -> set[str]:
    listed = workshop.endpoint.client("s3").list_objects_v2(Bucket=workshop.bucket, Prefix="uploads/again/")
    return {entry["ETag"] for entry in listed["Contents"] if entry["Key"].endswith(".png")}


def uploads_noted(workshop: LocalWorkshop) -> int:
    """How many events of the dataset's folder the ledger has heard."""
    table = Workshop(workshop.endpoint.client, STACK).table
    return Ledger(workshop.endpoint.client("dynamodb"), table).read("again").uploads


def look(workshop: LocalWorkshop) -> str:
    """Have the dataset looked at until the look comes to something."""
    while True:
        answer = workshop.endpoint.client("lambda").invoke(
            FunctionName=workshop.outputs["StartRunFunctionName"],
            Payload=json.dumps({"source": "manual", "dataset": "again"}).encode(),
        )
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if result["outcome"] not in ("waiting", "active"):  # "active": the run's end has not been heard yet
            return str(result["outcome"])


def report_of(run: str) -> str:
    return f"runs/again/{run.rsplit('/', 1)[-1]}/prepare-report/prepare.json"


def prepared(workshop: LocalWorkshop, run: str) -> dict[str, Any]:
    body = workshop.endpoint.client("s3").get_object(Bucket=workshop.bucket, Key=report_of(run))["Body"].read()
    report: dict[str, Any] = json.loads(body)
    return report


def test_the_same_folder_again_starts_nothing_and_deleting_a_culprit_the_next_run(workshop: LocalWorkshop) -> None:
    s3 = workshop.endpoint.client("s3")
    with jobs_held_back(workshop, "Training"):
        with jobs_held_back(workshop, "Processing"):
            for name, body in [*PICTURES.items(), ("_READY", b"")]:
                put(workshop, name, body)
            (first,) = wait_for_runs(workshop, "again", 1)
            before = etags(workshop)
            # While it waits for a machine. It reads what it has listed.
            put(workshop, "0.png", b"replaced by what is no picture")
            s3.delete_object(Bucket=workshop.bucket, Key="uploads/again/1.png")
        while not s3.list_objects_v2(Bucket=workshop.bucket, Prefix=report_of(first.arn)).get("KeyCount"):
            assert not runs_of(workshop, "again")[0].done, "the run ended without a report of Prepare"
        for name, body in PICTURES.items():
            put(workshop, name, body, PART)
        assert before.isdisjoint(etags(workshop)), "as under KMS, they differ with each upload"
    (first,) = wait_until_over(workshop, "again")
    assert first.status == "Succeeded"
    report = prepared(workshop, first.arn)
    assert report["images"] == {"found": 11, "good": 11, "set_aside": 0}, report["set_aside"]
    assert look(workshop) == "nothing"
    assert len(runs_of(workshop, "again")) == 1

    noted = uploads_noted(workshop)
    s3.delete_object(Bucket=workshop.bucket, Key="uploads/again/a.png")
    wait_for(workshop, "the event of the deletion", lambda: uploads_noted(workshop) != noted or None, lambda: noted)
    assert look(workshop) == "started"  # without waiting for a quiet time
    wait_for_runs(workshop, "again", 2)
    second = wait_until_over(workshop, "again")[0]
    assert prepared(workshop, second.arn)["images"] == {"found": 10, "good": 10, "set_aside": 0}
    assert kinds(workshop, "again") == ["started", "started", "succeeded", "succeeded"]
