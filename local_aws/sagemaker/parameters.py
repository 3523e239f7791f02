"""Parameters of a pipeline: their definitions, and the values that an execution is started with."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local_aws.sagemaker.errors import PipelineDefinitionError, PipelineParameterError
from local_aws.sagemaker.expressions import Json

TYPES = ("String", "Integer", "Float", "Boolean")
LONGEST_VALUE = 1024  # StartPipelineExecution's shape String1024


@dataclass(frozen=True)
class DeclaredParameter:
    """One parameter of a pipeline. `default` is None where a value must be given at the start."""

    name: str
    type: str
    default: Json = None
    choices: tuple[str, ...] = ()


def parse_parameters(items: Json) -> dict[str, DeclaredParameter]:
    """Parse the definition's "Parameters".

    Raises:
        DefinitionError: names the parameter and what is wrong with it.
    """
    if not isinstance(items, list):
        raise PipelineDefinitionError("Parameters is not a list")
    parsed: dict[str, DeclaredParameter] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("Name"), str):
            raise PipelineDefinitionError("every parameter needs a Name")
        name = item["Name"]
        if name in parsed:
            raise PipelineDefinitionError(f"parameter '{name}' is defined twice")
        if unknown := item.keys() - {"Name", "Type", "DefaultValue", "EnumValues"}:
            raise PipelineDefinitionError(f"parameter '{name}' has unknown members: {', '.join(sorted(unknown))}")
        parsed[name] = _parameter(name, item)
    return parsed


def bind_parameters(parameters: Mapping[str, DeclaredParameter], given: Iterable[Mapping[str, str]]) -> dict[str, Json]:
    """Return every parameter's value: the given one (the API carries strings) turned into its type, else the default.

    Raises:
        ParameterError: unknown, repeated or missing names, or a value that is not of the parameter's type.
    """
    texts: dict[str, str] = {}
    for item in given:
        if item["Name"] in texts:
            raise PipelineParameterError(f"Parameter [{item['Name']}] is given more than once.")
        texts[item["Name"]] = item["Value"]
    if unknown := texts.keys() - parameters.keys():
        raise PipelineParameterError(
            f"Unknown pipeline parameters: [{', '.join(sorted(unknown))}]. They are not in the pipeline definition."
        )
    if missing := [name for name, parameter in parameters.items() if parameter.default is None and name not in texts]:
        raise PipelineParameterError(
            f"Parameters [{', '.join(missing)}] have no default value in the pipeline definition and must be provided."
        )
    return {
        name: _value_from_text(parameter, texts[name]) if name in texts else parameter.default
        for name, parameter in parameters.items()
    }


def _parameter(name: str, item: Mapping[str, Json]) -> DeclaredParameter:
    kind, default, choices = item.get("Type"), item.get("DefaultValue"), item.get("EnumValues", [])
    if kind not in TYPES:
        raise PipelineDefinitionError(f"parameter '{name}' has type {json.dumps(kind)}; known: {', '.join(TYPES)}")
    if (
        not isinstance(choices, list)
        or not all(isinstance(choice, str) for choice in choices)
        or (choices and kind != "String")
    ):
        raise PipelineDefinitionError(
            f"EnumValues of parameter '{name}' are for String parameters, as a list of strings"
        )
    if default is None:
        return DeclaredParameter(name, kind, None, tuple(choices))
    fits = {
        "String": isinstance(default, str),
        "Integer": isinstance(default, int) and not isinstance(default, bool),
        "Float": isinstance(default, int | float) and not isinstance(default, bool),
        "Boolean": isinstance(default, bool),
    }[kind]
    if not fits or (choices and default not in choices):
        raise PipelineDefinitionError(
            f"default value {json.dumps(default)} of parameter '{name}' is not a {kind} it allows"
        )
    return DeclaredParameter(name, kind, float(default) if kind == "Float" else default, tuple(choices))


def _value_from_text(parameter: DeclaredParameter, text: str) -> Json:
    wrong = PipelineParameterError(
        f"Cannot assign value [{text}] to parameter [{parameter.name}] of type [{parameter.type}]."
    )
    if len(text) > LONGEST_VALUE:
        raise PipelineParameterError(
            f"The value of parameter [{parameter.name}] is longer than {LONGEST_VALUE} characters."
        )
    try:
        match parameter.type:
            case "Integer":
                return int(text)
            case "Float":
                number = float(text)
                if not math.isfinite(number):
                    raise wrong
                return number
            case "Boolean":
                return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        raise wrong from None
    if not text:
        raise PipelineParameterError(
            f'Parameter [{parameter.name}]: string "" is too short (length: 0, required minimum: 1)'
        )
    if parameter.choices and text not in parameter.choices:
        raise PipelineParameterError(
            f"Value [{text}] of parameter [{parameter.name}] is not one of [{', '.join(parameter.choices)}]."
        )
    return text
