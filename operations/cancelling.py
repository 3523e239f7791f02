"""Ends a run. What its training had reached is kept."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from contract.names import Execution
from contract.statuses import STARTING
from operations.errors import RunError
from operations.runs import ACTIVE, describe_execution
from operations.workshop_stack import Workshop
from workshop.platform.errors import CannotEnd
from workshop.watching import cancel_run

LOOK_SECONDS = 2.0


def cancel(workshop: Workshop, execution: Execution) -> str:
    """Ask SageMaker to stop the run; returns the run's status. Raises RunError if it has ended otherwise."""
    try:
        return cancel_run(workshop.client("sagemaker"), execution)
    except CannotEnd as error:
        raise RunError(str(error)) from error


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
