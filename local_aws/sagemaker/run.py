"""One execution: its steps, one after the other, each as soon as what it waits for has succeeded."""

import json
import logging
import secrets
import string
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from local_aws.sagemaker import retry
from local_aws.sagemaker.definition import StepDefinition
from local_aws.sagemaker.errors import DataError, ExpressionError, FailedStepError, ImageError, PipelineDefinitionError
from local_aws.sagemaker.events import Event, execution_event, step_event
from local_aws.sagemaker.expressions import Json, Scope, as_text, condition_holds, resolve_value
from local_aws.sagemaker.job_requests import OPERATIONS, check_resolved_request, without_nulls
from local_aws.sagemaker.jobs import Job, JobOutcome, JobSettings
from local_aws.sagemaker.records import TERMINAL, ExecutionRecord, JobRecord, StepRecord, now
from local_aws.sagemaker.roles import Clients, Role
from local_aws.sagemaker.storage import explain_storage_error, join_key, read_json

logger = logging.getLogger(__name__)

STEPS_FAILED = "Step failure: One or multiple steps failed."
LONGEST_REASON = 1024
_SUFFIX_LETTERS = string.ascii_letters + string.digits
_LONGEST_JOB_NAME = 63


class _StepStoppedError(Exception):
    """The step has ended because somebody stopped the run."""


@dataclass(frozen=True)
class Surroundings:
    """What a run needs of the executor.

    Args:
        lock: guards every record.
        emit: takes an event, under the lock; returns at once.
    """

    lock: AbstractContextManager[Any]
    emit: Callable[[Event], None]
    clients: Clients
    jobs: JobSettings


