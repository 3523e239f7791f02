"""results_link: a lasting link becomes a fresh one, and nothing else does."""

import base64
import json
import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import Stage, sample
from tests.unit.properties import quick
from workshop import clients
from workshop.errors import LinkError
from workshop.links import TokenKey, durable_link

REPORT = "runs/red-chairs/p4jn9xou8a8s/report/index.html"


def follow(stage: Stage, token: str) -> dict[str, Any]:
    event = sample("function_url") | {"queryStringParameters": {"t": token}}
    answer: dict[str, Any] = stage.invoke("results_link", event)
    return answer


def make_token(stage: Stage, expires: int | None = None) -> str:
    key = TokenKey(clients.kms(), os.environ["LINK_KEY_ID"])
    return key.make("red-chairs", "p4jn9xou8a8s", expires or stage.now_ms() // 1000 + 60)


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


class NoKms:
    """A KMS that must not be asked."""

    def verify_mac(self, **_: Any) -> Any:
        pytest.fail("KMS was asked")

    generate_mac = verify_mac


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "x" * 600, "W10.W10", "é.é", "bnVsbA.AA", "MQ.AA"])
def test_a_damaged_link_is_refused_without_asking_kms(token: str) -> None:
    with pytest.raises(LinkError, match="whole link"):
        TokenKey(NoKms(), "key").read(token)


@pytest.mark.parametrize("query", [None, {}, {"x": "y"}])
def test_a_link_without_a_token_is_refused(stage: Stage, query: dict[str, str] | None) -> None:
    answer = stage.invoke("results_link", sample("function_url") | {"queryStringParameters": query})
    assert answer["statusCode"] == 403


@quick
@given(st.text(max_size=80))
def test_no_text_is_a_valid_link(token: str) -> None:
    with pytest.raises(LinkError):
        TokenKey(NoKms(), "key").read(token)
