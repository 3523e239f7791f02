"""Has a run's training end now, with what it has learned: pictures are made of it, and the run succeeds."""

from contract.names import Execution
from contract.training_progress import TrainingProgress
from operations.errors import RunError
from operations.workshop_stack import Workshop
from workshop.platform.errors import CannotEnd
from workshop.watching import finish_training


def finish(workshop: Workshop, execution: Execution) -> TrainingProgress:
    """Ask the run's training to end; returns how far it has come. Raises RunError if it has nothing to end with."""
    try:
        return finish_training(workshop.client("s3"), workshop.client("sagemaker"), workshop.bucket, execution)
    except CannotEnd as error:
        raise RunError(str(error)) from error
