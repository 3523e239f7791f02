"""The mails a workshop sends, caught where SNS would hand them to a mail server.

MiniStack accepts e-mail subscriptions and delivers nothing. A queue of ours is subscribed to the same topic beside
them, so it gets exactly the messages that a person would; each is written as a file into a folder.
"""

import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local_aws.aws import Endpoint

WAIT_SECONDS = 1  # how long one look into the queue waits for a message


@dataclass(frozen=True)
class Mail:
    """One notice as its reader gets it, and when (epoch seconds)."""

    subject: str
    body: str
    dataset: str
    kind: str
    sent: int

    def text(self) -> str:
        return f"Subject: {self.subject}\n\n{self.body}\n"


class Mailbox:
    """Catches the mails of one topic from `open` to `close`; `mails` are those that came, oldest first."""

    def __init__(self, endpoint: Endpoint, topic_arn: str, folder: Path) -> None:
        self._endpoint = endpoint
        self._topic_arn = topic_arn
        self._folder = folder
        self._mails: list[Mail] = []
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._catch, name="mailbox")
        self._queue_url = ""

    def open(self) -> None:
        """Subscribe to the topic and begin to catch."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sqs = self._endpoint.client("sqs")
        self._queue_url = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        sqs.set_queue_attributes(
            QueueUrl=self._queue_url, Attributes={"Policy": json.dumps(_only_topic(queue_arn, self._topic_arn))}
        )
        self._endpoint.client("sns").subscribe(TopicArn=self._topic_arn, Protocol="sqs", Endpoint=queue_arn)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def mails(self) -> list[Mail]:
        with self._arrived:
            return list(self._mails)

    def _catch(self) -> None:
        sqs = self._endpoint.client("sqs")
        while not self._closing.is_set():
            answer = sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS)
            for message in answer.get("Messages", []):
                self._keep(_read(message["Body"]))
                sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])

    def _keep(self, mail: Mail) -> None:
        with self._arrived:
            self._mails.append(mail)
            file = self._folder / f"{len(self._mails):06d}.json"
            unfinished = file.with_suffix(".new")
            unfinished.write_text(json.dumps(asdict(mail)))
            unfinished.replace(file)  # whoever looks into the folder finds whole mails only
            self._arrived.notify_all()


def mails_in(folder: Path) -> list[Mail]:
    """Return the mails in a mailbox's folder, oldest first."""
    return [Mail(**json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))]


def _read(envelope: str) -> Mail:
    message: dict[str, Any] = json.loads(envelope)
    attributes = {name: value["Value"] for name, value in message.get("MessageAttributes", {}).items()}
    sent = int(datetime.fromisoformat(message["Timestamp"]).timestamp())
    dataset, kind = attributes.get("dataset", ""), attributes.get("kind", "")
    return Mail(message.get("Subject", ""), message["Message"], dataset, kind, sent)


def _only_topic(queue_arn: str, topic_arn: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }
