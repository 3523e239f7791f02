"""Who gets in: links, sessions, origins; and that every operation asks."""

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import Stage
from tests.unit.properties import on_one_stage
from tests.unit.web.conftest import APP, COOKIE, EMBEDDING, Browser, grant_of
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import MAX_GRANTS, SESSION_SECONDS
from workshop.admission.links import Links
from workshop.admission.visitors import Door
from workshop.platform import clients, clock
from workshop.platform.signing import Signer, take_apart
from workshop.web.calls import Call
from workshop.web.interface import Operation, operations

OWN, OTHER = "red-chairs", "blue-chairs"
GUARDED = [operation for operation in operations() if operation.right is not None]
OF_A_DATASET = [operation for operation in GUARDED if "{dataset}" in operation.path]


def address(operation: Operation, dataset: str) -> str:
    return operation.path.format(dataset=dataset, run="exec1", link="0" * 20)


def body_of(operation: Operation) -> Any:
    """One that the document allows."""
    return {
        "createDataset": {"title": "Red chairs"},
        "offerFiles": {"folder": "images", "files": [{"name": "a.png", "size": 1, "type": "image/png"}]},
        "putSettings": {"preset": "tiny"},
        "getEstimate": {"values": {}, "images": 3},
        "startRun": {"again": False},
        "putFavourites": {"names": []},
        "makeMore": {"kind": "pictures", "of": []},
        "shareLink": {"rights": ["watch"], "days": 1},
    }.get(operation.id)


@pytest.mark.parametrize("is_embedded_aws", [False, True])
def test_a_link_opens_a_session_that_scripts_and_other_sites_cannot_use(
    browser_of: Callable[..., Browser], is_embedded_aws: bool
) -> None:
    browser = browser_of(is_embedded_aws=is_embedded_aws)
    token = browser.door.invitations.invite(grant_of(OWN, [Right.WATCH]))
    answer = browser.ask("POST", "/api/session", {"token": token})
    (cookie,) = answer.cookies
    assert cookie.startswith(f"{COOKIE}=")
    assert COOKIE.startswith("__Host-")
    assert set(cookie.split("; ")[1:]) == {
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
        f"Max-Age={SESSION_SECONDS}",
    }
    assert [(one["dataset"], one["rights"]) for one in browser.ask("GET", "/api/me").body["grants"]] == [
        (OWN, ["watch"])
    ]


def test_a_link_may_be_opened_again_and_again_and_by_several(browser_of: Callable[..., Browser]) -> None:
    first, second = browser_of(), browser_of()
    token = first.door.invitations.invite(grant_of(OWN))
    for browser in (first, second, first):
        assert browser.ask("POST", "/api/session", {"token": token}).status == 200
    assert len(first.ask("GET", "/api/me").body["grants"]) == 1


def test_a_second_link_adds_to_what_the_first_has_opened(browser: Browser) -> None:
    browser.open(OWN)
    browser.open(OTHER)
    assert {one["dataset"] for one in browser.ask("GET", "/api/me").body["grants"]} == {OWN, OTHER}


def test_a_browser_in_which_very_many_links_were_opened_keeps_the_newest(browser: Browser) -> None:
    opened = [browser.open(f"chairs-{number}").dataset for number in range(MAX_GRANTS + 3)]
    grants = browser.ask("GET", "/api/me").body["grants"]
    assert [one["dataset"] for one in grants] == opened[::-1][:MAX_GRANTS]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mail_scanner_that_gets_the_address_changes_nothing(browser: Browser, method: str) -> None:
    answer = browser.ask(method, "/?t=whatever", origin=None)
    assert (answer.status, answer.cookies) == (200, [])


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.id)
def test_without_a_session_no_operation_is_reached(
    browser: Browser, asked: list[tuple[str, Call]], operation: Operation
) -> None:
    answer = browser.ask(operation.method, address(operation, OWN), body_of(operation))
    assert (answer.status, answer.body["error"], asked) == (401, "no_session", [])


