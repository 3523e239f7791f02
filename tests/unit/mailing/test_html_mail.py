"""A notice as HTML: all that its text says, nothing of it as markup, one button."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from tests.unit.mailing.html_words import read_page, squeezed
from tests.unit.notices.html_samples import html_samples, letter_of, picture_ids, write_html_samples
from tests.unit.notices.notice_samples import samples
from tests.unit.properties import quick
from workshop.mailing.blocks import Facts, Items, Paragraph, Verbatim, blocks_of
from workshop.mailing.html_mail import html_of
from workshop.mailing.letters import Letter
from workshop.notices import Kind
from workshop.words import words

GOLDEN = Path(__file__).parent / "golden_html"
GOLDEN_NAMES = ("succeeded", "failed_training", "attention_settings")
SAMPLES = {(language, name): notice for language in LANGUAGES for name, notice in samples(language).items()}
LETTER = Letter("5f3a", "Subject", "Body", "red-chairs", Kind.SUCCEEDED, "en", "", ())
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>&lt;\u202egnp.exe\u0000'


def without_marks(text: str) -> str:
    """What lists and tables say without these signs."""
    return re.sub(r"[-:：]", "", squeezed(text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", GOLDEN_NAMES)
def test_each_mail_looks_as_agreed(language: str, name: str) -> None:
    """After a wanted change: python -m tests.unit.mailing.write_golden_html, and look at what `make notices` writes."""
    assert html_samples(language)[name] == (GOLDEN / f"{name}.{language}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "name"), SAMPLES)
def test_the_html_says_all_that_the_text_says_in_its_order(language: str, name: str) -> None:
    notice = SAMPLES[language, name]
    page = read_page(html_of(letter_of(notice), []))
    body = notice.body
    if notice.link:
        body = body.replace(notice.link, words(language).button[notice.kind])
        assert page.links.count(notice.link) == 1
    assert without_marks(page.words) == without_marks(notice.subject + body)
    assert page.language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_facts_of_a_mail_are_a_table_and_its_sentences_are_none(language: str) -> None:
    blocks = list(blocks_of(SAMPLES[language, "started"].body))
    (facts,) = [block for block in blocks if isinstance(block, Facts)]
    assert "red-chairs" in dict(facts.rows).values()
    assert len(facts.rows) == 7
    assert isinstance(blocks[0], Paragraph)
    assert isinstance(blocks[-1], Verbatim)


@pytest.mark.parametrize("name", samples("en"))
def test_a_mail_is_taken_apart_in_the_same_way_in_every_language(name: str) -> None:
    kinds = {language: [type(block) for block in blocks_of(SAMPLES[language, name].body)] for language in LANGUAGES}
    assert kinds["de"] == kinds["en"]
    assert kinds["zh-CN"] == kinds["en"]


def test_a_text_is_taken_apart_as_a_reader_does_it() -> None:
    facts, items = "Dataset:   a: b\nRun:       c", "- first\n  https://example.com/1\n- second"
    body = f"One\nline.\n\n{facts}\n\n{items}\n\n  code 1\n  code 2\n"
    assert list(blocks_of(body)) == [
        Paragraph("One line."),
        Facts((("Dataset", "a: b"), ("Run", "c"))),
        Items((("first", "https://example.com/1"), ("second",))),
        Verbatim(("code 1", "code 2")),
    ]


def test_lines_are_joined_without_a_space_only_where_both_sides_are_written_without() -> None:
    assert list(blocks_of("您无需做任何事：\n下一封\n\nends\nhere\n\n结束\nhere")) == [
        Paragraph("您无需做任何事：下一封"),
        Paragraph("ends here"),
        Paragraph("结束 here"),
    ]


@quick
@given(st.text(max_size=300))
@example("- a\n\n-\n  x\n: y\n：z")
@example("a:  b\nc")
def test_whatever_a_text_holds_nothing_of_it_is_lost_or_becomes_markup(text: str) -> None:
    page = read_page(html_of(replace(LETTER, subject="", body=text), []))
    plain = read_page(html_of(replace(LETTER, subject="", body="plain"), []))
    assert without_marks(page.words) == without_marks(text)
    assert set(page.tags) <= set(plain.tags) | {"ul", "li", "br", "div", "a"}


def test_hostile_titles_names_and_links_stay_text() -> None:
    body = f"Dataset:  {HOSTILE}\nRun:  {HOSTILE}\n\n- {HOSTILE}\n\n  {HOSTILE}\n\n{HOSTILE}"
    letter = replace(LETTER, subject=HOSTILE, body=body, link='https://example.com/"onclick="alert(3)')
    page = read_page(html_of(letter, ['x"onerror="alert(4)']))
    assert {"img", "script"} & set(page.tags) == {"img"}
    assert page.pictures == [('cid:x"onerror="alert(4)', "Picture 1 of 1, made by the model")]
    assert page.links == ['https://example.com/"onclick="alert(3)']


def test_only_a_line_of_its_own_becomes_a_link() -> None:
    body = "- https://evil.example/x.png: damaged\n\nSee https://evil.example/\n\n  https://good.example/a?b=1&c=2"
    assert read_page(html_of(replace(LETTER, body=body), [])).links == ["https://good.example/a?b=1&c=2"]


@pytest.mark.parametrize(
    "body", ["Look:\n\n  https://example.com/1\n\nEnd.", "- Look:\n  https://example.com/1", "It names no link."]
)
def test_a_notice_with_a_link_has_one_button_wherever_the_text_has_the_link(body: str) -> None:
    html = html_of(replace(LETTER, body=body, link="https://example.com/1"), [])
    assert html.count('class="button"') == 1
    assert words("en").button["succeeded"] in "".join(read_page(html).texts)


def test_a_notice_without_a_link_has_no_button() -> None:
    assert 'class="button"' not in html_of(LETTER, [])


def test_a_kind_of_a_later_release_has_a_button_all_the_same() -> None:
    page = read_page(html_of(replace(LETTER, kind=None, link="https://example.com/1"), []))
    assert "Open" in page.texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_label_and_every_picture_a_text_instead_of_it(language: str) -> None:
    say = words(language)
    assert {*Kind, ""} == set(say.button)
    pictures = read_page(html_of(replace(LETTER, language=language), picture_ids(6))).pictures
    assert [source for source, _ in pictures] == [f"cid:picture-{n}@workshop" for n in range(1, 7)]
    assert len({alt for _, alt in pictures}) == 6


def test_nothing_is_fetched_from_anywhere() -> None:
    for page in html_samples("en").values():
        assert re.findall(r'src="(.{4})', page) == ["cid:"] * page.count("<img")
        assert not re.search(r"url\(|@import|<link|<script", page)


def test_the_samples_are_written_to_look_at(tmp_path: Path) -> None:
    write_html_samples(tmp_path)
    assert len(list(tmp_path.glob("*.html"))) == len(SAMPLES)
    assert "cid:" not in (tmp_path / "succeeded.de.html").read_text(encoding="utf-8")
