"""status_listener: what each status of an execution, and each news of a step, leads to."""

import json
from typing import Any

import botocore.session
import pytest

from contract.errors import RefusedName
from contract.run_identity import RunIdentity
from contract.statuses import EXECUTING, STOPPING, TERMINAL
from tests.unit.conftest import RUN_ARN, Stage, sample
from workshop.handlers.status_events import parse_event
from workshop.platform.errors import BadRequest

STATUSES = botocore.session.get_session().get_service_model("sagemaker").shape_for("PipelineExecutionStatus").enum


def news(stage: Stage, status: str, **detail: Any) -> dict[str, Any]:
    """An event about the newest execution on the stage."""
    arn, execution = list(stage.sagemaker.executions.items())[-1]
    event = sample("pipeline_execution_executing")
    event["detail"] |= {
        "currentPipelineExecutionStatus": status,
        "pipelineExecutionArn": arn,
        "pipelineExecutionDescription": execution.description,
        **detail,
    }
    return event


def test_the_known_statuses_are_all_of_the_api() -> None:
    """CompletedWithFailures is newer than some SDKs; a status that this test finds missing would hang a dataset."""
    assert set(STATUSES) - {EXECUTING, STOPPING} <= TERMINAL
    assert TERMINAL - set(STATUSES) <= {"CompletedWithFailures"}


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_terminal_status_frees_the_dataset_and_asks_for_one_kind_of_report(stage: Stage, status: str) -> None:
    stage.settle()
    assert stage.invoke("status_listener", news(stage, status)) == {"outcome": "ended"}

    state = stage.item("DATASET#red-chairs")
    assert (state["phase"], state["lastStatus"]) == ({"S": "IDLE"}, {"S": status})
    assert "holders" not in stage.item("SLOTS")
    ((name, event),) = stage.invocations
    assert name == ("report_success" if status == "Succeeded" else "report_failure")
    assert event.items() >= {"source": "listener", "status": status, "dataset": "red-chairs"}.items()


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_the_end_has_the_dataset_looked_at_at_once(stage: Stage, status: str) -> None:
    stage.settle()
    before = len(stage.timers)
    stage.invoke("status_listener", news(stage, status))

    assert stage.timers[before:] == [(json.dumps({"dataset": "red-chairs", "due": 0}), 0)]


def test_the_same_end_three_times_is_one_end(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.settle()
    for _ in range(3):
        stage.invoke("status_listener", news(stage, "Succeeded"))

    assert capsys.readouterr().out.count('"RunsSucceeded":[1.0]') == 1
    assert {name for name, _ in stage.invocations} == {"report_success"}  # each may ask; the notice's record decides


def test_an_end_of_an_earlier_run_does_not_end_the_present_one(stage: Stage) -> None:
    stage.settle()
    old = news(stage, "Succeeded")
    stage.invoke("status_listener", old)
    stage.put("uploads/red-chairs/late.png", b"late")
    stage.later(61)
    stage.serve_timer()
    assert stage.item("DATASET#red-chairs")["attempt"] == {"N": "2"}

    stage.invoke("status_listener", old)
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "RUNNING"}


def test_the_event_of_the_start_stands_in_for_a_starter_that_died_before_its_record(stage: Stage) -> None:
    stage.settle()
    event = news(stage, "Executing")
    claimed = stage.item("DATASET#red-chairs")
    claimed["phase"] = {"S": "STARTING"}
    for attribute in ("executionArn", "runStartedAt"):
        del claimed[attribute]
    arn = event["detail"]["pipelineExecutionArn"]
    stage.dynamodb.put_item(TableName="ledger", Item=claimed)
    for sort_key in ("STATE", "NOTICE#started"):
        stage.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": f"RUN#{arn}"}, "sk": {"S": sort_key}})

    assert stage.invoke("status_listener", event) == {"outcome": "heard"}
    state = stage.item("DATASET#red-chairs")
    assert (state["phase"], state["executionArn"]) == ({"S": "RUNNING"}, {"S": arn})
    assert stage.mail_kinds == ["started", "started"]  # the test took away the record of the first


def test_the_event_of_the_start_sends_no_second_mail(stage: Stage) -> None:
    stage.settle()
    stage.invoke("status_listener", news(stage, "Executing"))
    stage.invoke("status_listener", news(stage, "Executing"))

    assert stage.mail_kinds == ["started"]


