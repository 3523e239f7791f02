"""The hourly sweep: only the datasets with work outstanding are looked at."""

import json
from typing import Any

import pytest

from tests.chaos.fakes import client_error
from tests.unit.conftest import Stage, sample
from tests.unit.handlers.test_start_run import finish
from workshop.handlers.sweep import is_outstanding
from workshop.ledger import Claim, DatasetState, Phase
from workshop.ledger.state import NOT_CONSIDERED

CLAIM = Claim("0" * 64, {}, 3, 0, "sketch", 128, "", 86_400, None)
NOW = 1_795_435_200_000


def sweep(stage: Stage) -> dict[str, Any]:
    result: dict[str, Any] = stage.invoke("start_run", sample("sweep"))
    return result


def test_a_dataset_at_rest_is_left_alone(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.dynamodb.update_item(  # its notice was sent
        TableName="ledger",
        Key={"pk": {"S": "DATASET#red-chairs"}, "sk": {"S": "STATE"}},
        UpdateExpression="REMOVE unreported",
    )
    stage.put("inference/red-chairs/mine.jpg")  # new pictures to project are the schedule's

    assert sweep(stage) == {"datasets": 1, "nudged": 0}


def test_a_run_whose_end_was_not_heard_is_found(stage: Stage) -> None:
    stage.settle()
    stage.sagemaker.end(next(iter(stage.sagemaker.executions)), "Failed")
    stage.later(3600)
    assert sweep(stage)["nudged"] == 1
    stage.serve_timer()

    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "IDLE"}
    assert [name for name, _ in stage.invocations] == ["report_failure"]


def test_an_upload_whose_timer_was_lost_becomes_a_run(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(3600)
    assert sweep(stage)["nudged"] == 1
    stage.serve_timer()

    assert len(stage.sagemaker.executions) == 1


def test_a_dataset_whose_start_was_refused_is_outstanding(stage: Stage) -> None:
    stage.sagemaker.refusals = [client_error("AccessDeniedException", "StartPipelineExecution", 403)]
    stage.settle()
    assert not stage.sagemaker.executions
    assert sweep(stage)["nudged"] == 1
    stage.serve_timer()

    assert len(stage.sagemaker.executions) == 1


def test_a_dataset_in_attention_is_looked_at_once_and_its_new_targets_wait_for_the_schedule(stage: Stage) -> None:
    stage.settle(images=1)
    assert stage.mail_kinds == ["attention"]
    stage.put("inference/red-chairs/mine.jpg")
    stage.later(3600)

    assert sweep(stage) == {"datasets": 1, "nudged": 0}


def test_a_dataset_uploaded_again_unchanged_is_not_outstanding(stage: Stage) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    stage.serve_timer()
    stage.invoke("report_success", stage.invocations[-1][1])
    stage.settle()
    stage.later(3600)

    assert sweep(stage) == {"datasets": 1, "nudged": 0}


def test_a_timer_that_is_live_needs_no_help(stage: Stage) -> None:
    stage.put_images("red-chairs", 3)
    stage.upload_event("uploads/red-chairs/0000.png")

    assert sweep(stage)["nudged"] == 0


def test_a_running_dataset_whose_folder_is_gone_is_not_forgotten(stage: Stage) -> None:
    stage.settle()
    for number in range(3):
        stage.s3.delete_object(Bucket="workshop-bucket", Key=f"uploads/red-chairs/{number:04d}.png")

    assert sweep(stage) == {"datasets": 1, "nudged": 1}
    assert json.loads(stage.timers[-1][0]) == {"dataset": "red-chairs", "due": 0}


@pytest.mark.parametrize(
    ("state", "outstanding"),
    [
        (DatasetState("cats"), False),
        (DatasetState("cats", uploads=3), True),
        (DatasetState("cats", uploads=3, considered=3), False),
        (DatasetState("cats", uploads=3, considered=2), True),
        (DatasetState("cats", uploads=3, considered=NOT_CONSIDERED), True),
        (DatasetState("cats", considered=NOT_CONSIDERED), True),
        (DatasetState("cats", uploads=3, timer_due=NOW + 60_000), False),
        (DatasetState("cats", uploads=3, timer_due=NOW - 600_000), True),
        (DatasetState("cats", timer_due=NOW - 600_000), True),
        (DatasetState("cats", phase=Phase.STARTING, claim=CLAIM, claim_at=NOW), True),
        (DatasetState("cats", phase=Phase.RUNNING, claim=CLAIM, claim_at=NOW), True),
        (DatasetState("cats", unreported=frozenset({"arn"})), True),
    ],
)
def test_what_is_outstanding(state: DatasetState, outstanding: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workshop.platform.clock.now_ms", lambda: NOW)
    assert is_outstanding(state, 60) is outstanding
