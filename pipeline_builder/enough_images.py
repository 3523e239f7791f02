"""Step EnoughImages: goes on when Prepare found enough good images, else ends the run with a sentence."""

from __future__ import annotations

from typing import Any

from contract.layout import PREPARE_REPORT_FILE
from contract.pipeline import TOO_FEW_IMAGES, Step
from contract.prepare_report import GOOD_IMAGES_PATH
from pipeline_builder import prepare
from pipeline_builder.parameters import given
from pipeline_builder.sdk import ConditionGreaterThanOrEqualTo, ConditionStep, FailStep, Join, JsonGet


def enough_images_step(then: list[Any]) -> ConditionStep:
    """The Condition step: `then` holds the steps of the ordinary way, TooFewImages ends the run otherwise."""
    good_images = JsonGet(step_name=Step.PREPARE, property_file=prepare.COUNTS, json_path=GOOD_IMAGES_PATH)
    return ConditionStep(
        name=Step.ENOUGH_IMAGES,
        conditions=[ConditionGreaterThanOrEqualTo(left=good_images, right=given("MinImages"))],
        if_steps=then,
        else_steps=[_too_few_images_step()],
    )


def _too_few_images_step() -> FailStep:
    # The count itself is not in the sentence: the service documents parameters and properties in an ErrorMessage,
    # not values out of a property file. The failure notice reads the count from prepare.json.
    before, after = TOO_FEW_IMAGES
    return FailStep(
        name=Step.TOO_FEW_IMAGES,
        error_message=Join(
            on="",
            values=[
                before,
                given("MinImages"),
                f"{after} {PREPARE_REPORT_FILE} of this run lists every file that was set aside, with a reason.",
            ],
        ),
    )
