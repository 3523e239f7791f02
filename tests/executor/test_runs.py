"""Executions: order, branches, retries, stopping, and what becomes of a run whose step fails."""

import dataclasses
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from local_aws.sagemaker import retry
from tests.executor.support import (
    BUCKET,
    FUNCTION,
    GOOD,
    PIPELINE,
    LetTimePass,
    MakePlace,
    Place,
    condition,
    counting,
    eventually,
    fail,
    named,
    notify,
    processing,
    processing_input,
    training,
)

# Says that it is up, waits for SIGTERM, saves its work and ends well.
SAVES_WHEN_ASKED = """
import os, signal, sys, time
base = os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml')
def stop(*_):
    while os.path.exists({hold!r}):
        time.sleep(0.01)
    open(base + '/model/network', 'w').write('half trained')
    open(base + '/checkpoints/state', 'w').write('saved')
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
os.makedirs(base + '/checkpoints', exist_ok=True)
print('up', flush=True)
time.sleep(600)
"""


def test_a_step_starts_when_what_it_refers_to_has_succeeded(place: Place) -> None:
    """The step that is written first reads the model of the one that is written last."""
    place.program("import os\nopen(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/model/a', 'w').write('m')\n")
    model = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    reading = processing("ls /opt/ml/processing/input/model", [processing_input("model", model)])
    description = place.run([reading, named("Train", training())])
    assert list(place.steps(description["PipelineExecutionArn"])) == ["Train", "Step"]
    assert place.log(description) == "model.tar.gz\n"


def test_output_is_found_by_its_name(place: Place) -> None:
    found = {"Get": "Steps.Step.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"}
    reading = named("Read", processing("cat /opt/ml/processing/input/r/counts.json", [processing_input("r", found)]))
    description = place.run([counting(3), reading])
    assert json.loads(place.log(description, "Read")) == {"images": {"good": 3}}


@pytest.mark.parametrize(("count", "status"), [(3, "Succeeded"), (2, "Failed")])
def test_condition_reads_a_property_file_and_takes_one_branch(place: Place, count: int, status: str) -> None:
    minimum = {"Name": "Minimum", "Type": "Integer", "DefaultValue": 3}
    message = {"Std:Join": {"On": " ", "Values": ["At least", {"Get": "Parameters.Minimum"}, "are needed."]}}
    place.create(
        [counting(count), condition(GOOD, {"Get": "Parameters.Minimum"}, [notify()], [fail(message)])], [minimum]
    )
    description = place.finish(place.start())
    assert description["PipelineExecutionStatus"] == status
    steps = place.steps(description["PipelineExecutionArn"])
    assert steps["Enough"]["StepStatus"] == "Succeeded"
    assert steps["Enough"]["Metadata"] == {"Condition": {"Outcome": str(count == 3)}}
    if status == "Succeeded":
        assert list(steps) == ["Step", "Enough", "Notify"]
    else:
        assert list(steps) == ["Step", "Enough", "Stop"]
        assert steps["Stop"]["FailureReason"] == "At least 3 are needed."
        assert steps["Stop"]["Metadata"] == {"Fail": {"ErrorMessage": "At least 3 are needed."}}


def test_property_that_is_not_in_the_file_fails_the_step(place: Place) -> None:
    missing = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Step.PropertyFiles.Report"}, "Path": "images.bad"}}
    description = place.run([counting(3), condition(missing, 1, [], [])])
    assert place.reason(description, "Enough") == "ClientError: property file 'Report' of step 'Step' has no 'bad'"


def test_property_file_that_is_no_json_fails_the_step(place: Place) -> None:
    step = counting(3)
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        "sh",
        "-c",
        "echo '{' > /opt/ml/processing/output/report/counts.json",
    ]
    description = place.run([step, condition(GOOD, 1, [], [])])
    assert "report/counts.json is not valid JSON" in place.reason(description, "Enough")


def test_steps_that_wait_for_a_failed_one_never_start_and_others_do(place: Place) -> None:
    after = named("After", processing("true"), DependsOn=["Step"])
    description = place.run([processing("exit 1"), after, named("Beside", processing("true"))])
    assert description["PipelineExecutionStatus"] == "Failed"
    steps = place.steps(description["PipelineExecutionArn"])
    assert {name: step["StepStatus"] for name, step in steps.items()} == {"Step": "Failed", "Beside": "Succeeded"}


