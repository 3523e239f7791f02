"""A row in a program's table of options: all that is said of an option, once. The parser, the check and the help come
from it; `cli.click_options` makes it an option of click.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Final, get_args

from stylegan2.base.errors import OptionError


@dataclass(frozen=True)
class Numbers:
    """Numbers from `low` to `high`; with `open_low` not `low` itself. `word` is what may stand in their place."""

    whole: bool
    low: float
    high: float = math.inf
    open_low: bool = False
    word: str | None = None

    def refusal(self, value: Any) -> str | None:
        """Return what the value must be, as the middle of a sentence, and what it is; None if it is fine."""
        if value == self.word:
            return None
        is_finite = abs(value) <= sys.float_info.max  # also of whole numbers that no float can be
        if self.low <= value <= self.high and is_finite and not (self.open_low and value == self.low):
            return None
        shown = f"{value:g}" if is_finite else "such a number" if isinstance(value, int) else f"{value}"
        if self.high == math.inf:
            return f"{'greater than' if self.open_low else 'at least'} {self.low:g}, not {shown}"
        return f"between {self.low:g} and {self.high:g}, not {shown}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    allowed: tuple[str, ...]

    def refusal(self, value: Any) -> str | None:
        """Return what the value must be, and what it is; None if it is fine."""
        return None if value in self.allowed else f"one of {', '.join(self.allowed)}, not {value!r}"


@dataclass(frozen=True)
class Place:
    """A path: of something that is there or not, of a file or of a folder."""

    exists: bool = False
    file: bool = True
    folder: bool = True


def whole(low: float, high: float = math.inf, *, word: str | None = None) -> Numbers:
    """Return a kind: whole numbers."""
    return Numbers(True, low, high, word=word)


def real(low: float, high: float = math.inf) -> Numbers:
    """Return a kind: numbers with a fraction."""
    return Numbers(False, low, high)


def above(low: float, high: float = math.inf) -> Numbers:
    """Return a kind: numbers with a fraction, greater than `low`."""
    return Numbers(False, low, high, open_low=True)


def one_of(*allowed: Any) -> OneOf:
    """Return a kind: one of these words, or of those of these Literals."""
    return OneOf(tuple(word for some in allowed for word in ((some,) if isinstance(some, str) else get_args(some))))


LARGEST_SEED = 2**32 - 1
A_SEED = whole(0, LARGEST_SEED)
INPUT, INPUT_FILE = Place(exists=True), Place(exists=True, folder=False)
OUTPUT_FILE, OUTPUT_FOLDER = Place(folder=False), Place(file=False)
YES_OR_NO: Final = "yes or no"
"""An option that is given with `true` or `false`."""
SWITCH: Final = "switch"
"""An option that is given alone: `--overwrite`, or one of two, `--save-video/--no-save-video`."""
TEXT: Final = "text"
REQUIRED: Final = object()
"""Stands for the default of an option that must be given."""


@dataclass(frozen=True)
class OnlyWith:
    """What another option must be for this one to be given. `needed`: where it is that, this one must be given."""

    option: str
    word: str
    needed: bool = False


@dataclass(frozen=True)
class Row:
    """An option: its flags (with spaces between them), what it takes, in what unit, its default, and what it is for.

    `takes` is one of the above, or a type of click's. A default of None is left to the program; its help says to what.
    """

    flags: str
    takes: Any
    unit: str | None
    default: Any
    help: str
    section: str = ""
    several: bool = False
    only_with: OnlyWith | None = None

    @property
    def name(self) -> str:
        """The option's name by the first of its flags: `batch_gpu` of --batch-gpu."""
        return self.flags.split()[0].lstrip("-").replace("-", "_")

    def check(self, name: str, value: Any) -> None:
        """Raise OptionError, which begins with the name, for a value that the row does not allow."""
        if value is None or not isinstance(self.takes, Numbers | OneOf):
            return
        refusal = self.takes.refusal(value)
        if refusal is not None:
            raise OptionError(f"{name}: must be {refusal}")

    def check_beside(self, name: str, choices: Any) -> None:
        """Raise OptionError, which begins with the name, for an option that does not go with the others."""
        if self.only_with is None:
            return
        option, is_given = self.only_with.option, getattr(choices, name) is not None
        wanted, found = f"{option}={self.only_with.word}", getattr(choices, option)
        if is_given and found != self.only_with.word:
            raise OptionError(f"{name}: is for {wanted}, but {option} is {found}")
        if self.only_with.needed and not is_given and found == self.only_with.word:
            raise OptionError(f"{name}: must be given with {wanted}")


def section(title: str) -> Callable[..., Any]:
    """Return what makes rows under a heading of the help, as fields of a dataclass."""

    def row(
        flags: str, takes: Any, unit: str | None, default: Any, text: str, only_with: OnlyWith | None = None
    ) -> Any:
        metadata = {"row": Row(flags, takes, unit, default, text, title, only_with=only_with)}
        return field(metadata=metadata) if default is REQUIRED else field(default=default, metadata=metadata)

    return row


def rows_of(table: Any) -> dict[str, Row]:
    """Return the rows of a dataclass whose fields are options, by the fields' names."""
    return {entry.name: entry.metadata["row"] for entry in fields(table)}


def check_rows(choices: Any) -> None:
    """Raise OptionError for the first of the chosen values that its row, or another choice, does not allow."""
    rows = rows_of(choices)
    for name, row in rows.items():
        row.check(name, getattr(choices, name))
    for name, row in rows.items():
        row.check_beside(name, choices)
