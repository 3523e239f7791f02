"""One option of the trainer: what it takes."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Value = bool | int | float | str
"""What an option can be, as JSON has it."""

_LARGEST = sys.float_info.max


@dataclass(frozen=True)
class TrainOption:
    """A row of table.json.

    A number is from `low` to `high`, or greater than `low` with `above_low`; without a bound they are infinite. `words`
    are all that a word may be, or what may stand in a number's place. `only_with` names another option and what it must
    be for this one to be given; if this one is `needed`, it must be given then.
    """

    takes: Literal["whole", "number", "word", "truth"]
    low: float = -math.inf
    high: float = math.inf
    above_low: bool = False
    words: tuple[str, ...] = ()
    default: Value | None = None
    only_with: tuple[str, str] | None = None
    needed: bool = False

    def allows(self, value: object) -> bool:
        """Whether a value of JSON is one of the option's."""
        if self.takes == "truth":
            return isinstance(value, bool)
        if isinstance(value, str):
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int if self.takes == "whole" else int | float):
            return False
        return (
            self.takes != "word"
            and self.low <= value <= self.high
            and abs(value) <= _LARGEST
            and not (self.above_low and value == self.low)
        )

    def read(self, text: str) -> Value | None:
        """The value that a text stands for, as JSON or, a word, as it is; None if it is none of the option's."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        return value if self.allows(value) else None

    @property
    def must_be(self) -> str:
        """What a value must be, in words that go on after "must be"."""
        if self.takes == "truth":
            return "true or false"
        if self.takes == "word":
            return f"one of {', '.join(self.words)}"
        number = "a whole number" if self.takes == "whole" else "a number"
        if self.high < math.inf:
            number += f" from {self.low:g} to {self.high:g}"
        else:
            number += f" {'greater than' if self.above_low else 'of at least'} {self.low:g}"
        return " or ".join((number, *self.words))


def _read_row(row: Mapping[str, Any]) -> TrainOption:
    lists = {key: tuple(row[key]) for key in ("words", "only_with") if key in row}
    return TrainOption(**{**row, **lists})


TRAIN_OPTIONS: Mapping[str, TrainOption] = {
    name: _read_row(row) for name, row in json.loads(Path(__file__).with_name("table.json").read_text()).items()
}
