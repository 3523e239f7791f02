"""Tables of options (options.row) as options of click."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from stylegan2.options.row import REQUIRED, SWITCH, YES_OR_NO, Numbers, OneOf, Place, Row

Program = TypeVar("Program", bound=Callable[..., Any])
WIDE = {"max_content_width": 110}
"""Settings of every command: the help takes as much of the terminal's width."""


def with_options(**rows: Row) -> Callable[[Program], Program]:
    """Decorate a program with options, in the order of its help, by the names of the program's parameters."""

    def decorate(program: Program) -> Program:
        for name, row in reversed(rows.items()):
            program = click_option(name, row)(program)
        return program

    return decorate


def click_option(name: str, row: Row) -> Callable[[Program], Program]:
    """Return the decorator for one option."""
    is_switch = row.takes is SWITCH
    default = {} if row.default in (None, REQUIRED) else {"default": row.default}
    return click.option(
        *row.flags.split(),
        name,
        cls=SectionedOption,
        section=row.section,
        type=None if is_switch else click_type(row.takes),
        is_flag=True if is_switch else None,
        metavar=row.unit,
        required=row.default is REQUIRED,
        multiple=row.several,
        show_default=bool(default) and not (is_switch and "/" not in row.flags),
        help=row.help or None,
        **default,
    )


def click_type(takes: Any) -> click.ParamType[Any]:
    """Return click's type for what a row takes, or the row's own, if it is one of click's already."""
    if isinstance(takes, click.ParamType):
        return takes
    if isinstance(takes, Numbers):
        return _numbers(takes)
    if isinstance(takes, OneOf):
        return click.Choice(takes.allowed)
    if isinstance(takes, Place):
        return click.Path(exists=takes.exists, file_okay=takes.file, dir_okay=takes.folder, path_type=Path)
    return click.BOOL if takes is YES_OR_NO else click.STRING


def _numbers(takes: Numbers) -> click.ParamType[Any]:
    high = None if takes.high == math.inf else takes.high
    if not takes.whole:
        return click.FloatRange(takes.low, high, min_open=takes.open_low)
    low, high = int(takes.low), None if high is None else int(high)
    return click.IntRange(low, high) if takes.word is None else NumberOrWord(takes.word, low, high)


class NumberOrWord(click.IntRange):
    """A whole number, or a word in its place."""

    def __init__(self, word: str, low: int, high: int | None) -> None:
        super().__init__(low, high)
        self._word = word

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word or the number, or end the program with a sentence about it."""
        return value if value == self._word else super().convert(value, param, ctx)


class SectionedOption(click.Option):
    """An option that knows under which heading of the help it stands."""

    def __init__(self, *arguments: Any, section: str = "", **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help lists the options under headings.

    `instead`: a sentence each for options that it has not, but that people give who come from elsewhere.
    """

    def __init__(self, *arguments: Any, instead: Mapping[str, str] | None = None, **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.instead = instead or {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and say what to give instead of an option that there is not."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if (sentence := self.instead.get(error.option_name)) is None:
                raise
            raise click.UsageError(f"There is no option {error.option_name}. {sentence}", ctx) from error

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each section under its title; what belongs to none comes last, under "Help"."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            title = parameter.section if isinstance(parameter, SectionedOption) else "Help"
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records, col_max=34)
