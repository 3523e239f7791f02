"""EventBridge events about executions and steps, in AWS's shapes, on the default bus.

Sources: SageMaker Developer Guide, "Automating Amazon SageMaker AI with Amazon EventBridge" (both examples) and the
EventBridge schema registry: no failureReason in the execution's event; the first event of an execution or step has no
previous status and no end time. Documented for steps is metadata.processingJob alone; trainingJob, lambda, condition
and fail follow the API's names.
"""

import functools
import json
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.records import ExecutionRecord, StepRecord

logger = logging.getLogger(__name__)

SOURCE = "aws.sagemaker"
EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"
DELAYS = (0.1, 0.4, 1.6, 6.4)
"""Seconds to wait before each further try to put an event."""


@dataclass(frozen=True)
class Event:
    """An event as PutEvents takes it. `detail` is plain JSON."""

    detail_type: str
    resources: tuple[str, ...]
    time: datetime
    detail: dict[str, Any]


def execution_event(record: ExecutionRecord, previous: str | None) -> Event:
    """Describe an execution's new status; call it under the executor's lock."""
    ended = record.status in {"Succeeded", "Failed", "Stopped"}
    detail = {
        "pipelineExecutionDisplayName": record.display_name,
        "currentPipelineExecutionStatus": record.status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _time(record.created),
        "executionEndTime": _time(record.modified) if ended else None,
        "pipelineExecutionDescription": record.description,
        "pipelineArn": record.pipeline_arn,
        "pipelineExecutionArn": record.arn,
    }
    return Event(EXECUTION_CHANGE, (record.pipeline_arn, record.arn), record.modified, _present(detail))


def step_event(record: ExecutionRecord, step: StepRecord, previous: str | None) -> Event:
    """Describe a step's new status; call it under the executor's lock."""
    detail = {
        "metadata": {
            _camel(kind): {_camel(key): value for key, value in what.items()} for kind, what in step.metadata.items()
        },
        "stepStartTime": _time(step.started),
        "stepEndTime": _time(step.ended) if step.ended else None,
        "stepName": step.step.name,
        "stepType": step.step.type,
        "previousStepStatus": previous,
        "currentStepStatus": step.status,
        "failureReason": step.failure_reason if step.status == "Failed" else None,
        "pipelineArn": record.pipeline_arn,
        "pipelineExecutionArn": record.arn,
    }
    return Event(STEP_CHANGE, (record.pipeline_arn, record.arn), step.ended or record.modified, _present(detail))


class Emitter:
    """Puts events on the bus in the order they were given, from a thread of its own: a slow bus holds up no run.

    An event that cannot be put is tried again a few times, then logged and given up. With `duplicate` every event is
    put twice, since SageMaker "may send multiple events to EventBridge for each state change".
    """

    def __init__(self, events_client: Callable[[], Any], duplicate: bool = False) -> None:
        self._client = functools.cache(events_client)
        self._copies = 2 if duplicate else 1
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sagemaker-events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def emit(self, event: Event) -> None:
        """Queue an event; returns at once."""
        self._queue.put(event)

    def stop(self, timeout_seconds: float) -> None:
        """Put what is queued, without further waiting between tries, and end; give up after the timeout."""
        self._hurry.set()
        self._queue.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _loop(self) -> None:
        while (event := self._queue.get()) is not None:
            for _ in range(self._copies):
                self._put(event)

    def _put(self, event: Event) -> None:
        entry = {
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Resources": list(event.resources),
            "Time": event.time,
            "Detail": json.dumps(event.detail),
        }
        for delay in (*DELAYS, None):
            try:
                answer = self._client().put_events(Entries=[entry])
                if not answer["FailedEntryCount"]:
                    return
                trouble: object = answer["Entries"]
            except (BotoCoreError, ClientError) as error:
                trouble = error
            logger.warning("could not put an event on the bus: %s", trouble)
            if delay is None or self._hurry.wait(delay):
                break
        logger.error("an event is lost: %s", json.dumps(event.detail))


def _present(detail: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in detail.items() if value is not None}


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
