"""What is known of the executions: kept in memory, shown by the API, the events and the progress display."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_aws.sagemaker.definition import Definition, StepDefinition
from local_aws.sagemaker.expressions import Json
from local_aws.sagemaker.jobs import Job, JobOutcome
from local_aws.sagemaker.processes import ProcessStop

TERMINAL = frozenset({"Succeeded", "Failed", "Stopped"})
TAIL_BYTES = 8192


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class JobRecord:
    """A processing or training job of a step."""

    job: Job
    created: datetime = field(default_factory=now)
    ended: datetime | None = None
    outcome: JobOutcome | None = None

    @property
    def metadata(self) -> dict[str, dict[str, str]]:
        """The step's metadata in the API: {"TrainingJob": {"Arn": ...}}."""
        return {f"{self.job.kind}Job": {"Arn": self.job.arn}}


@dataclass
class StepRecord:
    """A step that has been started. `properties` is what expressions of later steps see.

    `reused_from` is the execution that ran it, if this one did not.
    """

    step: StepDefinition
    status: str = "Starting"
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    failure_reason: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    properties: Json = None
    jobs: list[JobRecord] = field(default_factory=list)
    reused_from: str | None = None


@dataclass(frozen=True)
class Selection:
    """The steps that a selective execution runs, and the execution that has what they need of other steps."""

    steps: tuple[str, ...]
    source_arn: str | None


@dataclass
class ExecutionRecord:
    """One execution of a pipeline.

    `steps` holds those that have been started, in the order of their start, after those that were reused. `selection`
    is None where all steps may run.
    """

    arn: str
    pipeline_name: str
    pipeline_arn: str
    role_arn: str
    display_name: str
    description: str | None
    definition: Definition
    given_parameters: list[dict[str, str]]
    parameters: Mapping[str, Json]
    folder: Path
    selection: Selection | None = None
    status: str = "Executing"
    failure_reason: str | None = None
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    steps: dict[str, StepRecord] = field(default_factory=dict)
    stop: ProcessStop = field(default_factory=ProcessStop)

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class StepSnapshot:
    """A step at one moment.

    `phase` is what its job is doing, `pid` the process id of its program while that runs, `log` its log file, which may
    not be there yet.
    """

    name: str
    type: str
    status: str
    started: datetime
    ended: datetime | None
    failure_reason: str | None
    attempts: int
    phase: str | None
    pid: int | None
    log: Path | None


@dataclass(frozen=True)
class ExecutionSnapshot:
    """An execution at one moment. `log_tail` holds the last lines of the running job's log."""

    arn: str
    pipeline_name: str
    display_name: str
    status: str
    started: datetime
    ended: datetime | None
    failure_reason: str | None
    steps: tuple[StepSnapshot, ...]
    log_tail: tuple[str, ...]


def take_snapshot(record: ExecutionRecord, tail_lines: int) -> ExecutionSnapshot:
    """Copy what is known of an execution; call it under the executor's lock."""
    steps = tuple(_step_snapshot(step) for step in record.steps.values())
    running = next((step.log for step in reversed(steps) if step.ended is None and step.log is not None), None)
    return ExecutionSnapshot(
        arn=record.arn,
        pipeline_name=record.pipeline_name,
        display_name=record.display_name,
        status=record.status,
        started=record.created,
        ended=record.modified if record.status in TERMINAL else None,
        failure_reason=record.failure_reason,
        steps=steps,
        log_tail=last_lines(running, tail_lines) if running is not None else (),
    )


def last_lines(log: Path, count: int) -> tuple[str, ...]:
    """Return the last lines of a log file; none if there is no such file yet."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - TAIL_BYTES))
            text = stream.read(TAIL_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ()
    return tuple(text.splitlines()[-count:]) if count > 0 else ()


def _step_snapshot(record: StepRecord) -> StepSnapshot:
    job = record.jobs[-1].job if record.jobs else None
    return StepSnapshot(
        name=record.step.name,
        type=record.step.type,
        status=record.status,
        started=record.started,
        ended=record.ended,
        failure_reason=record.failure_reason,
        attempts=record.attempts,
        phase=job.phase if job is not None else None,
        pid=job.pid if job is not None else None,
        log=job.log if job is not None else None,
    )
