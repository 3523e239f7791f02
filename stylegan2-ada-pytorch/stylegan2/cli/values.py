"""What is written on a command line, as values."""

from __future__ import annotations

import re

import click

_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?", re.ASCII)
_MOST_NUMBERS = 100_000


class NumberList(click.ParamType[list[int]]):
    """Whole numbers such as "3", "1,5,9" or "0-99,200-210", in the order given."""

    name = "numbers"

    def convert(self, value: str | list[int], param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, or end the program with a sentence about the part that is wrong."""
        if isinstance(value, list):
            return value
        numbers: list[int] = []
        for part in value.split(","):
            match = _RANGE.fullmatch(part.strip())
            if match is None:
                self.fail(f"{part!r} is neither a whole number nor a range such as 0-9", param, ctx)
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first:
                self.fail(f"the range {part!r} runs backwards", param, ctx)
            if len(numbers) + last - first >= _MOST_NUMBERS:
                self.fail(f"{value!r} asks for more than {_MOST_NUMBERS} numbers", param, ctx)
            numbers += range(first, last + 1)
        return numbers


NUMBERS = NumberList()
