"""Asks start_run: look at a dataset, start it, rerun it with other parameters, free it. The function decides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract import errors as contract_errors
from contract.errors import WorkshopError
from contract.names import check_dataset
from contract.pipeline import why_refused
from operations.errors import FunctionError, UsageError
from operations.text import one_line
from operations.workshop_stack import Workshop
from workshop.platform import errors

STARTED = "started"
ATTENTION = "attention"
# Outcomes of `release` after which nothing holds the dataset any more.
FREED = frozenset({"released", "ended", "nothing"})
# What each outcome of reconcile means for the person who has asked.
MEANINGS = {
    STARTED: "a run has started",
    "waiting": "not started yet",
    "queued": "not started yet",
    "kept": "not started yet",
    "active": "a run is active",
    "ended": "a run had ended unnoticed, and is being reported now",
    "released": "what held it is freed",
    ATTENTION: "cannot be run as it is",
    "nothing": "nothing to do",
    "stale": "nothing to do",
}


@dataclass(frozen=True)
class Answer:
    """What start_run has done, or found."""

    dataset: str
    outcome: str
    detail: str
    arn: str | None

    @property
    def sentence(self) -> str:
        """The answer as one sentence for a person."""
        parts = (self.dataset, MEANINGS.get(self.outcome, self.outcome), self.detail.rstrip("."))
        return ": ".join(part for part in parts if part) + "."


def parse_parameters(texts: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE of a command line, judged as the function does, which knows the deployer's bounds besides.

    Raises:
        UsageError: says what is wrong.
    """
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{one_line(text, 80)!r} is not of the form NAME=VALUE.")
        if name in given:
            raise UsageError(f"The parameter {one_line(name, 80)!r} is given twice.")
        if (refusal := why_refused(name, value)) is not None:
            raise UsageError(refusal)
        given[name] = value
    return given


def ask_for_look(
    workshop: Workshop, dataset: str, *, rerun: bool, parameters: Mapping[str, str], inference_only: bool = False
) -> Answer:
    """Have the dataset looked at now, without waiting for a quiet time.

    `rerun` starts a run even if nothing has changed; with `inference_only` it trains nothing. Raises RefusedName, or
    FunctionError with the function's own sentence.
    """
    event = {
        "source": "manual",
        "dataset": check_dataset(dataset),
        "rerun": rerun,
        "inferenceOnly": inference_only,
        "parameters": dict(parameters),
    }
    return _answer(dataset, _invoke(workshop, event))


def release(workshop: Workshop, dataset: str) -> Answer:
    """Have what holds the dataset and its slot freed, unless a run does. Raises RefusedName or FunctionError."""
    event = {"source": "manual", "dataset": check_dataset(dataset), "release": True}
    return _answer(dataset, _invoke(workshop, event))


def _answer(dataset: str, answer: Mapping[str, Any]) -> Answer:
    return Answer(
        dataset=dataset,
        outcome=str(answer["outcome"]),
        detail=one_line(answer.get("detail") or ""),
        arn=answer.get("execution_arn"),
    )


def ask_for_all(workshop: Workshop) -> int:
    """Have every dataset looked at, as the schedule does; returns how many there are."""
    return int(_invoke(workshop, {"source": "schedule"})["datasets"])


def _invoke(workshop: Workshop, event: dict[str, Any]) -> dict[str, Any]:
    response = workshop.client("lambda").invoke(
        FunctionName=workshop.resource("StartRun"),
        InvocationType="RequestResponse",
        Payload=json.dumps(event).encode(),
    )
    answer = json.loads(response["Payload"].read())
    if "FunctionError" not in response:
        return dict(answer)
    kind, said = str(answer.get("errorType") or ""), one_line(answer.get("errorMessage") or "no reason given")
    if _is_ours(kind):
        raise FunctionError(said)
    raise FunctionError(f"{said} (start_run, {kind or 'error'}; its log group is {workshop.resource('StartRunLogs')})")


def _is_ours(kind: str) -> bool:
    """An error of the functions' package: its message was written for a person."""
    found = getattr(errors, kind, None) or getattr(contract_errors, kind, None)
    return isinstance(found, type) and issubclass(found, WorkshopError)
