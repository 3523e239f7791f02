"""What the page says, in its reader's language: texts, numbers and times, and hostile names as text.

The texts are in templates/words/<language>.json; tests hold that every language has the same keys and placeholders.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from contract.run_results import TrainingOutcome

_WORDS = Path(__file__).parent / "templates" / "words"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Wording:
    """The words of one language: called with a text's key and what its placeholders are, it says the text."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def sentences(self, *said: str) -> str:
        """Sentences one after the other; empty ones are left out."""
        return self("between_sentences").join(filter(None, said))

    def listing(self, parts: Sequence[str]) -> str:
        """ "a", "a and b", "a, b and c"."""
        last = [self("between_names").join(parts[:-1])] if len(parts) > 1 else []
        return self("before_last_name").join([*last, parts[-1]]) if parts else ""

    def number(self, number: float) -> str:
        """A whole number: "1,004"."""
        return self._punctuated(f"{number:,.0f}")

    def figure(self, value: float, whole_from: float = 1000) -> str:
        """A measured number with three digits that tell something; without decimals from `whole_from` on."""
        return self._punctuated(f"{value:,.0f}" if abs(value) >= whole_from else f"{value:.3g}")

    def signed(self, value: float) -> str:
        """A change: "+1.5", "-2", "0"."""
        return self._punctuated(f"{value:+g}") if value else "0"

    def count(self, key: str, number: int, **values: object) -> str:
        """The text for one thing, or for any other number of them: "1 image", "1,004 images"."""
        form = "one" if number == 1 else "many"
        return self(f"{key}.{form}", count=self.number(number), **values)

    def duration(self, seconds: float) -> str:
        """A span of time in its two largest units: "48 s", "3 min 2 s", "5 h 10 min", "2 d 4 h"."""
        whole = max(0, round(seconds))
        if whole < _MINUTE:
            return self("unit.s", number=whole)
        if whole < _HOUR:
            return self._two(whole // _MINUTE, "min", whole % _MINUTE, "s")
        if whole < _DAY:
            return self._two(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
        return self._two(whole // _DAY, "d", whole % _DAY // _HOUR, "h")

    def day(self, seconds: float) -> str:
        """A day in UTC, of seconds since 1970; empty for a time that no calendar has, as archives may."""
        try:
            date = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return ""
        return self("day", day=date.day, month=self(f"month.{date.month}"), year=date.year)

    def looks(self, kimg: float) -> str:
        """How many images a training has seen, rounded as one would say it: "15,200", "1.2 million"."""
        images, unit = kimg * 1000, int(self("large_from"))
        if images < unit:
            return self("looks", number=self.number(images))
        return self("looks_large", number=self.figure(images / unit))

    def early_end(self, outcome: TrainingOutcome | None) -> str:
        """A sentence on a training that ended before its length was reached; "" on any other."""
        if outcome is None or outcome.is_complete:
            return ""
        key = f"ended.{outcome.ended}"
        kimg, wanted = (self._kimg(number) for number in (outcome.kimg, outcome.wanted_kimg))
        return self(key if self.has(key) else "ended.early", kimg=kimg, wanted=wanted)

    def _kimg(self, number: float) -> str:
        return self.figure(number / int(self("kimg_unit")), whole_from=100)

    def _two(self, large: int, large_unit: str, small: int, small_unit: str) -> str:
        shown = self(f"unit.{large_unit}", number=large)
        return f"{shown} {self(f'unit.{small_unit}', number=small)}" if small else shown

    def _punctuated(self, english: str) -> str:
        return english.translate({ord(","): self._texts["thousands"], ord("."): self._texts["decimal"]})


@cache
def wording(language: str) -> Wording:
    """The words of one of contract.names.LANGUAGES."""
    return Wording(language, json.loads((_WORDS / f"{language}.json").read_text(encoding="utf-8")))


def printable(text: str, longest: int = 200) -> str:
    """`text` without anything invisible: control and direction-changing characters, halves of broken ones.

    A name like "cat<U+202E>gnp.exe" would otherwise be shown as something that it is not.
    """
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
