"""What the gate lets through without a signature, and in which form."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.auth import S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import s3

from local_aws.aws import ACCOUNT, REGION
from local_aws.keys import RootKey
from local_aws.unsigned import Scope, check_forms, for_everybody

API_HOST = "a1b2c3d4.execute-api.localhost:4566"
BUCKET = "photos"
FORM = "multipart/form-data; boundary=x"


@pytest.fixture(autouse=True, scope="module")
def bucket() -> Iterator[None]:
    s3._create_bucket(BUCKET, b"", {})
    yield
    s3._buckets.pop(BUCKET)


def opened(method: str, path: str, query: str = "", **headers: str) -> Scope | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    return for_everybody(scope, parse_qs(query, keep_blank_values=True), named)


@given(
    st.sampled_from(["GET", "POST", "OPTIONS", "DELETE"]),
    st.sampled_from(["/", "//", "/api/me", "/_ministack/reset", "/iceberg/v1", "/health", "/$default/x", "/../_aws"]),
    st.sampled_from(["", "a=1", "t=x&t=y"]),
    st.sampled_from([{}, {"x-amz-target": "DynamoDB_20120810.Scan"}, {"authorization": "Bearer x"}]),
)
def test_whatever_is_asked_of_an_api_can_only_reach_that_api(
    method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    scope = opened(method, path, query, host=API_HOST, **headers)
    assert scope is not None
    assert scope["path"] == f"/_aws/execute-api/a1b2c3d4/$default{path}"
    assert scope["raw_path"] == scope["path"].encode()
    given = dict(scope["headers"])
    assert given.pop(b"host") == b"localhost", "an API is named in one place only"
    assert given == {name.encode(): value.encode() for name, value in headers.items()}
    assert (scope["method"], scope["query_string"]) == (method, query.encode())


@pytest.mark.parametrize(
    "host", ["localhost:4566", "a1.execute-api.localhost", "a1.execute-api.evil:1", "x.a1.execute-api.localhost:1", ""]
)
def test_no_other_host_is_an_api(host: str) -> None:
    assert opened("GET", "/", host=host) is None


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"authorization": "AWS4-HMAC-SHA256 Credential=test/x"}),
        ("", {"authorization": "AWS test:signature"}),
        ("X-Amz-Signature=1", {}),
        ("x-amz-credential=test", {}),
    ],
)
def test_what_claims_to_be_signed_has_to_be(query: str, headers: Mapping[str, str]) -> None:
    assert opened("GET", "/", query, host=API_HOST, **headers) is None
    assert opened("POST", f"/{BUCKET}", query, host="localhost:1", content_type=FORM, **headers) is None


def test_a_form_and_a_browsers_question_are_given_to_s3_without_what_could_mean_another_service() -> None:
    strange = {"host": "a1.lambda-url.x", "x_amz_target": "t", "cookie": "c", "x_amz_request_route": "r"}
    form = opened("POST", f"/{BUCKET}", content_type=FORM, content_length="1", origin="http://a", **strange)
    assert form is not None
    assert form["headers"] == [
        (b"host", b"localhost"),
        (b"content-type", FORM.encode()),
        (b"content-length", b"1"),
        (b"origin", b"http://a"),
    ]
    asked = {"origin": "http://a", "access_control_request_method": "GET"}
    question = opened("OPTIONS", f"/{BUCKET}/uploads/a", **asked, **strange)
    assert question is not None
    assert {name for name, _ in question["headers"]} == {b"host", b"origin", b"access-control-request-method"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers"),
    [
        ("POST", f"/{BUCKET}/uploads/a", "", {"content_type": FORM}),
        ("POST", f"/{BUCKET}", "delete", {"content_type": FORM}),
        ("POST", f"/{BUCKET}", "", {"content_type": "text/plain"}),
        ("POST", f"/{BUCKET}", "", {}),
        ("POST", "/no-such-bucket", "", {"content_type": FORM}),
        ("POST", "/", "", {"content_type": FORM}),
        ("PUT", f"/{BUCKET}", "", {"content_type": FORM}),
        ("GET", f"/{BUCKET}/uploads/a", "", {"origin": "http://a", "access_control_request_method": "GET"}),
        ("OPTIONS", f"/{BUCKET}/uploads/a", "", {"origin": "http://a"}),
        ("OPTIONS", f"/{BUCKET}/uploads/a", "", {"access_control_request_method": "GET"}),
        ("OPTIONS", "/no-such-bucket/a", "", {"origin": "http://a", "access_control_request_method": "GET"}),
        ("OPTIONS", "/", "", {"origin": "http://a", "access_control_request_method": "GET"}),
    ],
)
def test_nothing_else_of_a_bucket_is_opened(method: str, path: str, query: str, headers: Mapping[str, str]) -> None:
    assert opened(method, path, query, host="localhost:4566", **headers) is None


def form_of(credentials: Credentials) -> dict[str, str]:
    """The fields of a form that boto would sign with these."""
    request = AWSRequest("POST", f"https://localhost/{BUCKET}")
    conditions: list[Any] = [{"bucket": BUCKET}, {"key": "uploads/a.png"}]
    policy = {"expiration": "2099-01-01T00:00:00Z", "conditions": conditions}
    request.context.update({"s3-presign-post-fields": {"key": "uploads/a.png"}, "s3-presign-post-policy": policy})
    S3SigV4PostAuth(credentials, "s3", REGION).add_auth(request)
    return {name.lower(): value for name, value in request.context["s3-presign-post-fields"].items()}


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> RootKey:
    """The key of a workshop whose MiniStack itself would take every form."""
    key = RootKey.make()
    monkeypatch.setattr(s3, "_enforce_signed_post_policy", lambda *_: None)
    monkeypatch.setattr(s3, "_enforce_post_policy_size", lambda *_: None)
    check_forms(key)
    return key


def refused(fields: Mapping[str, str]) -> bool:
    answer = s3._enforce_signed_post_policy(fields, BUCKET, REGION, 5, True)
    return answer is not None and answer[0] == 403


def test_a_form_that_is_signed_with_a_key_of_this_workshop_is_taken(root: RootKey) -> None:
    session = root.session("ASIAX")
    assert not refused(form_of(Credentials(root.id, root.secret)))
    assert not refused(form_of(Credentials("ASIAX", session.secret, session.token)))


@pytest.mark.parametrize("name", ["policy", "x-amz-signature", "x-amz-credential", "x-amz-security-token"])
@pytest.mark.parametrize("change", ["left out", "another", "not ASCII"])
def test_a_form_in_which_anything_was_changed_is_refused(root: RootKey, name: str, change: str) -> None:
    session = root.session("ASIAX")
    fields = form_of(Credentials("ASIAX", session.secret, session.token))
    del_or_set = {"left out": "", "another": base64.b64encode(json.dumps({"a": 1}).encode()).decode(), "not ASCII": "ä"}
    assert refused({**fields, name: del_or_set[change]})


@pytest.mark.parametrize("known", ["test", ACCOUNT])
def test_a_form_signed_with_what_everybody_knows_of_ministack_is_refused(root: RootKey, known: str) -> None:
    assert refused(form_of(Credentials(known, "test")))
    assert refused(form_of(Credentials(root.id, "test")))
    assert refused({"awsaccesskeyid": known, "signature": "x", "policy": ""})


def test_a_form_that_is_not_signed_at_all_is_refused(root: RootKey) -> None:
    assert s3._enforce_post_policy_size("", 5)[0] == 403
