"""What an operator sits at: a stack of template.yaml's data resources on moto, and the commands.

Functions are a fake (moto needs Docker to run one), SageMaker is moto's or, where a test says so, the workshop's own
stand-in.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from samtranslator.yaml_helper import yaml_parse

from contract.run_identity import RunIdentity
from operations import cli, stack_option
from operations.workshop_stack import Workshop
from tests.chaos.fakes import client_error
from workshop.platform.items import to_item

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
ACCOUNT = "123456789012"
PIPELINE = "workshop"
PIPELINE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{PIPELINE}"
FINGERPRINT = "f" * 64
WEB_APP_URL = "https://app.example.com"
_DATA = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic")


@cache
def data_template() -> dict[str, Any]:
    """template.yaml's own bucket, table, queues and topic; empty functions and log groups by their names there."""
    whole = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    resources = {name: found for name, found in whole.items() if found["Type"] in _DATA or name == "LinkKey"}
    # Encryption needs a key that moto would not use, events a bus that it would not reach; browsers do not come here.
    unused = (
        "NotificationConfiguration",
        "LifecycleConfiguration",
        "BucketEncryption",
        "SSESpecification",
        "CorsConfiguration",
    )
    for found in resources.values():
        for name in (*unused, "KmsMasterKeyId"):
            found["Properties"].pop(name, None)
    del resources["LinkKey"]["Properties"]["Tags"]
    role = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    resources["Role"] = {"Type": "AWS::IAM::Role", "Properties": role}
    for name, found in whole.items():
        if found["Type"] == "AWS::Logs::LogGroup":
            resources[name] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}
        if found["Type"] == "AWS::Serverless::Function":
            code = {
                "Code": {"ZipFile": "x = 1"},
                "Handler": "index.x",
                "Runtime": "python3.13",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            }
            resources[name] = {"Type": "AWS::Lambda::Function", "Properties": code}
    return {
        "Resources": resources,
        "Outputs": {"PipelineName": {"Value": PIPELINE}, "WebAppUrl": {"Value": WEB_APP_URL}},
    }


@cache
def real_client(service: str) -> Any:
    """Made once: making one takes longer than most of these tests. What it calls is noted in `CALLED`."""
    session: Any = boto3.Session()
    return note_calls(session.client(service, region_name=REGION), service)


CALLED: set[tuple[str, str]] = set()


def note_calls(client: Any, service: str) -> Any:
    """Have what the client calls noted in CALLED."""
    client.meta.events.register("before-parameter-build", lambda model, **_: CALLED.add((service, model.name)))
    return client


