"""The languages: each says everything that the others say, and writes numbers and times in its own way."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter, Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from tests.unit.properties import quick
from workshop.notices.publishing import fit_subject
from workshop.words import Plural, Words, words

LAYER = Path(__file__).resolve().parents[2] / "layers" / "workshop"
TEXTS = LAYER / "workshop" / "notices" / "texts"
# Which languages may share.
MARKS = {"thousands", "decimal", "between_sentences", "between_names", "named", "step_named"}
OTHERS = [language for language in LANGUAGES if language != "en"]


def phrases(say: Words) -> Iterator[tuple[str, str]]:
    """Every phrase with its name; those with several forms have one name for each."""
    for name in Words.__annotations__:
        value = getattr(say, name)
        if isinstance(value, Plural):
            yield from ((f"{name}.one", value.one), (f"{name}.many", value.many))
        elif isinstance(value, Mapping):
            yield from ((f"{name}.{key}", text) for key, text in value.items())
        else:
            yield name, value


def fields(phrase: str) -> list[str]:
    return sorted(field for _, field, _, _ in Formatter().parse(phrase) if field is not None)


def subject_and_body(language: str, name: str) -> list[str]:
    return (TEXTS / language / f"{name}.txt").read_text(encoding="utf-8").split("\n\n", 1)


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_every_phrase_with_the_same_placeholders(language: str) -> None:
    assert {name: fields(text) for name, text in phrases(words(language))} == {
        name: fields(text) for name, text in phrases(words("en"))
    }


@pytest.mark.parametrize("language", OTHERS)
def test_every_phrase_is_translated(language: str) -> None:
    english = dict(phrases(words("en")))
    same = {name for name, text in phrases(words(language)) if text == english[name]}
    assert same <= MARKS


def test_every_phrase_is_used() -> None:
    languages = set((LAYER / "workshop" / "words").glob("*.py")) - {LAYER / "workshop" / "words" / "__init__.py"}
    code = "".join(
        file.read_text(encoding="utf-8") for file in (LAYER / "workshop").rglob("*.py") if file not in languages
    )
    assert {name for name in Words.__annotations__ if not re.search(rf"\b(say|self)\.{name}\b", code)} == set()


def test_there_are_words_and_texts_for_exactly_the_languages_that_can_be_chosen() -> None:
    modules = {file.stem for file in (LAYER / "workshop" / "words").glob("*.py")} - {"__init__"}
    assert modules == {language.replace("-", "_").lower() for language in LANGUAGES}
    assert {folder.name for folder in TEXTS.iterdir()} == set(LANGUAGES)
    assert {language: words(language).language for language in LANGUAGES} == {name: name for name in LANGUAGES}


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_every_text_with_the_same_placeholders(language: str) -> None:
    names = {file.stem for file in (TEXTS / "en").iterdir()}
    assert {file.stem for file in (TEXTS / language).iterdir()} == names
    for name in names:
        for part, english in zip(subject_and_body(language, name), subject_and_body("en", name), strict=True):
            assert sorted(Template(part).get_identifiers()) == sorted(Template(english).get_identifiers()), name
            assert Template(part).is_valid()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_subject_is_whole_with_any_headline_and_a_name_of_sixteen_letters(language: str) -> None:
    dataset = "c" * 16
    say = words(language)
    steps = [say.headline_failed_step.format(words=step) for step in set(say.steps.values())]
    headlines = [text for name, text in phrases(say) if re.fullmatch(r"headline_(?!failed_step).*", name)]
    assert len(headlines) == 4
    for file in (TEXTS / language).iterdir():
        for headline in headlines + steps:
            subject = Template(subject_and_body(language, file.stem)[0]).substitute(dataset=dataset, headline=headline)
            assert fit_subject(subject) == subject


def test_german_says_du() -> None:
    formal = r"\b(Sie|Ihnen|Ihr|Ihre[mnrs]?)\b"
    assert not [text for text in said_in("de") if re.search(formal, text)]


def said_in(language: str) -> list[str]:
    """Every phrase, and every subject and body."""
    return [text for _, text in phrases(words(language))] + [
        file.read_text(encoding="utf-8") for file in (TEXTS / language).iterdir()
    ]


def test_chinese_has_its_own_punctuation_and_a_space_beside_latin_letters_and_digits() -> None:
    han, latin = "[\u4e00-\u9fff]", "[A-Za-z0-9{}$`]"
    bad = {
        "half-width mark": rf"{han}[,;:!?()]|[,;!?]{han}",
        "no space": rf"{han}[A-Za-z0-9]|[A-Za-z0-9]{han}",
        "space beside a full-width mark": r"[，。：；？（）“”、] (?! )|(?<! ) [，。：；？（）“”、]",
        "two spaces": rf"{han}  {latin}",
    }
    # A placeholder stands for words of Chinese in some phrases and for names in others.
    found = [(kind, text) for text in said_in("zh-CN") for kind, form in bad.items() if re.search(form, text)]
    assert found == []


@pytest.mark.parametrize(
    ("language", "old"),
    [
        (
            "en",
            r"\bmails?\b|[Ww]hoever runs|platform team|\bnetworks?\b|\bkimg\b|set aside|project(ed|ion)|You need not",
        ),
        ("de", r"(?<!E-)\bMails?\b|Werkstatt|Plattform-Team|Betreiber|\bNetz|\bkimg\b|aussortiert|projizier"),
        ("zh-CN", r"网络|投影|你|kimg"),
    ],
)
def test_artists_read_no_jargon(language: str, old: str) -> None:
    assert [text for text in said_in(language) if re.search(old, re.sub(r"\$\w+|\{\w+\}", "", text))] == []


def test_only_the_language_that_is_needed_is_loaded() -> None:
    probe = "import sys; from workshop.handlers import assembly; from workshop.words import words; words('de')"
    probe += "; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={"PYTHONPATH": str(LAYER), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name for name in done.stdout.split() if name.startswith("workshop.words")}
    assert loaded == {"workshop.words", "workshop.words.de"}


@pytest.mark.parametrize(
    ("seconds", "english", "german", "chinese"),
    [
        (-1, "0 s", "0 Sek.", "0 秒"),
        (0.4, "0 s", "0 Sek.", "0 秒"),
        (59.4, "59 s", "59 Sek.", "59 秒"),
        (60, "1 min", "1 Min.", "1 分钟"),
        (3569, "59 min", "59 Min.", "59 分钟"),
        (3600, "1 h", "1 Std.", "1 小时"),
        (3725, "1 h 2 min", "1 Std. 2 Min.", "1 小时 2 分钟"),
        (86_400, "24 h", "24 Std.", "24 小时"),
        (2 * 86_400, "2 d", "2 Tage", "2 天"),
        (432_000 + 3600, "5 d 1 h", "5 Tage 1 Std.", "5 天 1 小时"),
    ],
)
def test_a_duration_is_told_in_two_units_at_most(seconds: float, english: str, german: str, chinese: str) -> None:
    assert words("en").duration(seconds) == english
    assert words("de").duration(seconds) == german
    assert words("zh-CN").duration(seconds) == chinese


def test_a_day_is_told_in_utc() -> None:
    assert words("en").date(1_795_435_200) == "2026-11-23 (UTC)"
    assert words("de").date(1_795_435_200) == "23.11.2026 (UTC)"
    assert words("zh-CN").date(1_795_435_200) == "2026 年 11 月 23 日（UTC）"
    assert [words(language).date(0) for language in ("en", "de")] == ["1970-01-01 (UTC)", "01.01.1970 (UTC)"]


def test_money_has_the_languages_marks() -> None:
    assert words("en").dollars(1234.5) == "USD 1,234.50"
    assert words("de").dollars(1234.5) == "1.234,50 USD"
    assert words("zh-CN").dollars(1234.5) == "1,234.50 美元"


@pytest.mark.parametrize(
    ("number", "english", "german"),
    [
        (0, "The folder holds 0 images.", "Im Ordner liegen 0 Bilder."),
        (1, "The folder holds 1 image.", "Im Ordner liegt 1 Bild."),
        (1012, "The folder holds 1,012 images.", "Im Ordner liegen 1.012 Bilder."),
    ],
)
def test_one_is_told_otherwise_than_many(number: int, english: str, german: str) -> None:
    assert words("en").count(words("en").folder_holds, number, others="") == english
    assert words("de").count(words("de").folder_holds, number, others="") == german


@quick
@given(st.integers(0, 10**15))
def test_a_number_has_the_same_digits_in_every_language(number: int) -> None:
    assert words("en").number(number) == f"{number:,}"
    assert words("de").number(number) == f"{number:,}".replace(",", ".")
