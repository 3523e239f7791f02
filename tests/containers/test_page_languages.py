"""The page speaks its reader's language, whole: texts, numbers, times and the reasons why files were skipped."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from pathlib import Path
from string import Formatter

import pytest

from containers.infer.report import write_report
from containers.infer.results import ReportRun
from containers.infer.wording import wording
from contract.names import LANGUAGES
from contract.reasons import Reason, ReasonCode

INFER = Path(__file__).resolve().parents[2] / "containers/infer"
WORDS = INFER / "templates/words"
TEXTS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in WORDS.glob("*.json")}
# Which languages may share.
MARKS = {"thousands", "decimal", "between_sentences", "between_names", "kimg_unit", "large_from", "looks", "quoted"}
NAMES = {
    "film",
    "setting.preset",
    "setting.batch",
    "setting.seed",
    "curve_target",
    "month.4",
    "month.8",
    "month.9",
    "month.11",
}


def fields(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def page(run: ReportRun, folder: Path, language: str) -> str:
    write_report(folder / language, dataclasses.replace(run, language=language))
    return (folder / language / "index.html").read_text(encoding="utf-8")


def test_there_are_texts_for_exactly_the_languages() -> None:
    assert TEXTS.keys() == set(LANGUAGES)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_each_language_has_every_text_translated_with_the_same_placeholders(language: str) -> None:
    english, texts = TEXTS["en"], TEXTS[language]
    assert {key: fields(text) for key, text in texts.items()} == {key: fields(text) for key, text in english.items()}
    assert {key for key, text in texts.items() if text == english[key]} <= MARKS | NAMES


def test_every_text_is_used() -> None:
    """Some keys are put together: of a unit, a month, an ending or a setting, and of one or many."""
    whole = {key for key in TEXTS["en"] if not re.match(r"(unit|month|ended|setting)\.", key)}
    said = {re.sub(r"\.(one|many)$", "", key) for key in whole}
    constants = {
        node.value
        for file in INFER.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    templates = "".join(file.read_text(encoding="utf-8") for file in (INFER / "templates").glob("*.j2"))
    assert {key for key in said if key not in constants and f'"{key}"' not in templates} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_written_in_the_language_that_it_names(
    finished_run: ReportRun, tmp_path: Path, language: str
) -> None:
    shown = page(finished_run, tmp_path, language)
    assert f'<html lang="{language}">' in shown
    for key in ("new_about", "learning_about", "mixing_about", "recreated_about", "curves_about", "skipped_about"):
        for other in LANGUAGES:
            assert (TEXTS[other][key] in shown) is (other == language)
    assert Reason(ReasonCode.DAMAGED).sentence(language) in shown
    assert Reason(ReasonCode.TEXT).sentence(language) in shown


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_nothing_on_a_page_is_left_in_english(finished_run: ReportRun, tmp_path: Path, language: str) -> None:
    body = re.sub(r"<style>.*?</style>|data:[^\"]+", "", page(finished_run, tmp_path, language), flags=re.DOTALL)
    assert re.findall(r"\b(the|of|and|with|picture|pictures|from|more)\b", body) == []


@pytest.mark.parametrize(
    ("language", "duration", "looks", "day", "figure"),
    [
        ("en", "5 h 10 min", "1.2 million", "24 November 2026", "0.504"),
        ("de", "5 Std. 10 Min.", "1,2 Mio.", "24. November 2026", "0,504"),
        ("zh-CN", "5 小时 10 分钟", "120 万张次", "2026 年 11 月 24 日", "0.504"),
    ],
)
def test_numbers_are_told_by_each_languages_habit(
    language: str, duration: str, looks: str, day: str, figure: str
) -> None:
    say = wording(language)
    assert (say.duration(18_600), say.looks(1_200), say.day(1_795_500_000), say.figure(0.504)) == (
        duration, looks, day, figure,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "english", "chinese"),
    [([], "", ""), (["a"], "a", "a"), (["a", "b"], "a and b", "a、b"), (["a", "b", "c"], "a, b and c", "a、b、c")],
)
def test_parts_are_listed_as_each_language_does(parts: list[str], english: str, chinese: str) -> None:
    assert (wording("en").listing(parts), wording("zh-CN").listing(parts)) == (english, chinese)
