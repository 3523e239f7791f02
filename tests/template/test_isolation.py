"""A subscriber of one dataset gets nothing of another: every notice names its dataset where a filter policy sees it."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from tests.template.stack import ROOT
from tests.unit.notices.notice_samples import samples
from workshop.ledger import Runs
from workshop.notices import Notices
from workshop.platform.clients import SNS


class NothingWasSentBefore:
    """Of `Runs`, the record of notices: each one is sent for the first time."""

    def begin_notice(self, key: dict[str, str], now: int) -> bool:
        return True

    def title_of(self, dataset: str) -> str:
        return ""

    def end_notice(self, key: dict[str, str], now: int) -> None:
        """Nobody asks again."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


def subscribe(sns: Any, topic: str, attributes: dict[str, str]) -> Any:
    """A queue that stands for a subscriber's mailbox."""
    sqs = boto3.client("sqs", region_name="eu-central-1")
    url = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return lambda: [
        json.loads(message["Body"])["Subject"]
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_a_subscriber_with_the_runbooks_filter_gets_every_notice_of_their_dataset_and_none_of_another(
    aws: None,
) -> None:
    command = re.search(r"--attributes '(.*)'", (ROOT / "docs" / "runbook.md").read_text())
    assert command, "the runbook does not say how to subscribe to one dataset"
    sns = boto3.client("sns", region_name="eu-central-1")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    mailbox = subscribe(sns, topic, json.loads(command[1]))
    notices = Notices(cast(SNS, sns), topic, cast(Runs, NothingWasSentBefore()))

    everybodys = list(samples("en").values())
    theirs = [notice for notice in everybodys if notice.dataset == "red-chairs"]
    others = [notice for notice in everybodys if notice not in theirs]
    others += [replace(n, dataset="red-chairs-2") for n in theirs]
    others += [replace(n, dataset="red") for n in theirs]
    assert theirs, "the runbook's example"
    for number, notice in enumerate([*others, *theirs]):
        notices.publish_once({"pk": str(number)}, notice)

    received: list[str] = []
    while batch := mailbox():
        received += batch
    assert sorted(received) == sorted(notice.subject for notice in theirs)


def test_nothing_is_published_but_by_the_one_that_names_the_dataset() -> None:
    publishing = [
        file.name
        for folder in ("layers/workshop/workshop", "functions")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish"
    ]
    assert publishing == ["publishing.py"]