@pytest.mark.parametrize("operation", OF_A_DATASET, ids=lambda operation: operation.id)
def test_with_every_right_to_one_dataset_no_operation_of_another_is_reached(
    browser: Browser, asked: list[tuple[str, Call]], operation: Operation
) -> None:
    browser.open(OWN)
    there = browser.ask(operation.method, address(operation, OTHER), body_of(operation))
    nowhere = browser.ask(operation.method, address(operation, "no-such-dataset"), body_of(operation))
    assert (there.status, there.body["error"], asked) == (403, "foreign", [])
    assert there.body == nowhere.body, "whether a dataset exists is not to be found out"


@on_one_stage
@given(
    operation=st.sampled_from(GUARDED),
    grants=st.lists(
        st.tuples(st.sampled_from([OWN, OTHER, "*"]), st.frozensets(st.sampled_from(Right))), min_size=1, max_size=3
    ),
)
def test_an_operation_is_reached_exactly_by_who_has_its_right(
    browser: Browser,
    asked: list[tuple[str, Call]],
    operation: Operation,
    grants: list[tuple[str, frozenset[Right]]],
) -> None:
    browser.cookie = ""  # the fixtures are made once for all examples
    for dataset, rights in grants:
        browser.open(dataset, rights)
    asked.clear()
    answer = browser.ask(operation.method, address(operation, OWN), body_of(operation))
    may = {
        "any": True,
        "see": any(dataset in (OWN, "*") and rights for dataset, rights in grants),
        "all": any(dataset == "*" and Right.DROP in rights for dataset, rights in grants),
    }.get(operation.right or "", any(d in (OWN, "*") and operation.right in rights for d, rights in grants))
    is_reached = bool(asked) or operation.id == "getMe"
    assert (is_reached, answer.status in (401, 403)) == (may, not may)


def altered(token: str, **changes: Any) -> str:
    """A token of the same form with another content and the old signature."""
    values, mac = take_apart(token) or ([], b"")
    payload = json.dumps(changes.get("values", values), separators=(",", ":")).encode()
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (payload, changes.get("mac", mac)))