def test_lambda_step_sends_its_arguments_and_reads_its_outputs(place: Place) -> None:
    place.aws.functions.answer = lambda event: {"notified": "yes", "count": 2, "more": None}
    outputs = [{"OutputName": "notified", "OutputType": "String"}, {"OutputName": "count", "OutputType": "Integer"}]
    arguments = {
        "source": "pipeline",
        "arn": {"Get": "Execution.PipelineExecutionArn"},
        "list": [{"Get": "Parameters.P"}],
    }
    echo = processing("echo $COUNT", Environment={"COUNT": {"Std:Join": {"On": "", "Values": [COUNT]}}})
    description = place.run([notify(Arguments=arguments, OutputParameters=outputs), echo], P="p")
    arn = description["PipelineExecutionArn"]
    assert place.aws.functions.calls == [(FUNCTION, {"source": "pipeline", "arn": arn, "list": ["p"]})]
    assert place.steps(arn)["Notify"]["Metadata"]["Lambda"] == {
        "Arn": FUNCTION,
        "OutputParameters": [{"Name": "notified", "Value": "yes"}, {"Name": "count", "Value": "2"}],
    }
    assert place.log(description) == "2\n"


COUNT = {"Get": "Steps.Notify.OutputParameters['count']"}


def test_lambda_step_acts_as_the_pipelines_role(place: Place) -> None:
    place.run([notify()])
    (credentials,) = [given for service, given in place.aws.credentials if service == "lambda"]
    assert credentials is not None
    assert credentials["aws_session_token"]


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ({"errorMessage": "boom"}, "Unhandled", f"ClientError: Lambda function {FUNCTION} failed (Unhandled): "),
        (["no object"], None, "ClientError: the Lambda function did not return a JSON object"),
        ({"other": 1}, None, "output parameter 'notified' is null, not a String"),
        ({"notified": 5}, None, "output parameter 'notified' is 5, not a String"),
    ],
)
def test_lambda_step_fails_with_its_function(place: Place, answer: Any, error: str | None, reason: str) -> None:
    place.aws.functions.answer = lambda event: answer
    place.aws.functions.function_error = error
    description = place.run([notify(OutputParameters=[{"OutputName": "notified", "OutputType": "String"}])])
    assert reason in place.reason(description, "Notify")


def test_stopped_training_gets_sigterm_and_leaves_what_it_has_saved(place: Place) -> None:
    hold = place.root / "hold"
    hold.touch()
    place.program(SAVES_WHEN_ASKED.format(hold=str(hold)))
    place.create(
        [training(CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/x"}), named("After", processing("true"))]
    )
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail == ("up",), "the program's first words")
    place.api.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert place.api.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopping"
    hold.unlink()
    description = place.finish(arn)
    assert description["PipelineExecutionStatus"] == "Stopped"
    assert "FailureReason" not in description
    steps = place.steps(arn)
    assert {name: step["StepStatus"] for name, step in steps.items()} == {"Step": "Stopped"}
    assert place.aws.read("checkpoints/x/state") == b"saved"
    job = steps["Step"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[-1]
    assert place.aws.stored("training/") == [f"training/{job}/output/model.tar.gz"]
    assert place.api.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="ConflictException"):
        place.api.stop_pipeline_execution(PipelineExecutionArn=arn)


def test_job_that_ignores_sigterm_is_killed_after_the_grace_time(make_place: MakePlace) -> None:
    place = make_place(grace_seconds=0.2)
    place.create([processing("trap '' TERM; echo up; while true; do sleep 1; done")])
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail == ("up",), "the program's first words")
    place.standin.stop_execution(arn)
    assert place.finish(arn)["PipelineExecutionStatus"] == "Stopped"


def test_training_that_runs_too_long_is_stopped_and_its_model_kept(place: Place, let_time_pass: LetTimePass) -> None:
    place.program(SAVES_WHEN_ASKED.format(hold=""))
    place.create([training(StoppingCondition={"MaxRuntimeInSeconds": 3600})])
    started = place.start()
    eventually(lambda: place.running(started).log_tail == ("up",), "the program's first words")
    let_time_pass(3600)
    description = place.finish(started)
    assert description["PipelineExecutionStatus"] == "Failed"
    arn = place.steps(description["PipelineExecutionArn"])["Step"]["Metadata"]["TrainingJob"]["Arn"]
    job = place.api.describe_training_job(TrainingJobName=arn.rsplit("/", 1)[-1])
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "MaxRuntimeExceeded (3600 s)" in place.reason(description)
    assert place.aws.read(job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/"))


def test_shutting_down_stops_what_is_running(make_place: MakePlace) -> None:
    place = make_place()
    place.create([processing("trap '' TERM; echo up; while true; do sleep 1; done")])
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail == ("up",), "the program's first words")
    place.standin.stop(grace_seconds=0.1)
    assert place.running(arn).status == "Stopped"


