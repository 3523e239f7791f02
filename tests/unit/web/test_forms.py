"""What stands behind the tests' browser: it refuses answers that openapi.json does not allow."""

from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from tests.unit.web.conftest import CheckedBrowser, check_answer
from workshop.admission.grants import Right


def test_what_the_real_operations_answer_is_of_the_documented_form(app: CheckedBrowser) -> None:
    app.open("red-chairs", [Right.TAKE, Right.WATCH])
    assert app.ask("GET", "/api/me").status == 200
    assert app.ask("GET", "/api/datasets/blue-chairs/links").status == 403
    shared = app.ask("POST", "/api/datasets/red-chairs/links", {"rights": ["watch"], "days": 1})
    assert app.ask("DELETE", f"/api/datasets/red-chairs/links/{shared.body['link']['id']}").status == 204


@pytest.mark.parametrize("body", [{}, {"mails": 7}, {"mails": None, "more": 1}, {"mails": [{"subject": "x"}]}])
def test_an_answer_of_another_form_does_not_pass(body: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check_answer("GET", "/api/inbox", SimpleNamespace(status=200, body=body))


def test_nor_does_another_status(app: CheckedBrowser) -> None:
    with pytest.raises(AssertionError, match="answers 202"):
        check_answer("GET", "/api/inbox", SimpleNamespace(status=202, body={"mails": None}))
