"""prepare.json: what Prepare has found, kept and set aside. counts.json: the numbers alone.

Prepare writes both. Infer puts what is in prepare.json on the page, the notices say it; they read no more than
MAX_BYTES. The pipeline's condition reads counts.json: how large a file it takes is not documented, and the list of what
was set aside can be long.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from contract.documents import as_count, as_text, parse_json, reading
from contract.reasons import Reason

MAX_BYTES = 32 << 20
# Of the list of what was set aside; 64,000 images with usual names take 10 MB.
MAX_LISTED_BYTES = 15_000_000
# Copies of what was set aside: of so many files at most, and of so many bytes. The list names the others.
MAX_COPIES = 1_000
MAX_COPIED_BYTES = 2_000_000_000
_LAYOUT_BYTES = 40  # spaces and ends of lines, of each image
# More classes than a network learns well, and than prepare.json has room for.
MAX_CLASSES = 512
# Where in counts.json the pipeline's condition finds how many images are good.
GOOD_IMAGES_PATH = "good"


@dataclass(frozen=True)
class SetAside:
    """An image that was not used, and why. Earlier releases wrote a sentence under "reason" in place of the code."""

    name: str
    reason: Reason

    def as_dict(self) -> dict[str, Any]:
        return {"name": self.name} | self.reason.as_dict()

    @classmethod
    def from_dict(cls, value: Any) -> "SetAside":
        """Raises KeyError, TypeError or ValueError."""
        return cls(as_text(value["name"]), Reason.from_dict(value))


@dataclass(frozen=True)
class ImageClass:
    """A class of the data set, and how many of its images are good."""

    name: str
    images: int

    def as_dict(self) -> dict[str, str | int]:
        return {"name": self.name, "images": self.images}

    @classmethod
    def from_dict(cls, value: Any) -> "ImageClass":
        """Raises KeyError or TypeError."""
        return cls(as_text(value["name"]), as_count(value["images"]))


@dataclass(frozen=True)
class PrepareReport:
    """The numbers of one preparation: `resolution`, `size`, `fit` and `background` are the parameters by which the
    images were prepared (`size` as "384x256"; "" in a report of earlier versions, which knew squares only), `seconds`
    its wall time. `set_aside` may be cut: there were `unlisted` more. `copies` of them lie in the run's folder
    SET_ASIDE; None: a report of an earlier version, which does not say. `classes` are in the order of their numbers."""

    dataset: str
    resolution: int
    found: int
    good: int
    set_aside: Sequence[SetAside]
    seconds: float
    unlisted: int = 0
    copies: int | None = None
    size: str = ""
    fit: str = "crop"
    background: str = "ffffff"
    classes: Sequence[ImageClass] = ()

    @property
    def set_aside_count(self) -> int:
        """How many images were set aside, listed or not."""
        return len(self.set_aside) + self.unlisted

    def to_json(self) -> str:
        """The document; of very many images with long names it lists the first. It is ASCII: names of files may hold
        bytes that are no UTF-8, which text files cannot carry but as escapes."""
        listed = _images_that_fit(self.set_aside)
        value = {
            "dataset": self.dataset,
            "resolution": self.resolution,
            "size": self.size,
            "fit": self.fit,
            "background": self.background,
            "classes": [one.as_dict() for one in self.classes],
            "images": {"found": self.found, "good": self.good, "set_aside": self.set_aside_count},
            "set_aside": listed,
            "set_aside_unlisted": self.set_aside_count - len(listed),
            "set_aside_copies": self.copies,
            "seconds": round(self.seconds, 3),
        }
        return json.dumps(value, indent=1) + "\n"

    def counts_json(self) -> str:
        """counts.json."""
        counts = {
            "found": self.found,
            "good": self.good,
            "set_aside": self.set_aside_count,
            "resolution": self.resolution,
        }
        return json.dumps(counts) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "PrepareReport":
        """Raises DocumentError with what is wrong."""
        with reading():
            value = parse_json(text)
            images = value["images"]
            set_aside = tuple(map(SetAside.from_dict, value["set_aside"]))
            copies = value.get("set_aside_copies")
            return cls(
                dataset=as_text(value["dataset"]),
                resolution=as_count(value["resolution"]),
                found=as_count(images["found"]),
                good=as_count(images["good"]),
                set_aside=set_aside,
                seconds=float(value["seconds"]),
                unlisted=as_count(images["set_aside"] - len(set_aside)),
                copies=None if copies is None else as_count(copies),
                size=as_text(value.get("size", "")),
                fit=as_text(value.get("fit", "crop")),
                background=as_text(value.get("background", "ffffff")),
                classes=tuple(map(ImageClass.from_dict, value.get("classes", []))),
            )


def _images_that_fit(images: Sequence[SetAside]) -> list[dict[str, Any]]:
    """The first of the images, as many as have room, as they are written."""
    entries = [image.as_dict() for image in images]
    sizes = accumulate(len(json.dumps(entry)) + _LAYOUT_BYTES for entry in entries)
    return [entry for entry, size in zip(entries, sizes, strict=True) if size <= MAX_LISTED_BYTES]
