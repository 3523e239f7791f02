"""Notices: rendering within SNS's limits, and publishing each one once.

The texts are the files in texts/<language>/: the first line is the subject, the rest the body.
`make notices` prints all of them with sample data, in every language, and sends nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from string import Template

from workshop.ledger import Runs
from workshop.notices.subject import fit_subject
from workshop.platform import clock
from workshop.platform.clients import SNS
from workshop.words import Words

MAX_BODY_BYTES = 262_143  # SNS: less than 256 KiB, counted in bytes


class Kind(StrEnum):
    """Message attribute `kind`: what a subscriber's filter policy can select."""

    STARTED = "started"
    ATTENTION = "attention"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Notice:
    """One message to a dataset's subscribers, ready to send."""

    kind: Kind
    dataset: str
    subject: str
    body: str


def render_notice(say: Words, kind: Kind, template: str, dataset: str, **values: str) -> Notice:
    """The text `template` of that language with its placeholders filled in. A missing value is a KeyError."""
    texts = resources.files("workshop.notices").joinpath("texts", say.language)
    source = texts.joinpath(f"{template}.txt").read_text(encoding="utf-8")
    subject, _, body = source.partition("\n\n")
    fields = values | {"dataset": dataset}
    return Notice(kind, dataset, fit_subject(_fill(subject, fields)), fit_body(_fill(body, fields), say.cut))


def fit_body(text: str, cut: str) -> str:
    """At most 262,143 bytes of UTF-8, cut between characters, which `cut` then says at the end; other control
    characters than line breaks go."""
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    encoded = clean.encode("utf-8", "replace")
    if len(encoded) <= MAX_BODY_BYTES:
        return encoded.decode()
    end = f"\n{cut}\n"
    return encoded[: MAX_BODY_BYTES - len(end.encode())].decode(errors="ignore") + end


class Notices:
    """Publishes notices to the topic, each one once.

    The record of a notice is taken with a lease before publishing and marked sent after it. Only a crash between the
    two can send a notice twice; nothing can lose it, as long as somebody asks again.
    """

    def __init__(self, sns: SNS, topic_arn: str, runs: Runs) -> None:
        self._sns = sns
        self._topic_arn = topic_arn
        self._runs = runs

    def is_sent(self, key: dict[str, str]) -> bool:
        """Whether the notice with this record was published: ask before gathering what it would say."""
        return self._runs.is_notice_sent(key)

    def publish_once(self, key: dict[str, str], notice: Notice) -> bool:
        """Publish unless the notice with this record was sent before. True if it was sent now.

        Raises NoticeBusy while another invocation holds the lease: it may be about to send it, or have died.
        """
        if not self._runs.begin_notice(key, clock.now_ms()):
            return False
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=notice.subject,
            Message=notice.body,
            MessageAttributes={
                "dataset": {"DataType": "String", "StringValue": notice.dataset},
                "kind": {"DataType": "String", "StringValue": notice.kind},
            },
        )
        self._runs.end_notice(key, clock.now_ms())
        return True


def _fill(text: str, values: dict[str, str]) -> str:
    filled = Template(text).substitute(values)
    # An empty optional block leaves an empty line: one is enough.
    return re.sub(r"\n{3,}", "\n\n", filled)
