"""SQS's records as a function gets them. What is in a message is anybody's word; that it is a message is Lambda's."""

from collections.abc import Mapping

from workshop.platform.errors import BadRequest


def read_records(event: object) -> list[dict[str, str]]:
    """`messageId` and `body` of each record of a batch, in its order; the body is "" where it is no text.

    Raises BadRequest for what is no batch, or has a message without an id: only its id could send it back alone, so
    the queue keeps the whole batch.
    """
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        raise BadRequest("The event holds no list of SQS records.")
    return [_read_record(record) for record in records]


def _read_record(record: object) -> dict[str, str]:
    message_id = record.get("messageId") if isinstance(record, Mapping) else None
    if not isinstance(record, Mapping) or not isinstance(message_id, str):
        raise BadRequest("An SQS record has no messageId.")
    body = record.get("body")
    return {"messageId": message_id, "body": body if isinstance(body, str) else ""}
