"""The committed definition.json, without the SDK that made it: is it portable, consistent and acceptable to the API?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.pipeline.resolving import GIVEN, Resolver, gets, steps

JOBS = ("Prepare", "Train", "Infer")
OPERATIONS = {"Processing": "CreateProcessingJob", "Training": "CreateTrainingJob"}


def api_errors(step: dict[str, Any], resolve: Resolver) -> str:
    """What botocore finds wrong with the request that the service would make of `step`; empty if nothing."""
    operation = OPERATIONS[step["Type"]]
    request = {**resolve(step["Arguments"]), operation.removeprefix("Create") + "Name": "pipelines-abc-step-0123"}
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    assert shape is not None
    return ParamValidator().validate(request, shape).generate_report()


def test_the_steps_are_those_of_the_design_in_their_order(definition: dict[str, Any]) -> None:
    prepare, enough = definition["Steps"]
    branches = enough["Arguments"]

    assert (prepare["Name"], enough["Name"]) == ("Prepare", "EnoughImages")
    assert [step["Name"] for step in branches["IfSteps"]] == ["Train", "Infer", "Notify"]
    assert [step["Name"] for step in branches["ElseSteps"]] == ["TooFewImages"]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"[0-9]{12}", id="account"),
        pytest.param(r"\b[a-z]{2}(-[a-z]+)+-[0-9]\b", id="region"),
        pytest.param(r"s3://|arn:", id="bucket or ARN"),
        pytest.param(r"20[0-9]{2}-[0-9]{2}", id="date"),
        pytest.param(r"(AKIA|ASIA)[A-Z0-9]{16}|(?i:secret|password|token)", id="secret"),
        pytest.param(r"stand-in|not-used|localhost|/home/|/work/", id="trace of the build"),
    ],
)
def test_the_definition_fits_any_account_and_day(definition_text: str, pattern: str) -> None:
    without_version = definition_text.replace('"Version": "2020-12-01"', "")

    assert not re.search(pattern, without_version)


def test_only_the_two_placeholders_wait_for_deployment(definition_text: str) -> None:
    assert set(re.findall(r"\$\{[^}]*\}", definition_text)) == {"${JobRoleArn}", "${NotifyFunctionArn}"}


def test_nothing_is_null_but_the_experiment_that_is_switched_off(definition: dict[str, Any]) -> None:
    assert definition.pop("PipelineExperimentConfig") is None
    assert None not in list(_values(definition))


def test_declared_and_used_parameters_are_the_same(definition: dict[str, Any]) -> None:
    declared = [parameter["Name"] for parameter in definition["Parameters"]]
    used = {path.removeprefix("Parameters.") for path in gets(definition["Steps"]) if path.startswith("Parameters.")}

    assert len(declared) == len(set(declared))
    assert set(declared) == used


def test_only_what_depends_on_the_snapshot_and_the_stack_must_be_given(definition: dict[str, Any]) -> None:
    required = {parameter["Name"] for parameter in definition["Parameters"] if "DefaultValue" not in parameter}

    assert required == set(GIVEN)


def test_a_default_has_the_type_of_its_parameter(definition: dict[str, Any]) -> None:
    types = {"String": str, "Integer": int, "Float": float}

    for parameter in definition["Parameters"]:
        default = parameter.get("DefaultValue", types[parameter["Type"]]())
        assert type(default) is types[parameter["Type"]], parameter["Name"]
        assert default in parameter.get("EnumValues", [default])


def test_a_step_reads_only_from_steps_before_it(definition: dict[str, Any]) -> None:
    earlier: set[str] = set()
    for step in _flat(definition["Steps"]):
        sources = {path.split(".")[1] for path in gets(step) if path.startswith("Steps.")}
        assert sources | set(step.get("DependsOn", [])) <= earlier, step["Name"]
        earlier.add(step["Name"])


@pytest.mark.parametrize("name", JOBS)
def test_the_api_accepts_the_job(definition: dict[str, Any], name: str) -> None:
    """Names, required members and types, after every expression has got a value."""
    step = steps(definition)[name]
    step["Arguments"]["RoleArn"] = "arn:aws:iam::123456789012:role/any"

    assert api_errors(step, Resolver(definition)) == ""


def test_the_check_above_finds_a_number_in_a_place_of_strings(definition: dict[str, Any]) -> None:
    """What the SDK emits for a bare number parameter, and the service refuses."""
    train = steps(definition)["Train"]
    train["Arguments"]["HyperParameters"]["kimg"] = {"Get": "Parameters.Kimg"}

    assert "HyperParameters.kimg" in api_errors(train, Resolver(definition))


def test_images_and_targets_are_the_lists_of_the_snapshot(definition: dict[str, Any]) -> None:
    """One object each: the job fetches what it lists. A ManifestFile would name keys and no versions."""
    found = {
        (name, entry["InputName"]): (entry["S3Input"]["S3DataType"], entry["S3Input"]["S3Uri"])
        for name in ("Prepare", "Infer")
        for entry in steps(definition)[name]["Arguments"]["ProcessingInputs"]
    }

    assert found["Prepare", "snapshot"] == ("S3Prefix", {"Get": "Parameters.ProcessInput"})
    assert found["Infer", "targets"] == ("S3Prefix", {"Get": "Parameters.InferenceImagePath"})
    assert found["Infer", "model"] == ("S3Prefix", {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"})


def test_results_go_to_the_folders_of_the_run(definition: dict[str, Any]) -> None:
    resolve = Resolver(definition)
    run = "s3://bucket/runs/ceramics/abcdefghijkl"

    assert _outputs(resolve, "Prepare") == {
        "prepared": f"{run}/prepared",
        "report": f"{run}/prepare-report",
        "set-aside": f"{run}/set-aside",
    }
    assert _outputs(resolve, "Infer") == {"inference": f"{run}/inference", "report": f"{run}/report"}
    train = resolve(resolve.steps["Train"]["Arguments"])
    assert train["OutputDataConfig"]["S3OutputPath"] == f"{run}/training"
    assert train["CheckpointConfig"] == {"S3Uri": GIVEN["TrainCheckpointPath"], "LocalPath": "/opt/ml/checkpoints"}
    assert resolve(resolve.steps["Notify"]["Arguments"])["reportUri"] == f"{run}/report"


def test_no_folder_of_a_run_is_a_prefix_of_another(definition: dict[str, Any]) -> None:
    """An input S3Prefix ".../prepared" would otherwise also bring ".../prepared-old" along."""
    resolve = Resolver(definition)
    folders = [*_outputs(resolve, "Prepare").values(), *_outputs(resolve, "Infer").values()]
    folders.append(resolve(resolve.steps["Train"]["Arguments"])["OutputDataConfig"]["S3OutputPath"])

    assert not [(a, b) for a in folders for b in folders if a != b and b.startswith(a)]


@pytest.mark.parametrize("name", ["Prepare", "Infer"])
def test_paths_in_a_processing_job_are_where_the_api_demands_them(definition: dict[str, Any], name: str) -> None:
    arguments = steps(definition)[name]["Arguments"]
    paths = [entry["S3Input"]["LocalPath"] for entry in arguments["ProcessingInputs"]]
    paths += [entry["S3Output"]["LocalPath"] for entry in arguments["ProcessingOutputConfig"]["Outputs"]]

    assert all(path.startswith("/opt/ml/processing/") for path in paths)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("name", JOBS)
def test_every_job_ends_at_last(definition: dict[str, Any], name: str) -> None:
    condition = Resolver(definition)(steps(definition)[name]["Arguments"]["StoppingCondition"])

    assert condition == {"MaxRuntimeInSeconds": 86_400 if name == "Train" else 7_200}


@pytest.mark.parametrize("name", JOBS)
def test_retry_policies_are_within_the_limits_of_the_service(definition: dict[str, Any], name: str) -> None:
    """Exactly one of attempts and expiry, at most 20 attempts and 14,400 minutes, no error in two policies."""
    policies = steps(definition)[name]["RetryPolicies"]
    errors = [error for policy in policies for error in policy["ExceptionType"]]

    for policy in policies:
        assert ("MaxAttempts" in policy) != ("ExpireAfterMin" in policy)
        assert 1 <= policy.get("MaxAttempts", 1) <= 20
        assert 1 <= policy.get("ExpireAfterMin", 1) <= 14_400
        assert policy["IntervalSeconds"] >= 1
        assert policy["BackoffRate"] >= 1
    assert sorted(errors) == [
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.JOB_INTERNAL_ERROR",
        "SageMaker.RESOURCE_LIMIT",
        "Step.SERVICE_FAULT",
        "Step.THROTTLING",
    ]


def test_training_is_on_demand_without_a_waiting_time(definition: dict[str, Any]) -> None:
    """CreateTrainingJob refuses MaxWaitTimeInSeconds when spot is off."""
    arguments = steps(definition)["Train"]["Arguments"]

    assert arguments["EnableManagedSpotTraining"] is False
    assert "MaxWaitTimeInSeconds" not in arguments["StoppingCondition"]


def test_the_condition_compares_the_good_images_of_the_counts(definition: dict[str, Any]) -> None:
    prepare = steps(definition)["Prepare"]
    (condition,) = steps(definition)["EnoughImages"]["Arguments"]["Conditions"]

    assert prepare["PropertyFiles"] == [
        {"PropertyFileName": "Counts", "OutputName": "report", "FilePath": "counts.json"}
    ]
    assert condition == {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": {
            "Std:JsonGet": {
                "PropertyFile": {"Get": "Steps.Prepare.PropertyFiles.Counts"},
                "Path": "good",
            }
        },
        "RightValue": {"Get": "Parameters.MinImages"},
    }


def test_too_few_images_end_the_run_with_a_sentence(definition: dict[str, Any]) -> None:
    sentence = Resolver(definition)(steps(definition)["TooFewImages"]["Arguments"])["ErrorMessage"]

    assert sentence.startswith("Too few good images: at least 20 are needed. ")
    assert len(sentence) <= 1024


def test_the_success_notice_waits_for_the_report(definition: dict[str, Any]) -> None:
    notify = steps(definition)["Notify"]

    assert notify["DependsOn"] == ["Infer"]
    assert set(notify["Arguments"]) == {"source", "dataset", "fingerprint", "pipelineExecutionArn", "reportUri"}
    assert notify["OutputParameters"] == [{"OutputName": "notified", "OutputType": "String"}]


def test_each_metric_is_read_from_its_own_place_of_the_log_line(definition: dict[str, Any]) -> None:
    line = "tick=3 kimg=12.0 seconds=81 sec_per_kimg=6.75 loss_g=0.712 loss_d=1.203 augment_p=0.040"
    metrics = steps(definition)["Train"]["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"]
    found = {metric["Name"]: re.findall(metric["Regex"], line) for metric in metrics}

    assert found == {
        "kimg": ["12.0"],
        "sec_per_kimg": ["6.75"],
        "loss_g": ["0.712"],
        "loss_d": ["1.203"],
        "augment_p": ["0.040"],
    }


def _values(node: object) -> Iterator[object]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in children:
        yield value
        yield from _values(value)


def _flat(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The steps in order, conditions without the steps in their branches."""
    for step in found:
        arguments = step["Arguments"]
        branches = (
            [*arguments.get("IfSteps", []), *arguments.get("ElseSteps", [])] if step["Type"] == "Condition" else []
        )
        own = {key: value for key, value in arguments.items() if key not in ("IfSteps", "ElseSteps")}
        yield {**step, "Arguments": own}
        yield from _flat(branches)


def _outputs(resolve: Resolver, name: str) -> dict[str, str]:
    outputs = resolve(resolve.steps[name]["Arguments"])["ProcessingOutputConfig"]["Outputs"]
    return {output["OutputName"]: output["S3Output"]["S3Uri"] for output in outputs}
