"""Upload events: from a batch of queue records to one write and at most one timer per dataset."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from contract.errors import RefusedName
from contract.file_kinds import FileKind, is_folder_marker
from contract.names import UploadKey, parse_upload_key, printable
from workshop.handlers.deletions import datasets_of_deletion, note_deletion
from workshop.ledger import Ledger, Timers
from workshop.ledger.timers import is_live
from workshop.notices.strays import Strays, folder_of
from workshop.platform import clock
from workshop.platform.errors import BadRequest
from workshop.platform.telemetry import count, logger


@dataclass
class _Drop:
    """What one batch says about one dataset."""

    messages: list[str] = field(default_factory=list)
    ready: bool = False


def objects_in(body: str) -> list[tuple[object, object]]:
    """Key and size of each object that a queue record tells of.

    The record is an EventBridge event, whose key is plain text, or S3's own notification, whose keys are URL-encoded
    ("Event message structure", S3 User Guide): an installation may route either here. Raises BadRequest for what is
    neither.
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The message is not JSON.") from error
    if isinstance(event, dict) and event.get("Event") == "s3:TestEvent":
        return []
    try:
        if "Records" in event:
            stored = [
                record["s3"]["object"] | {"key": unquote_plus(record["s3"]["object"]["key"])}
                for record in event["Records"]
            ]
        else:
            stored = [event["detail"]["object"]]
        return [(found["key"], found.get("size", 1)) for found in stored]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequest("The message is no S3 event.") from error


def parse_upload(key: object, size: object) -> UploadKey | None:
    """The uploaded object, whatever it is and however small: its dataset is to be looked at. None for a folder.

    Raises BadRequest for a key or size of a wrong type, RefusedName for a key that is in no dataset's folder.
    """
    if not isinstance(key, str) or type(size) is not int:
        raise BadRequest("The S3 event's key or size has the wrong type.")
    upload = parse_upload_key(key)
    return None if is_folder_marker(upload.name) else upload


class UploadCollector:
    """Notes upload events and arms the timers of their datasets."""

    def __init__(self, ledger: Ledger, timers: Timers, strays: Strays, quiet_seconds: int) -> None:
        self._ledger = ledger
        self._timers = timers
        self._strays = strays
        self._quiet_seconds = quiet_seconds

    def collect(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Handle SQS records; returns the message ids that have to come back."""
        failed: list[str] = []
        drops: defaultdict[str, _Drop] = defaultdict(_Drop)
        deletions: defaultdict[str, list[str]] = defaultdict(list)
        strays: dict[str, str] = {}
        for record in records:
            message_id = record["messageId"]
            if (deleted_from := datasets_of_deletion(record["body"])) is not None:
                for dataset in deleted_from:
                    deletions[dataset].append(message_id)
                continue
            try:
                uploads = _uploads_in(record["body"], strays)
            except BadRequest as bad:
                logger.error("unreadable message", message_id=message_id, reason=str(bad))
                failed.append(message_id)
                continue
            for upload in uploads:
                drop = drops[upload.dataset]
                drop.messages.append(message_id)
                drop.ready |= upload.kind is FileKind.READY
        for dataset, drop in drops.items():
            try:
                self._note(dataset, drop)
            except Exception:  # noqa: BLE001  one dataset's trouble must not bring back the others' messages
                logger.exception("could not note uploads", dataset=dataset)
                failed.extend(drop.messages)
        for dataset, messages in deletions.items():
            try:
                note_deletion(self._ledger, self._timers, dataset, self._quiet_seconds)
            except Exception:  # noqa: BLE001  as above
                logger.exception("could not note deletions", dataset=dataset)
                failed.extend(messages)
        self._tell(strays)
        return failed

    def _tell(self, strays: Mapping[str, str]) -> None:
        try:
            self._strays.tell_again(strays)
        except Exception:  # noqa: BLE001  the uploads are noted; the sweep tells of what was not told now
            count("StraysUntold")
            logger.exception("could not tell of folders that are no datasets", folders=len(strays))

    def _note(self, dataset: str, drop: _Drop) -> None:
        state = self._ledger.note_uploads(dataset, len(drop.messages), clock.now_ms())
        count("UploadsSeen", len(drop.messages))
        if drop.ready:
            self._timers.nudge(dataset)
        if not is_live(state, self._quiet_seconds):
            self._timers.arm(state, self._quiet_seconds)


def _uploads_in(body: str, strays: dict[str, str]) -> list[UploadKey]:
    """The uploads that a queue record tells of. A refused name is counted, and holds up nothing else; what is in no
    dataset's folder gets into `strays`."""
    uploads = []
    for key, size in objects_in(body):
        try:
            upload = parse_upload(key, size)
        except RefusedName as refused:
            count("RefusedNames")
            logger.warning("refused a name", reason=str(refused))
            strays |= folder_of(key)
        else:
            if upload is None:
                continue
            if upload.kind is FileKind.REFUSED:
                count("RefusedNames")
                logger.warning("refused a name", file=printable(upload.name, 200), dataset=upload.dataset)
            uploads.append(upload)
    return uploads
