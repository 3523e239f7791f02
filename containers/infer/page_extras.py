"""More parts of the report's page: the film, the directions, and what was skipped, by its reason."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from containers.infer.inline_images import InlineImage, inline_file, inline_image
from containers.infer.results import MadeFilm, MovedPicture
from containers.infer.wording import Wording, printable
from contract.prepare_report import SetAside

LARGEST_FILM = 3_000_000
"""Bytes of a film that is put into the page; a larger one is a file of the run only."""
DIRECTION_SIDE = 192
FRAME_SIDE = 256


@dataclass(frozen=True)
class InlineFilm:
    """The film, and its first frame for those who want nothing to move."""

    uri: str
    still: InlineImage


@dataclass(frozen=True)
class DirectionTable:
    """How far each column goes, and each direction with its pictures."""

    shifts: Sequence[str]
    rows: Sequence[Sequence[InlineImage]]


@dataclass(frozen=True)
class SkippedGroup:
    """Files that were skipped for one reason, in words that a page can show."""

    reason: str
    names: Sequence[str]


@dataclass(frozen=True)
class Skipped:
    """Files by their reasons, the commonest first; and those that have each a reason of its own."""

    groups: Sequence[SkippedGroup]
    single: Sequence[SkippedGroup]


def inline_film(film: MadeFilm | None) -> InlineFilm | None:
    """The film as part of the page; None if there is none, or if it is too large."""
    if film is None or film.file.stat().st_size > LARGEST_FILM:
        return None
    with Image.open(film.file) as moving:
        still = inline_image(moving.convert("RGB"), FRAME_SIDE, is_made=True)
    return InlineFilm(f"data:image/webp;base64,{base64.b64encode(film.file.read_bytes()).decode()}", still)


def frames_between(film: MadeFilm, count: int) -> list[InlineImage]:
    """Up to so many frames, spread evenly, of which none is one of the pictures that the film passes.

    The file may have fewer frames than the film: those that are alike are one that is seen for longer.
    """
    with Image.open(film.file) as moving:
        stored = int(getattr(moving, "n_frames", 1))
        frames = []
        for number in sorted({part * stored // (2 * count) for part in range(1, 2 * count, 2)}):
            moving.seek(number)
            frames.append(inline_image(moving.convert("RGB"), FRAME_SIDE, is_made=True))
    return frames


def direction_table(say: Wording, pictures: Sequence[MovedPicture]) -> DirectionTable | None:
    """The first seed's pictures along every direction; None if there are none."""
    if not pictures:
        return None
    first = [one for one in pictures if one.seed == pictures[0].seed]
    rows: defaultdict[int, list[InlineImage]] = defaultdict(list)
    for one in first:
        rows[one.direction].append(inline_file(one.file, DIRECTION_SIDE, is_made=True))
    shifts = [say.signed(one.shift) for one in first if one.direction == first[0].direction]
    return DirectionTable(shifts, list(rows.values()))


def by_reason(say: Wording, images: Sequence[SetAside]) -> Skipped:
    """What was skipped, grouped."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        names[printable(image.reason.sentence(say.language))].append(printable(image.name))
    groups = [SkippedGroup(reason, listed) for reason, listed in names.items() if len(listed) > 1]
    single = [SkippedGroup(reason, listed) for reason, listed in names.items() if len(listed) == 1]
    return Skipped(sorted(groups, key=lambda group: -len(group.names)), single)