class PipelineRun:
    """Runs an execution in the thread that calls `execute`.

    A step that is not selected, whose predecessor failed, or whose branch was not taken, never starts. Steps that do
    not wait for a failed one still run; a Fail step ends the run at once. On a stop request the running job is stopped
    and nothing else starts; a Lambda function is waited for.
    """

    def __init__(self, record: ExecutionRecord, surroundings: Surroundings) -> None:
        self.record = record
        self._around = surroundings
        self._pipeline_role = Role(record.role_arn, surroundings.clients)
        self._roles = {record.role_arn: self._pipeline_role}

    def execute(self) -> None:
        """Run to the end; every failure ends up in the record."""
        failure: str | None = None
        try:
            self._run_steps()
            if any(step.status == "Failed" for step in self.record.steps.values()):
                failure = STEPS_FAILED
        except Exception as error:
            # A fault of the stand-in's own must not leave a run Executing for ever.
            logger.exception("execution %s ended by a fault of the stand-in", self.record.arn)
            failure = f"InternalServerError: {error}"
        self._finish(failure)

    def _run_steps(self) -> None:
        while not self.record.stop.requested and (step := self._next_step()) is not None:
            self._run_step(step)
            if step.type == "Fail":
                return

    def _next_step(self) -> StepDefinition | None:
        started, selection = self.record.steps, self.record.selection
        for step in self.record.definition.steps.values():
            if step.name in started or (selection is not None and step.name not in selection.steps):
                continue
            if any(other not in started or started[other].status != "Succeeded" for other in step.waits_for):
                continue
            if step.branch is None or started[step.branch.condition].properties["Outcome"] is step.branch.outcome:
                return step
        return None

    def _run_step(self, step: StepDefinition) -> None:
        with self._around.lock:
            record = StepRecord(step)
            self.record.steps[step.name] = record
            self.record.modified = record.started
            self._around.emit(step_event(self.record, record, None))
        act = {
            "Processing": self._job,
            "Training": self._job,
            "Lambda": self._lambda,
            "Condition": self._condition,
            "Fail": self._fail,
        }[step.type]
        try:
            self._with_retries(record, act)
        except _StepStoppedError:
            self._change(record, "Stopped")
        except FailedStepError as error:
            self._change(record, "Failed", str(error))
        except Exception as error:
            self._change(record, "Failed", f"InternalServerError: {type(error).__name__}: {error}")
            raise
        else:
            self._change(record, "Succeeded")

    def _with_retries(self, record: StepRecord, act: Callable[[StepRecord], None]) -> None:
        began = time.monotonic()
        retries: dict[str, int] = {}
        while True:
            record.attempts += 1
            try:
                act(record)
            except ExpressionError as error:
                raise FailedStepError(f"ClientError: {error}") from error
            except FailedStepError as error:
                delay = self._delay(record.step, error.exception_type, retries, time.monotonic() - began)
                if delay is None:
                    raise
                logger.warning("step %s is tried again in %.0f s: %s", record.step.name, delay, error)
                if self.record.stop.wait(delay):
                    raise _StepStoppedError from error
            else:
                return

    @staticmethod
    def _delay(
        step: StepDefinition, exception_type: str | None, retries: dict[str, int], elapsed: float
    ) -> float | None:
        for policy in (*step.retry_policies, retry.AUTOMATIC):
            if exception_type in policy.exception_types:
                so_far = retries.get(str(exception_type), 0)
                retries[str(exception_type)] = so_far + 1
                return policy.delay(so_far, elapsed)
        return None

    def _condition(self, record: StepRecord) -> None:
        self._change(record, "Executing")
        scope = self._scope()
        outcome = all(condition_holds(condition, scope) for condition in record.step.arguments["Conditions"])
        record.properties = {"Outcome": outcome}
        record.metadata = {"Condition": {"Outcome": str(outcome)}}

    def _fail(self, record: StepRecord) -> None:
        self._change(record, "Executing")
        message = as_text(resolve_value(record.step.arguments.get("ErrorMessage", ""), self._scope()))
        record.metadata = {"Fail": {"ErrorMessage": message}}
        raise FailedStepError(message)

    def _lambda(self, record: StepRecord) -> None:
        scope = self._scope()
        function = as_text(resolve_value(record.step.function_arn or "", scope))
        event = resolve_value(record.step.arguments, scope)
        record.metadata = {"Lambda": {"Arn": function, "OutputParameters": []}}
        self._change(record, "Executing")
        with _calling("lambda:InvokeFunction"):
            client = self._pipeline_role.client("lambda")
            try:
                answer = client.invoke(
                    FunctionName=function, InvocationType="RequestResponse", Payload=json.dumps(event).encode()
                )
                payload = answer["Payload"].read().decode("utf-8", "replace")
            except ReadTimeoutError as error:
                # Not tried again: the function may be at work still.
                raise FailedStepError(f"ClientError: Lambda function {function} did not answer in time") from error
        if answer.get("FunctionError"):
            raise FailedStepError(
                f"ClientError: Lambda function {function} failed ({answer['FunctionError']}): {payload}"
            )
        outputs = _lambda_outputs(record.step.outputs, payload)
        record.properties = {"OutputParameters": outputs}
        record.metadata["Lambda"]["OutputParameters"] = [
            {"Name": name, "Value": as_text(value)} for name, value in outputs.items()
        ]

    def _job(self, record: StepRecord) -> None:
        job = self._create_job(record)
        properties = self._described(job)
        running = JobRecord(job)
        with self._around.lock:
            record.jobs.append(running)
            record.metadata = running.metadata
            self._change(record, "Executing")
        outcome = job.run(self.record.stop)
        with self._around.lock:
            running.ended, running.outcome = now(), outcome
        if outcome.status == "Completed":
            record.properties = properties | {f"{job.kind}JobStatus": "Completed", "ExitMessage": outcome.exit_message}
        elif outcome.status == "Stopped" and self.record.stop.requested:
            raise _StepStoppedError
        else:
            raise FailedStepError(_step_reason(job, outcome), outcome.exception_type)

    def _create_job(self, record: StepRecord) -> Job:
        """Do what CreateProcessingJob and CreateTrainingJob check before they answer."""
        step = record.step
        kind = step.type
        name = _job_name(self.record.id, step.name)
        request = without_nulls(resolve_value(step.arguments, self._scope({f"{kind}JobName": name})))
        request[f"{kind}JobName"] = name
        account = ":".join(self.record.arn.split(":")[:5])
        folder = self.record.folder / (step.name if record.attempts == 1 else f"{step.name}-{record.attempts}")
        with _calling(f"sagemaker:{OPERATIONS[kind]}"):
            try:
                check_resolved_request(kind, request)
                role = self._roles.setdefault(request["RoleArn"], Role(request["RoleArn"], self._around.clients))
                role.client("s3")
                job = Job(kind, f"{account}:{kind.lower()}-job/{name}", request, role, folder, self._around.jobs)
                job.image()
            except (PipelineDefinitionError, ImageError) as error:
                raise FailedStepError(
                    f"ClientError: Failed to invoke sagemaker:{OPERATIONS[kind]}. Error Details: {error}"
                ) from error
        return job

    def _described(self, job: Job) -> dict[str, Json]:
        """Return what a Describe call would show of the job: the properties that expressions may name."""
        properties = {**job.request, f"{job.kind}JobArn": job.arn}
        if job.kind == "Training":
            properties["ModelArtifacts"] = {"S3ModelArtifacts": job.model_uri}
        return properties

    def _scope(self, extra: Mapping[str, str] | None = None) -> Scope:
        record = self.record
        execution = {
            "PipelineName": record.pipeline_name,
            "PipelineArn": record.pipeline_arn,
            "PipelineExecutionId": record.id,
            "PipelineExecutionArn": record.arn,
            "StartDateTime": record.created.isoformat(),
            "CurrentDateTime": now().isoformat(),
            **(extra or {}),
        }
        steps = {name: step.properties for name, step in record.steps.items() if step.properties is not None}
        return Scope(record.parameters, execution, steps, self._read_property_file, self._read_json)

    def _read_property_file(self, step_name: str, file_name: str) -> Json:
        record = self.record.steps[step_name]
        output_name, path = record.step.property_files[file_name]
        for output in record.properties.get("ProcessingOutputConfig", {}).get("Outputs", []):
            if output["OutputName"] == output_name:
                return self._read_json(join_key(output["S3Output"]["S3Uri"], path))
        # A reused step may have been run by an earlier definition.
        raise ExpressionError(f"{record.reused_from} has no output '{output_name}' of step '{step_name}'")

    def _read_json(self, uri: str) -> Json:
        with _calling("s3:GetObject"):
            try:
                return read_json(self._pipeline_role.client("s3"), uri)
            except DataError as error:
                raise ExpressionError(str(error)) from error

    def _change(self, record: StepRecord, status: str, failure_reason: str | None = None) -> None:
        with self._around.lock:
            if record.status == status:
                return  # a retry goes on Executing
            previous, record.status = record.status, status
            record.failure_reason = _shorten(failure_reason) if failure_reason else None
            self.record.modified = now()
            if status in TERMINAL:
                record.ended = self.record.modified
            self._around.emit(step_event(self.record, record, previous))

    def _finish(self, failure: str | None) -> None:
        with self._around.lock:
            previous = self.record.status
            self.record.status = "Stopped" if previous == "Stopping" else "Failed" if failure else "Succeeded"
            self.record.failure_reason = failure if self.record.status == "Failed" else None
            self.record.modified = now()
            self._around.emit(execution_event(self.record, previous))


