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

from contract.pipeline import MAX_VALUE_CHARS, PARAMETERS
from contract.run_identity import NO_ATTEMPT, RunIdentity
from pipeline_builder.errors import DefinitionError

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def start_execution(sagemaker: Any, pipeline: str, given: Mapping[str, str]) -> str:
    """Start the pipeline with the `given` parameters and its defaults for the others; returns the execution's ARN.

    Raises:
        DefinitionError: a parameter is unknown, missing, too long, not of its type or out of its bounds. The service
            would accept it and fail the run later.
    """
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=pipeline)["PipelineDefinition"])
    parameters = check_parameters(definition["Parameters"], given)
    dataset, fingerprint = given["Dataset"], given["Fingerprint"]
    request = {
        "PipelineName": pipeline,
        "PipelineParameters": parameters,
        # The status listener reads which dataset an execution belongs to.
        "PipelineExecutionDescription": RunIdentity(dataset, fingerprint, NO_ATTEMPT).to_json(),
        "PipelineExecutionDisplayName": f"{dataset}-{fingerprint[:8]}-manual",
    }
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
        if not 0 < len(value) <= MAX_VALUE_CHARS:
            raise DefinitionError(f"parameter {name!r} must have 1 to {MAX_VALUE_CHARS} characters.")
        if (refusal := _refusal(known[name], value)) is not None:
            raise DefinitionError(f"parameter {name!r} must be {refusal}")
    return [{"Name": name, "Value": value} for name, value in given.items()]


def _refusal(declared: Mapping[str, Any], value: str) -> str | None:
    """What a value must be instead, and what it is; None if it will do. A preset is an image's own, and the image may
    be anybody's. A pipeline of another version may declare what our contract does not know."""
    parameter = PARAMETERS.get(declared["Name"])
    if parameter is not None and not parameter.is_images_own:
        return None if parameter.accepts(value) else parameter.refusal(value)
    if _fits(declared, value):
        return None
    allowed = declared.get("EnumValues")
    wanted = "one of " + ", ".join(allowed) if allowed else f"of type {declared['Type']}"
    return f"{wanted}, not {value[:60]!r}."


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
