"""Starts one run by hand, past the ledger: for whoever works on the pipeline.

Ordinary runs, reruns of a dataset among them, are started by the function start_run, which alone keeps two runs of
one dataset apart.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from pipeline_builder.errors import DefinitionError

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_LONGEST_VALUE = 1024  # characters, of StartPipelineExecution
_MATCHED_BY = ("Dataset", "Fingerprint")
# Beyond these a job would refuse its value when its machine is paid for. (The function start_run checks more: presets,
# for example, which are an image's own, and here the image may be anybody's.)
BOUNDS = {
    "MinImages": (1, 1_000_000),
    "ProcessInstanceCount": (1, 1),
    "TrainInstanceCount": (1, 100),
    "InferenceInstanceCount": (1, 1),
    "Kimg": (0.1, 25_000),
    "Seed": (0, 2**31 - 1),
    "MaxTrainSeconds": (60, 432_000),
    "MaxProcessSeconds": (60, 432_000),
}
RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
_DISPLAY_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}")


def start_execution(sagemaker: Any, pipeline: str, given: Mapping[str, str]) -> str:
    """Start the pipeline with the `given` parameters and its defaults for the others; returns the execution's ARN.

    Raises:
        DefinitionError: a parameter is unknown, missing, too long, not of its type or out of its bounds. The service
            would accept it and fail the run later.
    """
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=pipeline)["PipelineDefinition"])
    parameters = check_parameters(definition["Parameters"], given)
    dataset, fingerprint = (given.get(name, "") for name in _MATCHED_BY)
    request = {
        "PipelineName": pipeline,
        "PipelineParameters": parameters,
        # The status listener reads which dataset an execution belongs to; attempt 0 is nobody's in the ledger.
        "PipelineExecutionDescription": json.dumps({"dataset": dataset, "fingerprint": fingerprint, "attempt": 0}),
    }
    name = f"{dataset}-{fingerprint[:8]}-manual"
    if _DISPLAY_NAME.fullmatch(name):
        request["PipelineExecutionDisplayName"] = name
    # No token of our own: two starts with the same parameters are two runs, because a person asked twice.
    arn: str = sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"]
    return arn


def check_parameters(declared: list[dict[str, Any]], given: Mapping[str, str]) -> list[dict[str, str]]:
    """`given` in the shape of StartPipelineExecution, checked against the parameters that a definition declares.

    Raises:
        DefinitionError: names the parameter and what it must be.
    """
    known = {parameter["Name"]: parameter for parameter in declared}
    if unknown := sorted(given.keys() - known.keys()):
        raise DefinitionError(f"the pipeline has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    required = {name for name, parameter in known.items() if "DefaultValue" not in parameter}
    if missing := sorted(required - given.keys()):
        raise DefinitionError(f"the pipeline needs a value for {', '.join(missing)}.")
    for name, value in given.items():
        if not 0 < len(value) <= _LONGEST_VALUE:
            raise DefinitionError(f"parameter {name!r} must have 1 to {_LONGEST_VALUE} characters.")
        if not _fits(known[name], value):
            allowed = known[name].get("EnumValues")
            wanted = "one of " + ", ".join(allowed) if allowed else f"of type {known[name]['Type']}"
            raise DefinitionError(f"parameter {name!r} must be {wanted}, but it is {value[:60]!r}.")
        _check_bounds(name, value)
    return [{"Name": name, "Value": value} for name, value in given.items()]


def _check_bounds(name: str, value: str) -> None:
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if not low <= float(value) <= high:
            raise DefinitionError(f"parameter {name!r} must be from {low:g} to {high:.10g}, but it is {value[:60]}.")
    if name == "Resolution" and int(value) not in RESOLUTIONS:
        listed = ", ".join(map(str, RESOLUTIONS))
        raise DefinitionError(f"parameter {name!r} must be one of {listed}, but it is {value[:60]}.")


def _fits(parameter: Mapping[str, Any], value: str) -> bool:
    match parameter["Type"]:
        case "Integer":
            return _INTEGER.fullmatch(value) is not None
        case "Float":
            return _is_finite(value)
        case "Boolean":
            return value in ("true", "false")
        case _:
            return value in parameter.get("EnumValues", [value])


def _is_finite(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