class Functions:
    """Fakes lambda:Invoke: keeps the calls; `answers` gives what a function returns by the source of its event."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.error: str | None = None
        self.refuses: str | None = None

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        CALLED.add(("lambda", "Invoke"))
        if self.refuses:
            raise client_error(self.refuses, "Invoke")
        event = json.loads(Payload)
        self.calls.append((FunctionName, InvocationType, event))
        if InvocationType == "Event":
            return {"StatusCode": 202}
        text = json.dumps(self.answers.get(event["source"], {})).encode()
        answer = {"StatusCode": 200, "Payload": SimpleNamespace(read=lambda: text)}
        return answer | ({"FunctionError": self.error} if self.error else {})


class Refusing:
    """A client one of whose operations always answers with an error."""

    def __init__(self, client: Any, operation: str, code: str) -> None:
        self._client = client
        self._refused = (operation, code)

    def __getattr__(self, name: str) -> Any:
        operation, code = self._refused
        if name != operation:
            return getattr(self._client, name)

        def refuse(**_: Any) -> None:
            raise client_error(code, "".join(part.title() for part in operation.split("_")))

        return refuse


@dataclass
class Shell:
    """The deployed workshop, and the commands on it."""

    functions: Functions = field(default_factory=Functions)
    others: dict[str, Any] = field(default_factory=dict)  # clients instead of moto's
    used: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))

    def client(self, service: str) -> Any:
        if service == "lambda":
            return self.functions
        return self.others.get(service) or real_client(service)

    @property
    def workshop(self) -> Workshop:
        """A new one, with the clients of this moment."""
        return Workshop(self.client, "workshop")

    @cached_property
    def bucket(self) -> str:
        return self.workshop.bucket

    @cached_property
    def table(self) -> str:
        return self.workshop.table

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        """Type a command."""
        CALLED.clear()
        result = CliRunner().invoke(cli.main, list(arguments), input=typed)
        self.used[arguments[0]] |= CALLED
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def succeed(self, *arguments: str, typed: str | None = None) -> str:
        """Type a command that must end well; returns what it said."""
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == 0, result.output
        return result.output

    def fail(self, *arguments: str, typed: str | None = None) -> str:
        """Type a command that must end with exit status 1; returns what it said."""
        result = self.run(*arguments, typed=typed)
        assert result.exit_code == 1, result.output
        return result.output

    def refuse(self, service: str, operation: str, code: str) -> None:
        """Make an operation (as boto3 spells it) answer with an error."""
        self.others[service] = Refusing(self.client(service), operation, code)

    def start_execution(self, dataset: str, attempt: int = 1, status: str = "Succeeded") -> str:
        """A run in moto's SageMaker, which runs nothing: its status is what is said here. Returns its ARN."""
        from moto.sagemaker.models import sagemaker_backends

        sagemaker = self.client("sagemaker")
        arn: str = sagemaker.start_pipeline_execution(
            PipelineName=PIPELINE,
            PipelineExecutionDescription=RunIdentity(dataset, FINGERPRINT, attempt).to_json(),
            ClientRequestToken=f"{dataset}-{attempt}".ljust(32, "-"),
        )["PipelineExecutionArn"]
        execution = sagemaker_backends[ACCOUNT][REGION].pipelines[PIPELINE].pipeline_executions[arn]
        execution.pipeline_execution_status = status
        return arn

    def put_item(self, pk: str, sk: str, **values: Any) -> None:
        item = to_item({"pk": pk, "sk": sk, **values})
        self.client("dynamodb").put_item(TableName=self.table, Item=item)

    def items(self) -> set[tuple[str, str]]:
        """The keys of everything in the ledger."""
        found = self.client("dynamodb").scan(TableName=self.table)["Items"]
        return {(item["pk"]["S"], item["sk"]["S"]) for item in found}

    def send(self, queue: str, body: object, **attributes: str) -> None:
        """Put a message into a queue of the stack."""
        self.client("sqs").send_message(
            QueueUrl=self.workshop.resource(queue),
            MessageBody=body if isinstance(body, str) else json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def messages(self, queue: str) -> list[Any]:
        """Take everything out of a queue of the stack."""
        found: list[Any] = []
        url = self.workshop.resource(queue)
        while batch := self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message["Body"])
        return found

    def function_arn(self, logical_id: str) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.workshop.resource(logical_id)}"


def sign_with(key_id: str) -> None:
    """Make a key one for signing: moto's CloudFormation makes every key one for encryption."""
    from moto.kms.models import kms_backends

    key = kms_backends[ACCOUNT][REGION].keys[key_id]
    key.key_usage, key.key_spec = "GENERATE_VERIFY_MAC", "HMAC_256"


def set_up(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Deploy, inside of mock_aws."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("WORKSHOP_STACK", raising=False)
    shell = Shell()
    factory: Callable[[], Any] = lambda: shell.client  # noqa: E731
    monkeypatch.setattr(stack_option, "session_client", factory)
    body = json.dumps(data_template())
    real_client("cloudformation").create_stack(StackName="workshop", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    # moto's CloudFormation makes the bucket without its versioning.
    versioning = data_template()["Resources"]["Bucket"]["Properties"]["VersioningConfiguration"]
    real_client("s3").put_bucket_versioning(Bucket=shell.bucket, VersioningConfiguration=versioning)
    sign_with(shell.workshop.resource("LinkKey"))
    real_client("sagemaker").create_pipeline(
        PipelineName=PIPELINE,
        PipelineDefinition="{}",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        ClientRequestToken="t" * 32,
    )
    return shell
