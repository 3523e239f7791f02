"""Which run trained the network that is drawn with: an inference-only run draws with the network of an earlier one."""

from __future__ import annotations

import re

from contract.layout import MODEL_PATH, TRAINING
from contract.names import EXECUTION_ID

# The pipeline's definition lets each training leave its model below the id of its own run.
_MODEL_URI = re.compile(rf"s3://.+/(?P<run>{EXECUTION_ID.pattern})/{TRAINING}/[^/]+/{re.escape(MODEL_PATH)}")


def earlier_run(model_uri: str | None, execution_id: str) -> str | None:
    """The id of the run that trained the network; None if this run did, or if the model's place does not tell."""
    place = _MODEL_URI.fullmatch(model_uri or "")
    return place["run"] if place and place["run"] != execution_id else None
