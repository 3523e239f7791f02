"""Links that are handed on: what they allow, whose business they are, and what ends with what."""

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.web.conftest import APP, Browser
from workshop.admission.grants import Right
from workshop.admission.links import MAX_GENERATIONS, Links
from workshop.platform import clients, clock
from workshop.web.sharing import Sharing

DATASET = "red-chairs"
LINKS = f"/api/datasets/{DATASET}/links"


@pytest.fixture
def reader_of(browser_of: Callable[..., Browser]) -> Callable[..., Browser]:
    """Makes browsers in front of the real operations for links, with one link opened."""

    def make(token: str | None = None, rights: tuple[Right, ...] = tuple(Right), days: float = 30) -> Browser:
        plain = browser_of()
        sharing = Sharing(plain.door.invitations, Links(clients.dynamodb(), os.environ["TABLE"]))
        made = browser_of({"listLinks": sharing.show, "shareLink": sharing.share, "revokeLink": sharing.revoke})
        if token is None:
            made.open(DATASET, rights, days)
        else:
            assert made.ask("POST", "/api/session", {"token": token}).status == 200
        return made

    return make


def share(browser: Browser, *rights: str, days: int = 7) -> Any:
    return browser.ask("POST", LINKS, {"rights": list(rights), "days": days})


def token_in(shared: Any) -> str:
    address = urlsplit(shared.body["url"])
    assert f"{address.scheme}://{address.netloc}" == APP
    return parse_qs(address.fragment)["t"][0]


def test_a_link_is_handed_on_with_the_rights_that_were_chosen(reader_of: Callable[..., Browser]) -> None:
    shared = share(reader_of(), "watch", "take")
    (grant,) = reader_of(token_in(shared)).ask("GET", "/api/me").body["grants"]
    assert (grant["dataset"], grant["rights"]) == (DATASET, ["watch", "take"])


def test_nobody_hands_on_more_than_they_have(reader_of: Callable[..., Browser]) -> None:
    taker = reader_of(rights=(Right.TAKE,))
    assert share(taker, "take", "drop").status == 403
    assert share(taker, "watch").status == 403


def test_a_link_that_is_handed_on_does_not_outlive_ones_own(reader_of: Callable[..., Browser]) -> None:
    browser = reader_of(days=2)
    (own,) = browser.ask("GET", "/api/me").body["grants"]
    assert share(browser, "take", days=90).body["link"]["expires"] == own["expires"]


def test_with_a_link_ends_what_was_handed_on_by_it(reader_of: Callable[..., Browser]) -> None:
    owner = reader_of()
    first = share(owner, "take")
    second = share(reader_of(token_in(first)), "take")
    reader = reader_of(token_in(second))
    assert reader.ask("GET", "/api/me").status == 200
    assert owner.ask("DELETE", f"{LINKS}/{first.body['link']['id']}").status == 204
    assert reader.ask("GET", "/api/me").status == 401
    assert reader.ask("POST", "/api/session", {"token": token_in(second)}).body["error"] == "bad_link"


def test_a_link_to_all_datasets_ends_what_was_handed_on_of_one(reader_of: Callable[..., Browser]) -> None:
    operator = reader_of(rights=(Right.TAKE,))
    grant = operator.open("*")
    shared = share(operator, "drop")
    Links(clients.dynamodb(), os.environ["TABLE"]).revoke("*", grant.link, clock.now_ms() // 1000)
    assert operator.ask("POST", "/api/session", {"token": token_in(shared)}).status == 401


def test_links_are_handed_on_for_some_generations_only(reader_of: Callable[..., Browser]) -> None:
    browser = reader_of()
    for _ in range(MAX_GENERATIONS):
        shared = share(browser, "take")
        assert shared.status == 201
        browser = reader_of(token_in(shared))
    assert share(browser, "take").status == 403


def test_who_may_only_take_sees_and_ends_only_what_they_have_handed_on(reader_of: Callable[..., Browser]) -> None:
    owner = reader_of()
    theirs = share(owner, "take").body["link"]["id"]
    taker = reader_of(rights=(Right.TAKE,))
    own = share(taker, "take").body["link"]["id"]
    assert [(one["id"], one["made_by"]) for one in taker.ask("GET", LINKS).body["links"]] == [(own, "you")]
    assert taker.ask("DELETE", f"{LINKS}/{theirs}").status == 404
    assert taker.ask("DELETE", f"{LINKS}/{own}").status == 204
    seen = {one["id"]: one["made_by"] for one in owner.ask("GET", LINKS).body["links"]}
    assert seen == {theirs: "you", own: "another"}


def test_what_an_operator_has_noted_beside_a_link_is_not_told(reader_of: Callable[..., Browser]) -> None:
    owner = reader_of()
    (grant,) = owner.door.visitor({}, [f"{owner.door._cookie}={owner.cookie}"], clock.now_ms() // 1000).grants
    Links(clients.dynamodb(), os.environ["TABLE"]).record(grant, grant.expires, note="for anna@example.com")
    answer = owner.ask("GET", LINKS)
    assert [one["made_by"] for one in answer.body["links"]] == ["operator"]
    assert "anna" not in str(answer.body)
