"""results_link: a lasting link becomes a fresh one, and nothing else does."""

import base64
import json
import os
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.conftest import Stage, sample
from tests.unit.properties import quick
from workshop.notices.results_link import TokenKey, durable_link
from workshop.platform import clients
from workshop.platform.errors import LinkError

REPORT = "runs/red-chairs/p4jn9xou8a8s/report/index.html"


def follow(stage: Stage, token: str) -> dict[str, Any]:
    event = sample("function_url") | {"queryStringParameters": {"t": token}}
    answer: dict[str, Any] = stage.invoke("results_link", event)
    return answer


def make_token(stage: Stage, expires: int | None = None) -> str:
    key = TokenKey(clients.kms(), os.environ["LINK_KEY_ID"])
    return key.make("red-chairs", "p4jn9xou8a8s", expires or stage.now_ms() // 1000 + 3600)


def test_a_valid_link_leads_to_a_fresh_presigned_page(stage: Stage) -> None:
    stage.put(REPORT, b"<html></html>")
    answer = follow(stage, make_token(stage))

    location = urlsplit(answer["headers"]["Location"])
    query = parse_qs(location.query)
    assert answer["statusCode"] == 302
    assert location.path.endswith(REPORT)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["300"]
    assert query["response-content-type"] == ["text/html; charset=utf-8"]  # or the browser downloads it
    assert query["response-content-disposition"] == ["inline"]
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


# What anybody may send ------------------------------------------------------------------------------------------------


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


PAYLOAD = b'["red-chairs","p4jn9xou8a8s",99999999999]'
MAC = bytes(range(32))
WELL_FORMED = f"{encoded(PAYLOAD)}.{encoded(MAC)}"


class StrictKms:
    """A KMS whose key has signed nothing. It judges requests by the service's own model, as AWS does and moto does not:
    lengths and choices. Keeps the requests.
    """

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def verify_mac(self, **request: Any) -> Any:
        self.requests.append(request)
        for name, value in request.items():
            self._judge(name, value)
        raise ClientError({"Error": {"Code": "KMSInvalidMacException", "Message": ""}}, "VerifyMac")

    @staticmethod
    def _judge(name: str, value: Any) -> None:
        shape = verify_mac_shapes()[name]
        assert isinstance(value, bytes if shape.type_name == "blob" else str), name
        assert shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", 10**6), (name, len(value))
        assert value in shape.metadata.get("enum", [value]), name


@cache
def verify_mac_shapes() -> Any:
    return get_session().get_service_model("kms").operation_model("VerifyMac").input_shape.members


@pytest.fixture
def kms(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> StrictKms:
    strict = StrictKms()
    monkeypatch.setattr(clients, "kms", lambda: strict)
    return strict


SPELLED_OTHERWISE = {
    "no MAC at all": f"{encoded(PAYLOAD)}.",
    "a byte of MAC": f"{encoded(PAYLOAD)}.AA",
    "31 bytes of MAC": f"{encoded(PAYLOAD)}.{encoded(MAC[:31])}",
    "33 bytes of MAC": f"{encoded(PAYLOAD)}.{encoded(MAC + b'x')}",
    "padded": f"{encoded(PAYLOAD)}.{encoded(MAC)}=",
    "bits after the end": f"{encoded(PAYLOAD)}.{encoded(MAC)[:-1]}9",
    "spaces in the JSON": f"{encoded(PAYLOAD.replace(b',', b', '))}.{encoded(MAC)}",
    "escapes in the JSON": f"{encoded(PAYLOAD.replace(b'red', b'r' + chr(92).encode() + b'u0065d'))}.{encoded(MAC)}",
    "another number": f"{encoded(PAYLOAD.replace(b'99999999999', b'1e11'))}.{encoded(MAC)}",
    "a truth for a number": f"{encoded(PAYLOAD.replace(b'99999999999', b'true'))}.{encoded(MAC)}",
    "minus nothing": f"{encoded(PAYLOAD.replace(b'99999999999', b'-0'))}.{encoded(MAC)}",
    "other letters of base64": f"{encoded(PAYLOAD)}.{encoded(b'+?' * 16).replace('_', '/').replace('-', '+')}",
    "UTF-16": f"{encoded(PAYLOAD.decode().encode('utf-16'))}.{encoded(MAC)}",
}


@pytest.mark.parametrize("token", SPELLED_OTHERWISE.values(), ids=SPELLED_OTHERWISE.keys())
def test_another_spelling_of_a_token_is_refused_without_asking_kms(stage: Stage, kms: StrictKms, token: str) -> None:
    assert follow(stage, token)["statusCode"] == 403
    assert kms.requests == []


def test_a_token_in_its_one_form_is_asked_about_once(stage: Stage, kms: StrictKms) -> None:
    assert follow(stage, WELL_FORMED)["statusCode"] == 403
    assert [(request["Message"], request["Mac"]) for request in kms.requests] == [(PAYLOAD, MAC)]


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "x" * 600, "W10.W10", "é.é", "bnVsbA.AA", "MQ.AA", "\ud800.AA"])
def test_a_damaged_link_is_refused_without_asking_kms(token: str) -> None:
    kms = StrictKms()
    with pytest.raises(LinkError, match="whole link"):
        TokenKey(kms, "key").read(token)
    assert kms.requests == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("red-chairs"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = (
    st.binary(max_size=60)
    | ANYTHING.map(lambda value: json.dumps(value, allow_nan=True).encode())
    | st.builds(
        lambda *parts: json.dumps(parts, separators=(",", ":")).encode(),
        st.just("red-chairs") | st.text(max_size=8),
        st.text("p4jn9xou8a8s", max_size=80) | st.text(max_size=8),
        st.integers() | st.floats(),
    )
)
TOKENS = st.text(max_size=80) | st.builds(
    lambda payload, dot, mac: encoded(payload) + dot + encoded(mac),
    PAYLOADS,
    st.sampled_from([".", ".", ".", "", "..", "~"]),
    st.binary(max_size=80) | st.binary(min_size=32, max_size=32),
)


@settings(quick, max_examples=300, suppress_health_check=list(HealthCheck))
@given(token=TOKENS | st.integers(0, len(WELL_FORMED)).map(lambda end: WELL_FORMED[:end]))
def test_any_token_whatsoever_is_refused_with_at_most_one_request_that_kms_takes(
    stage: Stage, kms: StrictKms, token: str
) -> None:
    kms.requests.clear()
    answer = follow(stage, token)
    assert answer["statusCode"] == 403
    assert "Location" not in answer["headers"]
    assert len(kms.requests) <= 1
    assert all(len(request["Mac"]) == 32 for request in kms.requests)


@settings(quick, max_examples=100, suppress_health_check=list(HealthCheck))
@given(query=ANYTHING | st.fixed_dictionaries({"t": ANYTHING}))
def test_any_query_is_refused(stage: Stage, kms: StrictKms, query: Any) -> None:
    answer = stage.invoke("results_link", sample("function_url") | {"queryStringParameters": query})
    assert answer["statusCode"] == 403


@settings(quick, max_examples=100, suppress_health_check=list(HealthCheck))
@given(event=ANYTHING | st.fixed_dictionaries({"requestContext": st.fixed_dictionaries({"http": ANYTHING}) | ANYTHING}))
def test_any_event_is_refused(stage: Stage, kms: StrictKms, event: Any) -> None:
    assert stage.invoke("results_link", event)["statusCode"] in (403, 405)
    assert kms.requests == []


def with_method(method: str, token: str) -> dict[str, Any]:
    event = sample("function_url") | {"queryStringParameters": {"t": token}}
    event["requestContext"]["http"]["method"] = method
    return event


def test_a_look_at_the_head_of_a_link_is_answered_like_a_click(stage: Stage) -> None:
    stage.put(REPORT, b"<html></html>")
    assert stage.invoke("results_link", with_method("HEAD", make_token(stage)))["statusCode"] == 302


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""])
def test_a_link_is_good_for_reading_only(stage: Stage, kms: StrictKms, method: str) -> None:
    answer = stage.invoke("results_link", with_method(method, WELL_FORMED))
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET, HEAD")
    assert kms.requests == []
