"""SageMaker's API over HTTP on loopback: moto's, filled in where moto has gaps. All that reaches into moto is in this
file.

Answered by moto 5.2.5 as it is: ListPipelines, tags, and everything that has nothing to do with pipelines (which the
workshop does not use). Answered here, on top of moto's store of pipelines:

CreatePipeline, UpdatePipeline
    as moto, after the definition has been parsed and checked; a definition that this stand-in cannot run is a
    ValidationException that names the offender. PipelineDefinitionS3Location is refused.
DescribePipeline, DeletePipeline
    as moto, but take a name or an ARN, answer ResourceNotFound as AWS does, and refuse to delete while something is
    running.
StartPipelineExecution
    runs the pipeline (moto: nothing happens). Parameters are checked and turned into their types. The same
    ClientRequestToken for the same pipeline gives the same execution, whatever else the request says, and for as long
    as this process lives. SelectiveExecutionConfig runs some of the steps on what an earlier execution has left, as
    selection.py says; parameters that are not given take the pipeline's defaults then as well. Versions and MLflow
    names are refused. ParallelismConfiguration is accepted: one step at a time is within any limit.
DescribePipelineExecution, DescribePipelineDefinitionForExecution, ListPipelineParametersForExecution
    what the executor knows.
ListPipelineExecutions, ListPipelineExecutionSteps
    newest first unless SortOrder says otherwise; paged with MaxResults and NextToken. Of a selective execution those
    steps are listed, too, whose results it has taken over: succeeded, with the metadata of the execution that ran them,
    no attempt, and a SelectiveExecutionResult.
StopPipelineExecution
    Stopping at once, Stopped when the running job has ended; repeated calls are accepted, a run that has ended is a
    ConflictException.
DescribeProcessingJob, DescribeTrainingJob
    the jobs of executions; others are moto's.

Whoever may start a pipeline can run programs as this user. So the server listens on 127.0.0.1 alone, serves only what
is signed with this workshop's keys (keys.py), and refuses what a web page could make a browser send (an Origin header,
another Host). Not enforced: IAM. Every key of the workshop, a function's too, may do everything here.
"""

import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

import moto
from moto.core.responses import ActionResult
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from moto.sagemaker.exceptions import ConflictException, ResourceNotFound, ValidationError
from moto.sagemaker.models import FakePipeline, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from werkzeug.serving import make_server

from local_aws.keys import RootKey, find_refusal
from local_aws.sagemaker.definition import Definition, parse_definition
from local_aws.sagemaker.descriptions import (
    execution_details,
    execution_summary,
    job_details,
    step_details,
    training_details,
)
from local_aws.sagemaker.errors import PipelineDefinitionError, PipelineParameterError, SelectionError, StandInError
from local_aws.sagemaker.executor import Executor, NotExecutingError
from local_aws.sagemaker.records import TERMINAL, ExecutionRecord, JobRecord
from local_aws.sagemaker.selection import parse_selection

HOST = "127.0.0.1"
MOTO_VERSION = "5.2.5"
PAGE = 100
POLL_SECONDS = 0.05
SHORTEST_TOKEN, LONGEST_TOKEN = 32, 128
LONGEST_DESCRIPTION = 3072
LARGEST_REQUEST_BYTES = 8 << 20  # a definition has up to a MiB, more of it in JSON

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
_DISPLAY_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}")
_ENDPOINT = "SageMakerResponse.dispatch"
_NOT_RUN_HERE = ("PipelineVersionId", "MlflowExperimentName")


