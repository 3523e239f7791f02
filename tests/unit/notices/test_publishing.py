"""The mails: word for word, and within SNS's limits whatever is in them."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from tests.unit.notices.notice_samples import as_text, print_samples, samples
from tests.unit.properties import quick
from workshop.notices import Kind
from workshop.notices.publishing import MAX_BODY_BYTES, fit_body, fit_subject, render_notice
from workshop.words import words

GOLDEN = Path(__file__).parent / "golden_notices"
SAMPLES = {(language, name): notice for language in LANGUAGES for name, notice in samples(language).items()}


@pytest.mark.parametrize(("language", "name"), SAMPLES)
def test_each_notice_reads_as_agreed(language: str, name: str) -> None:
    """After a wanted change: python -m tests.unit.notices.write_golden_notices, and read the difference."""
    assert as_text(SAMPLES[language, name]) == (GOLDEN / language / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_notice_is_still_sent() -> None:
    assert {(file.parent.name, file.stem) for file in GOLDEN.rglob("*.txt")} == set(SAMPLES)


def test_a_notice_is_of_the_same_kind_and_dataset_in_every_language() -> None:
    """Subscribers' filter policies depend on both."""
    for language in LANGUAGES:
        for name, notice in samples("en").items():
            told = SAMPLES[language, name]
            assert (told.kind, told.dataset) == (notice.kind, notice.dataset)


@pytest.mark.parametrize(("language", "name"), SAMPLES)
def test_each_notice_is_within_the_limits(language: str, name: str) -> None:
    notice = SAMPLES[language, name]
    assert fit_subject(notice.subject) == notice.subject
    assert len(notice.body.encode()) <= MAX_BODY_BYTES
    assert "$" not in re.sub(r"\$252F|\$3[FD]", "", notice.body)


def test_the_preview_shows_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_samples()
    shown = capsys.readouterr().out
    assert shown.count("Subject: ") == len(SAMPLES)


def test_a_placeholder_without_a_value_is_an_error() -> None:
    notice = render_notice(words("en"), Kind.STARTED, "started", "cats")
    with pytest.raises(KeyError, match="images"):
        str(notice.body)


@quick
@given(st.text(), st.integers(0, 3))
@example("ü" * 131_072, 0)
@example("☺" * 100_000, 1)
@example("\ud800", 0)
def test_any_body_fits_in_bytes_and_keeps_whole_characters(text: str, extra: int) -> None:
    body = fit_body("x" * extra + text, "[geschnitten für eine Mail]")
    assert len(body.encode()) <= MAX_BODY_BYTES
    assert all(character.isprintable() or character == "\n" for character in body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_body_that_was_cut_says_so_in_its_language(language: str) -> None:
    say = words(language)
    assert fit_body("ü" * MAX_BODY_BYTES, say.cut).endswith(f"ü\n{say.cut}\n")


@quick
@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=500))
def test_an_ordinary_body_is_left_as_it_is(text: str) -> None:
    printable = "".join(character for character in text if character.isprintable())
    assert fit_body(printable, "[cut]") == printable
