"""Why a file of an artist's was skipped: a code and its arguments, and the sentence that each language has for it.

Prepare and Infer find reasons and write them down as codes; mails, pages and the web app say them, each to its reader.
The sentences are in <language>.json beside this file, code -> sentence with {arguments}: Python reads them here, the
web app's build imports them, and so the app says of a file before it is sent what Prepare would say later.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from contract.documents import as_text
from contract.names import printable

# Of an argument: names of files are the longest.
MAX_TEXT_CHARS = 200
MAX_NUMBER = 10**15

Argument = str | int


class ReasonCode(StrEnum):
    """What is the matter with a file."""

    # What it is instead of an image, by its content.
    HEIC = "heic"
    AVIF = "avif"
    PDF = "pdf"
    POSTSCRIPT = "postscript"
    PHOTOSHOP = "photoshop"
    CAMERA_RAW = "camera_raw"
    SVG = "svg"
    XML = "xml"
    VIDEO = "video"
    ARCHIVE = "archive"
    TEXT = "text"
    UNREADABLE = "unreadable"
    # It is an image that cannot be used.
    DAMAGED = "damaged"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_FEW_PIXELS = "too_few_pixels"
    TOO_FEW_AFTER_CROP = "too_few_after_crop"
    TOO_FEW_IN_FRAME = "too_few_in_frame"
    TOO_SLOW = "too_slow"
    TOO_MUCH_MEMORY = "too_much_memory"
    CRASHES = "crashes"
    DUPLICATE = "duplicate"
    # Its place, or its label.
    OUTSIDE_CLASSES = "outside_classes"
    NO_LABEL = "no_label"
    NO_SUCH_FILE = "no_such_file"
    NOT_ORDINARY = "not_ordinary"
    LINK = "link"
    CANNOT_OPEN = "cannot_open"
    FOLDER_CANNOT_OPEN = "folder_cannot_open"
    # In a zip.
    ZIP_NO_NAME = "zip_no_name"
    ZIP_LEADS_OUTSIDE = "zip_leads_outside"
    ZIP_FOLDER_NAME = "zip_folder_name"
    ZIP_ENCRYPTED = "zip_encrypted"
    ZIP_COMPRESSION = "zip_compression"
    ZIP_TWO_SIZES = "zip_two_sizes"
    ZIP_TOO_LARGE = "zip_too_large"
    ZIP_BOMB = "zip_bomb"
    ZIP_DAMAGED = "zip_damaged"
    # In the bucket.
    GONE = "gone"
    ARCHIVED = "archived"
    ENCRYPTED = "encrypted"
    FORBIDDEN = "forbidden"
    # Only whoever is about to send it can know.
    NAME_UNUSABLE = "name_unusable"
    ALREADY_THERE = "already_there"
    # A sentence of an earlier release, which knew no codes; a code of a later one.
    TOLD = "told"
    UNKNOWN = "unknown"


ARGUMENTS: Mapping[ReasonCode, frozenset[str]] = {code: frozenset[str]() for code in ReasonCode} | {
    ReasonCode.TOO_LARGE: frozenset({"megabytes"}),
    ReasonCode.TOO_MANY_PIXELS: frozenset({"megapixels"}),
    ReasonCode.TOO_FEW_PIXELS: frozenset({"width", "height", "side"}),
    ReasonCode.TOO_FEW_AFTER_CROP: frozenset({"width", "height", "least_width", "least_height"}),
    ReasonCode.TOO_FEW_IN_FRAME: frozenset({"width", "height", "least_width", "least_height"}),
    ReasonCode.TOO_SLOW: frozenset({"seconds"}),
    ReasonCode.TOO_MUCH_MEMORY: frozenset({"megabytes"}),
    ReasonCode.DUPLICATE: frozenset({"other"}),
    ReasonCode.CANNOT_OPEN: frozenset({"why"}),
    ReasonCode.FOLDER_CANNOT_OPEN: frozenset({"why"}),
    ReasonCode.ZIP_TOO_LARGE: frozenset({"size"}),
    ReasonCode.ZIP_BOMB: frozenset({"packed", "size"}),
    ReasonCode.TOLD: frozenset({"sentence"}),
}


@dataclass(frozen=True)
class Reason:
    """Why a file was skipped. Texts among the `arguments` are cut and made printable, whoever has written them.

    Raises ValueError or TypeError for arguments that the code does not have.
    """

    code: ReasonCode
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.arguments.keys() != ARGUMENTS[self.code]:
            raise ValueError(f"the reason {self.code} has the arguments {sorted(ARGUMENTS[self.code])}")
        object.__setattr__(self, "arguments", {name: _bounded(value) for name, value in self.arguments.items()})

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "arguments": dict(self.arguments)}

    @classmethod
    def from_dict(cls, value: Any) -> "Reason":
        """Raises KeyError, TypeError or ValueError."""
        if "code" not in value:
            return told(as_text(value["reason"]))
        if as_text(value["code"]) not in ARGUMENTS:
            return cls(ReasonCode.UNKNOWN)
        return cls(ReasonCode(value["code"]), dict(value["arguments"]))

    def sentence(self, language: str, show: Callable[[str], str] = str) -> str:
        """What is said of it in one of contract.names.LANGUAGES. Texts that somebody else has written, names of
        files among them, are shown as `show` makes them."""
        shown = {name: show(value) if isinstance(value, str) else value for name, value in self.arguments.items()}
        return sentences(language)[self.code].format(**shown)


def told(sentence: str) -> Reason:
    """A reason of which there is nothing but a sentence."""
    return Reason(ReasonCode.TOLD, {"sentence": sentence})


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Code -> sentence, in one of contract.names.LANGUAGES."""
    text = resources.files(__package__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def _bounded(value: object) -> Argument:
    if isinstance(value, str):
        return printable(value, MAX_TEXT_CHARS)
    if type(value) is not int:
        raise TypeError("an argument of a reason is a text or a whole number")
    return max(-MAX_NUMBER, min(value, MAX_NUMBER))
