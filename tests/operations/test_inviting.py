"""invite, link, links, revoke: who may enter the web app, and until when."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.run_identity import RunIdentity
from operations.inviting import _grant_in
from tests.operations.shell import FINGERPRINT, WEB_APP_URL, Shell
from tests.unit.properties import quick
from workshop.admission.app_links import mailed_link_id
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations
from workshop.admission.links import Links
from workshop.ledger import Claim, RunRecord, Runs
from workshop.platform import clock
from workshop.platform.signing import Signer

ANNA = "anna@example.com"
ALL = frozenset(Right)


def opened(shell: Shell, said: str) -> tuple[Grant, str]:
    """What the printed link grants, and the screen at which it opens the app."""
    url = said.split("\n", 1)[0]
    assert url.startswith(f"{WEB_APP_URL}/#t=")
    fragment = parse_qs(urlsplit(url).fragment)
    invitations = Invitations(Signer(shell.client("kms"), shell.workshop.resource("LinkKey")))
    grant = invitations.read_invitation(fragment["t"][0], clock.now_ms() // 1000)
    assert grant is not None
    return grant, fragment["go"][0]


def is_revoked(shell: Shell, grant: Grant) -> bool:
    return Links(shell.client("dynamodb"), shell.table).is_revoked(grant)


def know_run(shell: Shell) -> str:
    arn = shell.start_execution("cats")
    claim = Claim(FINGERPRINT, {}, 3, 0, "sketch", 128, "", 86_400, None)
    record = RunRecord.of_claim(arn, RunIdentity("cats", FINGERPRINT, 1), claim, 1_795_435_200_000)
    Runs(shell.client("dynamodb"), shell.table).create(record, 1_795_435_200_000)
    return arn.rpartition("/")[2]


def test_a_link_lets_into_one_dataset_with_every_right_for_three_months(shell: Shell) -> None:
    grant, screen = opened(shell, shell.succeed("invite", "cats"))
    assert (grant.dataset, grant.rights, screen) == ("cats", ALL, "/cats")
    assert grant.expires == pytest.approx(clock.now_ms() / 1000 + 90 * 86_400, abs=600)


def test_rights_and_days_are_chosen(shell: Shell) -> None:
    grant, _ = opened(shell, shell.succeed("invite", "cats", "--rights", "watch, take", "--days", "7"))
    assert grant.rights == {Right.WATCH, Right.TAKE}
    assert grant.expires == pytest.approx(clock.now_ms() / 1000 + 7 * 86_400, abs=600)


def test_a_link_to_all_datasets_is_asked_for_as_such(shell: Shell) -> None:
    grant, screen = opened(shell, shell.succeed("invite", "--all"))
    assert (grant.dataset, screen) == ("*", "/")
    assert "no dataset name" in shell.fail("invite", "*")
    assert "Name one dataset" in shell.fail("invite")
    assert "Name one dataset" in shell.fail("invite", "cats", ANNA, "--all")


@pytest.mark.parametrize("arguments", [("cats", ANNA), ("--all", ANNA)])
def test_for_whom_a_link_is_is_noted_and_nothing_is_sent(shell: Shell, arguments: tuple[str, ...]) -> None:
    said = shell.succeed("invite", *arguments)
    assert "Nothing was sent" in said
    scope = ("--all",) if "--all" in arguments else ("cats",)
    assert f"operator, for {ANNA}" in shell.succeed("links", *scope)
    assert {service for service, _ in shell.used["invite"]} <= {"cloudformation", "kms", "dynamodb"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("Cats",),
        ("../x",),
        ("cats", "nobody"),
        ("cats", "--rights", "admin"),
        ("cats", "--rights", ""),
        ("--all", "x\n@y"),
    ],
)
def test_what_is_no_name_right_or_address_makes_no_link(shell: Shell, arguments: tuple[str, ...]) -> None:
    said = shell.fail("invite", *arguments)
    assert said.startswith("Error: ")
    assert not any(pk.startswith("LINKS#") for pk, _ in shell.items())


def test_links_of_a_dataset_are_listed_without_their_addresses(shell: Shell) -> None:
    grant, _ = opened(shell, shell.succeed("invite", "cats", "--rights", "watch"))
    shell.succeed("invite", "dogs")
    said = shell.succeed("links", "cats")
    assert re.search(rf"{grant.link} +watch +\S+ \S+ UTC +\S+ \S+ UTC +operator", said)
    assert len(said.splitlines()) == 2
    assert "#t=" not in said
    assert shell.succeed("links", "birds") == "There is no such link.\n"


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_link_is_revoked_by_its_id_or_as_a_whole(shell: Shell, is_whole: bool) -> None:
    said = shell.succeed("invite", "cats")
    grant, _ = opened(shell, said)
    assert not is_revoked(shell, grant)
    shell.succeed("revoke", "cats", said.split("\n", 1)[0] if is_whole else grant.link)
    assert is_revoked(shell, grant)
    assert "revoked" in shell.succeed("links", "cats")


def test_a_link_out_of_a_mail_is_revoked_though_nobody_has_noted_it(shell: Shell) -> None:
    grant = Grant(mailed_link_id("arn", "act"), "cats", ALL, clock.now_ms() // 1000 + 60)
    token = Invitations(Signer(shell.client("kms"), shell.workshop.resource("LinkKey"))).invite(grant)
    shell.succeed("revoke", "cats", f"{WEB_APP_URL}/#t={token}&go=/cats")
    assert is_revoked(shell, grant)


def test_a_link_is_not_revoked_for_another_dataset(shell: Shell) -> None:
    said = shell.succeed("invite", "cats")
    assert "This link is for cats" in shell.fail("revoke", "dogs", said.split("\n", 1)[0])


@pytest.mark.parametrize("link", ["", "x", "https://app.example.com/#t=abc.def", "[::1", "#t=%00", "0" * 41])
def test_what_is_no_link_is_not_revoked(shell: Shell, link: str) -> None:
    assert "neither the id of a link nor a link" in shell.fail("revoke", "cats", link)


@quick
@given(text=st.text() | st.text().map(lambda text: f"https://x/#t={text}"))
def test_no_text_that_is_typed_breaks_the_reader_of_links(text: str) -> None:
    assert _grant_in(text) is None


def test_a_new_link_leads_to_the_pictures_of_a_run_and_allows_nothing_else(shell: Shell) -> None:
    run = know_run(shell)
    grant, screen = opened(shell, shell.succeed("link", run))
    assert (grant.dataset, grant.rights) == ("cats", {Right.WATCH, Right.TAKE})
    assert screen == f"/cats/runs/{run}/pictures"


def test_a_run_that_the_ledger_does_not_know_has_no_results_to_link_to(shell: Shell) -> None:
    run = shell.start_execution("cats").rpartition("/")[2]
    assert f"The ledger knows no run {run}" in shell.fail("link", run)


@pytest.fixture
def no_web_app(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A stack that was deployed with WebApp=none."""
    monkeypatch.setattr("operations.workshop_stack.Workshop.web_app_url", "")
    return shell


def test_without_a_web_app_a_link_leads_to_the_page_itself_for_hours(no_web_app: Shell) -> None:
    run = know_run(no_web_app)
    url = no_web_app.succeed("link", run).split("\n", 1)[0]
    assert f"/runs/cats/{run}/report/index.html" in url
    assert "43200" in url


def test_without_a_web_app_nobody_can_be_invited(no_web_app: Shell) -> None:
    assert "WebApp=public" in no_web_app.fail("invite", "cats")
