"""From definition.json and a stack's outputs to a pipeline in an account (moto's)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from containers.job import TrainingJob
from pipeline_builder.deploy import (
    DEFINITION_FILE,
    deploy_pipeline,
    render_definition,
    stack_details,
    upsert_pipeline,
)
from pipeline_builder.errors import DefinitionError, StackError
from tests.pipeline.resolving import Resolver, steps
from tests.pipeline.test_definition import api_errors

ROLE = "arn:aws:iam::123456789012:role/service-role/workshop-PipelineRole-1ABC"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:workshop-ReportSuccess-1ABC"
TAGS = {"stack": "workshop", "application": "image-workshop"}
LISTED_TAGS = [{"Key": "application", "Value": "image-workshop"}, {"Key": "stack", "Value": "workshop"}]


# ------------------------------------------------------------------------------------------------------- rendering


def render(definition: str, **changes: Any) -> str:
    return render_definition(
        definition, **{"job_role_arn": ROLE, "notify_function_arn": FUNCTION, "tags": TAGS, **changes}
    )


def test_the_placeholders_are_filled_in_the_jobs_tagged_and_nothing_else_changes(definition_text: str) -> None:
    rendered = json.loads(render(definition_text))
    for name in ("Prepare", "Train", "Infer"):
        assert steps(rendered)[name]["Arguments"].pop("Tags") == LISTED_TAGS

    assert json.dumps(rendered).count(ROLE) == 3
    assert steps(rendered)["Notify"]["FunctionArn"] == FUNCTION
    back = json.dumps(rendered).replace(ROLE, "${JobRoleArn}").replace(FUNCTION, "${NotifyFunctionArn}")
    assert json.loads(back) == json.loads(definition_text)


def test_spot_changes_the_training_job_alone_and_the_api_accepts_it(definition_text: str) -> None:
    on_demand, spot = json.loads(render(definition_text)), json.loads(render(definition_text, spot=True))
    train = steps(spot)["Train"]
    assert api_errors(train, Resolver(spot)) == ""

    assert train["Arguments"].pop("EnableManagedSpotTraining") is True
    assert steps(on_demand)["Train"]["Arguments"].pop("EnableManagedSpotTraining") is False
    limits = train["Arguments"]["StoppingCondition"]
    assert limits.pop("MaxWaitTimeInSeconds") == limits["MaxRuntimeInSeconds"]
    assert spot == on_demand


def test_curves_are_copied_beside_the_jobs_model_if_the_deployment_says_so(definition_text: str) -> None:
    without, curves = json.loads(render(definition_text)), json.loads(render(definition_text, tensorboard=True))
    train = steps(curves)["Train"]
    assert api_errors(train, Resolver(curves)) == ""

    config = train["Arguments"].pop("TensorBoardOutputConfig")
    assert config["S3OutputPath"] == train["Arguments"]["OutputDataConfig"]["S3OutputPath"]
    assert config["LocalPath"] == str(TrainingJob(Path("/opt/ml")).tensorboard_folder)
    assert curves == without


@pytest.mark.parametrize("choice", ["spot", "tensorboard"])
def test_what_is_chosen_for_the_training_job_needs_one(choice: str) -> None:
    definition = '{"Steps": [], "x": "${JobRoleArn} ${NotifyFunctionArn}"}'

    with pytest.raises(DefinitionError, match="no training step"):
        render(definition, **{choice: True})


@given(st.text(max_size=80))
def test_only_an_arn_gets_into_the_definition(text: str) -> None:
    definition = DEFINITION_FILE.read_text(encoding="utf-8")

    for name in ("job_role_arn", "notify_function_arn"):
        with pytest.raises(DefinitionError, match="is not the ARN of a"):
            render(definition, **{name: text})


@pytest.mark.parametrize("arn", [ROLE + '"', ROLE + "\n", FUNCTION, ROLE.replace("role", "user")])
def test_an_arn_of_another_kind_or_with_something_behind_it_is_refused(definition_text: str, arn: str) -> None:
    with pytest.raises(DefinitionError, match="is not the ARN of a role"):
        render(definition_text, job_role_arn=arn)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ('{"Role": "${JobRoleArn}"}', r"no placeholder \$\{NotifyFunctionArn\}"),
        ("${JobRoleArn}${NotifyFunctionArn}", "not JSON"),
        ('{"Steps": [], "x": "${JobRoleArn} ${NotifyFunctionArn} ${Bucket}"}', "nothing fills in"),
        (f'{{"Steps": [], "x": "${{JobRoleArn}} ${{NotifyFunctionArn}} {"y" * 1_048_576}"}}', "1048576 are allowed"),
    ],
)
def test_a_definition_that_cannot_be_deployed_is_refused(definition: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        render(definition)


# ------------------------------------------------------------------------------------------------------- upserting


def test_a_new_pipeline_is_created_and_a_changed_one_updated(aws: None) -> None:
    sagemaker = boto3.client("sagemaker")

    arn = upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS)
    assert upsert_pipeline(sagemaker, "workshop", '{"Steps":[1]}', ROLE, TAGS) == arn
    assert sagemaker.describe_pipeline(PipelineName="workshop")["PipelineDefinition"] == '{"Steps":[1]}'

    other_role = ROLE.replace("1ABC", "2DEF")
    assert upsert_pipeline(sagemaker, "workshop", '{"Steps":[1]}', other_role, TAGS) == arn
    assert sagemaker.describe_pipeline(PipelineName="workshop")["RoleArn"] == other_role


def test_an_unchanged_pipeline_gets_no_new_version(aws: None) -> None:
    sagemaker = boto3.client("sagemaker")
    arn = upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS)
    calls: list[str] = []
    sagemaker.meta.events.register("before-call.sagemaker", lambda model, **_: calls.append(model.name))

    assert upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS) == arn
    assert calls == ["ListPipelines", "ListTags", "DescribePipeline", "AddTags"]


def make_pipeline(name: str, **tags: str) -> str:
    """A pipeline that somebody else has made."""
    arn: str = boto3.client("sagemaker").create_pipeline(
        PipelineName=name,
        PipelineDefinition='{"Steps":["theirs"]}',
        RoleArn=ROLE,
        ClientRequestToken="t" * 32,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["PipelineArn"]
    return arn


def test_a_pipeline_carries_the_tags_of_its_stack(aws: None) -> None:
    sagemaker = boto3.client("sagemaker")
    arn = upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS)

    tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert sorted(tags, key=lambda tag: tag["Key"]) == LISTED_TAGS


@pytest.mark.parametrize("adopt", [False, True])
def test_a_pipeline_of_another_stack_is_left_as_it_is(outputs: dict[str, str], checkout: Path, adopt: bool) -> None:
    """Also where both were deployed with one PipelineName; the sentence says whose it is and what to do."""
    arn = make_pipeline("workshop", stack="workshop-of-others", application="image-workshop")
    sagemaker = boto3.client("sagemaker")

    def theirs() -> list[Any]:
        found = sagemaker.describe_pipeline(PipelineName="workshop")
        return [found["PipelineDefinition"], found["LastModifiedTime"], sagemaker.list_tags(ResourceArn=arn)["Tags"]]

    before = theirs()

    with pytest.raises(StackError, match=r"belongs to the stack 'workshop-of-others'.* with another PipelineName"):
        upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS, adopt=adopt)
    with pytest.raises(StackError, match="belongs to the stack 'workshop-of-others'"):
        deploy_pipeline(boto3.client, outputs, checkout, adopt=adopt)

    assert theirs() == before
    assert boto3.client("s3").list_objects_v2(Bucket=outputs["BucketName"])["KeyCount"] == 0


@pytest.mark.parametrize("tags", [{}, {"team": "vision"}])
def test_a_pipeline_that_no_stack_has_made_is_taken_over_on_demand_only(aws: None, tags: dict[str, str]) -> None:
    sagemaker = boto3.client("sagemaker")
    arn = make_pipeline("workshop", **tags)

    with pytest.raises(StackError, match=r"no stack has made.*PipelineName, or .* --adopt"):
        upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS)
    assert sagemaker.describe_pipeline(PipelineName="workshop")["PipelineDefinition"] == '{"Steps":["theirs"]}'

    assert upsert_pipeline(sagemaker, "workshop", '{"Steps":[]}', ROLE, TAGS, adopt=True) == arn
    assert upsert_pipeline(sagemaker, "workshop", '{"Steps":[1]}', ROLE, TAGS) == arn
    found = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    assert found == tags | TAGS


@pytest.mark.parametrize("name", ["Workshop", "workshop-", "-w", "w_1", "", "wörk"])
def test_a_name_that_its_events_would_not_carry_is_refused(aws: None, name: str) -> None:
    with pytest.raises(StackError, match=r"cannot be the pipeline's name.*PipelineName="):
        upsert_pipeline(boto3.client("sagemaker"), name, '{"Steps":[]}', ROLE, TAGS)


def test_a_pipeline_whose_name_only_begins_alike_is_another_one(aws: None) -> None:
    sagemaker = boto3.client("sagemaker")
    upsert_pipeline(sagemaker, "workshop-test", '{"Steps":[1]}', ROLE, TAGS)

    upsert_pipeline(sagemaker, "workshop", '{"Steps":[2]}', ROLE, TAGS)

    assert sagemaker.describe_pipeline(PipelineName="workshop-test")["PipelineDefinition"] == '{"Steps":[1]}'
    assert sagemaker.describe_pipeline(PipelineName="workshop")["PipelineDefinition"] == '{"Steps":[2]}'


# ------------------------------------------------------------------------------------------------------- deploying


def test_deploying_uploads_the_code_and_makes_the_pipeline(outputs: dict[str, str], checkout: Path) -> None:
    arn = deploy_pipeline(boto3.client, outputs, checkout)

    pipeline = boto3.client("sagemaker").describe_pipeline(PipelineName=outputs["PipelineName"])
    assert pipeline["PipelineArn"] == arn
    assert pipeline["RoleArn"] == outputs["PipelineRoleArn"]
    deployed = json.loads(pipeline["PipelineDefinition"])
    assert steps(deployed)["Train"]["Arguments"]["RoleArn"] == outputs["PipelineRoleArn"]
    assert steps(deployed)["Notify"]["FunctionArn"] == outputs["ReportSuccessFunctionArn"]
    keys = [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=outputs["BucketName"])["Contents"]]
    assert {key.split("/")[0] for key in keys} == {"base", "code"}


def test_deploying_twice_is_deploying_once(outputs: dict[str, str], checkout: Path) -> None:
    first = deploy_pipeline(boto3.client, outputs, checkout)
    before = boto3.client("sagemaker").describe_pipeline(PipelineName="workshop")["LastModifiedTime"]

    assert deploy_pipeline(boto3.client, outputs, checkout) == first
    assert boto3.client("sagemaker").describe_pipeline(PipelineName="workshop")["LastModifiedTime"] == before


def test_nothing_is_uploaded_when_the_pipeline_could_not_follow(outputs: dict[str, str], checkout: Path) -> None:
    outputs["PipelineRoleArn"] = "not-an-arn"

    with pytest.raises(DefinitionError, match="is not the ARN of a role"):
        deploy_pipeline(boto3.client, outputs, checkout)
    assert boto3.client("s3").list_objects_v2(Bucket=outputs["BucketName"])["KeyCount"] == 0


@pytest.mark.parametrize(
    "name", ["BucketName", "PipelineName", "PipelineRoleArn", "ReportSuccessFunctionArn", "StackName"]
)
def test_a_stack_without_a_needed_output_is_named(outputs: dict[str, str], checkout: Path, name: str) -> None:
    del outputs[name]

    with pytest.raises(StackError, match=name):
        deploy_pipeline(boto3.client, outputs, checkout)


# --------------------------------------------------------------------------------------------------------- the stack


def test_outputs_and_parameters_of_a_stack_are_read(stack: str, outputs: dict[str, str]) -> None:
    assert stack_details(boto3.client("cloudformation"), stack) == (outputs, {"InferenceCodePath": "code/none/"})


def test_an_unknown_stack_is_a_sentence(aws: None) -> None:
    with pytest.raises(StackError, match="there is no stack 'nowhere'"):
        stack_details(boto3.client("cloudformation"), "nowhere")


def test_a_refusal_is_not_taken_for_an_unknown_stack(aws: None) -> None:
    cloudformation = boto3.client("cloudformation")
    stubber = Stubber(cloudformation)
    stubber.add_client_error("describe_stacks", service_error_code="AccessDenied", http_status_code=403)

    with stubber, pytest.raises(ClientError, match="AccessDenied"):
        stack_details(cloudformation, "workshop")


class _Stack:
    """A CloudFormation client that knows one stack, in one state."""

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status}]}


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_COMPLETE", "CREATE_FAILED", "CREATE_IN_PROGRESS"])
def test_a_stack_that_was_not_deployed_is_refused(status: str) -> None:
    with pytest.raises(StackError, match=status):
        stack_details(_Stack(status), "workshop")


def test_a_stack_after_a_failed_update_still_works() -> None:
    assert stack_details(_Stack("UPDATE_ROLLBACK_COMPLETE"), "workshop") == ({}, {})


def test_deployment_needs_no_sdk() -> None:
    """What runs on a laptop and in `make deploy` must not pull in a gigabyte of build-time packages."""
    program = (
        "import sys, pipeline_builder.__main__, pipeline_builder.deploy, pipeline_builder.start\n"
        "print([name for name in ('sagemaker', 'torch', 'workshop', 'containers') if name in sys.modules])"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"
