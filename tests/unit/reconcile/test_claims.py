"""What becomes of a claim whose start is refused, delayed or left open: no run twice, no slot for ever, no silence."""

import pytest

from tests.chaos.fakes import client_error
from tests.unit.conftest import Stage
from tests.unit.handlers.test_start_run import executions, manual

LEASE_SECONDS = 301


def refuse(stage: Stage, code: str = "ValidationException", *, repeated: bool = False) -> None:
    """SageMaker refuses one start; `repeated`: only after a try of botocore's own whose answer got lost."""
    refusal = client_error(code, "StartPipelineExecution")
    refusal.response["ResponseMetadata"]["RetryAttempts"] = int(repeated)
    stage.sagemaker.refusals.append(refusal)


def phase(stage: Stage) -> str:
    return str(stage.item("DATASET#red-chairs")["phase"]["S"])


def test_a_start_refused_for_good_after_a_lost_answer_frees_the_slot_once_nothing_is_listed(stage: Stage) -> None:
    refuse(stage, repeated=True)
    stage.settle()
    assert (phase(stage), stage.item("SLOTS")["holders"]) == ("STARTING", {"SS": ["red-chairs"]})

    stage.later(LEASE_SECONDS)
    refuse(stage)
    assert stage.serve_timer() == {"batchItemFailures": [{"itemIdentifier": "timer"}]}
    assert phase(stage) == "IDLE"
    assert "holders" not in stage.item("SLOTS")


def test_a_run_that_a_lost_answer_has_started_is_found_by_its_identity(stage: Stage) -> None:
    """The first try started it; every further one is refused, for example because its right was taken away."""
    started = stage.sagemaker.start_pipeline_execution

    def start_and_lose_the_answer(**request: object) -> None:
        started(**request)
        stage.sagemaker.start_pipeline_execution = started  # type: ignore[method-assign]
        raise TimeoutError

    stage.sagemaker.start_pipeline_execution = start_and_lose_the_answer  # type: ignore[assignment,method-assign]
    stage.settle()
    assert phase(stage) == "STARTING"

    stage.later(LEASE_SECONDS)
    refuse(stage, "AccessDeniedException")
    assert stage.serve_timer() == {"batchItemFailures": []}
    assert phase(stage) == "RUNNING"
    assert len(executions(stage)) == 1
    assert stage.mail_kinds == ["started"]


@pytest.mark.parametrize("repeated", [False, True])
def test_a_refused_start_is_told_once_and_tried_again_by_the_sweep(stage: Stage, repeated: bool) -> None:
    refuse(stage, "AccessDeniedException", repeated=repeated)
    stage.settle()
    for _ in range(3):
        stage.later(3600)
        refuse(stage, "AccessDeniedException")
        assert stage.invoke("start_run", {"source": "sweep"})["nudged"] == 1
        stage.serve_timer()
    assert stage.mail_kinds == ["attention"]
    assert "AccessDenied" in stage.mails[0]["Message"]

    stage.later(3600)
    stage.invoke("start_run", {"source": "sweep"})
    stage.serve_timer()
    assert len(executions(stage)) == 1
    assert stage.mail_kinds == ["attention", "started"]


def test_while_sagemaker_only_says_later_a_claim_of_a_lost_answer_is_kept(stage: Stage) -> None:
    refuse(stage, "ThrottlingException", repeated=True)
    stage.settle()
    for _ in range(3):
        stage.later(LEASE_SECONDS)
        refuse(stage, "ThrottlingException")
        stage.serve_timer()
        assert phase(stage) == "STARTING"
    stage.later(LEASE_SECONDS)
    stage.serve_timer()
    assert len({request["ClientRequestToken"] for request in stage.sagemaker.requests}) == 1
    assert len(executions(stage)) == 1


def test_an_operator_frees_a_claim_that_has_started_nothing(stage: Stage) -> None:
    refuse(stage, repeated=True)
    stage.settle()
    assert manual(stage, release=True)["outcome"] == "waiting"
    assert phase(stage) == "STARTING"

    stage.later(LEASE_SECONDS)
    assert manual(stage, release=True)["outcome"] == "released"
    assert phase(stage) == "IDLE"
    assert "holders" not in stage.item("SLOTS")
    assert executions(stage) == []


def test_an_operator_cannot_free_what_a_run_holds(stage: Stage) -> None:
    stage.settle()
    assert manual(stage, release=True)["outcome"] == "active"
    stage.sagemaker.end(next(iter(stage.sagemaker.executions)), "Failed")
    assert manual(stage, release=True)["outcome"] == "ended"
    assert phase(stage) == "IDLE"


def test_an_operator_frees_a_slot_that_belongs_to_nobody(stage: Stage) -> None:
    key = {"pk": {"S": "SLOTS"}, "sk": {"S": "STATE"}}
    stray = {":stray": {"SS": ["red-chairs"]}}
    stage.dynamodb.update_item(
        TableName="ledger", Key=key, UpdateExpression="ADD holders :stray", ExpressionAttributeValues=stray
    )
    assert manual(stage, release=True)["outcome"] == "nothing"
    assert "holders" not in stage.item("SLOTS")
