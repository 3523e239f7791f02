"""What can go wrong in the stand-in for SageMaker.

StandInError
├── DefinitionError   a pipeline definition that SageMaker refuses, or that uses what this stand-in does not run
├── ParameterError    values given to StartPipelineExecution do not fit the definition's parameters
├── SelectionError    a selective execution that the pipeline or the source execution does not allow
├── ExpressionError   an expression cannot be read, or cannot be worked out from what the run has produced
├── ImageError        a container image that cannot be run on this machine
├── DataError         a job's input or output in S3 is not what the job's request promised
└── StepError         a step has failed; carries what the run's history and its retry policies need to know
"""


class StandInError(Exception):
    """The stand-in cannot do what it was asked; the message names the offender."""


class PipelineDefinitionError(StandInError):
    """A pipeline definition is wrong, or uses something that this stand-in does not run."""


class PipelineParameterError(StandInError):
    """Values given to StartPipelineExecution do not fit the definition's parameters."""


class SelectionError(StandInError):
    """The steps given to StartPipelineExecution cannot be run on their own, or not on what the source has left."""


class ExpressionError(StandInError):
    """An expression of a pipeline definition cannot be read or worked out."""


class ImageError(StandInError):
    """A container image cannot be run on this machine."""


class DataError(StandInError):
    """A job's input or output in S3 is not what the job's request promised."""


class FailedStepError(StandInError):
    """A step has failed.

    The message is the step's FailureReason. `exception_type` is what retry policies match on, e.g. "Step.THROTTLING";
    None for what no policy retries.
    """

    def __init__(self, reason: str, exception_type: str | None = None) -> None:
        super().__init__(reason)
        self.exception_type = exception_type
