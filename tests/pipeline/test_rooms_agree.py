"""What the pipeline's parameters may be stands in one table, workshop.parameters. Every other room that writes some of
it down again is compared with it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline_builder import start
from tests.unit.test_config import COMPLETE
from workshop.config import StartRunConfig
from workshop.parameters import PARAMETERS, RESOLUTIONS


def test_the_table_is_the_definitions(definition: dict[str, Any]) -> None:
    """The service refuses a start with a parameter that the definition does not declare."""
    declared = {parameter["Name"]: parameter for parameter in definition["Parameters"]}

    assert list(declared) == list(PARAMETERS)
    for name, parameter in PARAMETERS.items():
        assert declared[name]["Type"] == parameter.kind, name
        default = declared[name].get("DefaultValue")
        assert (None if default is None else f"{default}".removesuffix(".0")) == parameter.default, name
        if "EnumValues" in declared[name]:
            assert parameter.must_be == "one of " + ", ".join(declared[name]["EnumValues"]), name


def test_every_default_is_allowed() -> None:
    for name, parameter in PARAMETERS.items():
        assert parameter.default is None or parameter.accepts(parameter.default), name


@pytest.mark.parametrize("name", start.BOUNDS)
def test_a_run_started_by_hand_has_the_same_bounds(name: str) -> None:
    low, high = start.BOUNDS[name]
    step = 0.001 if PARAMETERS[name].kind == "Float" else 1
    accepted = [f"{value:.10g}" for value in (low - step, low, high, high + step)]
    assert [PARAMETERS[name].accepts(value) for value in accepted] == [False, True, True, False]


def test_a_run_started_by_hand_has_the_same_resolutions() -> None:
    assert start.RESOLUTIONS == RESOLUTIONS


def test_every_number_of_the_table_is_bounded_by_hand_too() -> None:
    numbers = {name for name, parameter in PARAMETERS.items() if parameter.kind != "String"}
    assert numbers == {*start.BOUNDS, "Resolution"}


def test_the_deployers_bounds_are_within_the_tables() -> None:
    for name, value in (("MinImages", "1000000"), ("MaxTrainSeconds", "432000"), ("MaxTrainSeconds", "60")):
        variable = {"MinImages": "MIN_IMAGES", "MaxTrainSeconds": "MAX_TRAIN_SECONDS"}[name]
        StartRunConfig.from_env(COMPLETE | {variable: value})
        assert PARAMETERS[name].accepts(value)
