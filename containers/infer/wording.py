"""Numbers and hostile names as words that an artist reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from contract.run_results import TrainingOutcome

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Why a training ended early (TrainingOutcome.ended), as far as people are told.
_ENDED = {
    "time_limit": "was ended by its time limit",
    "on_request": "was ended on request",
    "collapsed": "fell apart and was ended",
    "stalled": "stopped getting better and was ended",
}


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


def early_end(outcome: TrainingOutcome | None) -> str:
    """A sentence on a training that ended before its length was reached, to follow others; "" on any other."""
    if outcome is None or outcome.is_complete:
        return ""
    why = _ENDED.get(outcome.ended, "ended early")
    return f" Its training {why} at {_kimg(outcome.kimg)} of {_kimg(outcome.wanted_kimg)} thousand images (kimg)."


def printable(text: str, longest: int = 200) -> str:
    """`text` without anything invisible: control and direction-changing characters, halves of broken ones.

    A name like "cat<U+202E>gnp.exe" would otherwise be shown as something that it is not.
    """
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _kimg(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")
