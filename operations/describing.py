"""Everything about one run: what it was asked, how its steps went, what was sent, where its files are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract import layout
from contract.names import Execution
from contract.statuses import SUCCEEDED
from contract.training_progress import TrainingProgress
from operations.runs import ACTIVE, describe_execution, find_execution, identity_of
from operations.text import from_ms, one_line
from operations.workshop_stack import Workshop
from workshop.ledger import RunRecord, Runs
from workshop.notices.failures import gather_failure, log_url
from workshop.platform.clients import list_steps, parameters_of
from workshop.platform.items import from_item, to_item
from workshop.watching import sheet_uri, training_progress
from workshop.words import words


@dataclass(frozen=True)
class StepDetails:
    """One step that has begun. `log` is "" for a step without a job."""

    name: str
    status: str
    started: datetime | None
    ended: datetime | None
    attempts: int
    reason: str
    log: str


@dataclass(frozen=True)
class SentNotice:
    """A notice of the run. `sent` is None while it is being sent, or if its sender has died."""

    kind: str
    sent: datetime | None


@dataclass(frozen=True)
class Description:
    """One run. `files` and `checkpoints` are S3 URIs, "" for an execution that the workshop did not start. `estimate`
    is how long it was to take, and how far off that was, "" where nobody knows; `progress` that of a training that is
    under way."""

    arn: str
    dataset: str
    attempt: int
    status: str
    started: datetime
    ended: datetime | None
    failed_step: str
    reason: str
    files: str
    checkpoints: str
    log: str
    estimate: str
    progress: TrainingProgress | None
    parameters: dict[str, str]
    steps: list[StepDetails]
    notices: list[SentNotice]

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def newest_sheet(self) -> str:
        """S3 URI of the newest sheet of samples of a training that is under way, "" before the first."""
        sheets = self.progress.sheets if self.progress else ()
        return sheet_uri(self.checkpoints, sheets[-1]) if sheets else ""


def describe_run(workshop: Workshop, text: str) -> Description:
    """The run with this id or ARN. Raises UsageError or RunError if there is none."""
    execution = find_execution(workshop, text)
    found = describe_execution(workshop, execution)
    sagemaker = workshop.client("sagemaker")
    status = found["PipelineExecutionStatus"]
    dataset, attempt = identity_of(found)
    parameters = parameters_of(sagemaker, execution.arn)
    listed = list(list_steps(sagemaker, execution.arn))
    steps = [_step(step, execution) for step in listed]
    failed_step = reason = log = ""
    if status not in ACTIVE | {SUCCEEDED}:
        # The words of the mail: they know where SageMaker hides a job's own sentence.
        failure = gather_failure(words("en"), sagemaker, execution, status, restart=())
        failed_step, reason, log = failure.step_words, one_line(failure.reason), failure.log_url
    return Description(
        arn=execution.arn,
        dataset=dataset,
        attempt=attempt,
        status=status,
        started=found["CreationTime"],
        ended=None if status in ACTIVE else found.get("LastModifiedTime"),
        failed_step=failed_step,
        reason=reason,
        files=f"s3://{workshop.bucket}/{layout.run(dataset, execution.id)}" if dataset else "",
        checkpoints=parameters.get("TrainCheckpointPath", ""),
        progress=training_progress(workshop.client("s3"), parameters, listed),
        log=log or next((step.log for step in reversed(steps) if step.log), ""),
        estimate=_estimate(Runs(workshop.client("dynamodb"), workshop.table).read(execution.arn)),
        parameters=parameters,
        steps=steps,
        notices=_notices(workshop, execution.arn),
    )


def _estimate(run: RunRecord | None) -> str:
    """What was estimated before the run began, and how far off that was; "" if nothing was."""
    seconds = None if run is None or run.estimate is None else run.estimate.seconds
    if run is None or seconds is None:
        return ""
    errors = [
        f"{abs(percent)} % too {'long' if percent > 0 else 'short'} {when}"
        for percent, when in ((run.estimate_error, "before it began"), (run.early_error, "early in its training"))
        if percent is not None
    ]
    return ", ".join([f"about {words('en').rough_duration(seconds)}", *errors])


def _step(step: dict[str, Any], execution: Execution) -> StepDetails:
    return StepDetails(
        name=step["StepName"],
        status=step["StepStatus"],
        started=step.get("StartTime"),
        ended=step.get("EndTime"),
        attempts=step.get("AttemptCount", 1),
        reason=one_line(step.get("FailureReason") or ""),
        log=log_url(step, execution),
    )


def _notices(workshop: Workshop, arn: str) -> list[SentNotice]:
    pages = (
        workshop.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=workshop.table,
            KeyConditionExpression="pk = :run AND begins_with(sk, :notice)",
            ExpressionAttributeValues=to_item({":run": f"RUN#{arn}", ":notice": "NOTICE#"}),
            ConsistentRead=True,
        )
    )
    items = [from_item(item) for page in pages for item in page["Items"]]
    found = [
        SentNotice(item["sk"].removeprefix("NOTICE#"), from_ms(item["sentAt"]) if "sentAt" in item else None)
        for item in items
    ]
    return sorted(found, key=lambda notice: (notice.sent is None, notice.sent or 0, notice.kind))