@contextmanager
def _calling(action: str) -> Iterator[None]:
    """Turn errors of an AWS call into the StepError that SageMaker would report."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        details = explain_storage_error(error) if isinstance(error, ClientError) else str(error)
        reason = f"ClientError: Failed to invoke {action}. Error Details: {details}"
        raise FailedStepError(reason, retry.exception_type_of(error)) from error


def _step_reason(job: Job, outcome: JobOutcome) -> str:
    if outcome.status == "Stopped":
        # What the service makes of a job that ran out of time is not documented; a step without its results has failed.
        limit = job.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
        return f"ClientError: {job.kind} job {job.name} was stopped: {outcome.secondary_status} ({limit} s)"
    # The service puts "ClientError: " before the job's own reason: "ClientError: AlgorithmError: ..., exit code: 1".
    return f"ClientError: {outcome.failure_reason}"


def _lambda_outputs(declared: Mapping[str, str], payload: str) -> dict[str, Json]:
    if not declared:
        return {}
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise FailedStepError(
            "ClientError: the Lambda function did not return a JSON object with the step's output parameters"
        )
    types: dict[str, tuple[type, ...]] = {
        "String": (str,),
        "Integer": (int,),
        "Float": (int, float),
        "Boolean": (bool,),
    }
    outputs = {}
    for name, kind in declared.items():
        value = answer.get(name)
        if not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "Boolean"):
            raise FailedStepError(
                f"ClientError: the Lambda function's output parameter '{name}' is {json.dumps(value)}, not a {kind}"
            )
        outputs[name] = value
    return outputs


def _job_name(execution_id: str, step_name: str) -> str:
    """E.g. pipelines-p4jn9xou8a8s-Prepare-tmgxry49ug; unique, since names of jobs are never used twice."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(10))
    start = f"pipelines-{execution_id}-{step_name.replace('_', '-').strip('-')}"
    return f"{start[: _LONGEST_JOB_NAME - 11].rstrip('-')}-{suffix}"


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"
