"""results_link: a lasting link becomes a fresh one, and nothing else does."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.conftest import Stage, sample
from workshop import clients
from workshop.links import TokenKey, durable_link

REPORT = "runs/red-chairs/p4jn9xou8a8s/report/index.html"


def follow(stage: Stage, token: str | None) -> dict[str, Any]:
    event = sample("function_url")
    event["queryStringParameters"] = None if token is None else {"t": token}
    answer: dict[str, Any] = stage.invoke("results_link", event)
    return answer


def make_token(stage: Stage, monkeypatch_expiry: int | None = None, dataset: str = "red-chairs") -> str:
    import os

    key = TokenKey(clients.kms(), os.environ["LINK_KEY_ID"])
    return key.make(dataset, "p4jn9xou8a8s", monkeypatch_expiry or stage.now_ms() // 1000 + 60)


def test_a_valid_link_leads_to_a_fresh_presigned_page(stage: Stage) -> None:
    stage.put(REPORT, b"<html></html>")
    answer = follow(stage, make_token(stage))

    location = urlsplit(answer["headers"]["Location"])
    query = parse_qs(location.query)
    assert answer["statusCode"] == 302
    assert location.path.endswith(REPORT)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_the_link_of_a_mail_is_one_that_this_function_takes(stage: Stage) -> None:
    import os

    stage.put(REPORT, b"<html></html>")
    key = TokenKey(clients.kms(), os.environ["LINK_KEY_ID"])
    link = durable_link(key, "https://results.example.com/", "red-chairs", "p4jn9xou8a8s")

    assert follow(stage, parse_qs(urlsplit(link.url).query)["t"][0])["statusCode"] == 302


def test_a_link_past_its_time_is_refused_with_a_sentence(stage: Stage) -> None:
    answer = follow(stage, make_token(stage, stage.now_ms() // 1000 - 1))
    assert answer["statusCode"] == 403
    assert "too old" in answer["body"]


def test_a_page_that_is_gone_is_said_to_be_gone(stage: Stage) -> None:
    assert follow(stage, make_token(stage))["statusCode"] == 404


def test_a_changed_payload_is_refused(stage: Stage) -> None:
    stage.put(REPORT, b"<html></html>")
    _, mac = make_token(stage).split(".")
    other = json.dumps(["blue-vases", "p4jn9xou8a8s", 2**40]).encode()
    forged = base64.urlsafe_b64encode(other).decode().rstrip("=") + "." + mac

    answer = follow(stage, forged)
    assert answer["statusCode"] == 403
    assert "Location" not in answer["headers"]


@pytest.mark.parametrize("token", [None, "", ".", "a.b.c", "x" * 600, "W10.W10", "é.é", "bnVsbA.AA", "MQ.AA"])
def test_a_damaged_link_is_refused_without_asking_kms(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    monkeypatch.setattr(stage.kms, "verify_mac", lambda **_: pytest.fail("KMS was asked"))
    answer = follow(stage, token)
    assert answer["statusCode"] == 403
    assert "whole link" in answer["body"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_no_text_is_a_valid_link_or_an_error(stage: Stage, token: str) -> None:
    assert follow(stage, token)["statusCode"] == 403