class PipelineActions(SageMakerResponse):  # type: ignore[misc]  # moto is not looked into
    """moto's actions with those of the module's docstring replaced. `executor` and `account` are set by a subclass."""

    executor: ClassVar[Executor]
    account: ClassVar[str]

    @property
    def sagemaker_backend(self) -> SageMakerModelBackend:
        # moto would guess the account from the caller's access key.
        return sagemaker_backends[self.account][self.region]

    def create_pipeline(self) -> ActionResult:
        name = self._text("PipelineName")
        if not _NAME.fullmatch(name):
            raise ValidationError(f"Value '{name}' at 'pipelineName' does not match {_NAME.pattern}")
        self._check_definition(required=True)
        return super().create_pipeline()

    def update_pipeline(self) -> ActionResult:
        self._pipeline()
        self._check_definition(required=False)
        return super().update_pipeline()

    def describe_pipeline(self) -> ActionResult:
        return ActionResult(self.sagemaker_backend.describe_pipeline(self._pipeline().pipeline_name))

    def delete_pipeline(self) -> ActionResult:
        pipeline = self._pipeline()
        with self.executor.lock:
            if any(record.status not in TERMINAL for record in self.executor.of_pipeline(pipeline.arn)):
                raise ConflictException(f"Pipeline {pipeline.arn} has running executions; stop them first.")
            self.executor.forget(pipeline.arn)
            self.sagemaker_backend.delete_pipeline(pipeline.pipeline_name)
        return ActionResult({"PipelineArn": pipeline.arn})

    def start_pipeline_execution(self) -> ActionResult:
        pipeline = self._pipeline()
        for member in _NOT_RUN_HERE:
            if self._get_param(member) is not None:
                raise ValidationError(f"{member} is not supported by this stand-in for SageMaker.")
        display_name, description = (
            self._get_param("PipelineExecutionDisplayName"),
            self._get_param("PipelineExecutionDescription"),
        )
        if display_name is not None and not _DISPLAY_NAME.fullmatch(display_name):
            raise ValidationError(
                f"Value '{display_name}' at 'pipelineExecutionDisplayName' does not match {_DISPLAY_NAME.pattern}"
            )
        if description is not None and len(description) > LONGEST_DESCRIPTION:
            raise ValidationError(f"'pipelineExecutionDescription' is longer than {LONGEST_DESCRIPTION} characters")
        selection = self._get_param("SelectiveExecutionConfig")
        try:
            record = self.executor.start(
                pipeline_arn=pipeline.arn,
                role_arn=pipeline.role_arn,
                definition=_parse(pipeline.pipeline_definition),
                token=self._token(),
                parameters=self._get_param("PipelineParameters") or [],
                display_name=display_name,
                description=description,
                selection=None if selection is None else parse_selection(selection),
            )
        except PipelineParameterError as error:
            raise ValidationError(str(error)) from error
        except SelectionError as error:
            raise ValidationError(f"Invalid SelectiveExecutionConfig: {error}.") from error
        pipeline.last_execution_time = record.created
        return ActionResult({"PipelineExecutionArn": record.arn})

    def describe_pipeline_execution(self) -> ActionResult:
        record = self._execution()
        with self.executor.lock:
            return ActionResult(execution_details(record))

    def describe_pipeline_definition_for_execution(self) -> ActionResult:
        record = self._execution()
        return ActionResult({"PipelineDefinition": record.definition.text, "CreationTime": record.created})

    def list_pipeline_parameters_for_execution(self) -> ActionResult:
        return ActionResult(self._page("PipelineParameters", self._execution().given_parameters))

    def list_pipeline_executions(self) -> ActionResult:
        records = self.executor.of_pipeline(self._pipeline().arn)
        after, before = self._get_param("CreatedAfter"), self._get_param("CreatedBefore")
        with self.executor.lock:
            chosen = [
                record
                for record in records
                if (after is None or record.created.timestamp() > _seconds(after))
                and (before is None or record.created.timestamp() < _seconds(before))
            ]
            if self._get_param("SortBy") == "PipelineExecutionArn":
                chosen.sort(key=lambda record: record.arn)
            if self._get_param("SortOrder") != "Ascending":
                chosen.reverse()
            return ActionResult(
                self._page("PipelineExecutionSummaries", [execution_summary(record) for record in chosen])
            )

    def list_pipeline_execution_steps(self) -> ActionResult:
        record = self._execution()
        with self.executor.lock:
            steps = [step_details(step) for step in record.steps.values()]
        if self._get_param("SortOrder") != "Ascending":
            steps.reverse()
        return ActionResult(self._page("PipelineExecutionSteps", steps))

    def stop_pipeline_execution(self) -> ActionResult:
        record = self._execution()
        self._token()
        try:
            self.executor.stop(record)
        except NotExecutingError as error:
            raise ConflictException(str(error)) from error
        return ActionResult({"PipelineExecutionArn": record.arn})

    def describe_processing_job(self) -> Any:
        job = self._job("processing-job", "ProcessingJobName")
        if job is None:
            return super().describe_processing_job()
        with self.executor.lock:
            return ActionResult(job_details(job))

    def describe_training_job(self) -> Any:
        job = self._job("training-job", "TrainingJobName")
        if job is None:
            return super().describe_training_job()
        with self.executor.lock:
            return ActionResult(training_details(job))

    def _text(self, member: str) -> str:
        value = self._get_param(member)
        if not isinstance(value, str) or not value:
            raise ValidationError(f"'{member}' must not be empty")
        return value

    def _token(self) -> str:
        token = self._text("ClientRequestToken")
        if not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN:
            raise ValidationError(f"'clientRequestToken' must have {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters")
        return token

    def _pipeline(self) -> FakePipeline:
        name = self._text("PipelineName").rsplit("/", 1)[-1]
        pipeline = self.sagemaker_backend.pipelines.get(name)
        if pipeline is None:
            arn = f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:pipeline/{name}"
            raise ResourceNotFound(f"Pipeline '{arn}' does not exist.")
        return pipeline

    def _execution(self) -> ExecutionRecord:
        arn = self._text("PipelineExecutionArn")
        record = self.executor.find(arn)
        if record is None:
            raise ResourceNotFound(f"Pipeline execution '{arn}' does not exist.")
        return record

    def _job(self, kind: str, member: str) -> JobRecord | None:
        return self.executor.find_job(
            f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{kind}/{self._text(member)}"
        )

    def _check_definition(self, required: bool) -> None:
        if self._get_param("PipelineDefinitionS3Location") is not None:
            raise ValidationError(
                "PipelineDefinitionS3Location is not supported by this stand-in; send PipelineDefinition."
            )
        text = self._get_param("PipelineDefinition")
        if text is not None or required:
            _parse(text or "")

    def _page(self, member: str, items: list[Any]) -> dict[str, Any]:
        size = self._get_param("MaxResults") or PAGE
        token = self._get_param("NextToken") or "0"
        if not token.isascii() or not token.isdigit():
            raise ValidationError("Invalid pagination token.")
        start, end = int(token), int(token) + min(int(size), PAGE)
        return {member: items[start:end], **({"NextToken": str(end)} if end < len(items) else {})}


class ApiServer:
    """Serves the actions on a free loopback port."""

    def __init__(self, executor: Executor, account: str, root_key: RootKey) -> None:
        check_moto()
        self._account = account
        bound = type("BoundPipelineActions", (PipelineActions,), {"executor": executor, "account": account})
        app = create_backend_app("sagemaker")
        app.view_functions[_ENDPOINT] = convert_to_flask_response(bound.dispatch)  # type: ignore[attr-defined]
        guarded = _only_local_sagemaker(_only_signed(app, root_key))
        self._server = make_server(HOST, 0, guarded, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="sagemaker-api", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer; the port has been bound since this object was made."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, free the port, and forget the pipelines: moto keeps them for the whole process."""
        if self._thread.ident is not None:  # `shutdown` waits for ever for a server that was never started
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        sagemaker_backends[self._account].reset()


def check_moto() -> None:
    """Refuse to work with another moto than the one this file was written and tested for.

    Raises:
        StandInError: names what has changed.
    """
    if moto.__version__ != MOTO_VERSION:
        raise StandInError(f"local_aws/sagemaker/api.py is written for moto {MOTO_VERSION}, not {moto.__version__}")
    if _ENDPOINT not in create_backend_app("sagemaker").view_functions:
        raise StandInError(f"moto's SageMaker has no endpoint {_ENDPOINT} any more")


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # as above
    """Does not write a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log no request: a terminal would be full of them."""


_WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def _only_local_sagemaker(app: _WsgiApp) -> _WsgiApp:
    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if "HTTP_ORIGIN" in environ or host not in {HOST, "localhost"}:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"This server answers programs on this machine, not web pages.\n"]
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("SageMaker."):
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"This server answers SageMaker's API alone.\n"]
        return app(environ, start_response)

    return guarded


def _only_signed(app: _WsgiApp, root_key: RootKey) -> _WsgiApp:
    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        size = environ.get("CONTENT_LENGTH") or "0"
        if not size.isdecimal() or int(size) > LARGEST_REQUEST_BYTES:
            return _refused(start_response, "413 Content Too Large", "RequestTooLarge", "The request is too large.")
        body = environ["wsgi.input"].read(int(size))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = {
            name.removeprefix("HTTP_").lower().replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        refusal = find_refusal(
            root_key, environ["REQUEST_METHOD"], quote(environ.get("PATH_INFO", "/")), {}, headers, body
        )
        return _refused(start_response, "403 Forbidden", *refusal) if refusal else app(environ, start_response)

    return guarded


def _refused(start_response: Callable[..., Any], status: str, code: str, message: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/x-amz-json-1.1")])
    return [json.dumps({"__type": code, "message": message}).encode()]


def _parse(text: str) -> Definition:
    try:
        return parse_definition(text)
    except PipelineDefinitionError as error:
        raise ValidationError(f"Unable to parse pipeline definition. Model Validation failed: {error}") from error


def _seconds(value: Any) -> float:
    """Return a timestamp that moto may have parsed already."""
    return value.timestamp() if isinstance(value, datetime) else float(value)
