"""prepare.json: what Prepare found, kept and set aside. Read by the pipeline's condition and by Infer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from containers.errors import InputError

FILE_NAME = "prepare.json"
_LARGEST_BYTES = 64 << 20
_MOST_LISTED_BYTES = 15_000_000  # half of what the mails read; 64,000 images with usual names take 10 MB
_LAYOUT_BYTES = 14  # spaces and ends of lines, of each image


@dataclass(frozen=True)
class SetAsideImage:
    """An image that was not used, and one plain sentence that says why."""

    name: str
    reason: str


@dataclass(frozen=True)
class PrepareSummary:
    """The numbers of one preparation; `seconds` is its wall time.

    `set_aside` may be cut: there were `unlisted` more.
    """

    dataset: str
    resolution: int
    found: int
    good: int
    set_aside: Sequence[SetAsideImage]
    seconds: float
    unlisted: int = 0

    @property
    def set_aside_count(self) -> int:
        """How many images were set aside, listed or not."""
        return len(self.set_aside) + self.unlisted

    def write(self, folder: Path) -> None:
        """Write prepare.json into `folder`; of very many images with long names it lists the first."""
        listed = _that_fit(self.set_aside)
        value = {
            "dataset": self.dataset,
            "resolution": self.resolution,
            "images": {"found": self.found, "good": self.good, "set_aside": self.set_aside_count},
            "set_aside": listed,
            "set_aside_unlisted": self.set_aside_count - len(listed),
            "seconds": round(self.seconds, 3),
        }
        # ASCII with escapes: names of files may hold bytes that are no UTF-8, which text files cannot carry.
        (folder / FILE_NAME).write_text(json.dumps(value, indent=1) + "\n", encoding="ascii")


def read_prepare_summary(folder: Path) -> PrepareSummary:
    """Read prepare.json from `folder`; raises InputError if it is missing or not of that form."""
    file = folder / FILE_NAME
    if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
        raise InputError(f"{FILE_NAME} of the Prepare step is missing or too large.")
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        images = value["images"]
        set_aside = [SetAsideImage(_text(one["name"]), _text(one["reason"])) for one in value["set_aside"]]
        return PrepareSummary(
            dataset=_text(value["dataset"]),
            resolution=_count(value["resolution"]),
            found=_count(images["found"]),
            good=_count(images["good"]),
            set_aside=set_aside,
            seconds=float(value["seconds"]),
            unlisted=_count(images["set_aside"] - len(set_aside)),
        )
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise InputError(f"{FILE_NAME} is not of the expected form: {type(error).__name__}: {error}") from error


def _that_fit(images: Sequence[SetAsideImage]) -> list[dict[str, str]]:
    """The first of the images, as many as have room, as they are written."""
    entries = [{"name": image.name, "reason": image.reason} for image in images]
    sizes = accumulate(len(json.dumps(entry)) + _LAYOUT_BYTES for entry in entries)
    return [entry for entry, size in zip(entries, sizes, strict=True) if size <= _MOST_LISTED_BYTES]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("a count was expected")
    return value
