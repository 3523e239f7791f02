"""The pipeline's parameters and those that start_run knows are written down twice; here they are compared."""

from __future__ import annotations

from typing import Any

from workshop.starting import FIXED_PARAMETERS, OPEN_PARAMETERS


def test_start_run_knows_exactly_the_parameters_that_the_pipeline_declares(definition: dict[str, Any]) -> None:
    """The service refuses a start with a parameter that the definition does not declare."""
    declared = {parameter["Name"] for parameter in definition["Parameters"]}

    assert declared == FIXED_PARAMETERS | OPEN_PARAMETERS