def test_function_that_cannot_be_called_for_a_moment_is_called_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call cannot be made, the second is throttled, the third succeeds."""
    monkeypatch.setattr(retry, "AUTOMATIC", dataclasses.replace(retry.AUTOMATIC, interval_seconds=0))
    troubles: list[Exception] = [
        EndpointConnectionError(endpoint_url="https://localhost"),
        ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "Invoke"),
    ]

    def answer(event: Any) -> Any:
        if troubles:
            raise troubles.pop(0)
        return {}

    place.aws.functions.answer = answer
    description = place.run([notify()])
    assert description["PipelineExecutionStatus"] == "Succeeded"
    assert place.steps(description["PipelineExecutionArn"])["Notify"]["AttemptCount"] == 3


def test_function_that_does_not_answer_in_time_is_not_called_again(place: Place) -> None:
    def answer(event: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="https://localhost")

    place.aws.functions.answer = answer
    description = place.run([notify()])
    assert place.reason(description, "Notify") == f"ClientError: Lambda function {FUNCTION} did not answer in time"
    assert len(place.aws.functions.calls) == 1


@pytest.mark.parametrize(("attempts", "status"), [(3, "Succeeded"), (1, "Failed")])
def test_job_is_tried_again_as_its_policy_says(place: Place, attempts: int, status: str) -> None:
    failures = ["first", "second"]
    make = type(place.aws).__call__

    def sometimes(aws: Any, service: str, credentials: Any = None) -> Any:
        if service == "sts" and failures:
            raise EndpointConnectionError(endpoint_url=failures.pop(0))
        return make(aws, service, credentials)

    policy = {
        "ExceptionType": ["Step.SERVICE_FAULT"],
        "IntervalSeconds": 0,
        "BackoffRate": 2.0,
        "MaxAttempts": attempts,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(place.aws), "__call__", sometimes)
        description = place.run([processing("true") | {"RetryPolicies": [policy]}])
    assert description["PipelineExecutionStatus"] == status
    step = place.steps(description["PipelineExecutionArn"])["Step"]
    assert step["AttemptCount"] == min(attempts + 1, 3)


def test_failed_program_is_not_tried_again(place: Place) -> None:
    kinds = ["Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"]
    policy = {"ExceptionType": kinds, "IntervalSeconds": 0, "MaxAttempts": 5}
    description = place.run([processing("exit 1") | {"RetryPolicies": [policy]}])
    assert place.steps(description["PipelineExecutionArn"])["Step"]["AttemptCount"] == 1


def test_stop_ends_the_wait_for_another_try(place: Place) -> None:
    make = type(place.aws).__call__

    def never(aws: Any, service: str, credentials: Any = None) -> Any:
        if service == "sts":
            raise EndpointConnectionError(endpoint_url="https://localhost")
        return make(aws, service, credentials)

    policy = {"ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 3600, "MaxAttempts": 5}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(place.aws), "__call__", never)
        place.create([processing("true") | {"RetryPolicies": [policy]}])
        arn = place.start()
        eventually(lambda: place.running(arn).steps, "the step")
        place.standin.stop_execution(arn)
        assert place.finish(arn)["PipelineExecutionStatus"] == "Stopped"


def test_snapshot_shows_the_running_step_and_its_log(place: Place) -> None:
    place.create([processing("for i in 1 2 3 4 5 6 7 8 9; do echo tick $i; done; sleep 600")])
    arn = place.start()
    eventually(lambda: "tick 9" in place.running(arn).log_tail, "the last line")
    eventually(lambda: place.running(arn).steps[0].pid is not None, "the process id, which may come after its output")
    snapshot = place.running(arn)
    assert (snapshot.status, snapshot.pipeline_name, snapshot.ended) == ("Executing", PIPELINE, None)
    assert snapshot.log_tail[-2:] == ("tick 8", "tick 9")
    (step,) = snapshot.steps
    assert (step.name, step.type, step.status, step.phase) == ("Step", "Processing", "Executing", "Processing")


def test_fault_of_the_stand_in_itself_ends_the_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_aws.sagemaker.jobs.Job.run", lambda self, stop: 1 / 0)
    description = place.run([processing("true")])
    assert description["PipelineExecutionStatus"] == "Failed"
    assert description["FailureReason"] == "InternalServerError: division by zero"
    assert place.reason(description) == "InternalServerError: ZeroDivisionError: division by zero"
