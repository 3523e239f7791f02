"""Has somebody told about one dataset: a mail subscription to the topic whose filter policy names the dataset."""

import json
import re
from enum import StrEnum
from typing import Any

from contract.names import check_dataset
from operations.errors import UsageError
from operations.text import one_line
from operations.workshop_stack import Workshop

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_ADDRESS = 320


class Subscribed(StrEnum):
    """What became of a wish to subscribe."""

    ASKED = "asked"  # SNS has mailed a request for confirmation
    ADDED = "added"  # a confirmed subscription has the dataset, too
    ALREADY = "already"  # it has had it before
    EVERYTHING = "everything"  # it gets every dataset's notices


def subscribe(workshop: Workshop, dataset: str, address: str) -> Subscribed:
    """Let `address` get the notices on `dataset`, besides those that it gets already.

    Raises RefusedName for what is no dataset's name, UsageError for what is no mail address.
    """
    check_dataset(dataset)
    check_address(address)
    sns = workshop.client("sns")
    arn = _confirmed_subscription(sns, workshop.topic, address)
    if arn is None:
        # SNS keeps one subscription for each address, and mails again if it is not confirmed yet.
        sns.subscribe(
            TopicArn=workshop.topic,
            Protocol="email",
            Endpoint=address,
            Attributes={"FilterPolicy": json.dumps({"dataset": [dataset]})},
        )
        return Subscribed.ASKED
    return _add(sns, arn, dataset)


def check_address(address: str) -> None:
    """Raises UsageError for what is no mail address."""
    if not _ADDRESS.fullmatch(address) or not address.isprintable() or len(address) > _LONGEST_ADDRESS:
        raise UsageError(f"{one_line(address, 80)!r} is no mail address.")


def _confirmed_subscription(sns: Any, topic: str, address: str) -> str | None:
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
        for found in page["Subscriptions"]:
            is_confirmed = found["SubscriptionArn"].startswith("arn:")  # else "PendingConfirmation"
            if is_confirmed and found["Protocol"] == "email" and found["Endpoint"] == address:
                return str(found["SubscriptionArn"])
    return None


def _add(sns: Any, arn: str, dataset: str) -> Subscribed:
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    policy = json.loads(attributes.get("FilterPolicy") or "{}")
    if "dataset" not in policy:
        return Subscribed.EVERYTHING
    if dataset in policy["dataset"]:
        return Subscribed.ALREADY
    policy["dataset"].append(dataset)
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy)
    )
    return Subscribed.ADDED
