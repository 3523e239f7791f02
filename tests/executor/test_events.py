"""Events: AWS's shapes, in order, once for each change of a status, whatever the bus does."""

import json
from threading import Event
from typing import Any

import pytest

from local_aws.sagemaker import events
from local_aws.sagemaker.events import EXECUTION_CHANGE, STEP_CHANGE
from local_aws.sagemaker.run import PipelineRun
from tests.executor.support import (
    ACCOUNT,
    PIPELINE,
    REGION,
    FakeAws,
    MakePlace,
    Place,
    eventually,
    make_client,
    processing,
)
from tests.patience import HARD_END

PIPELINE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{PIPELINE}"
Change = tuple[str | None, str]


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "DELAYS", (0.0, 0.0))


def finished(place: Place, *steps: dict[str, Any]) -> str:
    """Run steps to their end, flush the events and return the execution's ARN."""
    place.create(list(steps))
    arn = place.start()
    place.finish(arn)
    place.standin.stop()
    return arn


def execution_changes(place: Place) -> list[Change]:
    details = place.aws.bus.details(EXECUTION_CHANGE)
    return [(item.get("previousPipelineExecutionStatus"), item["currentPipelineExecutionStatus"]) for item in details]


def step_changes(place: Place) -> list[tuple[str, str | None, str]]:
    details = place.aws.bus.details(STEP_CHANGE)
    return [(item["stepName"], item.get("previousStepStatus"), item["currentStepStatus"]) for item in details]


def test_execution_events_have_awss_shape(place: Place) -> None:
    arn = finished(place, processing("true"))
    first, last = [entry for entry in place.aws.bus.entries if entry["DetailType"] == EXECUTION_CHANGE]
    assert first["Source"] == "aws.sagemaker"
    assert first["Resources"] == [PIPELINE_ARN, arn]
    assert "EventBusName" not in first
    started, ended = json.loads(first["Detail"]), json.loads(last["Detail"])
    assert started.pop("executionStartTime") == ended.pop("executionStartTime")
    assert ended.pop("executionEndTime").endswith("Z")
    assert started.pop("pipelineExecutionDisplayName").startswith("execution-")
    ended.pop("pipelineExecutionDisplayName")
    same = {
        "pipelineExecutionDescription": "a description",
        "pipelineArn": PIPELINE_ARN,
        "pipelineExecutionArn": arn,
    }
    assert started == same | {"currentPipelineExecutionStatus": "Executing"}
    assert ended == same | {
        "currentPipelineExecutionStatus": "Succeeded",
        "previousPipelineExecutionStatus": "Executing",
    }


def test_step_events_have_awss_shape_and_every_change_is_told_in_order(place: Place) -> None:
    place.create([processing("true")])
    arn = place.start()
    place.finish(arn)
    job = place.steps(arn)["Step"]["Metadata"]["ProcessingJob"]["Arn"]
    place.standin.stop()
    assert step_changes(place) == [
        ("Step", None, "Starting"),
        ("Step", "Starting", "Executing"),
        ("Step", "Executing", "Succeeded"),
    ]
    starting, _, ended = place.aws.bus.details(STEP_CHANGE)
    name = f"processing-job/pipelines-{arn.rsplit('/', 1)[-1]}-Step-"
    assert job.startswith(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{name}")
    assert starting["metadata"] == {}
    assert "stepEndTime" not in starting
    assert ended["metadata"] == {"processingJob": {"arn": job}}
    assert ended.keys() == {
        "metadata",
        "stepStartTime",
        "stepEndTime",
        "stepName",
        "stepType",
        "previousStepStatus",
        "currentStepStatus",
        "pipelineArn",
        "pipelineExecutionArn",
    }
    order = [entry["DetailType"] for entry in place.aws.bus.entries]
    assert order == [EXECUTION_CHANGE, STEP_CHANGE, STEP_CHANGE, STEP_CHANGE, EXECUTION_CHANGE]


def test_failure_reason_is_in_the_steps_event_alone(place: Place) -> None:
    finished(place, processing("exit 1"))
    assert "exit code: 1" in place.aws.bus.details(STEP_CHANGE)[-1]["failureReason"]
    assert execution_changes(place) == [(None, "Executing"), ("Executing", "Failed")]
    assert all("failureReason" not in detail for detail in place.aws.bus.details(EXECUTION_CHANGE))


def test_a_stopped_run_passes_through_stopping(place: Place) -> None:
    place.create([processing("echo up; sleep 600")])
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail, "the program")
    place.standin.stop_execution(arn)
    place.standin.stop_execution(arn)
    place.finish(arn)
    place.standin.stop()
    assert execution_changes(place) == [(None, "Executing"), ("Executing", "Stopping"), ("Stopping", "Stopped")]
    assert step_changes(place)[2:] == [("Step", "Executing", "Stopping"), ("Step", "Stopping", "Stopped")]


