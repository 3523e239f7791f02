"""The table of a training's options: command line and check allow the same, and each row says what is needed."""

import dataclasses
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylegan2.base.errors import OptionError
from stylegan2.cli.click_options import click_type
from stylegan2.options.row import Numbers, OneOf, rows_of
from stylegan2.options.training import TrainingChoices

ROWS = rows_of(TrainingChoices)
NUMBERS = {name: row.takes for name, row in ROWS.items() if isinstance(row.takes, Numbers)}
WORDS = {name: row.takes for name, row in ROWS.items() if isinstance(row.takes, OneOf)}


def is_parsed(name: str, text: str) -> bool:
    try:
        click_type(ROWS[name].takes).convert(text, None, None)
    except click.BadParameter:
        return False
    return True


def is_chosen(name: str, value: Any) -> bool:
    """Whether the table's check lets the value pass, whatever else may be wrong with it."""
    try:
        ROWS[name].check(name, value)
    except OptionError:
        return False
    return True


@given(st.data())
def test_parser_and_check_allow_the_same_numbers(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(NUMBERS)))
    takes = NUMBERS[name]
    bounds = [bound for bound in (takes.low, takes.high) if bound != float("inf")]
    near = st.sampled_from([bound + step for bound in bounds for step in (-1, 0, 1)])
    value = data.draw(st.one_of(near, st.integers(-(10**12), 10**12)))
    value = int(value) if takes.whole else float(value)
    assert is_parsed(name, str(value)) == is_chosen(name, value)


@pytest.mark.parametrize("name", WORDS)
def test_parser_and_check_allow_the_same_words(name: str) -> None:
    for word in (*WORDS[name].allowed, "nothing of the kind"):
        assert is_parsed(name, word) == is_chosen(name, word) == (word in WORDS[name].allowed)


def test_a_word_may_stand_for_a_number() -> None:
    assert is_parsed("batch_gpu", "auto")
    assert is_chosen("batch_gpu", "auto")
    assert not is_parsed("batch_gpu", "many")


def test_every_field_is_a_row_that_is_explained_under_a_heading() -> None:
    assert ROWS.keys() == {field.name for field in dataclasses.fields(TrainingChoices)}
    flags = [flag for row in ROWS.values() for flag in row.flags.split()]
    assert len(set(flags)) == len(flags)
    assert all(row.help and row.section for row in ROWS.values())


def test_the_defaults_are_allowed() -> None:
    choices = TrainingChoices(data=Path("data"), outdir=Path("out"))
    assert (choices.preset, choices.seed, choices.aug, choices.batch_gpu) == ("auto", 0, "ada", None)


def test_data_and_outdir_must_be_given() -> None:
    with pytest.raises(TypeError, match="'data' and 'outdir'"):
        TrainingChoices()  # type: ignore[call-arg]
