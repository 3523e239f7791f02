"""What the topic hands over for each notice: its text, and the attributes that Notices gives it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.names import FALLBACK_LANGUAGE, LANGUAGES
from workshop.notices import Kind
from workshop.notices.publishing import MOST_PICTURES
from workshop.platform.errors import BadRequest

_MESSAGE_ID = re.compile(r"[0-9A-Za-z-]{1,100}")
_LINK = re.compile(r"https?://[\x21-\x7e]+")


@dataclass(frozen=True)
class Letter:
    """A notice to be mailed. `message_id` is the topic's: the same however often it is handed over. `link` is "" and
    `kind` None where it has none, or one of a later release; `pictures` are keys in the bucket."""

    message_id: str
    subject: str
    body: str
    dataset: str
    kind: Kind | None
    language: str
    link: str
    pictures: tuple[str, ...]


def letters_of(event: object) -> list[Letter]:
    """The notices of an event of SNS's. Raises BadRequest for anything else."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        raise BadRequest("The event holds no messages of a topic.")
    return [_letter(record) for record in records]


def _letter(record: object) -> Letter:
    message = record.get("Sns") if isinstance(record, dict) else None
    if not isinstance(message, dict):
        raise BadRequest("The event holds what is no message of a topic.")
    attributes = _object(message.get("MessageAttributes"))
    given = {name: str(_object(value).get("Value", "")) for name, value in attributes.items()}
    message_id = str(message.get("MessageId"))
    if not _MESSAGE_ID.fullmatch(message_id) or "dataset" not in given:
        raise BadRequest("The message is no notice of the workshop.")
    return Letter(
        message_id,
        str(message.get("Subject", "")),
        str(message.get("Message", "")),
        given["dataset"],
        next((kind for kind in Kind if kind == given.get("kind")), None),
        given.get("language", "") if given.get("language") in LANGUAGES else FALLBACK_LANGUAGE,
        given.get("link", "") if _LINK.fullmatch(given.get("link", "")) else "",
        _texts(given.get("pictures", "[]"))[:MOST_PICTURES],
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(array: str) -> tuple[str, ...]:
    try:
        found = json.loads(array)
    except (ValueError, RecursionError):
        return ()
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()
