"""Bad luck by numbers: what a world draws from its seed."""

from dataclasses import dataclass
from random import Random

from botocore.exceptions import ClientError

from tests.chaos.fakes import client_error

# How each service says "not now", once botocore's own retries are used up.
THROTTLED = {
    "dynamodb": ("ProvisionedThroughputExceededException", "ThrottlingException"),
    "lambda": ("TooManyRequestsException",),
    "s3": ("SlowDown", "RequestTimeout"),
    "sagemaker": ("ThrottlingException",),
    "sns": ("Throttling",),
    "sqs": ("RequestThrottled", "ThrottlingException"),
}
STATUS = {"SlowDown": 503}  # else 400, which alone is what an answer to HEAD tells
START_REFUSED_FOR_NOW = ("ThrottlingException", "ResourceLimitExceeded", "ConflictException")


class Crash(BaseException):
    """The function's environment is gone, in the middle of whatever it did."""


@dataclass(frozen=True)
class Luck:
    """Probabilities: of a crash before and after each call, of a call that never returns until the function's time is
    over, of each call being throttled, of SageMaker starting nothing for now or for good, of its answer to a start
    being lost, of losing and doubling an event, of others acting while one waits."""

    crash: float = 0.0
    hang: float = 0.0
    throttle: float = 0.0
    busy: float = 0.0
    refuse: float = 0.0
    lose_answer: float = 0.0
    loss: float = 0.0
    double: float = 0.0
    interleave: float = 0.0

    def refusal(self, random: Random, service: str, operation: str) -> ClientError | None:
        """The error with which a service refuses this call, having done nothing."""
        if operation == "start_pipeline_execution" and random.random() < self.busy:
            return client_error(random.choice(START_REFUSED_FOR_NOW), operation)
        if operation == "start_pipeline_execution" and random.random() < self.refuse:
            return client_error("ValidationException", operation)
        if service in THROTTLED and random.random() < self.throttle:
            code = random.choice(THROTTLED[service])
            return client_error(code, operation, STATUS.get(code, 400))
        return None
