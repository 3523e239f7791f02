"""Which runs there are: SageMaker's list, with what the ledger knows about each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from contract.errors import RefusedName
from contract.names import Execution, parse_execution
from contract.run_identity import RunIdentity
from contract.statuses import EXECUTING, STOPPING, TERMINAL
from operations.aws import error_code
from operations.errors import RunError, UsageError
from operations.text import from_ms, one_line
from operations.workshop_stack import Workshop
from workshop.ledger import Runs

ACTIVE = frozenset({EXECUTING, STOPPING})
STATUSES = (*sorted(ACTIVE), *sorted(TERMINAL))
NOT_FOUND = frozenset({"ResourceNotFound", "ResourceNotFoundException"})

_ID = re.compile(r"[a-zA-Z0-9]{1,64}")


@dataclass(frozen=True)
class RunSummary:
    """One run. `dataset` is "" for an execution that the workshop did not start; `ended`, `preset` and `images` are
    None where the ledger does not know (any more)."""

    arn: str
    dataset: str
    attempt: int
    status: str
    started: datetime
    ended: datetime | None
    preset: str | None
    images: int | None
    reason: str

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far."""
        if self.status in ACTIVE:
            return (datetime.now(UTC) - self.started).total_seconds()
        return (self.ended - self.started).total_seconds() if self.ended else None


def list_runs(workshop: Workshop, dataset: str | None, status: str | None, limit: int) -> list[RunSummary]:
    """The newest `limit` runs (of the dataset, with the status), newest first."""
    ledger = Runs(workshop.client("dynamodb"), workshop.table)
    chosen = (
        execution
        for execution in executions(workshop)
        if status in (None, execution["PipelineExecutionStatus"]) and dataset in (None, identity_of(execution)[0])
    )
    return [_run(execution, ledger) for execution in islice(chosen, limit)]


def executions(workshop: Workshop) -> Iterator[dict[str, Any]]:
    """SageMaker's summaries of the pipeline's executions, newest first."""
    pages = workshop.client("sagemaker").get_paginator("list_pipeline_executions")
    try:
        for page in pages.paginate(PipelineName=workshop.pipeline, SortBy="CreationTime", SortOrder="Descending"):
            yield from page["PipelineExecutionSummaries"]
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            raise _no_pipeline(workshop) from error
        raise


def identity_of(execution: dict[str, Any]) -> tuple[str, int]:
    """Dataset and attempt of an execution; ("", 0) for one that the workshop did not start."""
    identity = RunIdentity.from_json(execution.get("PipelineExecutionDescription"))
    return (identity.dataset, identity.attempt) if identity else ("", 0)


def find_execution(workshop: Workshop, text: str) -> Execution:
    """The execution that `text`, an id or an ARN, names. Whether it exists is not asked.

    Raises UsageError for what is neither, or an execution of another pipeline.
    """
    sagemaker = workshop.client("sagemaker")
    try:
        pipeline_arn = sagemaker.describe_pipeline(PipelineName=workshop.pipeline)["PipelineArn"]
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            raise _no_pipeline(workshop) from error
        raise
    arn = f"{pipeline_arn}/execution/{text}" if _ID.fullmatch(text) else text
    try:
        execution = parse_execution(arn)
    except RefusedName as error:
        raise UsageError(
            f"{one_line(text, 80)!r} is neither the id nor the ARN of a run; `runs` lists them."
        ) from error
    if not execution.arn.startswith(f"{pipeline_arn}/execution/"):
        raise UsageError(f"The run {execution.arn} does not belong to the pipeline {workshop.pipeline} of this stack.")
    return execution


def describe_execution(workshop: Workshop, execution: Execution) -> dict[str, Any]:
    """SageMaker's description of an execution. Raises RunError if there is none."""
    try:
        described: dict[str, Any] = workshop.client("sagemaker").describe_pipeline_execution(
            PipelineExecutionArn=execution.arn
        )
    except ClientError as error:
        if error_code(error) in NOT_FOUND:
            raise RunError(f"SageMaker knows no run {execution.id}; `runs` lists them.") from error
        raise
    return described


def _no_pipeline(workshop: Workshop) -> RunError:
    return RunError(
        f"There is no pipeline {workshop.pipeline} yet: python -m pipeline_builder upsert --stack {workshop.stack}"
    )


def _run(execution: dict[str, Any], ledger: Runs) -> RunSummary:
    arn = execution["PipelineExecutionArn"]
    dataset, attempt = identity_of(execution)
    record = ledger.read(arn)
    return RunSummary(
        arn=arn,
        dataset=dataset,
        attempt=attempt,
        status=execution["PipelineExecutionStatus"],
        started=execution["StartTime"],
        ended=from_ms(record.ended_at) if record and record.ended_at else None,
        preset=record.preset if record else None,
        images=record.images if record else None,
        reason=one_line(execution.get("PipelineExecutionFailureReason") or ""),
    )
