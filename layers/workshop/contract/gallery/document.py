"""All pictures of a run, and what holds for all of them; read with every field checked."""

import json
from dataclasses import dataclass
from typing import Any

from contract.documents import as_amount, as_count, as_text, parse_json, reading
from contract.errors import DocumentError
from contract.gallery.items import (
    LONGEST_TEXT,
    GalleryItem,
    GalleryKind,
    as_place,
    as_short_text,
    if_there,
)

FORMAT = "workshop-gallery/1"
MAX_BYTES = 4 << 20
MAX_ITEMS = 2_000
LONGEST_NOTE = 4_000  # characters


@dataclass(frozen=True)
class ModelFacts:
    """The network that drew (a choice of InferenceNetwork), from when it had seen `kimg` thousand images; and what it
    learned from and what that allows, as the note in its archive says ("" without one)."""

    network: str
    kimg: float | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"network": self.network, "kimg": self.kimg, "note": self.note}

    @classmethod
    def from_dict(cls, value: Any) -> "ModelFacts":
        """Raises KeyError, TypeError or ValueError."""
        note = as_text(value["note"])
        if len(note) > LONGEST_NOTE:
            raise ValueError(f"a note of at most {LONGEST_NOTE} characters was expected")
        return cls(as_short_text(value["network"]), if_there(value, "kimg", as_amount), note)


@dataclass(frozen=True)
class PictureArchive:
    """The zip with all of the run's pictures."""

    file: str
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        return {"file": self.file, "bytes": self.bytes}

    @classmethod
    def from_dict(cls, value: Any) -> "PictureArchive":
        """Raises KeyError, TypeError or ValueError."""
        return cls(as_place(value["file"]), as_count(value["bytes"]))


@dataclass(frozen=True)
class Gallery:
    """What a run has made. `truncation` says how far pictures may stray from the mean one, from 0 to 1."""

    title: str
    execution_id: str
    truncation: float
    model: ModelFacts
    archive: PictureArchive
    items: tuple[GalleryItem, ...]

    def of_kind(self, *kinds: GalleryKind) -> list[GalleryItem]:
        """The items of these kinds, in the order of the gallery."""
        return [item for item in self.items if item.kind in kinds]

    def to_json(self) -> str:
        """ASCII, a line for each item."""
        head = {
            "format": FORMAT,
            "title": self.title[:LONGEST_TEXT],
            "execution_id": self.execution_id,
            "truncation": self.truncation,
            "model": self.model.as_dict(),
            "archive": self.archive.as_dict(),
        }
        items = ",\n".join(json.dumps(item.as_dict()) for item in self.items)
        return f'{json.dumps(head)[:-1]}, "items": [\n{items}\n]}}\n'

    @classmethod
    def from_json(cls, text: str | bytes) -> "Gallery":
        """Raises DocumentError with what is wrong."""
        if len(text) > MAX_BYTES:
            raise DocumentError(f"has more than {MAX_BYTES} bytes")
        with reading():
            value = parse_json(text)
            if value["format"] != FORMAT:
                raise ValueError(f"the format {FORMAT} was expected")
            if not isinstance(value["items"], list) or len(value["items"]) > MAX_ITEMS:
                raise TypeError(f"a list of at most {MAX_ITEMS} items was expected")
            gallery = cls(
                title=as_short_text(value["title"]),
                execution_id=as_short_text(value["execution_id"]),
                truncation=as_amount(value["truncation"]),
                model=ModelFacts.from_dict(value["model"]),
                archive=PictureArchive.from_dict(value["archive"]),
                items=tuple(map(GalleryItem.from_dict, value["items"])),
            )
            _check_places(gallery.items)
        return gallery


def _check_places(items: tuple[GalleryItem, ...]) -> None:
    """Each file stands once, and what is called an original is one. Raises ValueError."""
    files = {item.file for item in items}
    if len(files) < len(items):
        raise ValueError("a file stands twice")
    originals = {item.file for item in items if item.kind is GalleryKind.ORIGINAL}
    strangers = {item.original for item in items if item.original is not None} - originals
    if strangers:
        raise ValueError(f"{min(strangers)} is called an original and is none")
