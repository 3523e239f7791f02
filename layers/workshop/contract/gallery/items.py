"""One picture, sheet or film of a gallery: what it is, where it lies, what it was made of."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from contract.documents import as_amount, as_count, as_text
from contract.layout import MADE, REPORT

LONGEST_TEXT = 200  # characters of a name
_LONGEST_PLACE = 300
_MOST_PIXELS_A_SIDE = 1 << 16
_MOST_NUMBERS = 64  # seeds of a film, layers of a network
# Below the run's folder. A segment begins with no dot, so none is "..".
_PLACE = re.compile(rf"(?:{MADE}|{REPORT})(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")

Read = TypeVar("Read")


class GalleryKind(StrEnum):
    """What a file of the gallery is."""

    GENERATED = "generated"  # of a seed
    SOURCE = "source"  # of a seed, and mixed with others
    MIXED = "mixed"
    ORIGINAL = "original"  # the artist's image, as the network was shown it: no machine has made it
    RECREATED = "recreated"  # the nearest that the network could make to an original
    DIRECTION = "direction"  # of a seed, moved along a direction
    FILM = "film"
    SHEET = "sheet"  # many in one


@dataclass(frozen=True)
class MixedOf:
    """The seed that gave the broad shape by its `layers`, and the one that gave all the others: colours and details."""

    shape: int
    details: int
    layers: tuple[int, ...]

    @classmethod
    def from_dict(cls, value: Any) -> "MixedOf":
        """Raises KeyError, TypeError or ValueError."""
        return cls(as_count(value["shape"]), as_count(value["details"]), as_counts(value["layers"]))

    def as_dict(self) -> dict[str, Any]:
        return {"shape": self.shape, "details": self.details, "layers": list(self.layers)}


@dataclass(frozen=True)
class DirectionStep:
    """The direction, from 1, the strongest first; the step along it, from 1; and how far that is, to either side, in
    parts of what pictures differ from the mean one."""

    number: int
    step: int
    shift: float

    @classmethod
    def from_dict(cls, value: Any) -> "DirectionStep":
        """Raises KeyError, TypeError or ValueError."""
        return cls(as_count(value["number"]), as_count(value["step"]), _as_shift(value["shift"]))

    def as_dict(self) -> dict[str, Any]:
        return {"number": self.number, "step": self.step, "shift": self.shift}


@dataclass(frozen=True)
class FilmFacts:
    """The seeds that the film passes; `mp4` is the same film as a file for other programs, where there is one."""

    frames: int
    seconds: float
    seeds: tuple[int, ...]
    mp4: str | None = None

    @classmethod
    def from_dict(cls, value: Any) -> "FilmFacts":
        """Raises KeyError, TypeError or ValueError."""
        seeds = as_counts(value["seeds"])
        return cls(as_count(value["frames"]), as_amount(value["seconds"]), seeds, if_there(value, "mp4", as_place))

    def as_dict(self) -> dict[str, Any]:
        facts = {"frames": self.frames, "seconds": self.seconds, "seeds": list(self.seeds)}
        return facts if self.mp4 is None else {**facts, "mp4": self.mp4}


@dataclass(frozen=True)
class GalleryItem:
    """A file, its size in pixels, and a small copy of it; places are below the run's folder.

    What does not apply is None. `name` is the artist's file, `original` the place of the item that a recreated picture
    stands beside, `distance` how far it is from it (less is nearer; comparable within one run only).
    """

    kind: GalleryKind
    file: str
    width: int
    height: int
    thumbnail: str
    seed: int | None = None
    of_class: str | None = None
    mixed_of: MixedOf | None = None
    name: str | None = None
    original: str | None = None
    distance: float | None = None
    direction: DirectionStep | None = None
    film: FilmFacts | None = None

    @property
    def is_made(self) -> bool:
        """Whether a machine has made it."""
        return self.kind is not GalleryKind.ORIGINAL

    def as_dict(self) -> dict[str, Any]:
        facts = {
            "kind": self.kind.value,
            "file": self.file,
            "width": self.width,
            "height": self.height,
            "thumbnail": self.thumbnail,
            "seed": self.seed,
            "class": self.of_class,
            "mixed_of": self.mixed_of and self.mixed_of.as_dict(),
            "name": self.name,
            "original": self.original,
            "distance": self.distance,
            "direction": self.direction and self.direction.as_dict(),
            "film": self.film and self.film.as_dict(),
        }
        return {name: value for name, value in facts.items() if value is not None}

    @classmethod
    def from_dict(cls, value: Any) -> "GalleryItem":
        """Raises KeyError, TypeError or ValueError."""
        return cls(
            kind=GalleryKind(value["kind"]),
            file=as_place(value["file"]),
            width=_as_side(value["width"]),
            height=_as_side(value["height"]),
            thumbnail=as_place(value["thumbnail"]),
            seed=if_there(value, "seed", as_count),
            of_class=if_there(value, "class", as_short_text),
            mixed_of=if_there(value, "mixed_of", MixedOf.from_dict),
            name=if_there(value, "name", as_short_text),
            original=if_there(value, "original", as_place),
            distance=if_there(value, "distance", as_amount),
            direction=if_there(value, "direction", DirectionStep.from_dict),
            film=if_there(value, "film", FilmFacts.from_dict),
        )


def as_place(value: Any) -> str:
    """`value`, if it is the place of a file that Infer could have written below a run's folder."""
    text = as_text(value)
    if len(text) > _LONGEST_PLACE or not _PLACE.fullmatch(text):
        raise ValueError(f"{text[:_LONGEST_PLACE]!a} is no place of a run's picture")
    return text


def as_short_text(value: Any) -> str:
    """`value`, if it can be shown as a name."""
    text = as_text(value)
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a text of at most {LONGEST_TEXT} characters was expected")
    return text


def as_counts(value: Any) -> tuple[int, ...]:
    """`value`, if it is a short list of counts."""
    if not isinstance(value, list) or len(value) > _MOST_NUMBERS:
        raise TypeError("a short list was expected")
    return tuple(map(as_count, value))


def if_there(value: Mapping[str, Any], name: str, read: Callable[[Any], Read]) -> Read | None:
    """What `read` makes of a field; None where there is none."""
    return None if value.get(name) is None else read(value[name])


def _as_shift(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise TypeError("a number was expected")
    return float(value)


def _as_side(value: Any) -> int:
    side = as_count(value)
    if not 1 <= side <= _MOST_PIXELS_A_SIDE:
        raise ValueError(f"a side of 1 to {_MOST_PIXELS_A_SIDE} pixels was expected")
    return side
