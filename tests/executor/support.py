"""What the tests of the stand-in share: fakes that say what they fake, a running stand-in, and steps to run."""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from local_aws.keys import RootKey
from local_aws.sagemaker import ExecutionSnapshot, SageMakerStandIn
from tests.patience import HARD_END

ACCOUNT = "123456789012"
REGION = "eu-central-1"
BUCKET = "workshop-test"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
PIPELINE = "faces-workshop"
TOKEN = "t" * 32
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:notify"
ROOT_KEY = RootKey("test", "test")


@dataclass
class FakeBus:
    """Fakes events:PutEvents alone: keeps the entries; the first `failures` calls answer that the entry was refused."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    failures: int = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.failures:
            self.failures -= 1
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "InternalException"}]}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(len(self.entries))}]}

    def details(self, detail_type: str) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.entries if entry["DetailType"] == detail_type]


@dataclass
class FakeLambda:
    """Fakes lambda:Invoke with RequestResponse alone: `answer` is called with the parsed payload."""

    answer: Callable[[Any], Any] = lambda event: {"notified": "yes"}
    function_error: str | None = None
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        event = json.loads(Payload)
        self.calls.append((FunctionName, event))
        answer = {"Payload": _Body(json.dumps(self.answer(event)).encode()), "StatusCode": 200}
        return answer | ({"FunctionError": self.function_error} if self.function_error else {})


@dataclass
class _Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


@dataclass
class FakeAws:
    """moto's S3 and STS over HTTP; bus and functions are the fakes above. Callable as the stand-in's `clients`."""

    url: str
    bus: FakeBus = field(default_factory=FakeBus)
    functions: FakeLambda = field(default_factory=FakeLambda)
    credentials: list[tuple[str, Mapping[str, str] | None]] = field(default_factory=list)

    def __call__(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        self.credentials.append((service, credentials))
        if service == "events":
            return self.bus
        if service == "lambda":
            return self.functions
        return make_client(service, self.url, credentials)

    @property
    def s3(self) -> Any:
        return make_client("s3", self.url)

    def put(self, key: str, content: bytes | str | list[Any] | dict[str, Any] = b"x") -> str:
        body = content if isinstance(content, bytes | str) else json.dumps(content)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def stored(self, prefix: str = "") -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def read(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content


_session: Any = boto3.session.Session()  # its type knows the names of services as literals only
_made: dict[Any, Any] = {}


def make_client(service: str, url: str, credentials: Mapping[str, str] | None = None) -> Any:
    """Return a client; one for each place and identity, since making one takes longer than most of these tests."""
    keys = dict(credentials or ROOT_KEY.arguments())
    name = (service, url, tuple(keys.items()))
    if name not in _made:
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
        _made[name] = _session.client(service, endpoint_url=url, region_name=REGION, config=config, **keys)
    return _made[name]


def signed(
    url: str, body: bytes, headers: Mapping[str, str], key: RootKey = ROOT_KEY, token: str | None = None
) -> urllib.request.Request:
    """A request to the stand-in, without an SDK."""
    request = AWSRequest("POST", f"{url}/", data=body, headers=dict(headers))
    SigV4Auth(Credentials(key.id, key.secret, token), "sagemaker", REGION).add_auth(request)
    return urllib.request.Request(request.url, body, dict(request.headers))


@dataclass
class Place:
    """A running stand-in with its API and its surroundings."""

    standin: SageMakerStandIn
    aws: FakeAws
    root: Path

    @property
    def api(self) -> Any:
        return make_client("sagemaker", self.standin.url)

    def program(self, text: str) -> None:
        """Make `text` the program of the image's entry point."""
        (self.root / "jobs/main.py").write_text(text)

    def create(self, steps: list[dict[str, Any]], parameters: list[dict[str, Any]] | None = None) -> None:
        definition = {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": steps}
        self.api.create_pipeline(PipelineName=PIPELINE, PipelineDefinition=json.dumps(definition), RoleArn=ROLE)

    def start(
        self, token: str = TOKEN, selected: Sequence[str] = (), source: str | None = None, **parameters: str
    ) -> str:
        """Start an execution, of the selected steps alone if any are named, and return its ARN."""
        config: dict[str, Any] = {"SelectedSteps": [{"StepName": name} for name in selected]}
        if source is not None:
            config["SourcePipelineExecutionArn"] = source
        answer = self.api.start_pipeline_execution(
            PipelineName=PIPELINE,
            ClientRequestToken=token,
            PipelineExecutionDescription="a description",
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
            **({"SelectiveExecutionConfig": config} if selected else {}),
        )
        return str(answer["PipelineExecutionArn"])

    def run(self, steps: list[dict[str, Any]], **parameters: str) -> dict[str, Any]:
        """Create a pipeline of these steps, run it to its end and return its description."""
        self.create(steps, [{"Name": name, "Type": "String"} for name in parameters])
        return self.finish(self.start(**parameters))

    def running(self, arn: str) -> ExecutionSnapshot:
        """Return what is known of an execution now."""
        return next(snapshot for snapshot in self.standin.snapshot() if snapshot.arn == arn)

    def finish(self, arn: str) -> dict[str, Any]:
        """Wait for an execution's end and return its description."""
        snapshot = self.standin.wait(arn, HARD_END)
        assert snapshot.ended is not None, snapshot
        description: dict[str, Any] = self.api.describe_pipeline_execution(PipelineExecutionArn=arn)
        return description

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        """Return what the API tells of an execution's steps, by name, in the order of their start."""
        answer = self.api.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        return {step["StepName"]: step for step in answer["PipelineExecutionSteps"]}

    def reason(self, description: dict[str, Any], step: str = "Step") -> str:
        """Return why a step of an execution failed."""
        return str(self.steps(description["PipelineExecutionArn"])[step]["FailureReason"])

    def log(self, description: dict[str, Any], step: str = "Step") -> str:
        return self.standin.job_logs(description["PipelineExecutionArn"])[step].read_text()


MakePlace = Callable[..., Place]
LetTimePass = Callable[[float], None]
"""Moves a clock on, by so many seconds."""


def eventually(look: Callable[[], Any], what: str) -> Any:
    """Return the first true answer of `look`; what another process does can only be asked for again and again."""
    deadline = time.monotonic() + HARD_END
    while not (found := look()):
        assert time.monotonic() < deadline, f"still not there: {what}"
        time.sleep(0.01)
    return found


def processing(
    script: str, inputs: list[dict[str, Any]] | None = None, outputs: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Return a Processing step named Step that runs a shell script; `outputs` maps names to S3 URIs."""
    arguments = {
        "RoleArn": ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "workshop-shell:local", "ContainerEntrypoint": ["sh", "-c", script]},
        "ProcessingInputs": inputs or [],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": name,
                    "S3Output": {
                        "S3Uri": uri,
                        "LocalPath": f"/opt/ml/processing/output/{name}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for name, uri in (outputs or {}).items()
            ]
        },
        **more,
    }
    return {"Name": "Step", "Type": "Processing", "Arguments": arguments}


def processing_input(name: str, uri: Any, data_type: str = "S3Prefix") -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": data_type,
            "S3InputMode": "File",
        },
    }


def training(channels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return a Training step named Step that runs the image's own entry point; `channels` maps names to S3 prefixes."""
    inputs = [
        {
            "ChannelName": name,
            "DataSource": {
                "S3DataSource": {
                    "S3Uri": uri,
                    "S3DataType": "S3Prefix",
                    "S3DataDistributionType": "FullyReplicated",
                }
            },
        }
        for name, uri in (channels or {}).items()
    ]
    arguments = {
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": "workshop-shell:local", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/training"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
        **({"InputDataConfig": inputs} if inputs else {}),
        **more,
    }
    return {"Name": "Step", "Type": "Training", "Arguments": arguments}


def named(name: str, step: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**step, "Name": name, **more}


def notify(**more: Any) -> dict[str, Any]:
    return {"Name": "Notify", "Type": "Lambda", "FunctionArn": FUNCTION, "Arguments": {}, **more}


def fail(message: Any) -> dict[str, Any]:
    return {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def condition(left: Any, right: Any, then: list[Any], otherwise: list[Any]) -> dict[str, Any]:
    comparison = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": right}
    arguments = {"Conditions": [comparison], "IfSteps": then, "ElseSteps": otherwise}
    return {"Name": "Enough", "Type": "Condition", "Arguments": arguments}


def counting(count: int) -> dict[str, Any]:
    """Return a Processing step that writes a count into its property file Report."""
    script = f'echo \'{{"images": {{"good": {count}}}}}\' > /opt/ml/processing/output/report/counts.json'
    step = processing(script, outputs={"report": f"s3://{BUCKET}/report"})
    return step | {"PropertyFiles": [{"PropertyFileName": "Report", "OutputName": "report", "FilePath": "counts.json"}]}


GOOD = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Step.PropertyFiles.Report"}, "Path": "images.good"}}
