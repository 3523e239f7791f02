"""The company's own sign-in: what groups may see, and that only a checked token counts."""

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.properties import quick
from tests.unit.web.conftest import APP, EMBEDDING, OBJECTS, Browser
from workshop.admission.identity_tokens import OPEN_SECONDS, claims_of, grants_of
from workshop.config import OidcConfig
from workshop.platform import clock
from workshop.web.routes import CHECKED_ROUTE
from workshop.web.sessions import Sessions

CONFIG = OidcConfig(
    "https://login.example.com/",
    "workshop",
    "groups",
    (("designers", "*"), ("chairs", "red-chairs"), ("chairs", "sofas")),
)


def token_with(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.fixture
def browser(browser_of: Callable[..., Browser]) -> Browser:
    made = browser_of()
    sessions = Sessions(made.door, OBJECTS, CONFIG)
    return browser_of({"getSignIn": sessions.sign_in, "openOidcSession": sessions.open_signed_in, "getMe": sessions.me})


def sign_in(
    browser: Browser, token: str, *, route: str = CHECKED_ROUTE, checked: bool = True, origin: str = APP
) -> SimpleNamespace:
    """As API Gateway hands the request on after its authorizer."""
    event = browser.event("POST", "/api/oidc-session", origin=origin, authorization=f"Bearer {token}")
    event["routeKey"] = event["requestContext"]["routeKey"] = route
    if checked:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {"groups": "[chairs designers]"}, "scopes": None}}
    return browser.send(event)


def test_the_app_learns_where_people_sign_in(browser: Browser) -> None:
    assert browser.ask("GET", "/api/sign-in").body["oidc"]["issuer"] == CONFIG.issuer


def test_who_signs_in_sees_what_the_groups_may(browser: Browser) -> None:
    assert sign_in(browser, token_with(sub="ann", groups=["chairs", "other"])).status == 200
    grants = browser.ask("GET", "/api/me").body["grants"]
    assert {one["dataset"] for one in grants} == {"red-chairs", "sofas"}
    assert {tuple(one["rights"]) for one in grants} == {("drop", "watch", "take")}


def test_what_was_opened_ends_by_the_end_of_the_day(browser: Browser, stage: Any) -> None:
    sign_in(browser, token_with(sub="ann", groups="designers"))
    stage.later(OPEN_SECONDS - 60)
    assert browser.ask("GET", "/api/me").status == 200
    stage.later(120)
    assert browser.ask("GET", "/api/me").status == 401


def test_who_is_in_none_of_the_groups_is_told_so(browser: Browser) -> None:
    answer = sign_in(browser, token_with(sub="eve", groups=["sales"]))
    assert (answer.status, answer.cookies) == (401, [])
    assert "groups" in answer.body["say"]


@pytest.mark.parametrize(
    "unchecked", [{"checked": False}, {"route": "$default"}, {"route": "POST /api/session"}, {"origin": EMBEDDING}]
)
def test_a_token_that_api_gateway_has_not_checked_opens_nothing(browser: Browser, unchecked: dict[str, Any]) -> None:
    answer = sign_in(browser, token_with(sub="eve", groups=["designers"]), **unchecked)
    assert answer.status in (403, 404)
    assert not answer.cookies


def test_without_a_provider_there_is_no_such_address(browser_of: Callable[..., Browser]) -> None:
    made = browser_of()
    sessions = Sessions(made.door, OBJECTS)
    browser = browser_of({"getSignIn": sessions.sign_in, "openOidcSession": sessions.open_signed_in})
    assert browser.ask("GET", "/api/sign-in").body == {"oidc": None}
    assert sign_in(browser, token_with(sub="ann", groups=["designers"])).status == 404


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["chairs", "designers"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)


@quick
@given(groups=anything, subject=anything)
def test_whatever_the_claims_are_only_groups_that_are_named_open_something(groups: Any, subject: Any) -> None:
    now = clock.now_ms() // 1000
    opened = {grant.dataset for grant in grants_of(CONFIG, {"groups": groups, "sub": subject}, now)}
    named = groups if isinstance(groups, list) else [groups]
    assert opened == {dataset for group, dataset in CONFIG.datasets if group in named}


@quick
@given(
    token=st.text(max_size=60)
    | st.lists(st.binary(max_size=20), max_size=4).map(
        lambda parts: ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    )
)
def test_what_is_no_token_has_no_claims(token: str) -> None:
    assert isinstance(claims_of(token), dict)


def test_of_one_person_all_links_are_one_and_of_another_another() -> None:
    now = clock.now_ms() // 1000
    links = [
        {grant.link for grant in grants_of(CONFIG, {"groups": ["chairs", "designers"], "sub": person}, now)}
        for person in ("ann", "ben")
    ]
    assert [len(one) for one in links] == [1, 1]
    assert links[0] != links[1]
