"""Deletions: who deletes an image from a dataset's folder has changed the dataset, as who uploads one has."""

import json

from contract.errors import RefusedName
from contract.file_kinds import FileKind
from contract.names import parse_upload_key
from workshop.ledger import Ledger, Timers
from workshop.ledger.timers import is_live
from workshop.platform import clock

_EVENT = "Object Deleted"  # EventBridge's; S3's own notifications of deletions are not subscribed to


def datasets_of_deletion(body: str) -> frozenset[str] | None:
    """The datasets that a queue record tells of a deletion in; None if it tells of none, but of something else.

    The marker that a drop is complete says nothing by being tidied away.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("detail-type") != _EVENT:
        return None
    try:
        deleted = parse_upload_key(event["detail"]["object"]["key"])
    except (KeyError, TypeError, AttributeError, RefusedName):
        return frozenset()
    return frozenset(() if deleted.kind is FileKind.READY else {deleted.dataset})


def note_deletion(ledger: Ledger, timers: Timers, dataset: str, quiet_seconds: int) -> None:
    """Have the dataset looked at when its deletions have settled. One that no upload was heard of, or that has been
    purged, stays unknown."""
    state = ledger.note_deletion(dataset, clock.now_ms())
    if state is not None and not is_live(state, quiet_seconds):
        timers.arm(state, quiet_seconds)
