"""SageMaker's events about pipeline executions and their steps, as EventBridge delivers them.

Shapes: "Automating Amazon SageMaker AI with Amazon EventBridge". Several events may come for one change, in any order,
and the first one of an execution has no previous status and no end time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workshop import clock
from workshop.errors import BadRequest
from workshop.names import Execution, parse_execution, printable
from workshop.state import RunIdentity

EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"
MAX_REASON_CHARS = 2000


@dataclass(frozen=True)
class ExecutionNews:
    """An execution has a status. `identity` is None if this application did not start it."""

    execution: Execution
    status: str
    ended_at: int | None
    identity: RunIdentity | None


@dataclass(frozen=True)
class StepNews:
    """A step has a status; `details` are for the record."""

    execution: Execution
    step: str
    status: str
    started: str
    details: dict[str, str]


def parse_event(event: dict[str, Any]) -> ExecutionNews | StepNews:
    """Raises BadRequest or RefusedName for anything else."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise BadRequest("The event has no detail.")
    execution = parse_execution(detail.get("pipelineExecutionArn"))
    match event.get("detail-type"):
        case kind if kind == EXECUTION_CHANGE:
            return ExecutionNews(
                execution,
                _text(detail, "currentPipelineExecutionStatus"),
                _moment(detail.get("executionEndTime")),
                RunIdentity.from_json(detail.get("pipelineExecutionDescription")),
            )
        case kind if kind == STEP_CHANGE:
            return StepNews(
                execution,
                printable(_text(detail, "stepName"), 256),
                _text(detail, "currentStepStatus"),
                str(detail.get("stepStartTime") or ""),
                _details(detail),
            )
    raise BadRequest(f"{printable(event.get('detail-type'), 100)!r} is not an event of a pipeline.")


def _details(detail: dict[str, Any]) -> dict[str, str]:
    found = {
        "type": detail.get("stepType"),
        "ended": detail.get("stepEndTime"),
        "reason": detail.get("failureReason"),
        "cachedFrom": (detail.get("cacheHitResult") or {}).get("sourcePipelineExecutionArn"),
        # Only processingJob is documented; the others are named like it.
        "job": next(
            (m["arn"] for m in (detail.get("metadata") or {}).values() if isinstance(m, dict) and "arn" in m), None
        ),
    }
    return {name: printable(value, MAX_REASON_CHARS) for name, value in found.items() if value}


def _text(detail: dict[str, Any], name: str) -> str:
    value = detail.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"The event's detail has no {name}.")
    return value


def _moment(text: object) -> int | None:
    try:
        return clock.to_ms(datetime.fromisoformat(text)) if isinstance(text, str) else None
    except ValueError:
        return None
