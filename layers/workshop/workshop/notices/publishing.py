"""Notices: rendering within SNS's limits, and publishing each one once.

The texts are the files in texts/<language>/: the first line is the subject, the rest the body.
`make notices` prints all of them with sample data, in every language, and sends nothing.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources
from string import Template
from typing import Any

from workshop.admission.app_links import AppLinks
from workshop.ledger import Runs
from workshop.notices.quoting import unlinked
from workshop.platform import clock
from workshop.platform.clients import SNS
from workshop.words import Words

# What a character is to SNS is not said. Nothing has more of UTF-16's units than of any other characters.
MAX_SUBJECT_UNITS = 99
# SNS: less than 256 KiB with everything beside the body, counted in bytes.
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
MAX_BODY_BYTES = 262_143 - 8_192
MOST_PICTURES = 6  # that a mail shows
_MAX_SUBJECT_TITLE_CHARS = 40

_LINK = re.compile(r"https?://\S+")
_ELLIPSIS = "…"
_ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = "\u200c\u200d"  # they decide how letters and emoji look, and hide nothing


class Kind(StrEnum):
    """Message attribute `kind`: what a subscriber's filter policy can select."""

    STARTED = "started"
    PREVIEW = "preview"
    ATTENTION = "attention"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Notice:
    """One message to a dataset's subscribers: the text `template` of a language, with the values of its placeholders.
    `title` is what the dataset's people call it, "" where that is its name; `end` what is said below the text. Mails
    with HTML show the `pictures`, keys in the bucket: the body says all that there is to say without them."""

    kind: Kind
    dataset: str
    say: Words
    template: str
    values: Mapping[str, str]
    title: str = ""
    end: str = ""
    pictures: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """The one that its reader is to follow, for which mails with HTML have a button: the text's own, or the first
        below it; "" if there is none."""
        below = (line.strip() for line in self.end.splitlines())
        return self.values.get("link") or next((line for line in below if _LINK.fullmatch(line)), "")

    @property
    def subject(self) -> str:
        """What has happened has room beside the longest title, whose whole is in the body, with the name."""
        title = self.title[:_MAX_SUBJECT_TITLE_CHARS]
        title += _ELLIPSIS if title != self.title else ""
        return fit_subject(_fill(self._texts()[0], {**self.values, "dataset": unlinked(title) or self.dataset}))

    @property
    def body(self) -> str:
        called = f"{unlinked(self.title)} ({self.dataset})" if self.title else self.dataset
        text = _fill(self._texts()[1], {**self.values, "dataset": called})
        return fit_body(f"{text.rstrip()}\n\n{self.end}\n" if self.end else text, self.say.cut)

    def _texts(self) -> tuple[str, str]:
        folder = resources.files("workshop.notices").joinpath("texts", self.say.language)
        subject, _, body = folder.joinpath(f"{self.template}.txt").read_text(encoding="utf-8").partition("\n\n")
        return subject, body


def render_notice(say: Words, kind: Kind, template: str, dataset: str, **values: str) -> Notice:
    """The text `template` of that language. A value that it lacks is a KeyError when it is read."""
    return Notice(kind, dataset, say, template, values)


def fit_subject(text: str) -> str:
    """One line of 1 to 99 characters, cut between those that a reader sees.

    "Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long."
    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

    Control characters and everything else that cannot be seen become spaces. So do the controls of direction: none can
    be left open, and turn what a mail program writes after it.
    """
    seen = "".join(c if c.isprintable() or c in _JOINERS else " " for c in unicodedata.normalize("NFC", text))
    line = " ".join(seen.split()) or "Workshop"
    if _units(line) <= MAX_SUBJECT_UNITS:
        return line
    kept, left = "", MAX_SUBJECT_UNITS - _units(_ELLIPSIS)
    for cluster in _clusters(line):
        left -= _units(cluster)
        if left < 0:
            break
        kept += cluster
    return kept.rstrip() + _ELLIPSIS


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

    def __init__(self, sns: SNS, topic_arn: str, runs: Runs, links: AppLinks | None = None) -> None:
        """`links`: for those that lead into the web app, where there is one."""
        self.links = links
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
        # Asked for now: whatever has led here need not hand it on, and says what is true.
        notice = replace(notice, title=self._runs.title_of(notice.dataset))
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=notice.subject,
            Message=notice.body,
            MessageAttributes=_attributes(notice),
        )
        self._runs.end_notice(key, clock.now_ms())
        return True


def _attributes(notice: Notice) -> dict[str, Any]:
    """What subscribers can filter by (dataset, kind), and what mails with HTML need beside the text. SNS takes no
    empty ones."""
    texts = {"dataset": notice.dataset, "kind": notice.kind, "language": notice.say.language, "link": notice.link}
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
    if notice.pictures:
        pictures = json.dumps(notice.pictures[:MOST_PICTURES])
        attributes["pictures"] = {"DataType": "String.Array", "StringValue": pictures}
    return attributes


def _fill(text: str, values: dict[str, str]) -> str:
    filled = Template(text).substitute(values)
    # An empty optional block leaves an empty line: one is enough.
    return re.sub(r"\n{3,}", "\n\n", filled)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _clusters(line: str) -> Iterator[str]:
    """What a reader takes for one character each: a letter with its marks, an emoji with what is joined to it."""
    cluster = ""
    for character in line:
        if cluster and not _belongs(character, cluster):
            yield cluster
            cluster = ""
        cluster += character
    yield cluster


def _belongs(character: str, cluster: str) -> bool:
    """Whether a character goes on with a cluster: by https://unicode.org/reports/tr29/, for what NFC leaves."""
    return (
        unicodedata.category(character).startswith("M")
        or character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # colours of skin
        or "\u1160" <= character <= "\u11ff"  # vowels and ends of Korean syllables
        or cluster.endswith(_ZERO_WIDTH_JOINER)
        or (len(cluster) == 1 and _is_half_flag(cluster) and _is_half_flag(character))
    )


def _is_half_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
