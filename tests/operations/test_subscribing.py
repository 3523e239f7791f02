"""subscribe: a person gets the notices on the datasets that were asked for, and on no other."""

import json
from typing import Any

import pytest

from operations.workshop_stack import Workshop
from tests.operations.shell import Shell

ANNA = "anna@example.com"


def policies(shell: Shell) -> dict[str, Any]:
    """Filter policy of every subscription, by address."""
    sns = shell.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=shell.workshop.topic)["Subscriptions"]
    attributes = {
        s["Endpoint"]: sns.get_subscription_attributes(SubscriptionArn=s["SubscriptionArn"])["Attributes"]
        for s in found
    }
    return {address: json.loads(values.get("FilterPolicy") or "null") for address, values in attributes.items()}


def test_a_new_address_is_asked_and_gets_one_dataset_only(shell: Shell) -> None:
    said = shell.succeed("subscribe", "cats", ANNA)

    assert said == f"AWS asks {ANNA} for confirmation by mail; until then nothing is sent.\n"
    assert policies(shell) == {ANNA: {"dataset": ["cats"]}}


def test_a_second_dataset_joins_the_first_and_others_are_left_alone(shell: Shell) -> None:
    shell.succeed("subscribe", "dogs", "bob@example.com")
    shell.succeed("subscribe", "cats", ANNA)

    assert shell.succeed("subscribe", "dogs", ANNA) == f"{ANNA} is told about dogs from now on, too.\n"
    assert shell.succeed("subscribe", "dogs", ANNA) == f"{ANNA} is told about dogs already.\n"
    assert policies(shell) == {ANNA: {"dataset": ["cats", "dogs"]}, "bob@example.com": {"dataset": ["dogs"]}}


def test_other_conditions_of_a_subscription_are_kept(shell: Shell) -> None:
    policy = {"dataset": ["cats"], "kind": ["failed"]}
    subscribe(shell, ANNA, FilterPolicy=json.dumps(policy))

    shell.succeed("subscribe", "dogs", ANNA)

    assert policies(shell) == {ANNA: {"dataset": ["cats", "dogs"], "kind": ["failed"]}}


def test_somebody_who_gets_everything_is_not_cut_down_to_one_dataset(shell: Shell) -> None:
    subscribe(shell, ANNA)

    assert shell.succeed("subscribe", "cats", ANNA) == f"{ANNA} is told about every dataset already.\n"
    assert policies(shell) == {ANNA: None}


def test_an_unconfirmed_subscription_is_asked_again(shell: Shell) -> None:
    """moto confirms at once; AWS lists the subscription without an ARN until its link was opened."""
    asked: list[dict[str, Any]] = []

    class Unconfirmed:
        def get_paginator(self, name: str) -> "Unconfirmed":
            assert name == "list_subscriptions_by_topic"
            return self

        def paginate(self, TopicArn: str) -> list[dict[str, Any]]:
            return [
                {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "Endpoint": ANNA}]}
            ]

        def subscribe(self, **request: Any) -> None:
            asked.append(request)

    shell.others["sns"] = Unconfirmed()

    assert "for confirmation" in shell.succeed("subscribe", "cats", ANNA)
    assert [json.loads(request["Attributes"]["FilterPolicy"]) for request in asked] == [{"dataset": ["cats"]}]


@pytest.mark.parametrize(
    "address", ["", "anna", "a@", "@b", "a b@c", "a@b@c", "a@b\nBcc: c@d", "a@" + "b" * 400, "a@\x07"]
)
def test_what_is_no_address_is_refused(shell: Shell, address: str) -> None:
    assert "is no mail address" in shell.fail("subscribe", "--", "cats", address)
    assert policies(shell) == {}


@pytest.mark.parametrize("name", ["", "*", "Cats", 'cats"]}'])
def test_a_hostile_name_is_refused(shell: Shell, name: str) -> None:
    assert "is no dataset name" in shell.fail("subscribe", name, ANNA)
    assert policies(shell) == {}


def test_a_missing_right_is_one_sentence(shell: Shell) -> None:
    shell.refuse("sns", "subscribe", "AuthorizationError")
    assert "You may not call Subscribe" in shell.fail("subscribe", "cats", ANNA)


def subscribe(shell: Shell, address: str, **attributes: str) -> None:
    shell.client("sns").subscribe(
        TopicArn=shell.workshop.topic, Protocol="email", Endpoint=address, Attributes=attributes
    )


def test_whoever_is_not_to_be_told_any_more_keeps_the_other_datasets(shell: Shell) -> None:
    shell.succeed("subscribe", "cats", ANNA)
    shell.succeed("subscribe", "dogs", ANNA)

    assert shell.succeed("unsubscribe", "cats", ANNA) == f"{ANNA} is not told about cats any more.\n"
    assert policies(shell) == {ANNA: {"dataset": ["dogs"]}}
    assert shell.succeed("unsubscribe", "cats", ANNA) == f"{ANNA} is not told about cats, or has not confirmed it.\n"


def test_with_its_last_dataset_a_subscription_goes(shell: Shell) -> None:
    """An empty filter would let everything through."""
    shell.succeed("subscribe", "cats", ANNA)
    shell.succeed("unsubscribe", "cats", ANNA)
    assert policies(shell) == {}


def test_somebody_who_gets_everything_is_not_cut_down_by_unsubscribing(shell: Shell) -> None:
    subscribe(shell, ANNA)
    assert "is told about every dataset" in shell.succeed("unsubscribe", "cats", ANNA)
    assert policies(shell) == {ANNA: None}


@pytest.fixture
def with_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack has a MailSender."""
    monkeypatch.setattr(Workshop, "mail_sender", "workshop@example.com")


@pytest.mark.usefixtures("with_sender")
def test_where_the_workshop_mails_itself_the_ledger_keeps_readers_and_nobody_is_asked(shell: Shell) -> None:
    assert shell.succeed("subscribe", "cats", ANNA) == f"{ANNA} is told about cats from now on, too.\n"
    assert shell.succeed("subscribe", "cats", ANNA) == f"{ANNA} is told about cats already.\n"
    shell.succeed("subscribe", "dogs", ANNA)

    assert shell.items() == {("READERS#cats", ANNA), ("READERS#dogs", ANNA)}
    assert policies(shell) == {}


@pytest.mark.usefixtures("with_sender")
def test_a_reader_of_the_ledger_is_taken_off_one_dataset(shell: Shell) -> None:
    shell.succeed("subscribe", "cats", ANNA)
    shell.succeed("subscribe", "dogs", ANNA)

    assert shell.succeed("unsubscribe", "cats", ANNA) == f"{ANNA} is not told about cats any more.\n"
    assert "is not told about cats" in shell.succeed("unsubscribe", "cats", ANNA)
    assert shell.items() == {("READERS#dogs", ANNA)}


@pytest.mark.usefixtures("with_sender")
def test_a_reader_of_every_dataset_stays_one(shell: Shell) -> None:
    shell.put_item("READERS#*", ANNA)
    assert shell.succeed("subscribe", "cats", ANNA) == f"{ANNA} is told about every dataset already.\n"
    assert "is told about every dataset" in shell.succeed("unsubscribe", "cats", ANNA)
    assert shell.items() == {("READERS#*", ANNA)}
