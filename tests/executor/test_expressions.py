"""Expressions: what they stand for, and that nothing else than an ExpressionError comes out of hostile ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.errors import ExpressionError
from local_aws.sagemaker.expressions import (
    MAX_DEPTH,
    Reference,
    Scope,
    as_text,
    check_condition,
    condition_holds,
    find_references,
    parse_path,
    parse_reference,
    resolve_value,
)

REPORT = {"images": {"good": 12, "names": ["a", "b"], "share": 0.5}, "ok": True, "with space": {"x": "y"}}
STEPS = {
    "Prepare": {
        "ProcessingOutputConfig": {
            "Outputs": [
                {"OutputName": "prepared", "S3Output": {"S3Uri": "s3://b/prepared"}},
                {"OutputName": "report", "S3Output": {"S3Uri": "s3://b/report"}},
            ]
        }
    },
    "Notify": {"OutputParameters": {"notified": "yes"}},
}


def no_file(step: str, name: str) -> Any:
    raise ExpressionError(f"no file {name} of {step}")


SCOPE = Scope(
    parameters={"Kimg": 1000.0, "Seed": 7, "Spot": False, "Dataset": "faces"},
    execution={"PipelineExecutionId": "abc"},
    steps=STEPS,
    read_property_file=lambda step, name: REPORT if (step, name) == ("Prepare", "Report") else no_file(step, name),
    read_json=lambda uri: REPORT if uri == "s3://b/faces.json" else no_file(uri, ""),
)


def get(text: str) -> dict[str, str]:
    return {"Get": text}


def join(separator: str, *values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": separator, "Values": list(values)}}


def json_get(path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": get("Steps.Prepare.PropertyFiles.Report"), "Path": path}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (get("Parameters.Seed"), 7),
        (get("Execution.PipelineExecutionId"), "abc"),
        (get("Steps.Prepare.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"), "s3://b/report"),
        (get('Steps.Prepare.ProcessingOutputConfig.Outputs["report"].S3Output.S3Uri'), "s3://b/report"),
        (get("Steps.Prepare.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"), "s3://b/prepared"),
        (get("Steps.Notify.OutputParameters['notified']"), "yes"),
        (join("/", "s3:/", get("Parameters.Dataset"), join("-", "a", 1, 2.5, True)), "s3://faces/a-1-2.5-true"),
        (join("", get("Parameters.Kimg"), get("Parameters.Spot")), "1000.0false"),
        (json_get("images.good"), 12),
        (json_get("images.names[1]"), "b"),
        (json_get("['with space'].x"), "y"),
        ({"Std:JsonGet": {"S3Uri": join("", "s3://b/", get("Parameters.Dataset"), ".json"), "Path": "ok"}}, True),
        ({"plain": [get("Parameters.Seed"), {"Get": 1, "other": 2}]}, {"plain": [7, {"Get": 1, "other": 2}]}),
    ],
)
def test_expression_stands_for_its_value(expression: Any, value: Any) -> None:
    assert resolve_value(expression, SCOPE) == value
    assert list(find_references(expression)) is not None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (get("Parameters.Missing"), "Parameters.Missing is not known here"),
        (get("Steps.Prepare.ProcessingOutputConfig.Outputs['none'].S3Output"), "Steps.Prepare has no 'none'"),
        (get("Steps.Prepare.ProcessingOutputConfig.Outputs[7]"), "Steps.Prepare has no '7'"),
        (get("Steps.Later.Arn"), "Steps.Later is not known here"),
        (json_get("images.bad"), "property file 'Report' of step 'Prepare' has no 'bad'"),
        (json_get("images"), "not a single value"),
        (join("/", get("Steps.Prepare.ProcessingOutputConfig")), "Std:Join takes text, numbers and booleans"),
    ],
)
def test_expression_without_a_value_says_what_is_missing(expression: Any, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        resolve_value(expression, SCOPE)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (get("Parameters"), "write Parameters.<name>"),
        (get("Secrets.Key"), "write Parameters.<name>"),
        (get("Parameters.A.b"), "has no properties"),
        (get("Steps.A"), "name a property of step 'A'"),
        (get("Parameters."), "at character 11"),
        (get("Steps.A.Outputs['x"), "cannot read the path"),
        ({"Get": 5}, "'Get' takes a string"),
        ({"Std:Uppercase": "x"}, "function 'Std:Uppercase' is not supported"),
        ({"Std:Join": {"On": "/", "Values": ["a"]}, "x": 1}, "function 'Std:Join' is not supported"),
        ({"Std:Join": {"On": 1, "Values": []}}, "Std:Join takes a string 'On'"),
        ({"Std:JsonGet": {"PropertyFile": get("Parameters.X"), "Path": "a"}}, "Std:JsonGet takes 'PropertyFile'"),
        ({"Std:JsonGet": {"PropertyFile": get("Steps.A.PropertyFiles.B"), "Path": ""}}, "a path is empty"),
    ],
)
def test_malformed_expression_is_refused_before_anything_runs(expression: Any, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        list(find_references({"deep": [expression]}))
    assert message in str(raised.value)


def test_too_deep_nesting_is_refused() -> None:
    value: Any = get("Parameters.Seed")
    for _ in range(MAX_DEPTH + 1):
        value = join("", value)
    with pytest.raises(ExpressionError, match="nested more than"):
        list(find_references(value))


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"Type": "Equals", "LeftValue": get("Parameters.Dataset"), "RightValue": "faces"}, True),
        ({"Type": "Equals", "LeftValue": get("Parameters.Spot"), "RightValue": 0}, False),
        ({"Type": "Equals", "LeftValue": 2, "RightValue": 2.0}, True),
        ({"Type": "GreaterThan", "LeftValue": 2, "RightValue": 2}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": json_get("images.good"), "RightValue": 12}, True),
        ({"Type": "LessThan", "LeftValue": 1.5, "RightValue": 2}, True),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 3, "RightValue": 2}, False),
        ({"Type": "In", "QueryValue": get("Parameters.Seed"), "Values": ["7", get("Parameters.Seed")]}, True),
        ({"Type": "In", "QueryValue": "x", "Values": []}, False),
    ],
)
def test_condition_and_its_negation(condition: Any, outcome: bool) -> None:
    check_condition(condition)
    assert condition_holds(condition, SCOPE) is outcome
    assert condition_holds({"Type": "Not", "Condition": condition}, SCOPE) is not outcome
    assert condition_holds({"Type": "Or", "Conditions": [condition, {"Type": "Not", "Condition": condition}]}, SCOPE)
    assert not condition_holds(
        {"Type": "And", "Conditions": [condition, {"Type": "Not", "Condition": condition}]}, SCOPE
    )


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {"Type": "Between"},
        {"Type": ["Equals"]},
        {"Type": "Equals", "LeftValue": 1},
        {"Type": "Equals", "LeftValue": 1, "RightValue": 1, "More": 1},
        {"Type": "In", "QueryValue": 1, "Values": "1"},
        {"Type": "Not", "Condition": {"Type": "Between"}},
        {"Type": "And", "Conditions": {"Type": "Not"}},
    ],
)
def test_malformed_condition_is_refused(condition: Any) -> None:
    with pytest.raises(ExpressionError):
        check_condition(condition)


def test_ordering_is_for_numbers() -> None:
    with pytest.raises(ExpressionError, match="compares numbers"):
        condition_holds({"Type": "LessThan", "LeftValue": "1", "RightValue": 2}, SCOPE)


words = st.text("abcXYZ09_-", min_size=1, max_size=8)
names = st.text(st.characters(exclude_characters="'\"[]", codec="utf-8"), max_size=8)
paths = st.lists(st.one_of(words, names.map(lambda name: ("name", name)), st.integers(0, 999)), min_size=1, max_size=6)
scalars = st.one_of(st.text(max_size=5), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
anything = st.recursive(
    st.one_of(scalars, st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=6), inner, max_size=4),
        inner.map(lambda value: {"Get": value}),
        inner.map(lambda value: {"Std:Join": value}),
        st.lists(inner, max_size=3).map(lambda values: {"Std:Join": {"On": "/", "Values": values}}),
        st.tuples(inner, inner).map(lambda pair: {"Std:JsonGet": {"PropertyFile": pair[0], "Path": pair[1]}}),
        inner.map(lambda value: {"Type": "Not", "Condition": value}),
    ),
    max_leaves=12,
)


@given(paths)
def test_path_is_read_back_from_its_parts(parts: list[Any]) -> None:
    text = ""
    for part in parts:
        match part:
            case ("name", name):
                text += f"['{name}']"
            case int():
                text += f"[{part}]"
            case _:
                text += f".{part}" if text else part
    assert parse_path(text) == [part[1] if isinstance(part, tuple) else part for part in parts]


@given(st.sampled_from(["Parameters", "Execution"]), words)
def test_reference_is_read_back(root: str, name: str) -> None:
    assert parse_reference(f"{root}.{name}") == Reference(root, name)


@given(st.text(max_size=5), st.lists(scalars, max_size=6))
def test_join_is_the_joined_texts(separator: str, values: list[Any]) -> None:
    expected = separator.join(value if isinstance(value, str) else json.dumps(value) for value in values)
    assert resolve_value(join(separator, *values), SCOPE) == expected
    assert expected == separator.join(map(as_text, values))


@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(words, inner), max_leaves=20))
def test_plain_data_stands_for_itself(value: Any) -> None:
    assert resolve_value(value, SCOPE) == value
    assert list(find_references(value)) == []


@given(anything)
def test_hostile_expressions_are_refused_or_resolved(value: Any) -> None:
    """What passes the check before a run has no other way to fail in it than an ExpressionError."""
    for act in (
        lambda: list(find_references(value)),
        lambda: resolve_value(value, SCOPE),
        lambda: check_condition(value),
    ):
        try:
            act()
        except ExpressionError:
            continue


@given(st.text(max_size=30))
def test_hostile_paths_are_refused_or_read(text: str) -> None:
    try:
        parts = parse_path(text)
    except ExpressionError:
        return
    assert parts
