"""The executions of all pipelines: started, found, stopped. One thread for each."""

import logging
import secrets
import string
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from local_aws.sagemaker.definition import Definition
from local_aws.sagemaker.errors import StandInError
from local_aws.sagemaker.events import Emitter, Event, execution_event, step_event
from local_aws.sagemaker.jobs import JobSettings
from local_aws.sagemaker.parameters import bind_parameters
from local_aws.sagemaker.records import (
    TERMINAL,
    ExecutionRecord,
    ExecutionSnapshot,
    JobRecord,
    Selection,
    now,
    take_snapshot,
)
from local_aws.sagemaker.roles import Clients
from local_aws.sagemaker.run import PipelineRun, Surroundings
from local_aws.sagemaker.selection import reused_steps

logger = logging.getLogger(__name__)

_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
NETWORK_SECONDS = 60.0


class NotExecutingError(StandInError):
    """An execution cannot be stopped, because it has ended."""


class Executor:
    """Starts executions and remembers them. Everything is in memory and gone with the process.

    Args:
        folder: gets one folder for each execution, with a folder for each job.
        clients: makes clients of the embedded AWS; used only while something runs.
    """

    def __init__(self, folder: Path, clients: Clients, jobs: JobSettings, duplicate_events: bool = False) -> None:
        self.lock = threading.Condition()
        """Guards all records; notified whenever a status has changed."""
        self._folder = folder
        self._jobs = jobs
        self._emitter = Emitter(lambda: clients("events", None), duplicate_events)
        self._around = Surroundings(self.lock, self._tell, clients, jobs)
        self._records: dict[str, ExecutionRecord] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False

    def open(self) -> None:
        """Begin to put events on the bus."""
        self._emitter.start()

    def start(
        self,
        pipeline_arn: str,
        role_arn: str,
        definition: Definition,
        token: str,
        parameters: Iterable[Mapping[str, str]],
        display_name: str | None,
        description: str | None,
        selection: Selection | None = None,
    ) -> ExecutionRecord:
        """Start an execution, or return the one that was started with the same token.

        Raises:
            ParameterError: the parameters do not fit the definition.
            SelectionError: the selected steps cannot be run on their own.
        """
        given = [dict(parameter) for parameter in parameters]
        with self.lock:
            if self._closed:
                raise StandInError("the stand-in for SageMaker is shutting down")
            earlier = self._tokens.get((pipeline_arn, token))
            if earlier is not None:
                return self._records[earlier]
            bound = bind_parameters(definition.parameters, given)
            reused = reused_steps(selection, definition, pipeline_arn, self._records) if selection else {}
            identifier = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
            record = ExecutionRecord(
                arn=f"{pipeline_arn}/execution/{identifier}",
                pipeline_name=pipeline_arn.rsplit("/", 1)[-1],
                pipeline_arn=pipeline_arn,
                role_arn=role_arn,
                display_name=display_name or f"execution-{time.time_ns() // 1_000_000}",
                description=description,
                definition=definition,
                given_parameters=given,
                parameters=bound,
                folder=self._folder / identifier,
                selection=selection,
                steps=reused,
            )
            thread = threading.Thread(
                target=PipelineRun(record, self._around).execute, name=f"execution-{identifier}", daemon=True
            )
            self._records[record.arn] = record
            self._tokens[pipeline_arn, token] = record.arn
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            # Not from the thread: a stop request might be told of before the start.
            self._tell(execution_event(record, None))
            thread.start()
            return record

    def find(self, execution_arn: str) -> ExecutionRecord | None:
        """Return an execution; read its fields under `lock`."""
        with self.lock:
            return self._records.get(execution_arn)

    def find_job(self, job_arn: str) -> JobRecord | None:
        """Return a job by its ARN."""
        with self.lock:
            steps = (step for record in self._records.values() for step in record.steps.values())
            return next((job for step in steps for job in step.jobs if job.job.arn == job_arn), None)

    def of_pipeline(self, pipeline_arn: str) -> list[ExecutionRecord]:
        """Return a pipeline's executions in the order of their start."""
        with self.lock:
            return [record for record in self._records.values() if record.pipeline_arn == pipeline_arn]

    def forget(self, pipeline_arn: str) -> None:
        """Forget a pipeline's executions, which have all ended."""
        with self.lock:
            for record in self.of_pipeline(pipeline_arn):
                del self._records[record.arn]
            self._tokens = {key: arn for key, arn in self._tokens.items() if key[0] != pipeline_arn}

    def stop(self, record: ExecutionRecord, grace_seconds: float | None = None) -> None:
        """Stop an execution: its job gets SIGTERM, and SIGKILL after the grace time. Returns at once.

        Raises:
            NotRunningError: it has ended.
        """
        with self.lock:
            if record.status in TERMINAL:
                raise NotExecutingError(
                    f"The pipeline execution {record.arn} has already ended with status {record.status}."
                )
            if record.status == "Executing":
                record.status, record.modified = "Stopping", now()
                self._tell(execution_event(record, "Executing"))
                for step in record.steps.values():
                    # A Lambda function cannot be stopped: its step stays Executing until it has answered.
                    if step.status in {"Starting", "Executing"} and step.jobs:
                        previous, step.status = step.status, "Stopping"
                        self._tell(step_event(record, step, previous))
            record.stop.request(self._jobs.grace_seconds if grace_seconds is None else grace_seconds)

    def snapshot(self, tail_lines: int) -> list[ExecutionSnapshot]:
        """Return all executions, in the order of their start, as they are now."""
        with self.lock:
            return [take_snapshot(record, tail_lines) for record in self._records.values()]

    def wait(self, record: ExecutionRecord, timeout_seconds: float) -> bool:
        """Wait until an execution has ended; return whether it has."""
        with self.lock:
            return self.lock.wait_for(lambda: record.status in TERMINAL, timeout_seconds)

    def close(self, grace_seconds: float) -> None:
        """Stop everything; when this returns, no job of this executor is running.

        A run that waits for a Lambda function or for S3 is left behind after some seconds: it starts nothing more.
        """
        with self.lock:
            self._closed = True
            for record in self._records.values():
                if record.status not in TERMINAL:
                    self.stop(record, grace_seconds)
        deadline = time.monotonic() + grace_seconds + NETWORK_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._emitter.stop(timeout_seconds=5.0)

    def _tell(self, event: Event) -> None:
        """Announce a change that was made under the lock, which the caller still holds."""
        self._emitter.emit(event)
        self.lock.notify_all()
