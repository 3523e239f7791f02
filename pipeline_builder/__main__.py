"""The pipeline's command line: `python -m pipeline_builder --help`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from pipeline_builder.bundle import bundle_files, bundle_prefix, upload_base_networks, upload_bundle
from pipeline_builder.deploy import DEFINITION_FILE, ClientFactory, deploy_pipeline, stack_details
from pipeline_builder.errors import NoStackError, PipelineBuilderError, StackError
from pipeline_builder.stack_parameters import read_file, read_words
from pipeline_builder.start import start_execution

_ROOT = Path(__file__).resolve().parent.parent

_stack_option = click.option(
    "--stack", required=True, metavar="NAME", help="CloudFormation stack of template.yaml that the pipeline belongs to."
)


class _Commands(click.Group):
    """Tells this package's errors, and AWS's, as a sentence and exit code 1 instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except PipelineBuilderError as error:
            raise click.ClickException(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(f"AWS did not do it: {error}") from error


@click.group(cls=_Commands)
def main() -> None:
    """Build the SageMaker pipeline and put it into an AWS account.

    Account and region are those of the AWS configuration (AWS_PROFILE, AWS_REGION, AWS_DEFAULT_REGION).

    \b
    Example, after a change of the pipeline or of the inference code:
      python -m pipeline_builder definition
      python -m pipeline_builder upsert --stack workshop
    """


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if definition.json is not what would be written.")
def definition(check: bool) -> None:
    """Write definition.json (needs the SageMaker SDK; no account, no network)."""
    try:
        # Imported late: this is the only command that needs the SDK.
        from pipeline_builder.pipeline import build_definition
    except ModuleNotFoundError as error:
        raise click.ClickException(f"the SageMaker SDK is not installed here ({error}); see requirements/.") from error
    built = build_definition()
    if not check:
        DEFINITION_FILE.write_text(built, encoding="utf-8")
        click.echo(f"wrote {DEFINITION_FILE}")
    elif DEFINITION_FILE.read_text(encoding="utf-8") != built:
        raise click.ClickException("definition.json is not what the builder makes; run `definition` and commit it.")


@main.command()
def code_prefix() -> None:
    """Print where this checkout's inference code belongs in the bucket (the template's InferenceCodePath)."""
    click.echo(bundle_prefix(bundle_files(_ROOT)))


@main.command()
@click.option("--file", type=click.Path(path_type=Path), help="A YAML file of `Name: value` lines.")
@click.option("--words", default="", metavar="NAME=VALUE...", help="More of them; they win over the file's.")
def parameters(file: Path | None, words: str) -> None:
    """Print the template's parameters for `sam deploy --parameter-overrides file://...`.

    InferenceCodePath is this checkout's, if none is given.
    """
    given = {"InferenceCodePath": bundle_prefix(bundle_files(_ROOT))}
    given |= (read_file(file) if file else {}) | read_words(words)
    click.echo(json.dumps(given, indent=1))  # every JSON is YAML, and here every value is a text


@main.command()
def where() -> None:
    """Print the account and the region that the commands, and `make deploy`, work in."""
    client = _session_client()
    cloudformation = client("cloudformation")  # says so, if no region is chosen
    account = client("sts").get_caller_identity()["Account"]
    click.echo(f"account {account}, region {cloudformation.meta.region_name}")


@main.command()
@_stack_option
@click.option("--if-stack-exists", is_flag=True, help="Do nothing, and say so, before the stack's first deployment.")
def upload(stack: str, if_stack_exists: bool) -> None:
    """Upload the inference code and the base networks; prints their S3 URIs."""
    client = _session_client()
    try:
        outputs, parameters = stack_details(client("cloudformation"), stack)
    except NoStackError as error:
        if not if_stack_exists:
            raise
        click.echo(f"Nothing is uploaded yet: {error}", err=True)
        return
    if "BucketName" not in outputs:
        raise StackError(f"the stack {stack!r} has no output BucketName.")
    s3 = client("s3")
    click.echo(upload_bundle(s3, outputs["BucketName"], bundle_files(_ROOT)))
    for uri in upload_base_networks(s3, outputs["BucketName"], _ROOT):
        click.echo(uri)
    _warn_of_other_code(parameters)


@main.command()
@_stack_option
@click.option("--spot", is_flag=True, help="Train on managed spot instances: cheaper, and may be interrupted.")
@click.option("--tensorboard", is_flag=True, help="Copy each training's curves for TensorBoard to its run's folder.")
@click.option(
    "--certificates",
    type=click.File("rb"),
    help="PEM file: the chain of the key that the stack signs pictures with, the signer's own first.",
)
@click.option("--adopt", is_flag=True, help="Take over a pipeline of that name that no stack has made.")
def upsert(stack: str, spot: bool, tensorboard: bool, certificates: BinaryIO | None, adopt: bool) -> None:
    """Upload the code and create or update the stack's pipeline; prints its ARN.

    A pipeline of another stack is never touched.
    """
    client = _session_client()
    outputs, parameters = stack_details(client("cloudformation"), stack)
    chain = None if certificates is None else certificates.read()
    choices = {"spot": spot, "tensorboard": tensorboard, "adopt": adopt}
    click.echo(deploy_pipeline(client, outputs, _ROOT, certificates=chain, **choices))
    _warn_of_other_code(parameters)


@main.command()
@_stack_option
@click.argument("parameters", nargs=-1, metavar="NAME=VALUE...")
def start(stack: str, parameters: tuple[str, ...]) -> None:
    """Start one run by hand with these pipeline parameters; prints the execution's ARN.

    Datasets are started by the function start_run; this is for work on the pipeline itself.
    """
    given = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{text!r} is not of the form NAME=VALUE.")
        if name in given:
            raise click.UsageError(f"parameter {name!r} is given twice.")
        given[name] = value
    client = _session_client()
    outputs, _ = stack_details(client("cloudformation"), stack)
    if "PipelineName" not in outputs:
        raise StackError(f"the stack {stack!r} has no output PipelineName.")
    click.echo(start_execution(client("sagemaker"), outputs["PipelineName"], given))


def _session_client() -> ClientFactory:
    # The stubs overload `client` on each service's name, which no ordinary callable type describes.
    # boto3 does not know AWS_REGION, which the AWS CLI and the other SDKs put first.
    client: Any = boto3.Session(region_name=os.environ.get("AWS_REGION")).client
    factory: ClientFactory = client
    return factory


def _warn_of_other_code(parameters: dict[str, str]) -> None:
    """Runs take the code that the stack names. Uploading new code does not change that."""
    mine = bundle_prefix(bundle_files(_ROOT))
    theirs = parameters.get("InferenceCodePath", mine)
    if theirs != mine:
        click.echo(f"Runs still use {theirs}: deploy the stack with InferenceCodePath={mine} to change that.", err=True)


if __name__ == "__main__":
    main(prog_name="python -m pipeline_builder")
