"""Another deployment of this application in the same account: its runs are told of here, too, and are not ours."""

import json
from typing import Any

import pytest

from contract.run_identity import RunIdentity
from contract.statuses import TERMINAL
from tests.unit.conftest import RUN_ARN, Stage, sample

THEIRS = RUN_ARN.replace("p4jn9xou8a8s", "theirs0000000")
STATUSES = [*sorted(TERMINAL), "Executing", "Stopping", "Hibernating"]


def their_news(status: str, description: str, arn: str = THEIRS) -> dict[str, Any]:
    event = sample("pipeline_execution_executing")
    event["detail"] |= {
        "currentPipelineExecutionStatus": status,
        "pipelineExecutionArn": arn,
        "pipelineExecutionDescription": description,
    }
    return event


def everything(stage: Stage) -> list[Any]:
    """What there is to see of this deployment: records, timers, requests and mails."""
    items = stage.dynamodb.scan(TableName="ledger")["Items"]
    return [items, list(stage.timers), list(stage.invocations), list(stage.mails)]


def our_run(stage: Stage) -> tuple[str, RunIdentity]:
    arn, execution = next(iter(stage.sagemaker.executions.items()))
    identity = RunIdentity.from_json(execution.description)
    assert identity
    return arn, identity


@pytest.mark.parametrize("status", STATUSES)
def test_a_run_of_a_dataset_that_nobody_here_knows_is_counted_and_left_alone(
    stage: Stage, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    before = everything(stage)
    news = their_news(status, RunIdentity("blue-chairs", "0" * 64, 1).to_json())

    assert stage.invoke("status_listener", news) == {"outcome": "foreign"}
    assert everything(stage) == before
    assert '"ForeignExecutions":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("phase", ["STARTING", "RUNNING", "IDLE"])
def test_a_run_of_equal_pictures_elsewhere_changes_nothing_here(stage: Stage, status: str, phase: str) -> None:
    """Two copies of a deployment, the same drop in both: dataset, fingerprint and attempt are the same."""
    stage.settle()
    arn, identity = our_run(stage)
    if phase == "IDLE":
        stage.invoke("status_listener", their_news("Succeeded", identity.description("workshop-bucket"), arn))
    if phase == "STARTING":
        forget_start(stage, arn)
    before = everything(stage)

    news = their_news(status, identity.description("their-bucket"))
    assert stage.invoke("status_listener", news) == {"outcome": "foreign"}
    assert everything(stage) == before


def test_while_ours_runs_another_execution_with_our_description_is_not_ours(stage: Stage) -> None:
    stage.settle()
    _, identity = our_run(stage)
    before = everything(stage)

    assert stage.invoke("status_listener", their_news("Failed", identity.to_json())) == {"outcome": "foreign"}
    assert everything(stage) == before


def test_a_late_event_of_an_earlier_attempt_without_a_record_is_left_alone(stage: Stage) -> None:
    """As after a purge: the records are gone, the same pictures are there again and have been claimed again."""
    stage.settle()
    arn, identity = our_run(stage)
    forget_start(stage, arn)
    before = everything(stage)
    old = RunIdentity(identity.dataset, identity.fingerprint, identity.attempt + 1)

    assert stage.invoke("status_listener", their_news("Failed", old.description("workshop-bucket"))) == {
        "outcome": "foreign"
    }
    assert everything(stage) == before


def test_an_end_that_is_heard_before_the_start_is_recorded_is_ours(stage: Stage) -> None:
    stage.settle()
    arn, identity = our_run(stage)
    forget_start(stage, arn)

    news = their_news("Failed", identity.description("workshop-bucket"), arn)
    assert stage.invoke("status_listener", news) == {"outcome": "ended"}
    assert [name for name, _ in stage.invocations] == ["report_failure"]


@pytest.mark.parametrize("name", ["pipeline_step_failed", "pipeline_step_succeeded", "pipeline_step_cache_hit"])
def test_a_step_of_a_run_that_nobody_here_knows_is_not_recorded(stage: Stage, name: str) -> None:
    before = everything(stage)
    assert stage.invoke("status_listener", sample(name)) == {"outcome": "foreign"}
    assert everything(stage) == before


@pytest.mark.parametrize("function", ["report_success", "report_failure"])
@pytest.mark.parametrize("source", ["listener", "pipeline"])
def test_nobody_is_told_of_a_run_that_was_not_started_here(
    stage: Stage, capsys: pytest.CaptureFixture[str], function: str, source: str
) -> None:
    event = sample("report_success_from_pipeline") | {"source": source, "status": "Succeeded"}
    event["reportUri"] = event["reportUri"].replace("workshop-bucket", "their-bucket")
    before = everything(stage)

    assert stage.invoke(function, json.loads(json.dumps(event))) == {"notified": "foreign"}
    assert everything(stage) == before
    assert '"ForeignExecutions":[1.0]' in capsys.readouterr().out


def test_the_last_step_of_our_own_pipeline_is_heard_before_the_record(stage: Stage) -> None:
    """Its results lie in our bucket: the starter has died, or a person has started it past the ledger."""
    stage.leave_artefacts()
    assert stage.invoke("report_success", sample("report_success_from_pipeline")) == {"notified": "succeeded"}


def forget_start(stage: Stage, arn: str) -> None:
    """As if the starter had died between start and record."""
    claimed = stage.item("DATASET#red-chairs") | {"phase": {"S": "STARTING"}}
    for attribute in ("executionArn", "runStartedAt"):
        del claimed[attribute]
    stage.dynamodb.put_item(TableName="ledger", Item=claimed)
    for sort_key in ("STATE", "NOTICE#started"):
        stage.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": f"RUN#{arn}"}, "sk": {"S": sort_key}})
