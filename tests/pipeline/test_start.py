"""A run started by hand: parameters are checked before the service sees them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_builder.deploy import DEFINITION_FILE, deploy_pipeline
from pipeline_builder.errors import DefinitionError
from pipeline_builder.start import check_parameters, start_execution
from tests.pipeline.resolving import GIVEN

DECLARED: list[dict[str, Any]] = json.loads(DEFINITION_FILE.read_text(encoding="utf-8"))["Parameters"]


def test_the_given_parameters_take_the_shape_of_the_api() -> None:
    checked = check_parameters(DECLARED, {**GIVEN, "Kimg": "0.5", "Resolution": "64", "Mirror": "true"})

    assert {"Name": "Kimg", "Value": "0.5"} in checked
    assert len(checked) == len(GIVEN) + 3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Resolution", "256.0", "must be one of 16, 32, 64, 128, 256, 512, 1024"),
        ("Resolution", "two", "must be one of 16, 32, 64, 128, 256, 512, 1024"),
        ("Resolution", "100", "must be one of 16, 32, 64, 128, 256, 512, 1024"),
        ("Seed", "4294967000", "must be a whole number from 0 to 2147483647"),
        ("Seed", "-1", "must be a whole number from 0 to 2147483647"),
        ("Kimg", "0", "must be a number from 0.1 to 25000"),
        ("Kimg", "1e9", "must be a number from 0.1 to 25000"),
        ("TrainInstanceCount", "0", "must be a whole number from 1 to 100"),
        ("InferenceInstanceCount", "2", "must be 1, not"),
        ("MaxTrainSeconds", "1", "must be a whole number from 600 to 432000"),
        ("Kimg", "nan", "must be a number from 0.1 to 25000"),
        ("Kimg", "many", "must be a number from 0.1 to 25000"),
        ("InferenceMode", "paint", "must be one of all, generate, mix, project"),
        (
            "TrainOptions",
            '{"gamma": -1}',
            "must be options of train.py as JSON, .*: gamma must be a number of at least",
        ),
        ("Mirror", "True", "must be one of true, false"),
        ("Dataset", "_odd_", "must be a dataset's name"),
        ("Fingerprint", "0123", "must be 64 hex digits"),
        ("ProcessInput", "snapshots/one.json", "must be an address like s3://bucket/folder/"),
        ("Dataset", "", "must have 1 to 1024 characters"),
        ("Dataset", "x" * 1025, "must have 1 to 1024 characters"),
        ("TrainSpot", "true", "has no parameter 'TrainSpot'"),
    ],
)
def test_a_value_that_the_run_would_choke_on_is_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        check_parameters(DECLARED, {**GIVEN, name: value})


def test_another_images_preset_is_its_own() -> None:
    assert {"Name": "Preset", "Value": "watercolour"} in check_parameters(DECLARED, {**GIVEN, "Preset": "watercolour"})


def test_a_boolean_is_true_or_false() -> None:
    declared = [{"Name": "Flag", "Type": "Boolean"}]

    assert check_parameters(declared, {"Flag": "true"}) == [{"Name": "Flag", "Value": "true"}]
    with pytest.raises(DefinitionError, match="of type Boolean"):
        check_parameters(declared, {"Flag": "yes"})


def test_what_has_no_default_must_be_given() -> None:
    with pytest.raises(DefinitionError, match="needs a value for Fingerprint, ProcessImage"):
        check_parameters(DECLARED, {name: GIVEN[name] for name in GIVEN if name not in ("Fingerprint", "ProcessImage")})


@given(st.dictionaries(st.sampled_from([p["Name"] for p in DECLARED]) | st.text(max_size=5), st.text(max_size=8)))
def test_whatever_is_given_is_taken_as_it_is_or_refused_with_a_sentence(extra: dict[str, str]) -> None:
    given_all = {**GIVEN, **extra}
    with contextlib.suppress(DefinitionError):
        checked = check_parameters(DECLARED, given_all)
        assert {entry["Name"]: entry["Value"] for entry in checked} == given_all


@pytest.fixture
def pipeline(outputs: dict[str, str], checkout: Any) -> str:
    deploy_pipeline(boto3.client, outputs, checkout)
    return outputs["PipelineName"]


def test_a_started_run_says_whose_it_is(pipeline: str) -> None:
    sagemaker = boto3.client("sagemaker")
    arn = start_execution(sagemaker, pipeline, GIVEN)

    execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert execution["PipelineExecutionDisplayName"] == "ceramics-01234567-manual"
    assert json.loads(execution["PipelineExecutionDescription"]) == {
        "dataset": "ceramics",
        "fingerprint": GIVEN["Fingerprint"],
        "attempt": 0,
    }