def hostile_tokens(door: Door) -> dict[str, Any]:
    """What somebody may send who has a genuine invitation to OTHER, or had one to OWN."""
    good = grant_of(OTHER)
    token = door.invitations.invite(good)
    own = Grant(good.link, OWN, good.rights, good.expires)
    session = door.invitations.write_session([good], clock.now_ms() // 1000)
    return {
        "empty": "",
        "no text": 7,
        "no base64": "%%%.%%%",
        "three parts": f"{token}.{token}",
        "no list": altered(token, values={"invite": 1}),
        "no signature": token.partition(".")[0] + ".",
        "signature of zeros": altered(token, mac=bytes(32)),
        "another dataset": altered(token, values=["invite", own.as_list()]),
        "all datasets": altered(token, values=["invite", [good.link, "*", ["drop"], good.expires]]),
        "for ever": altered(token, values=["invite", [good.link, OTHER, ["drop"], 2**40]]),
        "padded": token.replace(".", "=."),
        "expired": door.invitations.invite(grant_of(OWN, days=-0.001)),
        "a session as a link": session,
        "a results link": Signer(clients.kms(), os.environ["LINK_KEY_ID"]).sign([OWN, "exec1", good.expires]),
        "a name that is none": door.invitations.invite(Grant(good.link, "../x", good.rights, good.expires)),
        "a right that is none": Signer(clients.kms(), os.environ["LINK_KEY_ID"]).sign(
            ["invite", [good.link, OWN, ["admin"], good.expires]]
        ),
        "deep": "[" * 2000,
    }


HOSTILE = (
    "empty", "no text", "no base64", "three parts", "no list", "no signature", "signature of zeros", "another dataset",
    "all datasets", "for ever", "padded", "expired", "a session as a link", "a results link", "a name that is none",
    "a right that is none", "deep",
)  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_genuine_invitation_opens_nothing(browser: Browser, kind: str) -> None:
    tokens = hostile_tokens(browser.door)
    assert set(tokens) == set(HOSTILE)
    answer = browser.ask("POST", "/api/session", {"token": tokens[kind]})
    assert answer.status in (401, 422)
    assert answer.cookies == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_nor_is_it_a_session_or_a_bearers_token(browser: Browser, kind: str) -> None:
    token = str(hostile_tokens(browser.door)[kind])
    if kind != "a session as a link":
        browser.cookie = token
        assert browser.ask("GET", f"/api/datasets/{OWN}").status in (401, 403)
    browser.cookie = ""
    assert browser.ask("GET", f"/api/datasets/{OWN}", authorization=f"Bearer {token}").status in (401, 403)


def test_an_invitation_is_no_session(browser: Browser) -> None:
    browser.cookie = browser.door.invitations.invite(grant_of(OWN))
    assert browser.ask("GET", "/api/me").status == 401


def test_a_revoked_link_opens_nothing_and_what_it_has_opened_is_closed(browser: Browser, door: Door) -> None:
    grant = browser.open(OWN)
    other = browser.open(OTHER)
    Links(clients.dynamodb(), os.environ["TABLE"]).revoke(grant.dataset, grant.link, clock.now_ms() // 1000)
    assert browser.ask("GET", f"/api/datasets/{OWN}").status == 403
    assert browser.ask("GET", f"/api/datasets/{other.dataset}").status == 200
    assert browser.ask("POST", "/api/session", {"token": door.invitations.invite(grant)}).body["error"] == "bad_link"


def test_a_session_ends_with_the_link_that_opened_it(browser: Browser, stage: Stage) -> None:
    browser.open(OWN, days=0.5)
    assert browser.ask("GET", "/api/me").status == 200
    stage.later(13 * 3600)
    assert browser.ask("GET", "/api/me").status == 401


def test_a_session_that_is_a_day_old_is_renewed_when_the_app_opens(browser: Browser, stage: Stage) -> None:
    browser.open(OWN, days=30)
    assert browser.ask("GET", "/api/me").cookies == []
    for _ in range(6):
        stage.later(3 * 86_400)
        assert browser.ask("GET", "/api/me").cookies != []


def test_a_session_can_be_ended(browser: Browser) -> None:
    browser.open(OWN)
    (cookie,) = browser.ask("DELETE", "/api/session").cookies
    assert f"{COOKIE}=;" in cookie
    assert "Max-Age=0" in cookie


def test_of_two_cookies_of_the_name_neither_counts(browser: Browser) -> None:
    browser.open(OWN)
    event = browser.event("GET", "/api/me")
    event["cookies"].append(f"{COOKIE}=planted")
    assert browser.routes.resolve(event, None)["statusCode"] == 401


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example.com", f"{APP}.evil.com", "http://app.example.com", EMBEDDING]
)
def test_another_pages_request_with_our_cookie_has_no_effect(
    browser: Browser, asked: list[tuple[str, Call]], origin: str | None
) -> None:
    browser.open(OWN)
    answer = browser.ask("POST", f"/api/datasets/{OWN}/start", {"again": True}, origin=origin)
    assert (answer.status, answer.body["error"], asked) == (403, "foreign_page", [])
    assert browser.ask("DELETE", "/api/session", origin=origin).status == 403
    token = browser.door.invitations.invite(grant_of(OTHER))
    assert browser.ask("POST", "/api/session", {"token": token}, origin=origin).status == 403


def test_a_page_that_may_embed_the_drop_zone_uses_a_token_and_may_read_the_answer(
    browser: Browser, asked: list[tuple[str, Call]]
) -> None:
    token = browser.door.invitations.invite(grant_of(OWN, [Right.DROP]))
    path = f"/api/datasets/{OWN}/start"
    preflight = browser.ask("OPTIONS", path, origin=EMBEDDING)
    assert preflight.status == 204
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
    answer = browser.ask("POST", path, {"again": False}, origin=EMBEDDING, authorization=f"Bearer {token}")
    assert (answer.status, [name for name, _ in asked]) == (200, ["startRun"])
    assert answer.headers["Access-Control-Allow-Origin"] == EMBEDDING
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null"])
def test_a_page_that_may_not_embed_it_is_told_nothing(browser: Browser, origin: str) -> None:
    token = browser.door.invitations.invite(grant_of(OWN))
    path = f"/api/datasets/{OWN}/start"
    assert browser.ask("OPTIONS", path, origin=origin).status == 404
    answer = browser.ask("POST", path, {"again": False}, origin=origin, authorization=f"Bearer {token}")
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
