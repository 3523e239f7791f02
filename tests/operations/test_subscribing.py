"""subscribe: a person gets the notices on the datasets that were asked for, and on no other."""

import json
from typing import Any

import pytest

from tests.operations.desk import Desk

ANNA = "anna@example.com"


def policies(desk: Desk) -> dict[str, Any]:
    """Filter policy of every subscription, by address."""
    sns = desk.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=desk.workshop.topic)["Subscriptions"]
    attributes = {
        s["Endpoint"]: sns.get_subscription_attributes(SubscriptionArn=s["SubscriptionArn"])["Attributes"]
        for s in found
    }
    return {address: json.loads(values.get("FilterPolicy") or "null") for address, values in attributes.items()}


def test_a_new_address_is_asked_and_gets_one_dataset_only(desk: Desk) -> None:
    said = desk.succeed("subscribe", "cats", ANNA)

    assert said == f"AWS asks {ANNA} for confirmation by mail; until then nothing is sent.\n"
    assert policies(desk) == {ANNA: {"dataset": ["cats"]}}


def test_a_second_dataset_joins_the_first_and_others_are_left_alone(desk: Desk) -> None:
    desk.succeed("subscribe", "dogs", "bob@example.com")
    desk.succeed("subscribe", "cats", ANNA)

    assert desk.succeed("subscribe", "dogs", ANNA) == f"{ANNA} is told about dogs from now on, too.\n"
    assert desk.succeed("subscribe", "dogs", ANNA) == f"{ANNA} is told about dogs already.\n"
    assert policies(desk) == {ANNA: {"dataset": ["cats", "dogs"]}, "bob@example.com": {"dataset": ["dogs"]}}


def test_other_conditions_of_a_subscription_are_kept(desk: Desk) -> None:
    policy = {"dataset": ["cats"], "kind": ["failed"]}
    subscribe(desk, ANNA, FilterPolicy=json.dumps(policy))

    desk.succeed("subscribe", "dogs", ANNA)

    assert policies(desk) == {ANNA: {"dataset": ["cats", "dogs"], "kind": ["failed"]}}


def test_somebody_who_gets_everything_is_not_cut_down_to_one_dataset(desk: Desk) -> None:
    subscribe(desk, ANNA)

    assert desk.succeed("subscribe", "cats", ANNA) == f"{ANNA} is told about every dataset already.\n"
    assert policies(desk) == {ANNA: None}


def test_an_unconfirmed_subscription_is_asked_again(desk: Desk) -> None:
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

    desk.others["sns"] = Unconfirmed()

    assert "for confirmation" in desk.succeed("subscribe", "cats", ANNA)
    assert [json.loads(request["Attributes"]["FilterPolicy"]) for request in asked] == [{"dataset": ["cats"]}]


@pytest.mark.parametrize(
    "address", ["", "anna", "a@", "@b", "a b@c", "a@b@c", "a@b\nBcc: c@d", "a@" + "b" * 400, "a@\x07"]
)
def test_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    assert "is no mail address" in desk.fail("subscribe", "--", "cats", address)
    assert policies(desk) == {}


@pytest.mark.parametrize("name", ["", "*", "Cats", 'cats"]}'])
def test_a_hostile_name_is_refused(desk: Desk, name: str) -> None:
    assert "is no dataset name" in desk.fail("subscribe", name, ANNA)
    assert policies(desk) == {}


def test_a_missing_right_is_one_sentence(desk: Desk) -> None:
    desk.refuse("sns", "subscribe", "AuthorizationError")
    assert "You may not call Subscribe" in desk.fail("subscribe", "cats", ANNA)


def subscribe(desk: Desk, address: str, **attributes: str) -> None:
    desk.client("sns").subscribe(
        TopicArn=desk.workshop.topic, Protocol="email", Endpoint=address, Attributes=attributes
    )
