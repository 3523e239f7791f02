"""Ends runs that are under way: at once, or with pictures of what their training has learned.

SageMaker can only stop a training, which its pipeline takes for a failure. So the request to finish is an object that
the training looks for by itself (containers.train.ending).

What is needed of AWS: DescribePipelineExecution, StopPipelineExecution, ListPipelineExecutionSteps and
ListPipelineParametersForExecution of the pipeline's executions; to read checkpoints/*/progress.json and to write
runs/*/finish.
"""

import hashlib
from typing import Any

from botocore.exceptions import ClientError

from contract import layout
from contract.names import Execution
from contract.run_identity import RunIdentity
from contract.statuses import STOPPED, STOPPING, TERMINAL
from contract.training_progress import TrainingProgress
from workshop.platform.clients import NOT_FOUND, S3, Response, SageMaker, error_code, list_steps, parameters_of
from workshop.platform.errors import CannotEnd, WhyNot
from workshop.watching.progress import training_progress, training_step


def cancel_run(sagemaker: SageMaker, execution: Execution) -> str:
    """Ask SageMaker to stop a run; returns its status then. Raises CannotEnd if it has ended otherwise."""
    status = _describe(sagemaker, execution)["PipelineExecutionStatus"]
    if status == STOPPED:
        return STOPPED
    if status in TERMINAL:
        raise CannotEnd(WhyNot.ENDED, f"The run {execution.id} has ended already: {status}.")
    try:
        sagemaker.stop_pipeline_execution(
            PipelineExecutionArn=execution.arn, ClientRequestToken=stop_token(execution.arn)
        )
    except ClientError as error:
        if error_code(error) not in {"ConflictException", "ValidationException"}:
            raise
        # It may have ended between the two calls.
        now = _describe(sagemaker, execution)["PipelineExecutionStatus"]
        if now not in TERMINAL:
            raise
        raise CannotEnd(WhyNot.ENDED, f"The run {execution.id} has ended meanwhile: {now}.") from error
    return STOPPING


def stop_token(arn: str) -> str:
    """ClientRequestToken (64 characters; the API takes 32 to 128): a function of the run, so that cancelling twice is
    cancelling once."""
    return hashlib.sha256(f"stop|{arn}".encode()).hexdigest()


def finish_training(s3: S3, sagemaker: SageMaker, bucket: str, execution: Execution) -> TrainingProgress:
    """Have a run's training end now: pictures are made of what it has learned, and the run succeeds. Returns how far it
    has come. Twice is once. Raises CannotEnd if there is nothing to end, or nothing to end with."""
    found = _describe(sagemaker, execution)
    status = found["PipelineExecutionStatus"]
    if status in TERMINAL:
        raise CannotEnd(WhyNot.ENDED, f"The run {execution.id} has ended already: {status}.")
    identity = RunIdentity.from_json(found.get("PipelineExecutionDescription"))
    if identity is None:
        raise CannotEnd(
            WhyNot.NOT_OURS,
            f"The run {execution.id} was not started by the workshop: nobody looks for a request to end it.",
        )
    steps = list(list_steps(sagemaker, execution.arn))
    training = training_step(steps)
    if training is None:
        raise CannotEnd(
            WhyNot.NOT_TRAINING_YET, f"The training of {execution.id} has not begun; `cancel` ends the run."
        )
    if "EndTime" in training:
        raise CannotEnd(
            WhyNot.TRAINING_OVER, f"The training of {execution.id} has ended already; its pictures are being made."
        )
    progress = training_progress(s3, parameters_of(sagemaker, execution.arn), steps)
    if progress is None or not progress.has_learned:
        raise CannotEnd(
            WhyNot.NOTHING_LEARNED,
            f"The training of {execution.id} has not told any progress yet, so there is nothing to make pictures of. "
            f"Wait for its first minutes; `cancel` ends the run without pictures.",
        )
    s3.put_object(Bucket=bucket, Key=layout.finish_request(identity.dataset, execution.id), Body=b"")
    return progress


def _describe(sagemaker: SageMaker, execution: Execution) -> Response:
    try:
        described: dict[str, Any] = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution.arn)
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            raise CannotEnd(WhyNot.UNKNOWN_RUN, f"SageMaker knows no run {execution.id}; `runs` lists them.") from error
        raise
    return described
