"""Numbers and hostile names as words that an artist reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A span of time in its two largest units: "48 s", "3 min 2 s", "5 h 10 min", "2 d 4 h"."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    if whole < _DAY:
        return _two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return _two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")


def count(number: int, one: str, many: str) -> str:
    """ "1 image", "1,004 images"."""
    return f"{number:,} {one if number == 1 else many}"


def listing(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def day(seconds: float) -> str:
    """ "24 November 2026", in UTC, of seconds since 1970; empty for a time that no calendar has, as archives may."""
    try:
        date = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{date.day} {date:%B} {date.year}"


def looks(kimg: float) -> str:
    """How many images a training has seen, rounded as one would say it: "15,200", "1.2 million"."""
    images = kimg * 1000
    return f"{images / 1e6:,.3g} million" if images >= 1e6 else f"{round(images):,}"


def printable(text: str, longest: int = 200) -> str:
    """`text` without anything invisible: control and direction-changing characters, halves of broken ones.

    A name like "cat<U+202E>gnp.exe" would otherwise be shown as something that it is not.
    """
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")
