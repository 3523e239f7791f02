"""A stack that signs pictures: its jobs are told with what, and deploying sees to it that they can (moto's account)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from contract.layout import CERTIFICATES
from pipeline_builder import __main__ as cli
from pipeline_builder.deploy import deploy_pipeline, render_definition
from pipeline_builder.errors import CertificateError
from tests.certificates import Authority, make_key
from tests.pipeline.conftest import FUNCTION, ROLE
from tests.pipeline.resolving import Resolver, steps
from tests.pipeline.test_definition import api_errors


@pytest.fixture
def key(outputs: dict[str, str]) -> str:
    """The key of a stack that signs pictures."""
    outputs["ContentCredentialsKeyArn"] = make_key(boto3.client("kms"))
    return outputs["ContentCredentialsKeyArn"]


def chain_of(key: str) -> bytes:
    return Authority().chain(boto3.client("kms"), key)


def stored(outputs: dict[str, str]) -> dict[str, bytes]:
    s3, bucket = boto3.client("s3"), outputs["BucketName"]
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}


def environments(definition: str) -> dict[str, dict[str, Any]]:
    return {
        name: steps(json.loads(definition))[name]["Arguments"].get("Environment", {})
        for name in ("Prepare", "Train", "Infer")
    }


def test_the_jobs_that_make_pictures_are_told_of_key_and_certificates_and_no_other(
    outputs: dict[str, str], key: str, checkout: Path, definition_text: str
) -> None:
    deploy_pipeline(boto3.client, outputs, checkout, certificates=chain_of(key))

    deployed = boto3.client("sagemaker").describe_pipeline(PipelineName="workshop")["PipelineDefinition"]
    told = {"SIGNING_KEY": key, "CERTIFICATES": f"s3://{outputs['BucketName']}/{CERTIFICATES}"}
    without = environments(definition_text)
    assert environments(deployed) == {
        "Prepare": without["Prepare"],
        "Train": without["Train"] | told,
        "Infer": without["Infer"] | told,
    }
    for name in ("Train", "Infer"):
        assert api_errors(steps(json.loads(deployed))[name], Resolver(json.loads(deployed))) == ""


def test_a_stack_that_signs_nothing_tells_its_jobs_nothing(definition_text: str) -> None:
    rendered = render_definition(definition_text, job_role_arn=ROLE, notify_function_arn=FUNCTION, tags={})
    assert environments(rendered) == environments(definition_text)


def test_certificates_are_given_once_and_stay_until_newer_ones_come(
    outputs: dict[str, str], key: str, checkout: Path
) -> None:
    with pytest.raises(CertificateError, match=f"signs pictures with {key}: give its certificates"):
        deploy_pipeline(boto3.client, outputs, checkout)
    assert stored(outputs) == {}

    first, second = chain_of(key), chain_of(key)
    deploy_pipeline(boto3.client, outputs, checkout, certificates=first)
    deploy_pipeline(boto3.client, outputs, checkout)
    assert stored(outputs)[CERTIFICATES] == first
    deploy_pipeline(boto3.client, outputs, checkout, certificates=second)
    assert stored(outputs)[CERTIFICATES] == second


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        (b"", "a chain of certificates is PEM"),
        (b"\xff\x00", "a chain of certificates is PEM"),
        (b"-" * 16_385, "has at most 16384 bytes"),
        (
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
            "a chain of certificates is PEM|is not of the key",
        ),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "first certificate is not of the key"),
    ],
)
def test_what_is_no_chain_is_refused_before_anything_is_stored(
    outputs: dict[str, str], key: str, checkout: Path, chain: bytes, sentence: str
) -> None:
    with pytest.raises(CertificateError, match=sentence):
        deploy_pipeline(boto3.client, outputs, checkout, certificates=chain)
    assert stored(outputs) == {}


def test_the_chain_of_another_key_and_one_in_the_wrong_order_are_refused(
    outputs: dict[str, str], key: str, checkout: Path
) -> None:
    first, second = chain_of(key).decode().split("-----END CERTIFICATE-----\n")[:2]
    reversed_chain = "".join(f"{one}-----END CERTIFICATE-----\n" for one in (second, first)).encode()
    for chain in (chain_of(make_key(boto3.client("kms"))), reversed_chain):
        with pytest.raises(CertificateError, match=f"the first certificate is not of the key {key}"):
            deploy_pipeline(boto3.client, outputs, checkout, certificates=chain)


def test_certificates_for_a_stack_without_a_key_are_refused(
    stack: str, outputs: dict[str, str], checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_ROOT", checkout)
    file = tmp_path / "chain.pem"
    file.write_bytes(chain_of(make_key(boto3.client("kms"))))
    result = CliRunner().invoke(cli.main, ["upsert", "--stack", stack, "--certificates", str(file)])
    assert (result.exit_code, "deploy it with ContentCredentialsKey=" in result.stderr) == (1, True)
    assert stored(outputs) == {}


def test_upsert_stores_the_certificates_of_a_file(
    outputs: dict[str, str], key: str, stack: str, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_ROOT", checkout)
    file = tmp_path / "chain.pem"
    file.write_bytes(chain_of(key))
    result = CliRunner().invoke(cli.main, ["upsert", "--stack", stack, "--certificates", str(file)])
    assert (result.exit_code, result.stdout.startswith("arn:aws:sagemaker:")) == (0, True), result.output
    assert stored(outputs)[CERTIFICATES] == file.read_bytes()
