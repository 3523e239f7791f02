"""Reading what another room has written, of which each field is checked: TypeError says what was expected."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract.errors import DocumentError


@contextmanager
def reading() -> Iterator[None]:
    """Raises DocumentError with what is wrong, whatever goes wrong with a document that is taken apart inside."""
    try:
        yield
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise DocumentError(f"is not of the expected form: {type(error).__name__}: {error}") from error


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, which is UTF-8 and nothing else. Raises ValueError or RecursionError."""
    return json.loads(text.decode("utf-8") if isinstance(text, bytes) else text)


def as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def as_count(value: Any) -> int:
    """`value`, if it can count something: `true` cannot."""
    if type(value) is not int or value < 0:
        raise TypeError("a count was expected")
    return value


def as_amount(value: Any) -> float:
    """`value`, if it can measure something: finite, and not below zero."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number was expected, not {type(value).__name__}")
    if not 0 <= value < float("inf"):
        raise ValueError("an amount was expected")
    return float(value)
