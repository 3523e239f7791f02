"""A subject: whatever is in it, SNS takes it, and a reader sees whole characters that stand where they were written."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.properties import quick
from workshop.notices.publishing import MAX_SUBJECT_UNITS, fit_subject

# As a reader sees them, one each.
SEEN = st.sampled_from(
    ["a", "椅", "ü", "e\u0301\u0323", "q\u0307\u0323", "👍🏽", "🇩🇪", "👩\u200d👩\u200d👧", "❤\ufe0f", "नि", "𠮷", "-"]
)
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@quick
@given(st.text())
@example("\r\nBcc: everybody")
@example("椅" * 200)
@example("👍" * 60)
@example("")
@example("\ud800\u202e\x00")
def test_any_text_becomes_a_subject_that_sns_takes(text: str) -> None:
    subject = fit_subject(text)
    assert 1 <= units(subject) <= MAX_SUBJECT_UNITS
    assert subject.encode("utf-8").decode() == subject
    assert not [c for c in subject if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in TURNING]


@quick
@given(st.lists(SEEN, max_size=150))
def test_what_is_cut_off_begins_where_a_character_does(characters: list[str]) -> None:
    characters = [unicodedata.normalize("NFC", character) for character in characters]
    subject = fit_subject(f"Workshop: {''.join(characters)}")
    kept = subject.removeprefix("Workshop: ").removesuffix("…") if characters else ""
    assert kept in ["".join(characters[:number]) for number in range(len(characters) + 1)]
    assert units(subject) > MAX_SUBJECT_UNITS - 10 or kept == "".join(characters)


@pytest.mark.parametrize(
    "subject",
    [
        "Workshop: red-chairs - bitte prüfen",
        "工坊 red-chairs：您的新图已完成",
        "a" * MAX_SUBJECT_UNITS,
        "𠮷" * (MAX_SUBJECT_UNITS // 2),
    ],
)
def test_what_fits_is_left_as_it_is(subject: str) -> None:
    assert fit_subject(subject) == subject


def test_a_longer_one_says_that_it_goes_on() -> None:
    assert fit_subject("椅" * 100) == "椅" * 98 + "…"


def test_a_direction_is_never_turned() -> None:
    assert fit_subject("your \u202epictures\u2066 are") == "your pictures are"
