"""Expressions of a pipeline definition: Get, Std:Join, Std:JsonGet and the conditions of a Condition step.

Source: SageMaker Developer Guide, "Pipelines" (pipeline definition JSON schema) and what SageMaker SDK 3.27 emits.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_aws.sagemaker.errors import ExpressionError

Json = Any
"""What `json.loads` returns."""

MAX_DEPTH = 50
LONGEST_QUOTE = 80
ROOTS = frozenset({"Parameters", "Execution", "Steps"})

# A list of these is indexed by name in a property path: Outputs['report'] is the element whose OutputName is "report".
_NAME_KEYS = ("OutputName", "InputName", "ChannelName")
_TOKEN = re.compile(
    r"""(?P<dot>\.?)(?P<word>[A-Za-z0-9_-]+)|\[(?P<index>[0-9]{1,6})\]|\[(?P<quote>['"])(?P<name>[^'"]*)(?P=quote)\]"""
)


@dataclass(frozen=True)
class Reference:
    """A `Get`: ("Parameters", "Kimg"), ("Execution", "PipelineName"), ("Steps", "Train", ("ModelArtifacts", ...))."""

    root: str
    name: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What expressions may look at while a run is under way.

    `steps` holds, by step name, the properties of the steps that have ended, shaped like the answer of the job's
    Describe call. `read_property_file(step, name)` and `read_json(s3_uri)` return parsed JSON.
    """

    parameters: Mapping[str, Json]
    execution: Mapping[str, str]
    steps: Mapping[str, Json]
    read_property_file: Callable[[str, str], Json]
    read_json: Callable[[str], Json]


def parse_reference(text: object) -> Reference:
    """Parse the text of a `Get`, e.g. "Steps.Prepare.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"."""
    if not isinstance(text, str):
        raise ExpressionError(f"'Get' takes a string, not {_show(text)}")
    root, *rest = parse_path(text)
    if root not in ROOTS or not rest or not isinstance(rest[0], str):
        raise ExpressionError(
            f"cannot get '{text}': write Parameters.<name>, Execution.<name> or Steps.<name>.<property>"
        )
    if root != "Steps" and len(rest) > 1:
        raise ExpressionError(f"cannot get '{text}': {root}.{rest[0]} has no properties")
    if root == "Steps" and len(rest) == 1:
        raise ExpressionError(f"cannot get '{text}': name a property of step '{rest[0]}'")
    return Reference(str(root), rest[0], tuple(rest[1:]))


def parse_path(text: str) -> list[str | int]:
    """Split `a.b['c d'][0]` into ["a", "b", "c d", 0]."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or (token["word"] is not None and bool(token["dot"]) != bool(parts)):
            raise ExpressionError(f"cannot read the path '{text}' at character {position + 1}")
        if token["index"] is not None:
            parts.append(int(token["index"]))
        else:
            parts.append(token["word"] if token["word"] is not None else token["name"])
        position = token.end()
    if not parts:
        raise ExpressionError("a path is empty")
    return parts


def find_references(value: Json, depth: int = 0) -> Iterator[Reference]:
    """Yield every reference inside a value; refuses, by name, functions that this stand-in does not know."""
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the definition is nested more than {MAX_DEPTH} levels deep")
    children: Iterable[Json]
    match _function(value):
        case None:
            children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        case "Get", text:
            yield parse_reference(text)
            children = ()
        case "Std:Join", argument:
            children = _join_arguments(argument)[1]
        case _, argument:
            source, path = _json_get_arguments(argument)
            parse_path(path)
            children = (source,)
    for child in children:
        yield from find_references(child, depth + 1)


def resolve_value(value: Json, scope: Scope) -> Json:
    """Return `value` with every expression in it replaced by what it stands for."""
    match _function(value):
        case None if isinstance(value, dict):
            return {key: resolve_value(item, scope) for key, item in value.items()}
        case None if isinstance(value, list):
            return [resolve_value(item, scope) for item in value]
        case None:
            return value
        case "Get", text:
            return _get(parse_reference(text), scope)
        case "Std:Join", argument:
            separator, values = _join_arguments(argument)
            return separator.join(as_text(resolve_value(item, scope)) for item in values)
        case _, argument:
            return _json_get(argument, scope)


def as_text(value: Json) -> str:
    """Return a scalar as Std:Join writes it: 2 -> "2", 1000.0 -> "1000.0", True -> "true"."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ExpressionError(f"Std:Join takes text, numbers and booleans, not {_show(value)}")


def follow_path(value: Json, path: Sequence[str | int], what: str) -> Json:
    """Follow a parsed path into parsed JSON; `what` names the whole thing in errors."""
    for part in path:
        found = _child(value, part)
        if found is None:
            raise ExpressionError(f"{what} has no '{part}'")
        value = found[0]
    return value


def check_condition(condition: Json, depth: int = 0) -> None:
    """Raise ExpressionError unless `condition` is one that `holds` can judge."""
    if not isinstance(condition, dict) or depth > MAX_DEPTH:
        raise ExpressionError(f"a condition is an object with a Type, not {_show(condition)}")
    kind = condition.get("Type")
    expected = _CONDITION_KEYS.get(kind) if isinstance(kind, str) else None
    if expected is None:
        raise ExpressionError(
            f"condition type {_show(kind)} is not supported; known: {', '.join(sorted(_CONDITION_KEYS))}"
        )
    members = condition.keys() - {"Type"}
    if members != expected:
        raise ExpressionError(f"condition {kind} takes {', '.join(sorted(expected))}, not {', '.join(sorted(members))}")
    if kind == "In" and not isinstance(condition["Values"], list):
        raise ExpressionError("condition In takes a list of Values")
    children = [condition["Condition"]] if kind == "Not" else condition.get("Conditions", [])
    if not isinstance(children, list):
        raise ExpressionError(f"condition {kind} takes a list of Conditions")
    for child in children:
        check_condition(child, depth + 1)


def condition_holds(condition: Json, scope: Scope) -> bool:
    """Judge a condition that `check_condition` has accepted."""
    match condition["Type"]:
        case "Not":
            return not condition_holds(condition["Condition"], scope)
        case "And":
            return all(condition_holds(child, scope) for child in condition["Conditions"])
        case "Or":
            return any(condition_holds(child, scope) for child in condition["Conditions"])
        case "In":
            value = resolve_value(condition["QueryValue"], scope)
            return any(_equal(value, resolve_value(item, scope)) for item in condition["Values"])
        case kind:
            left, right = resolve_value(condition["LeftValue"], scope), resolve_value(condition["RightValue"], scope)
            return _equal(left, right) if kind == "Equals" else _ordered(kind, left, right)


_CONDITION_KEYS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"),
        frozenset({"LeftValue", "RightValue"}),
    ),
    "In": frozenset({"QueryValue", "Values"}),
    "Not": frozenset({"Condition"}),
    "And": frozenset({"Conditions"}),
    "Or": frozenset({"Conditions"}),
}


def _function(value: Json) -> tuple[str, Json] | None:
    """Return (name, argument) if `value` is an expression; None if it is plain data."""
    if not isinstance(value, dict):
        return None
    for key in value:
        if key.startswith("Std:") and (len(value) > 1 or key not in {"Std:Join", "Std:JsonGet"}):
            raise ExpressionError(f"function '{key}' is not supported here")
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in {"Get", "Std:Join", "Std:JsonGet"}:
            return name, argument
    return None


def _join_arguments(argument: Json) -> tuple[str, list[Json]]:
    if isinstance(argument, dict) and argument.keys() <= {"On", "Values"}:
        separator, values = argument.get("On", ""), argument.get("Values")
        if isinstance(separator, str) and isinstance(values, list):
            return separator, values
    raise ExpressionError(f"Std:Join takes a string 'On' and a list 'Values', not {_show(argument)}")


def _json_get_arguments(argument: Json) -> tuple[Json, str]:
    """Return the source expression (a PropertyFile's Get, or an S3Uri) and the path."""
    if isinstance(argument, dict) and isinstance(argument.get("Path"), str):
        if argument.keys() == {"S3Uri", "Path"}:
            return argument["S3Uri"], argument["Path"]
        source = argument.get("PropertyFile")
        if argument.keys() == {"PropertyFile", "Path"} and isinstance(source, dict) and source.keys() == {"Get"}:
            reference = parse_reference(source["Get"])
            if reference.root == "Steps" and reference.path[:1] == ("PropertyFiles",) and len(reference.path[1:]) == 1:
                return source, argument["Path"]
    raise ExpressionError(f"Std:JsonGet takes 'PropertyFile' (or 'S3Uri') and 'Path', not {_show(argument)}")


def _json_get(argument: Json, scope: Scope) -> Json:
    source, path = _json_get_arguments(argument)
    if "PropertyFile" in argument:
        reference = parse_reference(source["Get"])
        what = f"property file '{reference.path[1]}' of step '{reference.name}'"
        document = scope.read_property_file(reference.name, str(reference.path[1]))
    else:
        what = as_text(resolve_value(source, scope))
        document = scope.read_json(what)
    found = follow_path(document, parse_path(path), what)
    if not isinstance(found, str | bool | int | float):
        raise ExpressionError(f"'{path}' of {what} is {_show(found)}, not a single value")
    return found


def _get(reference: Reference, scope: Scope) -> Json:
    match reference.root:
        case "Parameters":
            table: Mapping[str, Json] = scope.parameters
        case "Execution":
            table = scope.execution
        case _:
            table = scope.steps
    if reference.name not in table:
        raise ExpressionError(f"{reference.root}.{reference.name} is not known here")
    return follow_path(table[reference.name], reference.path, f"{reference.root}.{reference.name}")


def _child(value: Json, part: str | int) -> tuple[Json] | None:
    if isinstance(value, dict) and isinstance(part, str) and part in value:
        return (value[part],)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return (value[part],)
    if isinstance(value, list) and isinstance(part, str):
        for item in value:
            if isinstance(item, dict) and any(item.get(key) == part for key in _NAME_KEYS):
                return (item,)
    return None


def _equal(left: Json, right: Json) -> bool:
    # Python thinks True == 1; a boolean parameter and a number are different things to a pipeline.
    return bool(isinstance(left, bool) == isinstance(right, bool) and left == right)


def _ordered(kind: str, left: Json, right: Json) -> bool:
    for side in (left, right):
        if isinstance(side, bool) or not isinstance(side, int | float):
            raise ExpressionError(f"condition {kind} compares numbers, not {_show(side)}")
    match kind:
        case "GreaterThan":
            return bool(left > right)
        case "GreaterThanOrEqualTo":
            return bool(left >= right)
        case "LessThan":
            return bool(left < right)
        case _:
            return bool(left <= right)


def _show(value: Json) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
