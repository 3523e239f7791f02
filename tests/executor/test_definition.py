"""Definitions: the workshop's own is accepted; what this stand-in would ignore is refused, by name."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.definition import Branch, Definition, parse_definition
from local_aws.sagemaker.errors import PipelineDefinitionError
from tests.executor.support import processing, processing_input, training

OWN = Path(__file__).parents[2] / "pipeline_builder/definition.json"
FAIL = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
LAMBDA = {"Name": "Call", "Type": "Lambda", "FunctionArn": "arn", "Arguments": {}}
RETRY = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 1}


def parse(*steps: Any, **more: Any) -> Definition:
    return parse_definition(json.dumps({"Version": "2020-12-01", "Steps": list(steps), **more}))


def test_own_definition_is_accepted_and_ordered() -> None:
    definition = parse_definition(OWN.read_text())
    steps = definition.steps
    assert steps["Prepare"].waits_for == set()
    assert steps["EnoughImages"].waits_for == {"Prepare"}
    assert {"Prepare", "EnoughImages"} <= steps["Train"].waits_for
    assert {"Prepare", "Train", "EnoughImages"} <= steps["Infer"].waits_for
    assert {"Infer", "EnoughImages"} <= steps["Notify"].waits_for
    assert steps["TooFewImages"].branch == Branch("EnoughImages", False)
    assert definition.parameters["Kimg"].default == 1000.0


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"Name": "A", "Type": "Callback"}, "steps of type 'Callback' are not supported here"),
        ({"Name": "A", "Type": "EMR"}, "steps of type 'EMR' are not supported here"),
        ({"Name": "A b", "Type": "Fail"}, "every step needs a Name"),
        (
            {**processing("x"), "CacheConfig": {"Enabled": True}},
            "CacheConfig is not supported here for a Processing step",
        ),
        (
            {**FAIL, "DependsOn": [{"Step": "A", "Trigger": "Failed"}]},
            "DependsOn is a list of step names here (no triggers)",
        ),
        ({**FAIL, "DependsOn": ["None"]}, "refers to step 'None', which does not exist"),
        ({**FAIL, "DependsOn": ["Stop"]}, "can not depends on Stop"),
        ({**LAMBDA, "DependsOn": ["Call"]}, "these steps wait for each other: Call"),
        ({**LAMBDA, "RetryPolicies": [RETRY]}, "RetryPolicies is not supported here for a Lambda step"),
        ({**LAMBDA, "OutputParameters": [{"OutputName": "x", "OutputType": "List"}]}, "type of output 'x' is 'List'"),
        ({**LAMBDA, "Arguments": {"a": {"Get": "Parameters.X"}}}, "refers to parameter 'X', which is not defined"),
        ({**LAMBDA, "Arguments": {"a": {"Get": "Execution.X"}}}, "refers to Execution.X, which is not known"),
        ({**LAMBDA, "Arguments": {"a": {"Get": "Execution.TrainingJobName"}}}, "Execution.TrainingJobName"),
        ({**FAIL, "Arguments": {"ErrorMessage": "x", "More": 1}}, "takes ErrorMessage alone"),
        (
            processing("x", NetworkConfig={"EnableNetworkIsolation": True}),
            "Arguments.NetworkConfig is not supported here",
        ),
        (processing("x", [processing_input("a", "s3://b/c", "Other")]), "S3DataType may only be 'S3Prefix' or"),
        (training(DebugHookConfig={}), "Arguments.DebugHookConfig is not supported here"),
        (training(CheckpointConfig={"S3Uri": "s3://b", "LocalPath": "/opt/ml/../etc"}), "must be below /opt/ml"),
        (training({"..": "s3://b/c"}), "ChannelName is '..': it becomes the name of a folder"),
        (
            training(ResourceConfig={"InstanceCount": 2}),
            "InstanceCount may only be 1 here, not 2: this machine runs one",
        ),
        (training(ResourceConfig={"InstanceCount": True}), "InstanceCount may only be 1 here, not True"),
        (
            {**processing("x"), "PropertyFiles": [{"PropertyFileName": "a", "OutputName": "b", "FilePath": "c"}]},
            "the output 'b'",
        ),
        ({**processing("x"), "RetryPolicies": [RETRY, RETRY]}, "Step.THROTTLING is in more than one retry policy"),
        (
            {**processing("x"), "RetryPolicies": [{**RETRY, "ExpireAfterMin": 5}]},
            "MaxAttempts or ExpireAfterMin, not both",
        ),
        (
            {**processing("x"), "RetryPolicies": [{**RETRY, "ExceptionType": ["Oops"]}]},
            "retry policies do not know Oops",
        ),
        ({**processing("x"), "RetryPolicies": [{**RETRY, "BackoffRate": 1e300}]}, "BackoffRate of a retry policy"),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(step: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineDefinitionError) as raised:
        parse(step)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("[]", "it is not a JSON object"),
        ('{"Version": "2020-12-01", "Steps": [NaN]}', "NaN is not JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        ('{"Version": "1"}', "Version is '1'"),
        ('{"Version": "2020-12-01", "Steps": []}', "it has no steps"),
        ('{"Version": "2020-12-01", "Steps": [], "Hooks": []}', "Hooks is not supported here"),
        ('{"Version": "2020-12-01", "Steps": [], "MlflowConfig": {}}', "MlflowConfig is not supported here"),
    ],
)
def test_document_in_another_form_is_refused(document: str, message: str) -> None:
    with pytest.raises(PipelineDefinitionError) as raised:
        parse_definition(document)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"Type": "String"}, "every parameter needs a Name"),
        ({"Name": "A", "Type": "Date"}, "parameter 'A' has type \"Date\""),
        ({"Name": "A", "Type": "Integer", "DefaultValue": 1.5}, "default value 1.5 of parameter 'A' is not a Integer"),
        ({"Name": "A", "Type": "Integer", "DefaultValue": True}, "default value true of parameter 'A'"),
        ({"Name": "A", "Type": "Integer", "EnumValues": ["1"]}, "EnumValues of parameter 'A' are for String"),
        ({"Name": "A", "Type": "String", "EnumValues": ["x"], "DefaultValue": "y"}, "not a String it allows"),
        ({"Name": "A", "Type": "String", "Pattern": ".*"}, "unknown members: Pattern"),
    ],
)
def test_malformed_parameter_is_refused(parameter: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineDefinitionError) as raised:
        parse(FAIL, Parameters=[parameter])
    assert message in str(raised.value)


def test_names_are_unique() -> None:
    with pytest.raises(PipelineDefinitionError, match="two steps are named 'Stop'"):
        parse(FAIL, {"Name": "C", "Type": "Condition", "Arguments": {"Conditions": [], "ElseSteps": [FAIL]}})
    with pytest.raises(PipelineDefinitionError, match="parameter 'A' is defined twice"):
        parse(FAIL, Parameters=[{"Name": "A", "Type": "String"}] * 2)


def test_what_has_no_effect_is_accepted() -> None:
    step = processing("x", Tags=[{"Key": "a", "Value": "b"}], ExperimentConfig=None)
    more = {"Metadata": {"x": 1}, "MlflowConfig": None, "PipelineExperimentConfig": {"ExperimentName": "e"}}
    assert list(parse({**step, "DisplayName": "A step", "Description": "of a test"}, **more).steps) == ["Step"]


_own = json.loads(OWN.read_text())


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in _places(child, (*path, key)))]


@given(
    st.sampled_from(_places(_own)[1:]),
    st.sampled_from([None, 5, "", [], {}, [None], {"Get": "x"}, {"": 1}, "\0", True]),
)
def test_own_definition_with_any_one_thing_replaced_is_refused_or_accepted(place: tuple[Any, ...], value: Any) -> None:
    """No malformed definition causes another error than a DefinitionError."""
    document = copy.deepcopy(_own)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with contextlib.suppress(PipelineDefinitionError):
        parse_definition(json.dumps(document))
