"""The pipeline's parameters stand in one table, contract.pipeline; the definition is made of it, and kept."""

from __future__ import annotations

from typing import Any

from contract.pipeline import PARAMETERS, Step
from tests.unit.test_config import COMPLETE
from workshop.config import StartRunConfig


def test_the_table_is_the_kept_definitions(definition: dict[str, Any]) -> None:
    """The service refuses a start with a parameter that the definition does not declare."""
    declared = {parameter["Name"]: parameter for parameter in definition["Parameters"]}

    assert list(declared) == list(PARAMETERS)
    for name, parameter in PARAMETERS.items():
        assert declared[name]["Type"] == parameter.kind, name
        default = declared[name].get("DefaultValue")
        assert (None if default is None else f"{default}".removesuffix(".0")) == parameter.default, name
        if "EnumValues" in declared[name]:
            assert tuple(declared[name]["EnumValues"]) == parameter.choices, name


def test_the_steps_are_the_kept_definitions(definition: dict[str, Any]) -> None:
    prepare, condition = definition["Steps"]
    branches = condition["Arguments"]
    inner = [*branches["ElseSteps"], *branches["IfSteps"]]
    assert [step["Name"] for step in (prepare, condition, *inner)] == list(Step)


def test_every_default_is_allowed() -> None:
    for name, parameter in PARAMETERS.items():
        assert parameter.default is None or parameter.accepts(parameter.default), name


def test_the_deployers_bounds_are_within_the_tables() -> None:
    for name, value in (("MinImages", "1000000"), ("MaxTrainSeconds", "432000"), ("MaxTrainSeconds", "600")):
        variable = {"MinImages": "MIN_IMAGES", "MaxTrainSeconds": "MAX_TRAIN_SECONDS"}[name]
        StartRunConfig.from_env(COMPLETE | {variable: value})
        assert PARAMETERS[name].accepts(value)
