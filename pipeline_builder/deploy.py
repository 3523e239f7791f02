"""Puts the pipeline into an account with boto3 alone: the SageMaker SDK is needed to build it, not to deploy it.

`ClientFactory` stands for anything that makes a boto3 client of a service's name: `boto3.Session().client`, or a
function that points the clients at an emulator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contract.pipeline import Step
from pipeline_builder.bundle import bundle_files, bundle_prefix, upload_base_networks, upload_bundle
from pipeline_builder.certificates import signing_variables, upload_certificates
from pipeline_builder.errors import DefinitionError, NoStackError, StackError

__all__ = [
    "DEFINITION_FILE",
    "ClientFactory",
    "bundle_files",
    "bundle_prefix",
    "deploy_pipeline",
    "render_definition",
    "stack_details",
    "upsert_pipeline",
]

ClientFactory = Callable[[str], Any]

DEFINITION_FILE = Path(__file__).parent / "definition.json"

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[\w-]{1,64}(?::[\w$-]{1,128})?", re.ASCII
)
_STACK_TAG = "stack"
_TENSORBOARD_PATH = "/opt/ml/output/tensorboard"  # SageMaker's default
_NAME = re.compile(r"[a-z0-9](-*[a-z0-9])*")
_LARGEST_DEFINITION = 1_048_576  # characters, of CreatePipeline
_OUTPUTS = ("BucketName", "PipelineName", "PipelineRoleArn", "ReportSuccessFunctionArn", "StackName")
_PLANNED = "REVIEW_IN_PROGRESS"  # a change set was made, and not executed
_USABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")


def deploy_pipeline(
    client: ClientFactory,
    stack_outputs: Mapping[str, str],
    root: Path,
    *,
    spot: bool = False,
    tensorboard: bool = False,
    certificates: bytes | None = None,
    adopt: bool = False,
) -> str:
    """Upload what the jobs read, then create or update the stack's pipeline; returns the pipeline's ARN.

    Code first: a run of the new definition must find it. Repeating it changes nothing.

    Args:
        stack_outputs: the outputs of the deployed template; needs `_OUTPUTS`.
        root: the checkout whose inference code and base networks are uploaded.
        spot: train on managed spot instances, see `render_definition`.
        tensorboard: have the training's curves copied to S3, see `render_definition`.
        certificates: the chain that pictures are signed with, as PEM; None: the one from before, if there must be one.
        adopt: take over a pipeline that belongs to no stack, see `upsert_pipeline`.

    Raises:
        StackError: an output is missing, or the pipeline is not the stack's.
        BundleError: the checkout is not complete.
        CertificateError: pictures cannot be signed with the stack's key and these certificates.
        DefinitionError: an output is not the ARN that it should be.
    """
    if missing := [name for name in _OUTPUTS if not stack_outputs.get(name)]:
        raise StackError(
            f"the stack has no output {', '.join(missing)}; is it a stack of this project's template.yaml?"
        )
    role_arn, bucket = stack_outputs["PipelineRoleArn"], stack_outputs["BucketName"]
    # As template.yaml tags everything else: the budget and the bill count by them.
    tags = {"application": "image-workshop", _STACK_TAG: stack_outputs["StackName"]}
    definition = render_definition(
        DEFINITION_FILE.read_text(encoding="utf-8"),
        job_role_arn=role_arn,
        notify_function_arn=stack_outputs["ReportSuccessFunctionArn"],
        tags=tags,
        spot=spot,
        tensorboard=tensorboard,
        signing=signing_variables(stack_outputs),
    )
    name, sagemaker = stack_outputs["PipelineName"], client("sagemaker")
    check_pipeline(sagemaker, name, tags[_STACK_TAG], adopt=adopt)
    upload_certificates(client, stack_outputs, certificates)
    s3 = client("s3")
    upload_bundle(s3, bucket, bundle_files(root))
    upload_base_networks(s3, bucket, root)
    return upsert_pipeline(sagemaker, name, definition, role_arn, tags, adopt=adopt)


def render_definition(
    definition: str,
    *,
    job_role_arn: str,
    notify_function_arn: str,
    tags: Mapping[str, str],
    spot: bool = False,
    tensorboard: bool = False,
    signing: Mapping[str, str] | None = None,
) -> str:
    """The definition with its placeholders filled in and its jobs tagged, ready for CreatePipeline.

    With `spot` the training job runs on managed spot instances. That is a choice of the deployed pipeline, not of a
    run, because CreateTrainingJob wants MaxWaitTimeInSeconds exactly when spot is on, and at least as long as
    MaxRuntimeInSeconds. It gets the same value, so that MaxTrainSeconds stays the one limit and no pair of parameters
    can contradict each other; waiting for capacity then counts towards it.

    With `tensorboard` the service copies the curves of the training, while it goes on, to where the job's model will
    lie: <job>/tensorboard-output. A choice of the deployed pipeline for the same reason: the field is there or not.

    With `signing`, see `signing_variables`, the jobs that make pictures sign them.

    Raises:
        DefinitionError: an argument is not an ARN of its kind, or the definition is not one of ours.
    """
    arns = {
        "${JobRoleArn}": (job_role_arn, _ROLE_ARN, "role"),
        "${NotifyFunctionArn}": (notify_function_arn, _FUNCTION_ARN, "function"),
    }
    for placeholder, (arn, pattern, kind) in arns.items():
        # The text is replaced inside JSON strings, so nothing but an ARN may get in.
        if not pattern.fullmatch(arn):
            raise DefinitionError(f"{arn!r} is not the ARN of a {kind}.")
        if placeholder not in definition:
            raise DefinitionError(f"the definition has no placeholder {placeholder}.")
        definition = definition.replace(placeholder, arn)
    try:
        document = json.loads(definition)
    except ValueError as error:
        raise DefinitionError(f"the definition is not JSON: {error}") from error
    _tag_jobs(document, tags)
    if spot:
        _train_on_spot(document)
    if tensorboard:
        _keep_curves(document)
    if signing:
        _sign_pictures(document, signing)
    rendered = json.dumps(document, separators=(",", ":"))
    if "${" in rendered:
        raise DefinitionError("the definition has a placeholder that nothing fills in.")
    if len(rendered) > _LARGEST_DEFINITION:
        raise DefinitionError(f"the definition has {len(rendered)} characters; {_LARGEST_DEFINITION} are allowed.")
    return rendered


def check_pipeline(sagemaker: Any, name: str, stack: str, *, adopt: bool = False) -> str | None:
    """The ARN of the pipeline that the stack may update, None if there is none of that name yet.

    With `adopt`, also one that belongs to no stack: it was made by other means.

    Raises:
        StackError: the name is another stack's or nobody's, or it cannot be a pipeline's of ours.
    """
    if not _NAME.fullmatch(name):
        # SageMaker writes a pipeline's name in small letters into its ARN, by which its events and rights are matched.
        raise StackError(
            f"{name!r} cannot be the pipeline's name: small letters, digits and inner hyphens are allowed; "
            "deploy the stack with PipelineName=... of these."
        )
    if (arn := _find(sagemaker, name)) is None:
        return None
    owners = {tag["Value"] for tag in _tags_of(sagemaker, arn) if tag["Key"] == _STACK_TAG}
    if others := sorted(owners - {stack}):
        raise StackError(
            f"the pipeline {name!r} belongs to the stack {others[0]!r}: deploy the stack {stack!r} with another "
            f"PipelineName, or delete the pipeline first if {others[0]!r} is gone."
        )
    if not owners and not adopt:
        raise StackError(
            f"there is a pipeline {name!r} that no stack has made: deploy the stack {stack!r} with another "
            "PipelineName, or take the pipeline over with --adopt."
        )
    return arn


def upsert_pipeline(
    sagemaker: Any, name: str, definition: str, role_arn: str, tags: Mapping[str, str], *, adopt: bool = False
) -> str:
    """Create the pipeline, or update it if it differs; returns its ARN. A run in progress keeps its own definition.

    Args:
        tags: what the stack's things are tagged with; `stack` says whose the pipeline is.
        adopt: take over a pipeline that belongs to no stack.

    Raises:
        StackError: the pipeline is not the stack's, see `check_pipeline`.
    """
    listed_tags = _listed(tags)
    wanted = {"PipelineDefinition": definition, "RoleArn": role_arn}
    arn = check_pipeline(sagemaker, name, tags[_STACK_TAG], adopt=adopt)
    if arn is None:
        # The name is unique in an account and region: of two stacks that create it at once, one is refused.
        created: str = sagemaker.create_pipeline(PipelineName=name, Tags=listed_tags, **wanted)["PipelineArn"]
        return created
    found = sagemaker.describe_pipeline(PipelineName=name)
    # Every update makes a new version of the pipeline: none without a change.
    if any(found.get(key) != value for key, value in wanted.items()):
        sagemaker.update_pipeline(PipelineName=name, **wanted)
    sagemaker.add_tags(ResourceArn=arn, Tags=listed_tags)
    return arn


def stack_details(cloudformation: Any, stack: str) -> tuple[dict[str, str], dict[str, str]]:
    """The outputs and the parameters of a deployed stack.

    Raises:
        NoStackError: there is no such stack, or it has only been planned.
        StackError: it is in no state to work with.
    """
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise NoStackError(
            f"there is no stack {stack!r} in this account and region; deploy template.yaml first."
        ) from error
    if found["StackStatus"] == _PLANNED:
        raise NoStackError(f"the stack {stack!r} has only been planned; deploy template.yaml first.")
    if found["StackStatus"] not in _USABLE:
        raise StackError(f"the stack {stack!r} is {found['StackStatus']}; it must be deployed without an error first.")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    parameters = {given["ParameterKey"]: given["ParameterValue"] for given in found.get("Parameters", [])}
    return outputs, parameters


def _find(sagemaker: Any, name: str) -> str | None:
    # Asked with a list, not by describing it: what is answered for an unknown name differs between the service and
    # its emulators, and a ValidationException can mean many things.
    pages = sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=name)
    return next(
        (
            found["PipelineArn"]
            for page in pages
            for found in page["PipelineSummaries"]
            if found["PipelineName"] == name
        ),
        None,
    )


def _tags_of(sagemaker: Any, arn: str) -> list[dict[str, str]]:
    return [tag for page in sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn) for tag in page["Tags"]]


def _tag_jobs(document: dict[str, Any], tags: Mapping[str, str]) -> None:
    for step in _steps(document["Steps"]):
        if step["Type"] in ("Processing", "Training"):
            step["Arguments"]["Tags"] = _listed(tags)


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _train_on_spot(document: dict[str, Any]) -> None:
    for step in _training_steps(document):
        step["Arguments"]["EnableManagedSpotTraining"] = True
        condition = step["Arguments"]["StoppingCondition"]
        condition["MaxWaitTimeInSeconds"] = condition["MaxRuntimeInSeconds"]


def _keep_curves(document: dict[str, Any]) -> None:
    for step in _training_steps(document):
        where = step["Arguments"]["OutputDataConfig"]["S3OutputPath"]
        step["Arguments"]["TensorBoardOutputConfig"] = {"LocalPath": _TENSORBOARD_PATH, "S3OutputPath": where}


def _sign_pictures(document: dict[str, Any], signing: Mapping[str, str]) -> None:
    for step in _steps(document["Steps"]):
        if step["Name"] in (Step.TRAIN, Step.INFER):
            step["Arguments"]["Environment"].update(signing)


def _training_steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    if training := [step for step in _steps(document["Steps"]) if step["Type"] == "Training"]:
        return training
    raise DefinitionError("the definition has no training step that this could be chosen for.")


def _steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps and those in the branches of conditions."""
    found = list(steps)
    for step in steps:
        for branch in ("IfSteps", "ElseSteps"):
            found += _steps(step["Arguments"].get(branch, [])) if step["Type"] == "Condition" else []
    return found