def test_a_start_that_is_heard_after_the_end_is_not_announced(stage: Stage) -> None:
    stage.settle()
    arn = next(iter(stage.sagemaker.executions))
    stage.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": f"RUN#{arn}"}, "sk": {"S": "NOTICE#started"}})
    stage.sagemaker.end(arn, "Succeeded")
    stage.invoke("status_listener", news(stage, "Succeeded"))
    stage.invoke("status_listener", news(stage, "Executing"))

    assert stage.mail_kinds == ["started"]
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "IDLE"}


def test_stopping_changes_nothing_yet(stage: Stage) -> None:
    stage.settle()
    assert stage.invoke("status_listener", news(stage, "Stopping")) == {"outcome": "heard"}
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "RUNNING"}


def test_an_unknown_status_is_told_once_and_not_taken_for_an_end(stage: Stage) -> None:
    stage.settle()
    for _ in range(2):
        assert stage.invoke("status_listener", news(stage, "Hibernating")) == {"outcome": "unknown"}

    assert stage.mail_kinds == ["started", "attention"]
    assert stage.item("DATASET#red-chairs")["phase"] == {"S": "RUNNING"}


def test_an_execution_that_was_not_started_here_is_left_alone(stage: Stage) -> None:
    event = sample("pipeline_execution_failed")
    event["detail"]["pipelineExecutionDescription"] = "by hand"

    assert stage.invoke("status_listener", event) == {"outcome": "foreign"}
    assert stage.invocations == []


@pytest.mark.parametrize(
    "description",
    [None, "", "{}", "[1]", '{"dataset": "../x", "fingerprint": "0", "attempt": 1}', "[" * 10_000],
)
def test_a_description_that_is_not_ours_names_no_run(description: str | None) -> None:
    assert RunIdentity.from_json(description) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pipeline_step_succeeded", {"status": "Succeeded", "type": "Processing"}),
        (
            "pipeline_step_failed",
            {"status": "Failed", "reason": "ClientError: AlgorithmError: CUDA out of memory, exit code: 1"},
        ),
        ("pipeline_step_cache_hit", {"cachedFrom": RUN_ARN.replace("p4jn9xou8a8s", "aaaabbbbcccc")}),
    ],
)
def test_news_of_a_step_are_recorded(stage: Stage, name: str, expected: dict[str, str]) -> None:
    stage.know_run()
    event = sample(name)
    assert stage.invoke("status_listener", event) == {"outcome": "recorded"}

    item = stage.item(f"RUN#{RUN_ARN}", f"STEP#{event['detail']['stepName']}")
    assert {key: item[key]["S"] for key in expected} == expected
    assert int(item["expires"]["N"]) > stage.now_ms() / 1000


def test_late_news_of_a_step_do_not_replace_newer_ones(stage: Stage) -> None:
    stage.know_run()
    stage.invoke("status_listener", sample("pipeline_step_failed"))
    late = sample("pipeline_step_failed")
    late["detail"] |= {"currentStepStatus": "Executing"}

    assert stage.invoke("status_listener", late) == {"outcome": "old"}
    assert stage.item(f"RUN#{RUN_ARN}", "STEP#Train")["status"] == {"S": "Failed"}


def test_a_step_that_is_run_again_replaces_its_failure(stage: Stage) -> None:
    stage.know_run()
    stage.invoke("status_listener", sample("pipeline_step_failed"))
    again = sample("pipeline_step_failed")
    again["detail"] |= {"currentStepStatus": "Starting", "stepStartTime": "2026-11-23T15:00:00Z"}

    assert stage.invoke("status_listener", again) == {"outcome": "recorded"}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail": None},
        {"detail-type": "Weather", "detail": {"pipelineExecutionArn": RUN_ARN}},
        {
            "detail-type": "SageMaker Model Building Pipeline Execution Status Change",
            "detail": {"pipelineExecutionArn": RUN_ARN},
        },
        {"detail": {"pipelineExecutionArn": "arn:aws:s3:::bucket"}},
    ],
)
def test_what_is_no_pipeline_event_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises((BadRequest, RefusedName)):
        parse_event(event)
