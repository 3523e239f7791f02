"""Reading what another room has written, of which each field is checked: TypeError says what was expected."""

from typing import Any


def as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {type(value).__name__}")
    return value


def as_count(value: Any) -> int:
    """`value`, if it can count something: `true` cannot."""
    if type(value) is not int or value < 0:
        raise TypeError("a count was expected")
    return value
