"""MODEL-NOTE.txt, in the model's archive: what it learned from, and what that allows whoever gets the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_NAME = 200


def model_note(dataset: str, images: int, base: Mapping[str, Any] | None) -> str:
    """The note on a model that has learned from so many images; `base` is what its base network says of itself, None
    where it began from nothing."""
    paragraphs = [
        f"This model has learned from {images:,} images of the data set {dataset}, and makes pictures like them. It "
        "can come close to single ones of them. Who holds the rights in these images decides what the model, and its "
        "pictures, may be used for."
    ]
    if base is not None:
        licence, learned = _text(base.get("license")), _text(base.get("dataset")) or "other images"
        known = f"Its licence is {licence}." if licence else "Its file names no licence: ask whoever it is from."
        paragraphs.append(
            f"It did not begin from nothing, but from a network that had learned {learned}. {known} What that licence "
            "asks for holds for this model, too."
        )
    paragraphs.append(
        "The program that trained it is under the Apache License 2.0, which says nothing about models. Its pictures "
        "say in their files that a machine made them: leave that in, and say it where people look at them."
    )
    return "\n\n".join(paragraphs) + "\n"


def _text(value: object) -> str:
    """A name out of a file that may be anybody's, on one line."""
    return "".join(filter(str.isprintable, value))[:_LONGEST_NAME].strip() if isinstance(value, str) else ""
