"""Has somebody told about one dataset, or no longer.

Without a MailSender it is a mail subscription to the topic whose filter policy names the dataset; with one, an item of
the ledger, which the workshop mails by itself (workshop.mailing).
"""

import json
import re
from enum import StrEnum
from typing import Any

from contract.names import check_dataset
from operations.errors import UsageError
from operations.text import one_line
from operations.workshop_stack import Workshop
from workshop.ledger import Readers
from workshop.ledger.readers import EVERY_DATASET, readers_key
from workshop.platform.items import to_item

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST_ADDRESS = 320


class Subscribed(StrEnum):
    """What became of a wish to subscribe."""

    ASKED = "asked"  # SNS has mailed a request for confirmation
    ADDED = "added"  # whoever is confirmed, or needs no confirmation, is told of the dataset, too
    ALREADY = "already"  # as before
    EVERYTHING = "everything"  # it gets every dataset's notices


class Unsubscribed(StrEnum):
    """What became of a wish to be told no longer."""

    REMOVED = "removed"
    NEVER = "never"  # nobody of this address was told of the dataset
    EVERYTHING = "everything"  # it gets every dataset's notices, and still does


def subscribe(workshop: Workshop, dataset: str, address: str) -> Subscribed:
    """Let `address` get the notices on `dataset`, besides those that it gets already.

    Raises RefusedName for what is no dataset's name, UsageError for what is no mail address.
    """
    check_dataset(dataset)
    check_address(address)
    if workshop.mail_sender:
        return _keep_reader(Readers(workshop.client("dynamodb"), workshop.table), dataset, address)
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


def unsubscribe(workshop: Workshop, dataset: str, address: str) -> Unsubscribed:
    """Let `address` get no more notices on `dataset`. Raises as `subscribe`."""
    check_dataset(dataset)
    check_address(address)
    if workshop.mail_sender:
        return _forget_reader(workshop, dataset, address)
    sns = workshop.client("sns")
    arn = _confirmed_subscription(sns, workshop.topic, address)
    return Unsubscribed.NEVER if arn is None else _remove(sns, arn, dataset)


def check_address(address: str) -> None:
    """Raises UsageError for what is no mail address."""
    if not _ADDRESS.fullmatch(address) or not address.isprintable() or len(address) > _LONGEST_ADDRESS:
        raise UsageError(f"{one_line(address, 80)!r} is no mail address.")


def _keep_reader(readers: Readers, dataset: str, address: str) -> Subscribed:
    if address in readers.of_dataset(EVERY_DATASET):
        return Subscribed.EVERYTHING
    return Subscribed.ADDED if readers.add(dataset, address) else Subscribed.ALREADY


def _forget_reader(workshop: Workshop, dataset: str, address: str) -> Unsubscribed:
    dynamodb = workshop.client("dynamodb")
    key = to_item({"pk": readers_key(dataset), "sk": address})
    was = dynamodb.delete_item(TableName=workshop.table, Key=key, ReturnValues="ALL_OLD")
    if address in Readers(dynamodb, workshop.table).of_dataset(EVERY_DATASET):
        return Unsubscribed.EVERYTHING
    return Unsubscribed.REMOVED if "Attributes" in was else Unsubscribed.NEVER


def _confirmed_subscription(sns: Any, topic: str, address: str) -> str | None:
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
        for found in page["Subscriptions"]:
            is_confirmed = found["SubscriptionArn"].startswith("arn:")  # else "PendingConfirmation"
            if is_confirmed and found["Protocol"] == "email" and found["Endpoint"] == address:
                return str(found["SubscriptionArn"])
    return None


def _add(sns: Any, arn: str, dataset: str) -> Subscribed:
    policy = _filter_policy(sns, arn)
    if "dataset" not in policy:
        return Subscribed.EVERYTHING
    if dataset in policy["dataset"]:
        return Subscribed.ALREADY
    policy["dataset"].append(dataset)
    _set_filter_policy(sns, arn, policy)
    return Subscribed.ADDED


def _remove(sns: Any, arn: str, dataset: str) -> Unsubscribed:
    policy = _filter_policy(sns, arn)
    if "dataset" not in policy:
        return Unsubscribed.EVERYTHING
    if dataset not in policy["dataset"]:
        return Unsubscribed.NEVER
    policy["dataset"].remove(dataset)
    if policy["dataset"]:
        _set_filter_policy(sns, arn, policy)
    else:
        sns.unsubscribe(SubscriptionArn=arn)
    return Unsubscribed.REMOVED


def _filter_policy(sns: Any, arn: str) -> dict[str, Any]:
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    policy: dict[str, Any] = json.loads(attributes.get("FilterPolicy") or "{}")
    return policy


def _set_filter_policy(sns: Any, arn: str, policy: dict[str, Any]) -> None:
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy)
    )
