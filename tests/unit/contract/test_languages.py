"""Which language a tag means, however people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.names import FALLBACK_LANGUAGE, LANGUAGES, language_of
from tests.unit.properties import quick


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en_GB", "en"),
        ("de-DE", "de"),
        ("DE_at", "de"),
        ("zh", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("ZH-cn", "zh-CN"),
        ("zh-Hans", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
    ],
)
def test_a_language_may_be_spelt_in_the_ways_that_people_know(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "fr", "english", "d", "zh-TW", "zh-Hant", "zh-HK", "en-", "de-DE-x", "en\nde"])
def test_another_language_is_none_of_ours(text: str) -> None:
    assert language_of(text) is None


@quick
@given(st.sampled_from(LANGUAGES), st.booleans(), st.booleans())
def test_each_language_is_found_by_its_own_tag_in_any_case(language: str, upper: bool, underscore: bool) -> None:
    text = language.replace("-", "_") if underscore else language
    assert language_of(text.upper() if upper else text.lower()) == language


@quick
@given(st.text())
def test_whatever_is_written_is_one_of_ours_or_none(text: str) -> None:
    assert language_of(text) in (None, *LANGUAGES)


def test_where_nobody_has_said_another_it_is_one_of_ours() -> None:
    assert FALLBACK_LANGUAGE in LANGUAGES
