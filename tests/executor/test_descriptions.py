"""What the API answers is what the service's shapes allow, and holds what notices tell of a job."""

import json
import urllib.request
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from tests.executor.support import (
    BUCKET,
    PIPELINE,
    Place,
    condition,
    counting,
    eventually,
    fail,
    named,
    notify,
    processing,
    signed,
    training,
)

MODEL = botocore.session.get_session().get_service_model("sagemaker")


def ask(place: Place, operation: str, **members: Any) -> dict[str, Any]:
    """Call the API without an SDK, which would drop unknown members, and check the answer's shape."""
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    request = signed(place.standin.url, json.dumps(members).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    shape = MODEL.operation_model(operation).output_shape
    assert ParamValidator().validate(answer, shape).generate_report() == ""
    return answer


def job_names(place: Place, arn: str) -> dict[str, str]:
    """Return the jobs of an execution's steps."""
    metadata = {name: step["Metadata"] for name, step in place.steps(arn).items()}
    jobs = {name: next(iter(kinds.values())).get("Arn", "") for name, kinds in metadata.items()}
    return {name: job.rsplit("/", 1)[-1] for name, job in jobs.items() if "-job/" in job}


def test_every_answer_about_an_ended_run_has_the_services_shape(place: Place) -> None:
    place.program("")
    steps = [counting(3), condition(3, 3, [notify()], [fail("no")]), named("Train", training())]
    description = place.run([*steps, {**fail("enough"), "Name": "End", "DependsOn": ["Train", "Notify"]}])
    arn = description["PipelineExecutionArn"]
    ask(place, "DescribePipeline", PipelineName=PIPELINE)
    ask(place, "DescribePipelineExecution", PipelineExecutionArn=arn)
    ask(place, "DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)
    ask(place, "ListPipelineParametersForExecution", PipelineExecutionArn=arn)
    ask(place, "ListPipelineExecutions", PipelineName=PIPELINE)
    listed = ask(place, "ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [step["StepName"] for step in listed] == ["End", "Train", "Notify", "Enough", "Step"]


def test_every_answer_about_a_selective_run_has_the_services_shape(place: Place) -> None:
    source = place.run([processing("true"), notify(DependsOn=["Step"])])["PipelineExecutionArn"]
    arn = place.start("s" * 32, ["Notify"], source)
    place.finish(arn)
    config = ask(place, "DescribePipelineExecution", PipelineExecutionArn=arn)["SelectiveExecutionConfig"]
    assert config == {"SelectedSteps": [{"StepName": "Notify"}], "SourcePipelineExecutionArn": source}
    listed = ask(place, "ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [step.get("SelectiveExecutionResult") for step in listed] == [None, {"SourcePipelineExecutionArn": source}]


def test_an_ended_training_job_tells_its_times_and_its_instance(place: Place) -> None:
    place.program("import os\nopen(os.environ.get('SAGEMAKER_BASE_DIR', '/opt/ml') + '/model/network', 'w')\n")
    arn = place.run([training()])["PipelineExecutionArn"]
    (name,) = job_names(place, arn).values()
    job = ask(place, "DescribeTrainingJob", TrainingJobName=name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    assert job["CreationTime"] <= job["TrainingStartTime"] < job["TrainingEndTime"]
    assert job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"] >= 1
    assert job["ResourceConfig"] == {"InstanceCount": 1, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 30}
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": f"s3://{BUCKET}/training/{name}/output/model.tar.gz"}


def test_a_failed_training_job_is_billed_for_every_second_begun_and_has_its_reason(place: Place) -> None:
    place.program("import sys, time\ntime.sleep(1.1)\nsys.exit(1)\n")
    arn = place.run([training()])["PipelineExecutionArn"]
    (name,) = job_names(place, arn).values()
    job = ask(place, "DescribeTrainingJob", TrainingJobName=name)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["BillableTimeInSeconds"] >= job["TrainingEndTime"] - job["TrainingStartTime"] > 1
    assert job["FailureReason"].startswith("AlgorithmError: ")


def test_an_ended_processing_job_tells_its_times_and_its_instance(place: Place) -> None:
    arn = place.run([processing("echo 'all well' > /opt/ml/output/message")])["PipelineExecutionArn"]
    (name,) = job_names(place, arn).values()
    job = ask(place, "DescribeProcessingJob", ProcessingJobName=name)
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "all well")
    assert job["CreationTime"] <= job["ProcessingStartTime"] < job["ProcessingEndTime"]
    cluster = job["ProcessingResources"]["ClusterConfig"]
    assert cluster == {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}


def test_a_job_that_runs_has_a_start_and_no_end(place: Place) -> None:
    place.program("import time\nprint('up', flush=True)\ntime.sleep(600)\n")
    place.create([training()])
    arn = place.start()
    eventually(lambda: place.running(arn).log_tail, "the program")
    (name,) = job_names(place, arn).values()
    job = ask(place, "DescribeTrainingJob", TrainingJobName=name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Training")
    assert "TrainingStartTime" in job
    assert not job.keys() & {"TrainingEndTime", "TrainingTimeInSeconds", "BillableTimeInSeconds"}
