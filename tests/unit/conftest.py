"""A stage for the handlers: S3, DynamoDB, SQS, SNS and KMS by moto; SageMaker and asynchronous Lambda by our fakes
(moto deduplicates no tokens and runs no functions); a clock that can be moved forward.
"""

import importlib.util
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient
from moto import mock_aws
from moto.s3.models import FakeKey

from contract.run_identity import RunIdentity
from tests.chaos.fakes import FakeLambda, FakeSageMaker
from tests.containers.bucket import etag_under_kms
from workshop.handlers import assembly
from workshop.ledger import Claim, RunRecord, Runs
from workshop.platform import clients, clock
from workshop.platform.telemetry import logger

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "workshop-bucket"
TABLE = "ledger"
REGION = "eu-central-1"
RUN_ARN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/workshop/execution/p4jn9xou8a8s"
CONTEXT = SimpleNamespace(
    function_name="tested",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:tested",
    aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
)
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "BUCKET": BUCKET,
    "TABLE": TABLE,
    "PIPELINE_NAME": "workshop",
    "QUIET_SECONDS": "60",
    "LEASE_SECONDS": "300",
    "MAX_CONCURRENT_RUNS": "2",
    "MIN_IMAGES": "3",
    "PATIENCE": "50",
    "DEFAULT_PRESET": "sketch",
    "DEFAULT_KIMG": "",
    "NOTICE_LANGUAGE": "en",
    "PROCESS_IMAGE": "workshop-prepare:local",
    "TRAIN_IMAGE": "workshop-train:local",
    "INFERENCE_IMAGE": "workshop-infer:local",
    "INFERENCE_CODE_PATH": "s3://workshop-bucket/code/0123456789abcdef/",
    "WARM_START_MODEL": "s3://workshop-bucket/base/none/",
    "PROCESS_INSTANCE_TYPE": "ml.m5.xlarge",
    "TRAIN_INSTANCE_TYPE": "ml.g5.xlarge",
    "INFERENCE_INSTANCE_TYPE": "ml.m5.xlarge",
    "MAX_TRAIN_SECONDS": "86400",
    "ALLOWED_TRAIN_INSTANCES": "ml.g5.xlarge=1.41,ml.g5.2xlarge=1.52",
    "ALLOWED_TRAIN_OPTIONS": "aug,augpipe,gamma,p,target",
    "MAX_RUN_COST": "50",
    "REPORT_SUCCESS_FUNCTION": "report_success",
    "REPORT_FAILURE_FUNCTION": "report_failure",
    "START_RUN_FUNCTION": "start_run",
    "OBJECTS_URL": "https://objects.example.com",
    "LINK_FILES_A_DAY": "1000",
    "LINK_GB_A_DAY": "1",
    "MAIL_SENDER": "workshop@example.com",
    "NOTIFICATION_EMAIL": "first@example.com",
}


def sample(name: str) -> dict[str, Any]:
    """A sample event of events/."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return event


def load_handler(name: str) -> Callable[[Any, Any], Any]:
    """The handler of functions/<name>/app.py."""
    spec = importlib.util.spec_from_file_location(f"app_{name}", ROOT / "functions" / name / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, Any], Any] = module.handler
    return handler


@cache
def real_client(service: str) -> Any:
    """The client that the functions would get, made once: making one costs more than a whole test."""
    return _real_client(service)


_real_client = clients._client.__wrapped__


def forget_assembled() -> None:
    """Drop everything that lives as long as a Lambda environment."""
    for part in (assembly.upload_collector, assembly.start_run, assembly.listener, assembly.reporter, assembly.postman):
        part.cache_clear()


class Recorder:
    """A client that also keeps the arguments of its calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._client, operation)

        def recorded(*args: Any, **request: Any) -> Any:
            self.calls.append((operation, request))
            return call(*args, **request)

        return recorded


class AskedFunctions:
    """Fakes lambda:Invoke of somebody who waits: the handler is called at once, and its errors are told as Lambda
    tells them. `error` is raised instead."""

    def __init__(self, invoke: Callable[[str, Any], Any]) -> None:
        self._invoke = invoke
        self.error: Exception | None = None
        self.asked: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        self.asked.append(json.loads(Payload))
        if self.error:
            raise self.error
        try:
            answer, failed = self._invoke(FunctionName, json.loads(Payload)), {}
        except Exception as error:  # noqa: BLE001  as Lambda tells it
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            failed = {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **failed}


