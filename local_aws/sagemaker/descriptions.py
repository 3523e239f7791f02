"""What the API tells of executions, steps and jobs, in the shapes of SageMaker's answers.

Each function reads records; call it under the executor's lock.
"""

import math
from datetime import datetime
from typing import Any

from local_aws.sagemaker.records import ExecutionRecord, JobRecord, Selection, StepRecord


def execution_summary(record: ExecutionRecord) -> dict[str, Any]:
    return _present(
        {
            "PipelineExecutionArn": record.arn,
            "StartTime": record.created,
            "PipelineExecutionStatus": record.status,
            "PipelineExecutionDescription": record.description,
            "PipelineExecutionDisplayName": record.display_name,
            "PipelineExecutionFailureReason": record.failure_reason,
        }
    )


def execution_details(record: ExecutionRecord) -> dict[str, Any]:
    return _present(
        {
            "PipelineArn": record.pipeline_arn,
            "PipelineExecutionArn": record.arn,
            "PipelineExecutionDisplayName": record.display_name,
            "PipelineExecutionStatus": record.status,
            "PipelineExecutionDescription": record.description,
            "FailureReason": record.failure_reason,
            "CreationTime": record.created,
            "LastModifiedTime": record.modified,
            "SelectiveExecutionConfig": _selection(record.selection) if record.selection else None,
        }
    )


def step_details(record: StepRecord) -> dict[str, Any]:
    return _present(
        {
            "StepName": record.step.name,
            "StepDisplayName": record.step.display_name,
            "StepDescription": record.step.description,
            "StartTime": record.started,
            "EndTime": record.ended,
            "StepStatus": record.status,
            "FailureReason": record.failure_reason,
            "Metadata": dict(record.metadata),
            "AttemptCount": record.attempts,
            "SelectiveExecutionResult": {"SourcePipelineExecutionArn": record.reused_from}
            if record.reused_from
            else None,
        }
    )


def job_details(record: JobRecord) -> dict[str, Any]:
    """Describe a processing job, or what a training job has in common with one."""
    kind, outcome = record.job.kind, record.outcome
    return _present(
        {
            **record.job.request,
            f"{kind}JobArn": record.job.arn,
            f"{kind}JobStatus": outcome.status if outcome else "InProgress",
            "FailureReason": outcome.failure_reason if outcome else None,
            "ExitMessage": outcome.exit_message if outcome else None,
            "CreationTime": record.created,
            f"{kind}StartTime": record.job.started,
            f"{kind}EndTime": record.ended,
            "LastModifiedTime": record.ended or record.job.started or record.created,
        }
    )


def training_details(record: JobRecord) -> dict[str, Any]:
    seconds = _whole_seconds(record.job.started, record.ended)
    return _present(
        {
            **job_details(record),
            "SecondaryStatus": record.job.phase,
            "ModelArtifacts": {"S3ModelArtifacts": record.job.model_uri},
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }
    )


def _whole_seconds(start: datetime | None, end: datetime | None) -> int | None:
    """Return a job's time as it is billed: every second that was begun, and at least one."""
    return max(1, math.ceil((end - start).total_seconds())) if start and end else None


def _selection(selection: Selection) -> dict[str, Any]:
    return _present(
        {
            "SourcePipelineExecutionArn": selection.source_arn,
            "SelectedSteps": [{"StepName": name} for name in selection.steps],
        }
    )


def _present(details: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if value is not None}
