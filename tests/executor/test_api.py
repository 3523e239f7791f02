"""The HTTP API: what moto does not do, or does otherwise than AWS."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import moto
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local_aws.keys import RootKey
from local_aws.sagemaker import StandInError, api
from tests.executor.support import ACCOUNT, PIPELINE, REGION, ROLE, ROOT_KEY, MakePlace, Place, processing, signed

PIPELINE_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/{PIPELINE}"
FAIL = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
PARAMETERS: list[dict[str, Any]] = [
    {"Name": "Dataset", "Type": "String"},
    {"Name": "Kimg", "Type": "Float", "DefaultValue": 1000},
    {"Name": "Seed", "Type": "Integer", "DefaultValue": 0},
    {"Name": "Spot", "Type": "Boolean", "DefaultValue": False},
    {"Name": "Mode", "Type": "String", "DefaultValue": "all", "EnumValues": ["all", "mix"]},
]


def definition(*steps: dict[str, Any]) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": list(steps)})


def test_definition_that_cannot_be_run_is_refused_at_creation_and_update(place: Place) -> None:
    callback = definition({"Name": "Wait", "Type": "Callback", "SqsQueueUrl": "x"})
    with pytest.raises(
        ClientError, match=r"ValidationException.*step 'Wait': steps of type 'Callback' are not supported"
    ):
        place.api.create_pipeline(PipelineName=PIPELINE, PipelineDefinition=callback, RoleArn=ROLE)
    place.create([FAIL])
    with pytest.raises(ClientError, match="steps of type 'Callback' are not supported"):
        place.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition=callback)
    with pytest.raises(ClientError, match="it is not valid JSON"):
        place.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition="not json {")
    assert "Callback" not in place.api.describe_pipeline(PipelineName=PIPELINE_ARN)["PipelineDefinition"]


def test_upsert_as_the_sdk_does_it(place: Place) -> None:
    """The second CreatePipeline is a ValidationException that says so; UpdatePipeline then works."""
    place.create([FAIL])
    with pytest.raises(ClientError, match=r"ValidationException.*already exists"):
        place.create([FAIL])
    new = definition({**FAIL, "Name": "Other"})
    assert place.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition=new)["PipelineArn"] == PIPELINE_ARN
    description = place.finish(place.start())
    assert list(place.steps(description["PipelineExecutionArn"])) == ["Other"]


def test_execution_keeps_the_definition_it_was_started_with(place: Place) -> None:
    place.create([FAIL])
    arn = place.start()
    place.api.update_pipeline(PipelineName=PIPELINE, PipelineDefinition=definition({**FAIL, "Name": "Other"}))
    answer = place.api.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    assert json.loads(answer["PipelineDefinition"])["Steps"] == [FAIL]


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("describe_pipeline", {"PipelineName": "none"}),
        ("update_pipeline", {"PipelineName": "none"}),
        ("delete_pipeline", {"PipelineName": "none"}),
        ("start_pipeline_execution", {"PipelineName": "none"}),
        ("list_pipeline_executions", {"PipelineName": "none"}),
        ("describe_pipeline_execution", {"PipelineExecutionArn": f"{PIPELINE_ARN}/execution/none"}),
        ("list_pipeline_execution_steps", {"PipelineExecutionArn": f"{PIPELINE_ARN}/execution/none"}),
        ("stop_pipeline_execution", {"PipelineExecutionArn": f"{PIPELINE_ARN}/execution/none"}),
    ],
)
def test_what_does_not_exist_is_not_found(place: Place, action: str, arguments: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=r"ResourceNotFound.*does not exist"):
        getattr(place.api, action)(**arguments)


def test_same_token_gives_the_same_execution(place: Place) -> None:
    place.create([processing("sleep 600")])
    first = place.start("a" * 64)
    assert place.start("a" * 64) == first
    assert place.start("b" * 64) != first
    assert len(place.api.list_pipeline_executions(PipelineName=PIPELINE)["PipelineExecutionSummaries"]) == 2
    with pytest.raises(ClientError, match="clientRequestToken"):
        place.start("a" * 129)
    with pytest.raises(ParamValidationError, match="ClientRequestToken"):
        place.start("short")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"Parameters \[Dataset\] have no default value"),
        ({"Dataset": "d", "Other": "x"}, r"Unknown pipeline parameters: \[Other\]"),
        ({"Dataset": ""}, r'Parameter \[Dataset\]: string "" is too short'),
        ({"Dataset": "d", "Seed": "1.5"}, r"Cannot assign value \[1.5\] to parameter \[Seed\] of type \[Integer\]"),
        ({"Dataset": "d", "Kimg": "nan"}, r"Cannot assign value \[nan\] to parameter \[Kimg\] of type \[Float\]"),
        ({"Dataset": "d", "Spot": "yes"}, r"Cannot assign value \[yes\] to parameter \[Spot\] of type \[Boolean\]"),
        ({"Dataset": "d", "Mode": "none"}, r"Value \[none\] of parameter \[Mode\] is not one of \[all, mix\]"),
        ({"Dataset": "d" * 1025}, r"longer than 1024 characters"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(place: Place, given: dict[str, str], message: str) -> None:
    place.create([FAIL], PARAMETERS)
    with pytest.raises(ClientError, match=f"ValidationException.*{message}"):
        place.start(**given)
    assert place.api.list_pipeline_executions(PipelineName=PIPELINE)["PipelineExecutionSummaries"] == []


def test_parameters_become_their_types(place: Place) -> None:
    message = {"Std:Join": {"On": " ", "Values": [{"Get": f"Parameters.{item['Name']}"} for item in PARAMETERS]}}
    place.create([{"Name": "Step", "Type": "Fail", "Arguments": {"ErrorMessage": message}}], PARAMETERS)
    arn = place.start(Dataset="faces", Kimg="2", Seed="-7", Spot="True")
    assert place.reason(place.finish(arn)) == "faces 2.0 -7 true all"
    given = place.api.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert {"Name": "Seed", "Value": "-7"} in given


def test_executions_are_listed_newest_first_and_paged(place: Place) -> None:
    place.create([FAIL])
    started = [place.start(str(number) * 32) for number in range(3)]
    for arn in started:
        place.finish(arn)
    pages = list(place.api.get_paginator("list_pipeline_executions").paginate(PipelineName=PIPELINE, MaxResults=2))
    listed = [item["PipelineExecutionArn"] for page in pages for item in page["PipelineExecutionSummaries"]]
    assert (len(pages), listed) == (2, started[::-1])
    first = pages[0]["PipelineExecutionSummaries"][0]
    assert first["PipelineExecutionStatus"] == "Failed"
    assert first["PipelineExecutionDescription"] == "a description"
    oldest = place.api.list_pipeline_executions(PipelineName=PIPELINE_ARN, SortOrder="Ascending", MaxResults=1)
    assert oldest["PipelineExecutionSummaries"][0]["PipelineExecutionArn"] == started[0]
    after = place.api.describe_pipeline_execution(PipelineExecutionArn=started[-1])["CreationTime"]
    none = place.api.list_pipeline_executions(PipelineName=PIPELINE, CreatedAfter=after.replace(year=2100))
    assert none["PipelineExecutionSummaries"] == []


def test_steps_are_listed_newest_first(place: Place) -> None:
    place.create([processing("true"), {**FAIL, "DependsOn": ["Step"], "DisplayName": "Shown"}])
    arn = place.start()
    place.finish(arn)
    steps = place.api.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [step["StepName"] for step in steps] == ["Stop", "Step"]
    assert steps[0]["StepDisplayName"] == "Shown"
    assert steps[1]["StartTime"] <= steps[1]["EndTime"] <= steps[0]["StartTime"]
    assert steps[1]["AttemptCount"] == 1


def test_pipeline_with_a_running_execution_is_not_deleted(place: Place) -> None:
    place.create([processing("sleep 600")])
    arn = place.start()
    with pytest.raises(ClientError, match="ConflictException"):
        place.api.delete_pipeline(PipelineName=PIPELINE)
    place.standin.stop_execution(arn)
    place.finish(arn)
    place.api.delete_pipeline(PipelineName=PIPELINE)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        place.api.describe_pipeline_execution(PipelineExecutionArn=arn)


def test_what_is_not_built_is_refused_by_name(place: Place) -> None:
    place.create([FAIL])
    with pytest.raises(ClientError, match="PipelineVersionId is not supported"):
        place.api.start_pipeline_execution(PipelineName=PIPELINE, PipelineVersionId=1)
    with pytest.raises(ClientError, match="PipelineDefinitionS3Location is not supported"):
        place.api.update_pipeline(
            PipelineName=PIPELINE, PipelineDefinitionS3Location={"Bucket": "bucket", "ObjectKey": "key"}
        )


@pytest.mark.parametrize("headers", [{"Origin": "https://example.com"}, {"Host": "attacker.example:80"}])
def test_web_pages_are_refused(place: Place, headers: dict[str, str]) -> None:
    target = {"X-Amz-Target": "SageMaker.ListPipelines", "Content-Type": "application/x-amz-json-1.1"}
    assert status(place, target) == 200
    assert status(place, target | headers) == 403


LIST = {"X-Amz-Target": "SageMaker.ListPipelines", "Content-Type": "application/x-amz-json-1.1"}
SESSION = ROOT_KEY.session("ASIAEXAMPLE")


def sent_otherwise(url: str, body: bytes = b"{}", **headers: str) -> urllib.request.Request:
    """What was signed as something else."""
    request = signed(url, b"{}", LIST)
    return urllib.request.Request(url, body, {**dict(request.header_items()), **headers})


STRANGERS: dict[str, Callable[[str], urllib.request.Request]] = {
    "no signature": lambda url: urllib.request.Request(url, b"{}", LIST),
    "a key that is well known": lambda url: signed(url, b"{}", LIST, RootKey("123456789012", "test")),
    "the right key id": lambda url: signed(url, b"{}", LIST, RootKey("test", "guessed")),
    "no key id": lambda url: signed(url, b"{}", LIST, RootKey("", "test")),
    "root with a token": lambda url: signed(url, b"{}", LIST, token="token"),
    "a session's id": lambda url: signed(url, b"{}", LIST, RootKey("ASIAEXAMPLE", "guessed"), SESSION.token),
    "a session without its token": lambda url: signed(url, b"{}", LIST, RootKey("ASIAEXAMPLE", SESSION.secret)),
    "another session's token": lambda url: signed(
        url, b"{}", LIST, RootKey("ASIAEXAMPLE", SESSION.secret), ROOT_KEY.session("ASIAOTHER").token
    ),
    "another body": lambda url: sent_otherwise(url, b'{"MaxResults": 1}'),
    "another call": lambda url: sent_otherwise(url, **{"X-Amz-Target": "SageMaker.StartPipelineExecution"}),
    "another day": lambda url: sent_otherwise(url, **{"X-Amz-Date": "20200101T000000Z"}),
    "an older signature": lambda url: sent_otherwise(url, Authorization="AWS test:c2ln"),
    "half a signature": lambda url: sent_otherwise(url, Authorization="AWS4-HMAC-SHA256 Credential=test/x"),
    "a size that is none": lambda url: sent_otherwise(url, **{"Content-Length": "-1"}),
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS.keys())
def test_whoever_has_not_this_workshops_keys_is_refused(
    place: Place, stranger: Callable[[str], urllib.request.Request]
) -> None:
    code, body = answer_to(stranger(f"{place.standin.url}/"))
    assert code in (403, 413), body
    assert "Pipeline" not in json.loads(body)["message"]


def test_whoever_has_a_session_of_this_workshop_is_served(place: Place) -> None:
    request = signed(place.standin.url, b"{}", LIST, RootKey("ASIAEXAMPLE", SESSION.secret), SESSION.token)
    assert answer_to(request)[0] == 200


def test_other_services_of_moto_are_not_served(place: Place) -> None:
    assert status(place, {"X-Amz-Target": "DynamoDB_20120810.ListTables"}) == 400
    assert status(place, {}) == 400


def test_a_second_stand_in_begins_empty(make_place: MakePlace) -> None:
    first = make_place()
    first.create([FAIL])
    first.standin.stop()
    assert make_place().api.list_pipelines()["PipelineSummaries"] == []


def test_another_moto_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto, "__version__", "5.3.0")
    with pytest.raises(StandInError, match=r"written for moto 5\.2\.5, not 5\.3\.0"):
        api.check_moto()


def test_moto_without_the_endpoint_that_is_replaced_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_ENDPOINT", "Renamed.dispatch")
    with pytest.raises(StandInError, match=r"no endpoint Renamed\.dispatch"):
        api.check_moto()


def test_every_replaced_action_exists_in_the_service() -> None:
    """A misspelt or renamed action would silently leave moto's own in place."""
    from moto.sagemaker.responses import SageMakerResponse

    missing_in_moto = {"list_pipeline_execution_steps", "stop_pipeline_execution"}
    replaced = {name for name in vars(api.PipelineActions) if not name.startswith("_")}
    replaced -= {"executor", "account", "sagemaker_backend"}
    assert {name for name in replaced if not hasattr(SageMakerResponse, name)} == missing_in_moto
    assert hasattr(SageMakerResponse, "sagemaker_backend")


def status(place: Place, headers: dict[str, str]) -> int:
    return answer_to(signed(place.standin.url, b"{}", headers))[0]


def answer_to(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
