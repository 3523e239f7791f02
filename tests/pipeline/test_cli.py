"""`python -m pipeline_builder`: what it prints, and that every expected failure is one sentence."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from pipeline_builder import __main__ as cli
from pipeline_builder.bundle import bundle_files, bundle_prefix
from tests.pipeline.resolving import GIVEN


@pytest.fixture(autouse=True)
def _this_checkout(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.setattr(cli, "_ROOT", checkout)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def test_the_help_shows_an_example_that_can_be_pasted() -> None:
    assert "python -m pipeline_builder upsert --stack workshop" in run("--help").output


def test_the_code_prefix_is_known_before_anything_is_deployed(checkout: Path) -> None:
    assert run("code-prefix").output == bundle_prefix(bundle_files(checkout)) + "\n"


def test_upload_prints_where_everything_went(stack: str, outputs: dict[str, str], checkout: Path) -> None:
    result = run("upload", "--stack", stack)

    bucket = outputs["BucketName"]
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            f"s3://{bucket}/{bundle_prefix(bundle_files(checkout))}",
            f"s3://{bucket}/base/none/",
            f"s3://{bucket}/base/sketches/",
        ],
    )


@pytest.mark.parametrize("planned", [False, True], ids=["no stack", "a stack that was only planned"])
def test_an_upload_before_the_first_deployment_does_nothing_and_says_so_if_told_that_this_may_be(
    aws: None, planned: bool
) -> None:
    if planned:
        template = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
        boto3.client("cloudformation").create_change_set(
            StackName="workshop", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=template
        )
    result = run("upload", "--stack", "workshop", "--if-stack-exists")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("Nothing is uploaded yet: the")
    assert run("upload", "--stack", "workshop").exit_code == 1


def test_whatever_else_stops_an_upload_is_a_sentence_and_a_failure(
    stack: str, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    def deny(*_: object) -> str:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "PutObject")

    monkeypatch.setattr(cli, "upload_bundle", deny)
    result = run("upload", "--stack", stack, "--if-stack-exists")
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert "Error: AWS did not do it: An error occurred (AccessDenied)" in result.stderr


def test_where_names_the_account_and_the_users_region(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("where").output == "account 123456789012, region eu-central-1\n"
    monkeypatch.setenv("AWS_REGION", "us-west-2")  # the AWS CLI puts it before the other
    assert run("where").output == "account 123456789012, region us-west-2\n"


def test_where_there_is_no_region_a_sentence_says_so(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    result = run("where")
    assert (result.exit_code, result.stderr) == (1, "Error: AWS did not do it: You must specify a region.\n")


def test_upsert_prints_the_pipeline_and_says_that_runs_still_use_other_code(stack: str, checkout: Path) -> None:
    result = run("upsert", "--stack", stack, "--spot", "--tensorboard")

    assert result.exit_code == 0
    made = boto3.client("sagemaker").describe_pipeline(PipelineName="workshop")
    assert result.stdout.strip() == made["PipelineArn"]
    assert {"MaxWaitTimeInSeconds", "TensorBoardOutputConfig"} <= set(re.findall(r"\w+", made["PipelineDefinition"]))
    assert result.stderr.startswith("Runs still use code/none/: deploy the stack with InferenceCodePath=code/")


def test_upsert_takes_over_nobodys_pipeline_on_demand_and_another_stacks_never(stack: str) -> None:
    sagemaker = boto3.client("sagemaker")
    made = {
        "PipelineDefinition": "{}",
        "RoleArn": "arn:aws:iam::123456789012:role/theirs",
        "ClientRequestToken": "t" * 32,
    }
    arn = sagemaker.create_pipeline(PipelineName="workshop", **made)["PipelineArn"]

    refused = run("upsert", "--stack", stack)
    assert (refused.exit_code, refused.stderr.count("--adopt"), len(refused.stderr.splitlines())) == (1, 1, 1)
    assert run("upsert", "--stack", stack, "--adopt").exit_code == 0

    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stack", "Value": "theirs"}])
    assert "belongs to the stack 'theirs'" in run("upsert", "--stack", stack, "--adopt").stderr


def test_start_prints_the_execution(stack: str) -> None:
    run("upsert", "--stack", stack)

    result = run("start", "--stack", stack, *(f"{name}={value}" for name, value in GIVEN.items()))

    assert result.exit_code == 0
    assert ":pipeline/workshop/execution/" in result.stdout


@pytest.mark.parametrize(("command", "output"), [("upload", "BucketName"), ("start", "PipelineName")])
def test_a_stack_of_another_template_is_told_by_the_output_it_lacks(aws: None, command: str, output: str) -> None:
    template = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=template)

    result = run(command, "--stack", "other")

    assert (result.exit_code, result.stderr) == (1, f"Error: the stack 'other' has no output {output}.\n")


@pytest.mark.parametrize("arguments", [["Kimg"], ["Kimg=1", "Kimg=2"]])
def test_parameters_that_cannot_be_read_are_a_usage_error(arguments: list[str]) -> None:
    assert run("start", "--stack", "workshop", *arguments).exit_code == 2


def test_an_expected_failure_is_one_sentence(aws: None) -> None:
    result = run("upsert", "--stack", "nowhere")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: there is no stack 'nowhere'")


@pytest.fixture
def definition_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A definition.json that may be written, and a builder whose definition is `{}` in place of the SDK's."""
    builder = types.ModuleType("pipeline_builder.pipeline")
    vars(builder)["build_definition"] = lambda: "{}\n"
    monkeypatch.setitem(sys.modules, builder.__name__, builder)
    monkeypatch.setattr(cli, "DEFINITION_FILE", tmp_path / "definition.json")
    return tmp_path / "definition.json"


def test_the_definition_is_written(definition_file: Path) -> None:
    assert run("definition").exit_code == 0
    assert definition_file.read_text() == "{}\n"
    assert run("definition", "--check").exit_code == 0


def test_a_stale_definition_is_told_and_left_alone(definition_file: Path) -> None:
    definition_file.write_text("stale")

    result = run("definition", "--check")

    assert (result.exit_code, definition_file.read_text()) == (1, "stale")
    assert "run `definition` and commit it" in result.stderr


def test_without_the_sdk_the_definition_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sagemaker", None)
    for name in [name for name in sys.modules if name in ("pipeline_builder.pipeline", "pipeline_builder.sdk")]:
        monkeypatch.delitem(sys.modules, name)

    result = run("definition", "--check")

    assert result.exit_code == 1
    assert "the SageMaker SDK is not installed here" in result.stderr
