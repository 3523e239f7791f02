"""What every answer bears, and what no request gets through."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.web.conftest import OBJECTS, Browser
from workshop.platform.errors import LedgerBusy
from workshop.web.calls import Call, Reply
from workshop.web.routes import MAX_BODY_BYTES

START = "/api/datasets/red-chairs/start"


def test_every_answer_keeps_the_page_to_itself(browser: Browser) -> None:
    for answer in (browser.ask("GET", "/"), browser.ask("GET", "/api/me"), browser.ask("POST", START, {"again": True})):
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["connect-src"].split() == ["'self'", OBJECTS]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_what_is_asked_may_be_kept_by_nobody(browser: Browser) -> None:
    browser.open("red-chairs")
    for answer in (browser.ask("GET", "/api/me"), browser.ask("GET", "/api/nothing"), browser.ask("GET", START)):
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/.env"),
        ("GET", "/../app.py"),
        ("GET", "//"),
        ("POST", "/"),
        ("PATCH", START),
        ("GET", "/api/datasets/red-chairs/runs/a/b/c"),
        ("GET", "/api/datasets/red\x00chairs"),
        ("GET", "/api/datasets/" + "a" * 5000),
    ],
)
def test_an_address_that_there_is_not_is_refused_with_a_sentence(browser: Browser, method: str, path: str) -> None:
    browser.open("*")
    answer = browser.ask(method, path)
    assert answer.status in (404, 422)
    assert answer.body["say"]


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        ("", "application/json", 422),
        ("{", "application/json", 422),
        ("[" * 100_000, "application/json", 422),
        ("[]", "application/json", 422),
        ('{"again": 1}', "application/json", 422),
        ('{"again": true, "more": 1}', "application/json", 422),
        ('{"again": NaN}', "application/json", 422),
        (r'{"again": "\ud800"}', "application/json", 422),
        ('{"again": true}', "text/plain", 422),
        ('{"again": true}', "application/x-www-form-urlencoded", 422),
        ('{"again": true}', "application/json; charset=utf-8", 200),
        (" " * (MAX_BODY_BYTES + 1), "application/json", 422),
    ],
)
def test_a_body_is_taken_in_its_documented_form_only(
    browser: Browser, asked: list[tuple[str, Call]], raw: str, content_type: str, status: int
) -> None:
    browser.open("red-chairs")
    answer = browser.ask("POST", START, raw=raw, content_type=content_type)
    assert (answer.status, len(asked)) == (status, int(status == 200))


def test_a_name_in_an_address_is_a_name_or_refused(browser: Browser, asked: list[tuple[str, Call]]) -> None:
    browser.open("*")
    for name in ("Red%20Chairs", "..", "a b", "红椅", "-", "%2e%2e", "a" * 64):
        assert browser.ask("GET", f"/api/datasets/{name}").status in (404, 422), name
    assert asked == []


def test_what_the_workshop_refuses_is_said_in_the_readers_language(browser: Browser) -> None:
    said = {
        language: browser.ask("GET", "/api/me", accept_language=language).body["say"] for language in ("en", "de", "zh")
    }
    assert "email" in said["en"]
    assert "E-Mail" in said["de"]
    assert "邮件" in said["zh"]


def test_what_goes_wrong_is_told_without_its_cause(
    browser_of: Callable[..., Browser], log: Any, asked: list[tuple[str, Call]]
) -> None:
    def fail(call: Call) -> Reply:
        raise LedgerBusy("arn:aws:secret")

    browser = browser_of({"startRun": fail})
    browser.open("red-chairs")
    answer = browser.ask("POST", START, {"again": True})
    assert (answer.status, answer.body["error"]) == (500, "failed")
    assert "secret" not in str(answer)
    assert "LedgerBusy" in log.getvalue()


def test_who_has_this_answer_already_gets_none(browser_of: Callable[..., Browser]) -> None:
    """Addresses are signed anew each time; what an operation calls the same version is not sent again."""
    numbers = iter(range(10))
    browser = browser_of({"getRun": lambda call: Reply({"url": next(numbers)}, version="as before")})
    browser.open("red-chairs")
    path = "/api/datasets/red-chairs/runs/exec1"
    first = browser.ask("GET", path)
    again = browser.ask("GET", path, if_none_match=first.headers["ETag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert browser.ask("GET", path, if_none_match='"other"').status == 200


def test_long_answers_are_compressed_for_who_can_read_that(browser_of: Callable[..., Browser]) -> None:
    browser = browser_of({"listFiles": lambda call: Reply({"files": ["a.png"] * 1000})})
    browser.open("red-chairs")
    path = "/api/datasets/red-chairs/files"
    assert browser.ask("GET", path, accept_encoding="gzip").headers["Content-Encoding"] == "gzip"
    plain = browser.ask("GET", path, accept_encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert len(plain.body["files"]) == 1000
