"""Has a run's training end now, with what it has learned: pictures are made of it, and the run succeeds.

SageMaker can only stop a training, which its pipeline takes for a failure. So the request is an object that the
training looks for by itself (containers.train.ending).
"""

from contract import layout
from contract.names import Execution
from contract.pipeline import Step
from operations.describing import parameters_of
from operations.errors import RunError
from operations.progress import Progress, read_progress
from operations.runs import ACTIVE, describe_execution, identity_of
from operations.workshop_stack import Workshop


def finish(workshop: Workshop, execution: Execution) -> Progress:
    """Ask the run's training to end; returns how far it has come. Raises RunError if it has nothing to end with."""
    found = describe_execution(workshop, execution)
    status = found["PipelineExecutionStatus"]
    if status not in ACTIVE:
        raise RunError(f"The run {execution.id} has ended already: {status}.")
    dataset, _ = identity_of(found)
    if not dataset:
        raise RunError(f"The run {execution.id} was not started by the workshop: nobody looks for a request to end it.")
    steps = workshop.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=execution.arn)
    training = next((step for step in steps["PipelineExecutionSteps"] if step["StepName"] == Step.TRAIN), None)
    if training is None:
        raise RunError(f"The training of {execution.id} has not begun; `cancel` ends the run.")
    if "EndTime" in training:
        raise RunError(f"The training of {execution.id} has ended already; its pictures are being made.")
    checkpoints = parameters_of(workshop, execution)["TrainCheckpointPath"]
    progress = read_progress(workshop, checkpoints, training["StartTime"])
    if progress is None:
        raise RunError(
            f"The training of {execution.id} has not told any progress yet, so there is nothing to make pictures of. "
            f"Wait for its first minutes; `cancel` ends the run without pictures."
        )
    workshop.client("s3").put_object(Bucket=workshop.bucket, Key=layout.finish_request(dataset, execution.id), Body=b"")
    return progress
