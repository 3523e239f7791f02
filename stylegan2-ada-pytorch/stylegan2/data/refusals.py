"""Why a file is not used: a code with its arguments, for programs with words of their own, and a sentence.

The sentences are read by designers: they name what is wrong with the image and, where there is one, the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stylegan2.base.errors import ModelError


class RefusalCode(StrEnum):
    """What is the matter with a file."""

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
    OUTSIDE_CLASSES = "outside_classes"
    NO_LABEL = "no_label"
    NO_SUCH_FILE = "no_such_file"
    NOT_ORDINARY = "not_ordinary"
    LINK = "link"
    CANNOT_OPEN = "cannot_open"
    FOLDER_CANNOT_OPEN = "folder_cannot_open"
    ZIP_NO_NAME = "zip_no_name"
    ZIP_LEADS_OUTSIDE = "zip_leads_outside"
    ZIP_FOLDER_NAME = "zip_folder_name"
    ZIP_ENCRYPTED = "zip_encrypted"
    ZIP_COMPRESSION = "zip_compression"
    ZIP_TWO_SIZES = "zip_two_sizes"
    ZIP_TOO_LARGE = "zip_too_large"
    ZIP_BOMB = "zip_bomb"
    ZIP_DAMAGED = "zip_damaged"


SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.HEIC: "This is a HEIC photo; export it as JPEG.",
    RefusalCode.AVIF: "This is an AVIF image; export it as PNG or JPEG.",
    RefusalCode.PDF: "This is a PDF document; export its pages as PNG or JPEG.",
    RefusalCode.POSTSCRIPT: "This is a PostScript drawing; export it as PNG or JPEG.",
    RefusalCode.PHOTOSHOP: "This is a Photoshop document; export it as PNG or JPEG.",
    RefusalCode.CAMERA_RAW: "This is a camera's raw file; export it as JPEG or PNG.",
    RefusalCode.SVG: "This is an SVG drawing; export it as PNG.",
    RefusalCode.XML: "This is an SVG drawing or other XML; export the drawing as PNG.",
    RefusalCode.VIDEO: "This is a video; upload single images taken from it.",
    RefusalCode.ARCHIVE: "This is a zip archive or an office document; upload the images in it one by one.",
    RefusalCode.TEXT: "This is not an image but text.",
    RefusalCode.UNREADABLE: "This is not an image that can be read; save it as PNG or JPEG.",
    RefusalCode.DAMAGED: (
        "The image is damaged, incomplete, or stored in a way that cannot be read here; save it anew as PNG "
        "or JPEG and upload that."
    ),
    RefusalCode.EMPTY: "The file is empty (0 bytes); upload it again.",
    RefusalCode.TOO_LARGE: "The file is larger than {megabytes} MB; scale the image down.",
    RefusalCode.TOO_MANY_PIXELS: (
        "The image has more than {megapixels} million pixels; scale it down before uploading it."
    ),
    RefusalCode.TOO_FEW_PIXELS: (
        "The image is only {width} x {height} pixels; at least {side} on the shorter side are needed."
    ),
    RefusalCode.TOO_FEW_AFTER_CROP: (
        "The image is only {width} x {height} pixels; at least {least_width} x {least_height} after cropping "
        "are needed."
    ),
    RefusalCode.TOO_FEW_IN_FRAME: (
        "The image is only {width} x {height} pixels; at least {least_width} in width or {least_height} in "
        "height are needed."
    ),
    RefusalCode.TOO_SLOW: (
        "The image takes longer than {seconds} seconds to decode, which no ordinary one does; save it anew as "
        "PNG or JPEG and try again."
    ),
    RefusalCode.TOO_MUCH_MEMORY: (
        "The image needs more than {megabytes} MB of memory to decode; scale it down, or save it anew as PNG "
        "or JPEG, and try again."
    ),
    RefusalCode.CRASHES: "The image makes the program that reads it crash; save it anew and try again.",
    RefusalCode.DUPLICATE: "This is the same image as {other}, which is used.",
    RefusalCode.OUTSIDE_CLASSES: (
        "The image lies in none of the sub-folders, whose names are the classes; move it into one."
    ),
    RefusalCode.NO_LABEL: "dataset.json has no label for this image.",
    RefusalCode.NO_SUCH_FILE: "dataset.json has a label for this image, but there is no such file.",
    RefusalCode.NOT_ORDINARY: "This is not an ordinary file; upload the image itself.",
    RefusalCode.LINK: "This is a link to another file; upload the image itself.",
    RefusalCode.CANNOT_OPEN: "The file cannot be opened ({why}).",
    RefusalCode.FOLDER_CANNOT_OPEN: "This folder cannot be opened ({why}).",
    RefusalCode.ZIP_NO_NAME: "This file has no name; make the zip anew.",
    RefusalCode.ZIP_LEADS_OUTSIDE: "The name of this file leads outside of the zip; make the zip anew.",
    RefusalCode.ZIP_FOLDER_NAME: "The name of this file is that of a folder; make the zip anew.",
    RefusalCode.ZIP_ENCRYPTED: "The file is encrypted; make the zip without a password.",
    RefusalCode.ZIP_COMPRESSION: "The file is compressed in an unknown way; store it without compression.",
    RefusalCode.ZIP_TWO_SIZES: "The file has two different sizes; make the zip anew.",
    RefusalCode.ZIP_TOO_LARGE: "The file claims {size} bytes, which is too large.",
    RefusalCode.ZIP_BOMB: "The file claims to unpack {packed} bytes to {size}, as only a decompression bomb does.",
    RefusalCode.ZIP_DAMAGED: "The file is damaged in the zip; make the zip anew.",
}


@dataclass(frozen=True)
class Refusal:
    """Why a file is not used. Programs around this package may have codes of their own for files that they could not
    even get."""

    code: str
    arguments: Mapping[str, str | int]
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def naming(self, file: str) -> str:
        """The sentence with what it calls "The file" named, for a message about one of many."""
        return self.sentence.replace("The file", file, 1)


def refusal(code: RefusalCode, **arguments: str | int) -> Refusal:
    """One of this package's own. Raises KeyError for an argument that is missing."""
    return Refusal(code, arguments, SENTENCES[code].format(**arguments))


class RefusedImage(ModelError):  # noqa: N818 - it is the file that is at fault, and the program goes on
    """The file cannot be used for training; the message is the sentence for the person who uploaded it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal
