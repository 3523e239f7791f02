"""What the end of a run means: mails that agree with each other, runs that go on after their end."""

from typing import Any

import pytest

from tests.unit.conftest import Stage
from tests.unit.handlers.test_status_listener import news

WORK = {"Prepare": "Succeeded", "EnoughImages": "Succeeded", "Train": "Succeeded", "Infer": "Succeeded"}


def end(stage: Stage, status: str, **steps: str) -> str:
    """The newest run ends with these statuses of its steps, and its event is heard. Returns its ARN."""
    arn, execution = list(stage.sagemaker.executions.items())[-1]
    execution.steps[:] = [{"StepName": name, "StepStatus": step} for name, step in steps.items()]
    stage.sagemaker.end(arn, status)
    stage.invoke("status_listener", news(stage, status))
    return arn


def run_requested_reports(stage: Stage) -> None:
    for name, event in stage.invocations:
        stage.invoke(name, event)
    stage.invocations.clear()


def state(stage: Stage) -> dict[str, Any]:
    return stage.item("DATASET#red-chairs")


@pytest.mark.parametrize(
    ("status", "notify"), [("Failed", "Failed"), ("Stopped", "Stopped"), ("Stopped", "Succeeded"), ("Failed", None)]
)
def test_a_run_of_which_only_the_telling_went_wrong_is_a_success(stage: Stage, status: str, notify: str | None) -> None:
    stage.settle()
    arn = end(stage, status, **WORK | ({"Notify": notify} if notify else {}))

    assert [name for name, _ in stage.invocations] == ["report_success"]
    assert (state(stage)["lastStatus"], state(stage)["goodArn"]) == ({"S": "Succeeded"}, {"S": arn})


@pytest.mark.parametrize(
    "steps",
    [
        {"Prepare": "Succeeded", "Train": "Failed"},
        {"Prepare": "Succeeded", "Train": "Succeeded", "Infer": "Stopped"},
        WORK | {"Train": "Failed", "Notify": "Failed"},
        {},
    ],
)
def test_a_run_whose_work_is_not_done_has_failed(stage: Stage, steps: dict[str, str]) -> None:
    stage.settle()
    end(stage, "Failed", **steps)
    assert [name for name, _ in stage.invocations] == ["report_failure"]
    assert "goodArn" not in state(stage)


def test_nobody_is_told_ready_and_failed_of_one_run(stage: Stage) -> None:
    """The last step has sent its mail and dies before it returns."""
    stage.settle()
    arn = next(iter(stage.sagemaker.executions))
    stage.leave_artefacts(execution_id=arn.rsplit("/", 1)[1])
    stage.invoke("report_success", {"source": "pipeline", "dataset": "red-chairs", "pipelineExecutionArn": arn})
    end(stage, "Failed", **WORK, Notify="Failed")
    run_requested_reports(stage)

    assert stage.mail_kinds == ["started", "succeeded"]
    assert "unreported" not in state(stage)


def test_nobody_is_told_that_a_run_is_lost_whose_success_was_told(stage: Stage) -> None:
    """The last step has sent its mail; then somebody deletes the pipeline with its executions."""
    stage.settle()
    arn = next(iter(stage.sagemaker.executions))
    stage.leave_artefacts(execution_id=arn.rsplit("/", 1)[1])
    report_uri = f"s3://workshop-bucket/runs/red-chairs/{arn.rsplit('/', 1)[1]}/report"
    event = {"source": "pipeline", "dataset": "red-chairs", "pipelineExecutionArn": arn, "reportUri": report_uri}
    stage.invoke("report_success", event)
    stage.sagemaker.executions.clear()
    stage.later(1000)
    stage.invoke("start_run", {"source": "manual", "dataset": "red-chairs"})
    run_requested_reports(stage)

    assert stage.mail_kinds == ["started", "succeeded"]
    assert "unreported" not in state(stage)


def test_a_run_that_is_retried_in_the_console_holds_its_slot_and_its_second_failure_is_told(stage: Stage) -> None:
    stage.settle()
    arn = end(stage, "Failed", Prepare="Succeeded", Train="Failed")
    run_requested_reports(stage)
    assert "holders" not in stage.item("SLOTS")

    stage.sagemaker.executions[arn].status = "Executing"
    stage.invoke("status_listener", news(stage, "Executing"))
    assert (state(stage)["phase"], state(stage)["executionArn"]) == ({"S": "RUNNING"}, {"S": arn})
    assert stage.item("SLOTS")["holders"] == {"SS": ["red-chairs"]}

    end(stage, "Failed", Prepare="Succeeded", Train="Failed")
    run_requested_reports(stage)
    assert state(stage)["phase"] == {"S": "IDLE"}
    assert "holders" not in stage.item("SLOTS")
    assert stage.mail_kinds == ["started", "failed", "failed"]


def test_a_retried_run_that_succeeds_is_the_good_one(stage: Stage) -> None:
    stage.settle()
    arn = end(stage, "Failed", Prepare="Succeeded", Train="Failed")
    stage.sagemaker.executions[arn].status = "Executing"
    stage.invoke("status_listener", news(stage, "Executing"))
    end(stage, "Succeeded", **WORK)
    assert (state(stage)["lastStatus"], state(stage)["goodArn"]) == ({"S": "Succeeded"}, {"S": arn})


def test_a_retried_run_tells_nobody_how_long_the_next_one_takes(stage: Stage) -> None:
    """It has lain still for days."""
    stage.settle()
    arn = end(stage, "Failed", Prepare="Succeeded", Train="Failed")
    stage.later(3 * 86_400)
    stage.sagemaker.executions[arn].status = "Executing"
    stage.invoke("status_listener", news(stage, "Executing"))
    stage.leave_artefacts(execution_id=arn.rsplit("/", 1)[1])
    end(stage, "Succeeded", **WORK)
    run_requested_reports(stage)

    assert state(stage)["goodArn"] == {"S": arn}
    assert "Duration:           unknown" in stage.mails[-1]["Message"]


def test_a_late_word_of_a_start_is_not_taken_for_a_retry(stage: Stage) -> None:
    stage.settle()
    end(stage, "Failed")
    stage.invoke("status_listener", news(stage, "Executing"))
    assert state(stage)["phase"] == {"S": "IDLE"}


def test_whoever_has_written_the_end_and_died_leaves_the_look_to_the_next_word_of_it(stage: Stage) -> None:
    stage.settle()
    end(stage, "Failed")
    before = len(stage.timers)
    stage.invoke("status_listener", news(stage, "Failed"))
    assert len(stage.timers) == before + 1
