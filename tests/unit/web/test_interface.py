"""openapi.json is what it says it is, and complete."""

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from tests.unit.properties import quick
from workshop.admission import Right
from workshop.platform.refusals import Unusable
from workshop.web.interface import document, operations
from workshop.web.sentences import chosen_language, sentences


def references(value: Any) -> set[str]:
    match value:
        case {"$ref": str(reference)}:
            return {reference}
        case dict():
            return set().union(*map(references, value.values()))
        case list():
            return set().union(*map(references, value))
    return set()


def test_every_schema_is_one_and_is_used() -> None:
    schemas = document()["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("additionalProperties") is not None or schema["type"] != "object", name
    assert references(document()) == {f"#/components/schemas/{name}" for name in schemas}


def test_every_operation_says_who_may_what_it_takes_and_what_it_answers() -> None:
    assert len({operation.id for operation in operations()}) == len(operations())
    for operation in operations():
        assert operation.right in {None, "any", "see", "all", *Right}, operation.id
        assert set(re.findall(r"{(\w+)}", operation.path)) <= set(operation.parameters), operation.id
        assert ("{dataset}" in operation.path) == (operation.right in {"see", *Right}), operation.id
        assert (operation.body is not None) <= (operation.method in ("POST", "PUT")), operation.id


def test_only_opening_a_session_and_closing_it_needs_none() -> None:
    assert {one.id for one in operations() if one.right is None} == {
        "openSession", "closeSession", "getSignIn", "openOidcSession",
    }  # fmt: skip


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("operation", [one for one in operations() if one.body is not None], ids=lambda one: one.id)
def test_whatever_a_body_is_it_is_of_the_form_or_refused(operation: Any) -> None:
    validator = jsonschema.Draft202012Validator(operation.body | {"components": document()["components"]})

    @quick
    @given(body=values)
    def check(body: Any) -> None:
        if validator.is_valid(body):
            operation.check({}, body)
        else:
            with pytest.raises(Unusable) as refused:
                operation.check({}, body)
            assert refused.value.problems

    check()


def test_every_language_says_the_same_sentences_with_the_same_gaps() -> None:
    gaps = {
        language: {code: sorted(re.findall(r"{(\w*)}", text)) for code, text in sentences(language).items()}
        for language in LANGUAGES
    }
    assert all(one == gaps["en"] for one in gaps.values())


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh", "zh-CN"),
        ("ZH-cn", "zh-CN"),
        ("fr;q=1, en;q=0.3, de;q=0.5", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=x", "de"),
        (",;,", "en"),
    ],
)
def test_the_reader_gets_the_language_that_is_asked_for_first(header: str | None, language: str) -> None:
    assert chosen_language(header) == language


@quick
@given(header=st.text(max_size=3000))
def test_whatever_the_header_is_there_is_a_language(header: str) -> None:
    assert chosen_language(header) in LANGUAGES


def test_the_document_is_written_as_json_alone() -> None:
    assert json.loads(json.dumps(document(), allow_nan=False)) == document()
