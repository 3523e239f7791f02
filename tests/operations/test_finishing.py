"""finish: a training that has learned something ends with pictures; and what is told of one that is under way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.run_identity import RunIdentity
from tests.operations.shell import FINGERPRINT, PIPELINE_ARN, Shell, real_client

BEGUN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TRAINING = {"StepName": "Train", "StepStatus": "Executing", "StartTime": BEGUN}
PROGRESS = {
    "kimg": 131.0,
    "wanted_kimg": 2000.0,
    "ended": "",
    "seconds": 3000.0,
    "sec_per_kimg": 20.0,
    "estimated_seconds": 40_500.0,
    "seconds_left": 37_380.0,
    "sheets": [
        {"key": "0123456789abcdef/samples/sheet-01.png", "kimg": 0.0},
        {"key": "0123456789abcdef/samples/sheet-02.png", "kimg": 120.0},
    ],
    "written": (BEGUN + timedelta(hours=1)).isoformat(),
}


class OneRun:
    """Fakes SageMaker's answers about one execution, which trains into `checkpoints`."""

    def __init__(self, bucket: str, *steps: dict[str, Any], status: str = "Executing", dataset: str = "cats") -> None:
        self.bucket, self.steps, self.status, self.dataset = bucket, steps, status, dataset

    def describe_pipeline(self, PipelineName: str) -> dict[str, Any]:
        return {"PipelineArn": PIPELINE_ARN}

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> dict[str, Any]:
        described = RunIdentity(self.dataset, FINGERPRINT, 1).to_json() if self.dataset else "by hand"
        times = {"CreationTime": BEGUN}
        return {"PipelineExecutionStatus": self.status, "PipelineExecutionDescription": described, **times}

    def list_pipeline_execution_steps(self, PipelineExecutionArn: str, **page: Any) -> dict[str, Any]:
        return {"PipelineExecutionSteps": list(self.steps)}

    def list_pipeline_parameters_for_execution(self, PipelineExecutionArn: str, **page: Any) -> dict[str, Any]:
        checkpoints = {"Name": "TrainCheckpointPath", "Value": f"s3://{self.bucket}/checkpoints/cats/x/"}
        return {"PipelineParameters": [checkpoints]}


@pytest.fixture
def bucket(shell: Shell) -> str:
    return shell.bucket


def tell(bucket: str, progress: object) -> None:
    body = json.dumps(progress).encode()
    real_client("s3").put_object(Bucket=bucket, Key="checkpoints/cats/x/progress.json", Body=body)


def requests(bucket: str) -> list[str]:
    listed = real_client("s3").list_objects_v2(Bucket=bucket, Prefix="runs/")
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_a_training_is_asked_to_end_and_it_is_said_how_far_it_came(shell: Shell, bucket: str) -> None:
    shell.others["sagemaker"] = OneRun(bucket, TRAINING)
    tell(bucket, PROGRESS)
    said = shell.succeed("finish", "abc")
    assert said == "The training of abc ends within a minute, at about 131 of 2,000 kimg.\n"
    assert requests(bucket) == ["runs/cats/abc/finish"]
    assert shell.succeed("finish", "abc") == said  # twice is once


@pytest.mark.parametrize(
    ("steps", "changes", "progress", "sentence"),
    [
        ([], {"status": "Succeeded"}, PROGRESS, "The run abc has ended already: Succeeded."),
        ([TRAINING], {"dataset": ""}, PROGRESS, "was not started by the workshop"),
        ([{"StepName": "Prepare", "StartTime": BEGUN}], {}, PROGRESS, "The training of abc has not begun"),
        ([{**TRAINING, "EndTime": BEGUN}], {}, PROGRESS, "its pictures are being made"),
        ([TRAINING], {}, None, "nothing to make pictures of"),
        ([TRAINING], {}, {**PROGRESS, "written": (BEGUN - timedelta(1)).isoformat()}, "nothing to make pictures of"),
        ([TRAINING], {}, {**PROGRESS, "kimg": "much"}, "nothing to make pictures of"),
        ([TRAINING], {}, {**PROGRESS, "kimg": 0.0, "phase": "starting"}, "nothing to make pictures of"),
    ],
)
def test_what_there_is_nothing_of_to_end_with_is_told_and_nothing_is_asked(
    shell: Shell, bucket: str, steps: list[dict[str, Any]], changes: dict[str, str], progress: object, sentence: str
) -> None:
    """Also where an earlier job, of the same training, has left its progress."""
    shell.others["sagemaker"] = OneRun(bucket, *steps, **changes)
    if progress is not None:
        tell(bucket, progress)
    assert sentence in shell.fail("finish", "abc")
    assert requests(bucket) == []


def test_a_description_tells_how_far_the_training_is(shell: Shell, bucket: str) -> None:
    shell.others["sagemaker"] = OneRun(bucket, TRAINING)
    tell(bucket, PROGRESS)
    said = shell.succeed("describe", "abc")
    assert "131 of 2,000 kimg, about 10 h 23 min left" in said
    assert f"s3://{bucket}/checkpoints/cats/x/0123456789abcdef/samples/sheet-02.png" in said
