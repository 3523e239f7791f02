"""Times for people."""

import pytest

from workshop.clock import date_text, duration_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3569, "59 min"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
        (86_400, "24 h"),
        (2 * 86_400, "2 d"),
        (432_000 + 3600, "5 d 1 h"),
    ],
)
def test_a_duration_is_told_in_two_words_at_most(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_day_is_told_in_utc() -> None:
    assert date_text(1_795_435_200_000) == "2026-11-23 (UTC)"
