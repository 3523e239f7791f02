"""Step EnoughImages: goes on when Prepare found enough good images, else ends the run with a sentence."""

from __future__ import annotations

from typing import Any

from pipeline_builder import parameters as p
from pipeline_builder import prepare
from pipeline_builder.sdk import ConditionGreaterThanOrEqualTo, ConditionStep, FailStep, Join, JsonGet

NAME = "EnoughImages"


def enough_images_step(then: list[Any]) -> ConditionStep:
    """The Condition step: `then` holds the steps of the ordinary way, TooFewImages ends the run otherwise."""
    good_images = JsonGet(step_name=prepare.NAME, property_file=prepare.PREPARE_REPORT, json_path="images.good")
    return ConditionStep(
        name=NAME,
        conditions=[ConditionGreaterThanOrEqualTo(left=good_images, right=p.MIN_IMAGES)],
        if_steps=then,
        else_steps=[_too_few_images_step()],
    )


def _too_few_images_step() -> FailStep:
    # The count itself is not in the sentence: the service documents parameters and properties in an ErrorMessage,
    # not values out of a property file. The failure notice reads the count from prepare.json.
    return FailStep(
        name="TooFewImages",
        error_message=Join(
            on="",
            values=[
                "Too few good images: at least ",
                p.MIN_IMAGES,
                " are needed. prepare.json of this run lists every file that was set aside, with a reason.",
            ],
        ),
    )
