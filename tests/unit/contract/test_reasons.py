"""Reasons why files were skipped: every code has a sentence in every language, and old documents are still read."""

import json
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import DocumentError
from contract.names import LANGUAGES
from contract.prepare_report import PrepareReport, SetAside
from contract.reasons import ARGUMENTS, MAX_TEXT_CHARS, Reason, ReasonCode, sentences, told
from contract.run_results import RunResults
from tests.unit.properties import quick

SENTENCES = Path(__file__).resolve().parents[3] / "layers/workshop/contract/reasons"
TEXTS = {"other", "why", "sentence"}
values = st.text() | st.integers(-(10**20), 10**20)
reasons = st.sampled_from(ReasonCode).flatmap(
    lambda code: st.fixed_dictionaries(dict.fromkeys(ARGUMENTS[code], values)).map(lambda a: Reason(code, a))
)


def example(code: ReasonCode) -> Reason:
    return Reason(code, {name: "a.png" if name in TEXTS else 7 for name in ARGUMENTS[code]})


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_code_has_a_sentence_with_its_arguments(language: str) -> None:
    found = {
        code: {field for _, field, spec, how in Formatter().parse(text) if field is not None and not spec and not how}
        for code, text in sentences(language).items()
    }
    assert found == ARGUMENTS


def test_there_are_sentences_for_exactly_the_languages() -> None:
    assert {file.stem for file in SENTENCES.glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_sentence_is_translated(language: str) -> None:
    same = {code for code, text in sentences(language).items() if text == sentences("en")[code]}
    assert same == {ReasonCode.TOLD}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ReasonCode)
def test_a_sentence_is_short_and_has_nothing_left_to_fill_in(code: ReasonCode, language: str) -> None:
    sentence = example(code).sentence(language)
    assert 5 <= len(sentence) <= 200
    assert not re.search("[{}]", sentence)


@quick
@given(reasons)
def test_a_reason_that_was_written_is_read_again(reason: Reason) -> None:
    assert Reason.from_dict(json.loads(json.dumps(reason.as_dict()))) == reason


@quick
@given(reasons, st.sampled_from(LANGUAGES))
def test_whatever_its_arguments_are_a_reason_is_one_bounded_line(reason: Reason, language: str) -> None:
    sentence = reason.sentence(language)
    assert sentence.isprintable()
    assert len(sentence) <= 4 * MAX_TEXT_CHARS


def test_a_document_of_an_earlier_release_is_shown_as_it_is() -> None:
    old = {"name": "a.png", "reason": "The picture is damaged."}
    assert SetAside.from_dict(old) == SetAside("a.png", told("The picture is damaged."))
    assert [told("It is {odd}.").sentence(language) for language in LANGUAGES] == ["It is {odd}."] * 3


def test_a_code_of_a_later_release_is_told_in_general() -> None:
    assert Reason.from_dict({"code": "too_red", "arguments": {"share": 3}}) == Reason(ReasonCode.UNKNOWN)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "a.png"},
        {"name": "a.png", "code": 7, "arguments": {}},
        {"name": "a.png", "code": "damaged"},
        {"name": "a.png", "code": "damaged", "arguments": {"why": "x"}},
        {"name": "a.png", "code": "too_large", "arguments": {}},
        {"name": "a.png", "code": "too_large", "arguments": {"megabytes": 1.5}},
        {"name": "a.png", "code": "too_large", "arguments": {"megabytes": True}},
        {"name": "a.png", "code": "too_large", "arguments": 7},
        {"name": "a.png", "code": "too_large", "arguments": ["megabytes"]},
        ["code"],
        "code",
        None,
    ],
)
def test_a_document_with_something_else_in_it_is_refused(entry: Any) -> None:
    document = json.loads(PrepareReport("d", 16, 1, 0, [], 1.0).to_json()) | {"set_aside": [entry]}
    with pytest.raises(DocumentError):
        PrepareReport.from_json(json.dumps(document))


def test_both_documents_carry_codes() -> None:
    skipped = SetAside("a.png", Reason(ReasonCode.DUPLICATE, {"other": "b.png"}))
    written = {"name": "a.png", "code": "duplicate", "arguments": {"other": "b.png"}}
    prepared = PrepareReport("d", 16, 1, 0, [skipped], 1.0)
    assert json.loads(prepared.to_json())["set_aside"] == [written]
    assert PrepareReport.from_json(prepared.to_json()).set_aside == (skipped,)
    results = RunResults({"generated": 0, "mixed": 0, "projected": 0}, 1, [skipped])
    assert results.as_dict()["skipped_targets"] == [written]
