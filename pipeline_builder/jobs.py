"""What the three jobs have in common: where a run's files go, and when the pipeline tries a job again."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_builder.parameters import given
from pipeline_builder.sdk import (
    ExecutionVariables,
    Join,
    PipelineSession,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)

IN_PROCESSING = "/opt/ml/processing"  # the service refuses any other LocalPath in a processing job


@dataclass(frozen=True)
class Build:
    """What every step's builder needs: the offline session and stand-ins for the ARNs that deployment fills in."""

    session: PipelineSession
    job_role_arn: str
    notify_function_arn: str


def run_folder(name: str) -> Join:
    """URI of a folder of the current run: <TrainOutputPath>/<execution id>/<name>."""
    return Join(on="/", values=[given("TrainOutputPath"), ExecutionVariables.PIPELINE_EXECUTION_ID, name])


def s3_input(name: str, uri: object) -> ProcessingInput:
    """An input of a processing job, copied to .../input/<name> before the job starts.

    `uri` is an S3 prefix or one object. Images come in neither way: they are listed in a record, which is one object,
    and fetched by the job itself (containers.fetching), because a ManifestFile names keys and no versions.
    """
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{IN_PROCESSING}/input/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def s3_output(name: str, folder: str) -> ProcessingOutput:
    """An output of a processing job: .../output/<name> is copied to the run's `folder` when the job ends."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            # Explicit for every output: the SDK would otherwise look up (and make) the account's default bucket.
            s3_uri=run_folder(folder),
            local_path=f"{IN_PROCESSING}/output/{name}",
            s3_upload_mode="EndOfJob",
        ),
    )


def retry_policies() -> list[object]:
    """The policies by which a job is tried again: never after a failure of our own code, which would come again.

    A policy has MaxAttempts (at most 20) or ExpireAfterMin, not both, and an error belongs to one policy only.
    The SDK writes SageMaker.CAPACITY_ERROR where the developer guide has SageMaker.JOB_CAPACITY_ERROR; the SDK's
    spelling has been in use since 2021 and stands here.
    """
    return [
        StepRetryPolicy(
            exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
            interval_seconds=10,
            backoff_rate=2.0,
            max_attempts=6,
        ),
        SageMakerJobStepRetryPolicy(
            exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
            failure_reason_types=[SageMakerJobExceptionTypeEnum.CAPACITY_ERROR],
            # Quotas and capacity come back in minutes to hours; waiting costs nothing.
            interval_seconds=60,
            backoff_rate=2.0,
            expire_after_mins=240,
        ),
        SageMakerJobStepRetryPolicy(
            failure_reason_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR],
            interval_seconds=30,
            backoff_rate=2.0,
            max_attempts=3,
        ),
    ]