class Stage:
    """The services, and what a test does with them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        self.skipped_ms = 0
        real_now = clock.now_ms
        monkeypatch.setattr(clock, "now_ms", lambda: real_now() + self.skipped_ms)
        self.s3 = real_client("s3")
        self.dynamodb = real_client("dynamodb")
        self.sqs = Recorder(real_client("sqs"))
        self.sns = Recorder(real_client("sns"))
        self.kms = real_client("kms")
        self.ses = Recorder(real_client("sesv2"))
        self.invocations: list[tuple[str, dict[str, Any]]] = []
        self.sagemaker = FakeSageMaker(self)
        self.functions = AskedFunctions(self.invoke)
        services = {
            "s3": self.s3,
            "dynamodb": self.dynamodb,
            "sqs": self.sqs,
            "sns": self.sns,
            "kms": self.kms,
            "sesv2": self.ses,
            "sagemaker": self.sagemaker,
            "lambda-once": self.functions,
            "lambda": FakeLambda(lambda name, event: self.invocations.append((name, event))),
        }
        monkeypatch.setattr(clients, "_client", services.__getitem__)
        self._create(monkeypatch)
        forget_assembled()

    def now_ms(self) -> int:
        return clock.now_ms()

    def date(self) -> datetime:
        return datetime.fromtimestamp(clock.now_ms() / 1000).astimezone()

    def later(self, seconds: float) -> None:
        """Let time pass for the functions."""
        self.skipped_ms += round(seconds * 1000)

    def put(self, key: str, body: bytes = b"x") -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def put_images(self, dataset: str, count: int) -> None:
        for number in range(count):
            self.put(f"uploads/{dataset}/{number:04d}.png", b"image %d" % number)

    def read_json(self, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def invoke(self, name: str, event: Any) -> Any:
        """Call a handler as Lambda would."""
        return load_handler(name)(event, CONTEXT)

    def item(self, pk: str, sk: str = "STATE") -> dict[str, Any]:
        """An item, typed as stored; {} if there is none."""
        item: dict[str, Any] = self.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}}).get(
            "Item", {}
        )
        return item

    @property
    def timers(self) -> list[tuple[str, int]]:
        """(body, delay) of everything sent to the SettleQueue."""
        return [(r["MessageBody"], r["DelaySeconds"]) for operation, r in self.sqs.calls if operation == "send_message"]

    @property
    def mails(self) -> list[dict[str, Any]]:
        """Every Publish request."""
        return [request for operation, request in self.sns.calls if operation == "publish"]

    @property
    def mail_kinds(self) -> list[str]:
        return [mail["MessageAttributes"]["kind"]["StringValue"] for mail in self.mails]

    def serve_timer(self, dataset: str = "red-chairs") -> Any:
        """Deliver the dataset's newest timer to start_run."""
        bodies = [body for body, _ in self.timers if json.loads(body)["dataset"] == dataset]
        return self.invoke("start_run", {"Records": [{"messageId": "timer", "body": bodies[-1]}]})

    def upload_event(self, key: str, size: int = 1) -> Any:
        """Deliver one upload event to upload_trigger."""
        event = sample("s3_object_created")
        event["detail"]["object"] |= {"key": key, "size": size}
        return self.invoke("upload_trigger", {"Records": [{"messageId": "upload", "body": json.dumps(event)}]})

    def settle(self, dataset: str = "red-chairs", images: int = 3) -> None:
        """Drop images, let them settle, and let the timer be served."""
        self.put_images(dataset, images)
        self.upload_event(f"uploads/{dataset}/0000.png")
        self.later(61)
        self.serve_timer(dataset)

    def know_run(self, arn: str = RUN_ARN, dataset: str = "red-chairs") -> None:
        """The record of a run that was started here."""
        identity = RunIdentity(dataset, sample("report_success_from_pipeline")["fingerprint"], 1)
        claim = Claim(identity.fingerprint, {}, 3, 0, "sketch", 128, "", 86_400, None)
        record = RunRecord.of_claim(arn, identity, claim, clock.now_ms())
        Runs(self.dynamodb, TABLE).create(record, clock.now_ms())

    def leave_artefacts(self, dataset: str = "red-chairs", execution_id: str = "p4jn9xou8a8s") -> None:
        """What a good run leaves behind."""
        folder = f"runs/{dataset}/{execution_id}"
        self.put(f"{folder}/report/index.html", b"<html></html>")
        self.put(f"{folder}/report/report.json", b"{}")
        self.put(f"{folder}/training/job/output/model.tar.gz")
        self.put(f"{folder}/inference/seeds.png")
        self.put(f"{folder}/inference/mix.png")
        self.put(
            f"{folder}/prepare-report/prepare.json",
            json.dumps(
                {
                    "dataset": dataset,
                    "resolution": 128,
                    "images": {"found": 5, "good": 3, "set_aside": 2},
                    "set_aside": [{"name": "a b.png", "reason": "No image."}, {"name": "c.png", "reason": "A copy."}],
                    "seconds": 1.5,
                }
            ).encode(),
        )

    def _create(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(FakeKey, "etag", property(etag_under_kms))
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        create_table(self.dynamodb)
        queue = self.sqs.create_queue(QueueName="settle")["QueueUrl"]
        topic = self.sns.create_topic(Name="notices")["TopicArn"]
        key = self.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
        for name, value in {"SETTLE_QUEUE_URL": queue, "TOPIC_ARN": topic, "LINK_KEY_ID": key}.items():
            monkeypatch.setenv(name, value)


def create_table(dynamodb: Any) -> None:
    """The ledger's table, keyed as in template.yaml."""
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that is logged. (The logger holds on to the output that was there when it was made.)"""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with mock_aws():
        yield Stage(monkeypatch)
    forget_assembled()


@pytest.fixture
def asked(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that the services are asked for, SageMaker's among them."""
    operations: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(client: Any, operation: str, request: Any) -> Any:
        operations.append(operation)
        return call(client, operation, request)

    def noting(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def ask(**request: Any) -> Any:
            operations.append(name)
            return answer(**request)

        return ask

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    for name in ("start_pipeline_execution", "describe_pipeline_execution", "list_pipeline_execution_steps"):
        monkeypatch.setattr(stage.sagemaker, name, noting(name, getattr(stage.sagemaker, name)))
    return operations
