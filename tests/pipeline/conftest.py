"""What the tests of the pipeline share: the committed definition, a small checkout and a stack in moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pipeline_builder.deploy import DEFINITION_FILE

REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/workshop-PipelineRole-1ABC"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:workshop-ReportSuccess-1ABC"


@pytest.fixture(scope="session")
def definition_text() -> str:
    return DEFINITION_FILE.read_text(encoding="utf-8")


@pytest.fixture
def definition(definition_text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(definition_text)
    return parsed


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one file of each kind that matters to the bundle."""
    files = {
        "containers/__init__.py": "",
        "containers/job.py": "BASE = '/opt/ml'\n",
        "containers/infer/__main__.py": "print('pictures')\n",
        "containers/infer/templates/index.html": "<h1>{{ dataset }}</h1>\n",
        "containers/infer/Dockerfile": "FROM scratch\n",
        "containers/prepare/__main__.py": "print('prepare')\n",
        "containers/train/Dockerfile": "FROM scratch\n",
        "layers/workshop/contract/layout.py": "RUNS = 'runs/'\n",
        "layers/workshop/workshop/ledger/datasets.py": "print('not part of it')\n",
        "stylegan2-ada-pytorch/train.py": "print('train')\n",
        "stylegan2-ada-pytorch/stylegan2/model/networks.py": "Z = 512\n",
        "stylegan2-ada-pytorch/README.md": "words\n",
        "stylegan2-ada-pytorch/base/sketches/network.json": "{}\n",
        "stylegan2-ada-pytorch/base/sketches/network.safetensors": "weights\n",
        "functions/start_run/app.py": "print('not part of it')\n",
    }
    for path, text in files.items():
        file = tmp_path / "checkout" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "checkout"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account in moto, with credentials and a region for everything that makes its own clients."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def bucket(aws: None) -> str:
    boto3.client("s3").create_bucket(
        Bucket="workshop-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return "workshop-bucket"


@pytest.fixture
def outputs(bucket: str) -> dict[str, str]:
    """The outputs of a deployed template."""
    return {
        "BucketName": bucket,
        "PipelineName": "workshop",
        "PipelineRoleArn": ROLE,
        "ReportSuccessFunctionArn": FUNCTION,
        "StackName": "workshop",
    }


@pytest.fixture
def stack(outputs: dict[str, str]) -> str:
    """A CloudFormation stack named workshop with those outputs."""
    template = {
        "Parameters": {"InferenceCodePath": {"Type": "String", "Default": "code/none/"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName="workshop", TemplateBody=json.dumps(template))
    return "workshop"
