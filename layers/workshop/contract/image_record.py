"""The list of images that a job is to read: exactly these objects, as they were when they were listed.

start_run writes it, Prepare and Infer read it (containers.fetching); one written by hand will do as well.
"""

from dataclasses import dataclass
from typing import Any

from contract.documents import as_count, as_text, parse_json, reading
from contract.errors import DocumentError

MAX_BYTES = 64 << 20  # 64,000 images with the longest names in use take 20 MB


@dataclass(frozen=True)
class ListedImage:
    """One image of a record; its name is relative to the record's prefix, its size in bytes."""

    name: str
    etag: str
    size: int

    @classmethod
    def from_dict(cls, value: Any) -> "ListedImage":
        """Raises KeyError or TypeError."""
        return cls(as_text(value["name"]), as_text(value["etag"]), as_count(value["size"]))


@dataclass(frozen=True)
class ImageRecord:
    """What a job is to read: the objects `prefix` + name of a bucket."""

    bucket: str
    prefix: str
    images: tuple[ListedImage, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "bucket": self.bucket,
            "prefix": self.prefix,
            "objects": [{"name": one.name, "etag": one.etag, "size": one.size} for one in self.images],
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> "ImageRecord":
        """Raises DocumentError with what is wrong."""
        with reading():
            value = parse_json(text)
            images = tuple(map(ListedImage.from_dict, value["objects"]))
            record = cls(as_text(value["bucket"]), as_text(value["prefix"]), images)
        if len({image.name for image in images}) < len(images):
            raise DocumentError("has a name twice")
        return record
