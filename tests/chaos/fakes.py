"""Stand-ins for the services around the functions, with the semantics that the design relies on, and no others.

FakeS3         put, get, head, delete, list with prefix and delimiter in pages; strongly consistent; times of the fake
               clock; ETags as of a bucket under KMS: another one with each upload; CRC-32 as the checksum of the whole
FakeSQS        SendMessage only; the world delivers (delay, at least once, visibility, dead letters)
FakeSNS        Publish only; keeps what was published
FakeLambda     asynchronous Invoke only; the world delivers (at least once, two retries)
FakeSageMaker  StartPipelineExecution with token deduplication (which moto lacks), Stop, Describe, lists of steps and
               parameters; refuses nothing unless told to; the world lets executions end
"""

import base64
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "eu-central-1"


class FakeClock:
    """Epoch milliseconds that pass only when told to."""

    def __init__(self, now: int = 1_795_435_200_000) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def date(self) -> datetime:
        return datetime.fromtimestamp(self.now // 1000, UTC)  # S3 and SageMaker tell whole seconds


def client_error(code: str, operation: str, status: int = 400) -> ClientError:
    """An error as botocore raises it."""
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


@lru_cache(maxsize=1024)
def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


class FakeS3:
    """One bucket."""

    PAGE = 3  # small, so that paging is always exercised

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self._etags: dict[str, str] = {}
        self._puts = 0

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, IfMatch: str = "", IfNoneMatch: str = "", **_: Any
    ) -> dict[str, Any]:
        if IfMatch and Key not in self.objects:
            raise client_error("NoSuchKey", "PutObject", 404)
        if (IfMatch and IfMatch != self._etags[Key]) or (IfNoneMatch and Key in self.objects):
            raise client_error("PreconditionFailed", "PutObject", 412)
        self._puts += 1
        self.objects[Key] = (Body, self._clock.date())
        self._etags[Key] = f'"{self._puts:032x}"'
        return {}

    def delete_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self.objects.pop(Key, None)
        self._etags.pop(Key, None)
        return {}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("NoSuchKey", "GetObject", 404)
        body, modified = self.objects[Key]
        about = {"LastModified": modified, "ContentLength": len(body), "ETag": self._etags[Key]}
        return about | {"Body": io.BytesIO(body)}

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str = "") -> dict[str, Any]:
        if Key not in self.objects:
            raise client_error("404", "HeadObject", 404)
        body, modified = self.objects[Key]
        checksum = {"ChecksumCRC32": _crc32(body)} if ChecksumMode == "ENABLED" else {}
        return checksum | {"LastModified": modified, "ContentLength": len(body)}

    def list_objects_v2(
        self, Bucket: str, Prefix: str, Delimiter: str = "", ContinuationToken: str = "", MaxKeys: int = 0
    ) -> dict[str, Any]:
        most = MaxKeys or self.PAGE
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > ContinuationToken)
        if Delimiter:
            folders = {Prefix + key.removeprefix(Prefix).split(Delimiter)[0] + Delimiter for key in keys}
            return {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}
        page = [
            {
                "Key": k,
                "Size": len(body),
                "ETag": self._etags[k],
                "LastModified": modified,
            }
            for k in keys[:most]
            for body, modified in [self.objects[k]]
        ]
        more = len(keys) > most
        return {"Contents": page, "IsTruncated": more} | ({"NextContinuationToken": page[-1]["Key"]} if more else {})

    def generate_presigned_url(self, operation: str, Params: dict[str, str], ExpiresIn: int) -> str:
        return f"https://{Params['Bucket']}.example.com/{Params['Key']}?X-Amz-Expires={ExpiresIn}"


class FakeSQS:
    """Hands messages to the world."""

    def __init__(self, deliver: Callable[[str, int], None]) -> None:
        self._deliver = deliver

    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> dict[str, Any]:
        if not 0 <= DelaySeconds <= 900:
            raise client_error("InvalidParameterValue", "SendMessage")
        self._deliver(MessageBody, DelaySeconds)
        return {}


@dataclass(frozen=True)
class Published:
    """One message on the topic."""

    dataset: str
    kind: str
    subject: str
    message: str


class FakeSNS:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[Published] = []

    def publish(
        self, TopicArn: str, Subject: str, Message: str, MessageAttributes: dict[str, dict[str, str]]
    ) -> dict[str, Any]:
        texts = {name: attribute["StringValue"] for name, attribute in MessageAttributes.items()}
        self.published.append(Published(texts["dataset"], texts["kind"], Subject, Message))
        return {}