def test_a_run_that_is_stopped_before_its_thread_begins_is_told_of_from_its_start(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, execute = Event(), PipelineRun.execute

    def execute_late(run: PipelineRun) -> None:
        assert stopped.wait(HARD_END)
        execute(run)

    monkeypatch.setattr(PipelineRun, "execute", execute_late)
    place.create([processing("true")])
    arn = place.start()
    place.standin.stop_execution(arn)
    stopped.set()
    place.finish(arn)
    place.standin.stop()
    assert execution_changes(place) == [(None, "Executing"), ("Executing", "Stopping"), ("Stopping", "Stopped")]
    times = [entry["Time"] for entry in place.aws.bus.entries]
    assert times == sorted(set(times))
    assert step_changes(place) == []


def test_all_events_go_through_one_client(place: Place) -> None:
    finished(place, processing("true"))
    assert [service for service, _ in place.aws.credentials].count("events") == 1


def test_every_event_comes_twice_if_asked(make_place: MakePlace) -> None:
    place = make_place(duplicate_events=True)
    finished(place, processing("true"))
    details = [entry["Detail"] for entry in place.aws.bus.entries]
    assert details[::2] == details[1::2]
    assert len(details) == 10


def test_bus_that_fails_for_a_while_gets_every_event(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "DELAYS", (0, 0))
    place.aws.bus.failures = 2
    place.create([processing("true")])
    place.finish(place.start())
    eventually(lambda: len(place.aws.bus.entries) == 5, "the last event")
    place.standin.stop()
    assert execution_changes(place) == [(None, "Executing"), ("Executing", "Succeeded")]
    assert len(place.aws.bus.entries) == 5


def test_lost_event_is_logged_and_the_run_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(events, "DELAYS", ())  # one try for each
    place.aws.bus.failures = 1
    arn = finished(place, processing("true"))
    assert place.running(arn).status == "Succeeded"
    assert len(place.aws.bus.entries) == 4
    assert any("an event is lost" in record.message for record in caplog.records)


def test_events_pass_a_real_rule(place: Place, aws: FakeAws) -> None:
    """moto's EventBridge takes the entries as they are and matches them with the template's pattern."""
    bus, sqs = make_client("events", aws.url), make_client("sqs", aws.url)
    url = sqs.create_queue(QueueName="spy")["QueueUrl"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": [EXECUTION_CHANGE],
        "detail": {"pipelineArn": [PIPELINE_ARN]},
    }
    bus.put_rule(Name="status", EventPattern=json.dumps(pattern))
    bus.put_targets(Rule="status", Targets=[{"Id": "spy", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:spy"}])
    aws.bus = bus
    arn = finished(place, processing("true"))
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    received = [json.loads(message["Body"]) for message in messages]
    assert [event["detail"]["currentPipelineExecutionStatus"] for event in received] == ["Executing", "Succeeded"]
    assert received[0]["resources"] == [PIPELINE_ARN, arn]
