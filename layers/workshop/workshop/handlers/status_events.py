"""SageMaker's events about pipeline executions and their steps, as EventBridge delivers them.

Shapes: "Automating Amazon SageMaker AI with Amazon EventBridge". Several events may come for one change, in any order,
and the first one of an execution has no previous status and no end time.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.layout import CHECKPOINTS
from contract.names import Execution, check_dataset, parse_execution, printable
from contract.run_identity import RunIdentity
from workshop.platform import clock
from workshop.platform.errors import BadRequest

EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"
OBJECT_CREATED = "Object Created"  # S3's
MAX_REASON_CHARS = 2000
MAX_STATUS_CHARS = 60
# The folder of the run's checkpoints (contract.layout), and in it the training's own (containers.train).
_SHEET = re.compile(
    rf"{CHECKPOINTS}(?P<dataset>[^/]+)/[0-9a-f]+-[0-9a-f]+/[0-9a-f]+/samples/sheet-[0-9]{{2}}\.(png|jpg)"
)
MAX_STEP_CHARS = 200  # of which each may take four bytes of a key's 1,024


@dataclass(frozen=True)
class ExecutionNews:
    """An execution has a status. `identity` is None if no application like this one started it; `bucket` is that of
    the one which did, None if the execution does not tell."""

    execution: Execution
    status: str
    ended_at: int | None
    identity: RunIdentity | None
    bucket: str | None


@dataclass(frozen=True)
class StepNews:
    """A step has a status; `details` are for the record."""

    execution: Execution
    step: str
    status: str
    started: str
    details: dict[str, str]


@dataclass(frozen=True)
class SheetNews:
    """A training of the dataset has drawn the sheet of samples at `key`."""

    dataset: str
    key: str


def parse_event(event: object) -> ExecutionNews | StepNews | SheetNews:
    """Raises BadRequest or RefusedName for anything else. What an event need not have may be of any form: then it is
    left out, and the rest is news all the same."""
    event = _object(event)
    detail = _object(event.get("detail"))
    if not detail:
        raise BadRequest("The event has no detail.")
    if event.get("detail-type") == OBJECT_CREATED:
        return _sheet(_object(detail.get("object")).get("key"))
    execution = parse_execution(detail.get("pipelineExecutionArn"))
    match event.get("detail-type"):
        case kind if kind == EXECUTION_CHANGE:
            return ExecutionNews(
                execution,
                printable(_text(detail, "currentPipelineExecutionStatus"), MAX_STATUS_CHARS),
                _moment(detail.get("executionEndTime")),
                RunIdentity.from_json(detail.get("pipelineExecutionDescription")),
                _bucket(detail.get("pipelineExecutionDescription")),
            )
        case kind if kind == STEP_CHANGE:
            return StepNews(
                execution,
                printable(_text(detail, "stepName"), MAX_STEP_CHARS),
                printable(_text(detail, "currentStepStatus"), MAX_STATUS_CHARS),
                _when(detail.get("stepStartTime")),
                _details(detail),
            )
    raise BadRequest(f"{printable(event.get('detail-type'), 100)!r} is not an event of a pipeline.")


def _sheet(key: object) -> SheetNews:
    found = _SHEET.fullmatch(key) if isinstance(key, str) else None
    if found is None:
        raise BadRequest("The object is no sheet of a training's samples.")
    return SheetNews(check_dataset(found["dataset"]), found[0])


def _details(detail: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "type": detail.get("stepType"),
        "ended": detail.get("stepEndTime"),
        "reason": detail.get("failureReason"),
        "cachedFrom": _object(detail.get("cacheHitResult")).get("sourcePipelineExecutionArn"),
        # Only processingJob is documented; the others are named like it.
        "job": next(filter(None, (_object(job).get("arn") for job in _object(detail.get("metadata")).values())), None),
    }
    return {
        name: printable(value, MAX_REASON_CHARS) for name, value in found.items() if value and isinstance(value, str)
    }


def _object(value: object) -> Mapping[str, Any]:
    """A JSON object as it is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _bucket(description: object) -> str | None:
    """The bucket of the application that started the execution; None if the description names none."""
    try:
        found = _object(json.loads(description)).get("bucket") if isinstance(description, str) else None
    except (ValueError, RecursionError):
        return None
    return None if found is None else str(found)


def _text(detail: Mapping[str, Any], name: str) -> str:
    value = detail.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"The event's detail has no {name}.")
    return value


def _when(time: object) -> str:
    """A step's start as text that sorts by time; "" where there is none."""
    return printable(time, MAX_STATUS_CHARS) if isinstance(time, str) else ""


def _moment(text: object) -> int | None:
    """Epoch milliseconds of a time that has come; None for anything else."""
    try:
        found = clock.to_ms(datetime.fromisoformat(text)) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None
    return None if found is None or not 0 < found <= clock.now_ms() else found
