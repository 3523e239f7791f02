"""Ends a run. What its training had reached is kept."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from contract.names import Execution
from contract.statuses import STARTING, STOPPED, STOPPING
from operations.aws import error_code
from operations.errors import RunError
from operations.runs import ACTIVE, describe_execution
from operations.workshop_stack import Workshop

LOOK_SECONDS = 2.0


def stop_token(arn: str) -> str:
    """ClientRequestToken (64 characters; the API takes 32 to 128): a function of the run, so that cancelling twice is
    cancelling once."""
    return hashlib.sha256(f"stop|{arn}".encode()).hexdigest()


def cancel(workshop: Workshop, execution: Execution) -> str:
    """Ask SageMaker to stop the run; returns the run's status. Raises RunError if it has ended otherwise."""
    status: str = describe_execution(workshop, execution)["PipelineExecutionStatus"]
    if status == STOPPED:
        return status
    if status not in ACTIVE:
        raise RunError(f"The run {execution.id} has ended already: {status}.")
    try:
        workshop.client("sagemaker").stop_pipeline_execution(
            PipelineExecutionArn=execution.arn, ClientRequestToken=stop_token(execution.arn)
        )
    except ClientError as error:
        if error_code(error) not in {"ConflictException", "ValidationException"}:
            raise
        # It may have ended between the two calls.
        now: str = describe_execution(workshop, execution)["PipelineExecutionStatus"]
        if now in ACTIVE:
            raise
        raise RunError(f"The run {execution.id} has ended meanwhile: {now}.") from error
    return STOPPING


def follow_run(
    workshop: Workshop, execution: Execution, pause: Callable[[float], Any] = time.sleep
) -> Iterator[tuple[str, str]]:
    """Status of the run and names of the steps at work, each time one of them changes, until the run has ended."""
    sagemaker = workshop.client("sagemaker")
    last = ("", "")
    while True:
        status = describe_execution(workshop, execution)["PipelineExecutionStatus"]
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution.arn)["PipelineExecutionSteps"]
        news = (status, ", ".join(step["StepName"] for step in steps if step["StepStatus"] in {*ACTIVE, STARTING}))
        if news != last:
            yield news
        if status not in ACTIVE:
            return
        last = news
        pause(LOOK_SECONDS)
