"""What is logged: the dataset and the run with everything, and no link, address or whole event ever."""

import json
from typing import Any

import pytest

from tests.unit.conftest import Stage, sample


def whole_story(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every handler, on good and bad ways, with a link and an address within reach."""
    monkeypatch.setenv("RESULTS_URL", "")
    batch = sample("sqs_upload_batch")
    event = sample("s3_object_created")
    event["detail"]["object"]["key"] = "uploads/somebody@example.com/a.png"
    batch["Records"].append({"messageId": "m", "body": json.dumps(event)})
    stage.invoke("upload_trigger", batch)
    stage.settle()
    arn, execution = next(iter(stage.sagemaker.executions.items()))
    for status in ("Executing", "Hibernating", "Succeeded"):
        event = sample("pipeline_execution_executing")
        event["detail"] |= {
            "currentPipelineExecutionStatus": status,
            "pipelineExecutionArn": arn,
            "pipelineExecutionDescription": execution.description,
        }
        stage.invoke("status_listener", event)
    stage.leave_artefacts()
    stage.invoke("report_success", sample("report_success_from_pipeline"))
    stage.invoke("report_success", {"source": "pipeline"})
    stage.invoke("report_failure", sample("report_failure_from_listener"))
    stage.invoke("results_link", sample("function_url"))
    stage.invoke("start_run", {"Records": [{"messageId": "m", "body": '{"dataset": "x@y", "due": 1}'}]})


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_no_link_no_address_no_whole_event(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_story(stage, monkeypatch)
    out = capsys.readouterr().out

    assert any("X-Amz-" in mail["Message"] for mail in stage.mails)
    for forbidden in ("X-Amz-", "@", "?t=", "receiptHandle", "requestContext", "AKIA"):
        assert forbidden not in out, forbidden
    assert max(len(line) for line in out.splitlines()) < 8_000


def test_every_line_about_a_dataset_carries_its_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_story(stage, monkeypatch)
    logged = [line for line in lines(capsys.readouterr().out) if "_aws" not in line]

    for line in logged:
        if line["message"] in {"reconciled", "reported", "execution"}:
            assert line["dataset"] == "red-chairs", line
        if line["message"] in {"reported", "execution"}:
            assert line["run"].startswith("arn:aws:sagemaker:"), line
