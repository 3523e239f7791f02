"""What is logged: the dataset and the run with everything, and no link, address or whole event ever."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import Stage, sample
from tests.unit.properties import quick
from workshop.platform.telemetry import _line, logger


def whole_story(stage: Stage) -> None:
    """Every handler, on good and bad ways, with a link and an address within reach."""
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
    stage.invoke("web_api", sample("http_api_get"))
    stage.invoke("start_run", {"Records": [{"messageId": "m", "body": '{"dataset": "x@y", "due": 1}'}]})


def test_no_link_no_address_no_whole_event(stage: Stage, log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    whole_story(stage)
    out = log.getvalue() + capsys.readouterr().out

    assert any("X-Amz-" in mail["Message"] for mail in stage.mails)
    for forbidden in ("X-Amz-", "@", "#t=", "receiptHandle", "requestContext", "__Host-", "AKIA"):
        assert forbidden not in out, forbidden
    assert max(len(line) for line in out.splitlines()) < 8_000


def test_links_and_addresses_in_the_messages_of_others_are_blotted_out(log: io.StringIO) -> None:
    logger.error('see "https://x.example.com/a?X-Amz-Signature=1" or write to "a.b+c@example.com"\n', key="x@y")
    entry = json.loads(log.getvalue())

    assert entry["message"] == 'see "(link)" or write to "(address)"\n'
    assert entry["key"] == "(address)"


@quick
@given(st.text(st.sampled_from("a@.\n\t\"'\\/:?<> \ud800https"), max_size=30))
def test_whatever_is_logged_is_one_line_of_json_without_addresses(text: str) -> None:
    line = _line({"message": text, "nested": [{"x": text}]})
    assert "@" not in line
    assert "\n" not in line
    json.loads(line)


def test_every_line_about_a_dataset_carries_its_name(stage: Stage, log: io.StringIO) -> None:
    whole_story(stage)
    logged = [json.loads(line) for line in log.getvalue().splitlines()]

    assert {"reconciled", "reported", "execution", "refused a name"} <= {line["message"] for line in logged}
    for line in logged:
        if line["message"] in {"reconciled", "reported", "execution"}:
            assert line["dataset"] == "red-chairs", line
        if line["message"] in {"reported", "execution"}:
            assert line["run"].startswith("arn:aws:sagemaker:"), line