class FakeLambda:
    """Hands asynchronous invocations to the world."""

    def __init__(self, deliver: Callable[[str, dict[str, Any]], None]) -> None:
        self._deliver = deliver

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        if InvocationType != "Event":
            raise AssertionError("functions call each other asynchronously only")
        self._deliver(FunctionName, json.loads(Payload))
        return {"StatusCode": 202}


@dataclass
class FakeExecution:
    """A pipeline execution."""

    arn: str
    description: str
    parameters: dict[str, str]
    started_at: datetime
    source: str | None = None  # the execution whose outputs a selective one uses
    status: str = "Executing"
    changed_at: datetime | None = None
    failure_reason: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        return self.status in {"Executing", "Stopping"}


class FakeSageMaker:
    """One pipeline. `refusals` are raised, one per start, before anything is started."""

    def __init__(self, clock: FakeClock, pipeline: str = "workshop") -> None:
        self._clock = clock
        self._pipeline = pipeline
        self._by_token: dict[str, FakeExecution] = {}
        self.executions: dict[str, FakeExecution] = {}
        self.refusals: list[Exception] = []
        self.requests: list[dict[str, Any]] = []
        self.on_start: Callable[[FakeExecution], None] = lambda execution: None
        self.exit_messages: dict[str, str] = {}  # by processing job
        self.training_jobs: dict[str, dict[str, Any]] = {}

    def start_pipeline_execution(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.refusals:
            raise self.refusals.pop(0)
        if request["PipelineName"] != self._pipeline:
            raise client_error("ResourceNotFound", "StartPipelineExecution")
        source = request.get("SelectiveExecutionConfig", {}).get("SourcePipelineExecutionArn")
        if source is not None and (source not in self.executions or self.executions[source].is_active):
            raise client_error("ValidationException", "StartPipelineExecution")
        token = request["ClientRequestToken"]
        if token not in self._by_token:
            number = len(self.executions) + 1
            execution = FakeExecution(
                f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{self._pipeline}/execution/run{number:05d}",
                request["PipelineExecutionDescription"],
                {p["Name"]: p["Value"] for p in request["PipelineParameters"]},
                self._clock.date(),
                source,
            )
            self.on_start(execution)
            self._by_token[token] = self.executions[execution.arn] = execution
        return {"PipelineExecutionArn": self._by_token[token].arn}

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> dict[str, Any]:
        execution = self._find(PipelineExecutionArn, "DescribePipelineExecution")
        described = {
            "PipelineExecutionArn": execution.arn,
            "PipelineExecutionStatus": execution.status,
            "PipelineExecutionDescription": execution.description,
            "CreationTime": execution.started_at,
            "LastModifiedTime": execution.changed_at or execution.started_at,
        }
        return described | ({"FailureReason": execution.failure_reason} if execution.failure_reason else {})

    def list_pipeline_executions(self, PipelineName: str, CreatedAfter: datetime) -> dict[str, Any]:
        if PipelineName != self._pipeline:
            raise client_error("ResourceNotFound", "ListPipelineExecutions")
        found = [e for e in self.executions.values() if e.started_at > CreatedAfter]
        return {
            "PipelineExecutionSummaries": [
                {"PipelineExecutionArn": e.arn, "PipelineExecutionDescription": e.description} for e in found
            ]
        }

    def list_pipeline_execution_steps(self, PipelineExecutionArn: str, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSteps": self._find(PipelineExecutionArn, "ListPipelineExecutionSteps").steps}

    def list_pipeline_parameters_for_execution(self, PipelineExecutionArn: str, **_: Any) -> dict[str, Any]:
        parameters = self._find(PipelineExecutionArn, "ListPipelineParametersForExecution").parameters
        return {"PipelineParameters": [{"Name": name, "Value": value} for name, value in parameters.items()]}

    def stop_pipeline_execution(self, PipelineExecutionArn: str, ClientRequestToken: str) -> dict[str, Any]:
        execution = self._find(PipelineExecutionArn, "StopPipelineExecution")
        if not execution.is_active:
            raise client_error("ConflictException", "StopPipelineExecution")
        execution.status = "Stopping"
        return {"PipelineExecutionArn": execution.arn}

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, Any]:
        message = self.exit_messages.get(ProcessingJobName)
        return {"ProcessingJobName": ProcessingJobName} | ({"ExitMessage": message} if message else {})

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        return self.training_jobs[TrainingJobName]

    def end(self, arn: str, status: str, reason: str = "") -> None:
        """Let an execution end."""
        execution = self.executions[arn]
        execution.status, execution.failure_reason, execution.changed_at = status, reason, self._clock.date()

    def _find(self, arn: str, operation: str) -> FakeExecution:
        if arn not in self.executions:
            raise client_error("ResourceNotFound", operation)
        return self.executions[arn]
