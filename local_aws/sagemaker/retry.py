"""Retry policies of a step.

Source: SageMaker Developer Guide, "Retry Policy for Pipeline Steps". What can occur on one machine: Step.SERVICE_FAULT
and Step.THROTTLING when the embedded AWS answers so, SageMaker.JOB_INTERNAL_ERROR when a job's data cannot be moved for
such a reason. SageMaker tries again after the first two by itself, for a time that is not documented; see `AUTOMATIC`.
"""

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.errors import PipelineDefinitionError
from local_aws.sagemaker.expressions import Json

SERVICE_FAULT = "Step.SERVICE_FAULT"
THROTTLING = "Step.THROTTLING"
JOB_INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
# The developer guide's older text has JOB_CAPACITY_ERROR, the SDKs emit CAPACITY_ERROR; neither occurs here.
EXCEPTION_TYPES = frozenset(
    {
        SERVICE_FAULT,
        THROTTLING,
        JOB_INTERNAL_ERROR,
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.JOB_CAPACITY_ERROR",
        "SageMaker.RESOURCE_LIMIT",
    }
)
MAX_ATTEMPTS = 20
LONGEST_INTERVAL_SECONDS = 43_200.0

_THROTTLING_CODES = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
)
_SERVER_ERROR = 500


@dataclass(frozen=True)
class RetryPolicy:
    """One policy: at most `max_attempts` retries, or retries until `expire_seconds` after the step's start."""

    exception_types: frozenset[str]
    interval_seconds: float
    backoff_rate: float
    max_attempts: int | None
    expire_seconds: float | None

    def delay(self, retries_so_far: int, elapsed_seconds: float) -> float | None:
        """Return the seconds to wait before the next try, or None if this policy gives up."""
        if self.max_attempts is not None and retries_so_far >= self.max_attempts:
            return None
        if self.expire_seconds is not None and elapsed_seconds >= self.expire_seconds:
            return None
        delay = self.interval_seconds
        for _ in range(retries_so_far):
            delay = min(delay * self.backoff_rate, LONGEST_INTERVAL_SECONDS)
        return delay


AUTOMATIC = RetryPolicy(frozenset({SERVICE_FAULT, THROTTLING}), 1.0, 2.0, 3, None)
"""What holds for any step whose own policies do not name these types."""


def parse_retry_policies(items: Json) -> tuple[RetryPolicy, ...]:
    """Parse a step's RetryPolicies; an exception type may be in one policy only."""
    if not isinstance(items, list):
        raise PipelineDefinitionError("RetryPolicies is not a list")
    policies = tuple(_parse(item) for item in items)
    seen: set[str] = set()
    for policy in policies:
        if repeated := seen & policy.exception_types:
            raise PipelineDefinitionError(f"{', '.join(sorted(repeated))} is in more than one retry policy")
        seen |= policy.exception_types
    return policies


def exception_type_of(error: BaseException) -> str | None:
    """Return the retryable exception type that an error of an AWS call stands for, or None if repeating the call cannot
    help."""
    if isinstance(error, ClientError):
        response = error.response
        if response.get("Error", {}).get("Code") in _THROTTLING_CODES:
            return THROTTLING
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return SERVICE_FAULT if status >= _SERVER_ERROR else None
    return SERVICE_FAULT if isinstance(error, BotoCoreError) else None


def _parse(item: Json) -> RetryPolicy:
    if not isinstance(item, dict) or item.keys() - {
        "ExceptionType",
        "IntervalSeconds",
        "BackoffRate",
        "MaxAttempts",
        "ExpireAfterMin",
    }:
        raise PipelineDefinitionError(
            "a retry policy has ExceptionType, IntervalSeconds, BackoffRate, and MaxAttempts or ExpireAfterMin"
        )
    types = item.get("ExceptionType")
    if not isinstance(types, list) or not types or not all(isinstance(name, str) for name in types):
        raise PipelineDefinitionError("ExceptionType of a retry policy is a list of names")
    if unknown := set(types) - EXCEPTION_TYPES:
        raise PipelineDefinitionError(f"retry policies do not know {', '.join(sorted(unknown))}")
    interval, rate = _number(item, "IntervalSeconds", 1), _number(item, "BackoffRate", 2.0)
    attempts, minutes = item.get("MaxAttempts"), item.get("ExpireAfterMin")
    if (attempts is None) == (minutes is None):
        raise PipelineDefinitionError("a retry policy needs MaxAttempts or ExpireAfterMin, not both")
    if attempts is not None and (type(attempts) is not int or not 1 <= attempts <= MAX_ATTEMPTS):
        raise PipelineDefinitionError(f"MaxAttempts of a retry policy is a number from 1 to {MAX_ATTEMPTS}")
    return RetryPolicy(
        exception_types=frozenset(types),
        interval_seconds=interval,
        backoff_rate=rate,
        max_attempts=attempts,
        expire_seconds=None if minutes is None else 60 * _number(item, "ExpireAfterMin", 0),
    )


def _number(item: dict[str, Json], key: str, default: float) -> float:
    value = item.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_INTERVAL_SECONDS:
        raise PipelineDefinitionError(f"{key} of a retry policy is a number from 0 to {LONGEST_INTERVAL_SECONDS:.0f}")
    return float(value)
