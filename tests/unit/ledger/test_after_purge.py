"""Letters that come after a dataset was purged: late, or redriven. Nobody is told, and no record comes back."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from contract.errors import WorkshopError
from tests.unit.conftest import BUCKET, TABLE, Stage, sample
from tests.unit.handlers.test_status_listener import news


def purge(stage: Stage) -> None:
    """What `python -m operations purge` leaves (tests/operations/test_purge.py): the number of attempts."""
    for listed in stage.s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        stage.s3.delete_object(Bucket=BUCKET, Key=listed["Key"])
    for item in stage.dynamodb.scan(TableName=TABLE)["Items"]:
        stage.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]})
    state = {"pk": {"S": "DATASET#red-chairs"}, "sk": {"S": "STATE"}, "attempt": {"N": "1"}}
    stage.dynamodb.put_item(TableName=TABLE, Item=state)


def step(stage: Stage) -> dict[str, Any]:
    event = sample("pipeline_step_failed")
    event["detail"]["pipelineExecutionArn"] = next(iter(stage.sagemaker.executions))
    return event


def report(stage: Stage, source: str) -> dict[str, Any]:
    arn = next(iter(stage.sagemaker.executions))
    return {"source": source, "dataset": "red-chairs", "pipelineExecutionArn": arn, "status": "Failed"}


LETTERS: dict[str, Callable[[Stage], tuple[str, dict[str, Any]]]] = {
    "the run has failed": lambda stage: ("status_listener", news(stage, "Failed")),
    "the run has succeeded": lambda stage: ("status_listener", news(stage, "Succeeded")),
    "the run is executing": lambda stage: ("status_listener", news(stage, "Executing")),
    "the run has a strange status": lambda stage: ("status_listener", news(stage, "Hibernating")),
    "a step has failed": lambda stage: ("status_listener", step(stage)),
    "tell of the failure": lambda stage: ("report_failure", report(stage, "listener")),
    "tell of the success": lambda stage: ("report_success", report(stage, "listener")),
    "the last step tells": lambda stage: ("report_success", report(stage, "pipeline")),
    "a timer is due": lambda stage: (
        "start_run",
        {"Records": [{"messageId": "m", "body": json.dumps({"dataset": "red-chairs", "due": 1})}]},
    ),
    "look now": lambda stage: (
        "start_run",
        {"Records": [{"messageId": "m", "body": json.dumps({"dataset": "red-chairs", "due": 0})}]},
    ),
    "an image came": lambda stage: (
        "upload_trigger",
        {"Records": [{"messageId": "m", "body": json.dumps(sample("s3_object_created"))}]},
    ),
}


@pytest.mark.parametrize("ended", [False, True], ids=["still running", "ended"])
@pytest.mark.parametrize("letter", LETTERS)
def test_a_late_letter_tells_nobody_and_brings_no_record_back(stage: Stage, letter: str, ended: bool) -> None:
    stage.settle()
    if ended:
        stage.sagemaker.end(next(iter(stage.sagemaker.executions)), "Failed")
    function, event = LETTERS[letter](stage)
    purge(stage)
    stage.invocations.clear()
    before = len(stage.mails)

    with suppress(WorkshopError):  # refused, and buried: an operator hears of it by the alarm
        stage.invoke(function, event)
    stage.later(700)
    stage.serve_timer()

    assert len(stage.mails) == before
    assert stage.invocations == []
    kept = {(i["pk"]["S"], i["sk"]["S"]) for i in stage.dynamodb.scan(TableName=TABLE)["Items"]}
    assert kept <= {("DATASET#red-chairs", "STATE"), ("SLOTS", "STATE")}
    assert stage.item("DATASET#red-chairs")["attempt"] == {"N": "1"}
    assert stage.item("DATASET#red-chairs").get("phase", {"S": "IDLE"}) == {"S": "IDLE"}
