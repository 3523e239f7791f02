"""SQS <- EventBridge <- S3 "Object Created": notes the uploads of each dataset and arms its timer.

The queue's mapping must have ReportBatchItemFailures: only the records that could not be handled come back.
"""

from typing import Any

from workshop.handlers import assembly
from workshop.handlers.queue_records import read_records
from workshop.platform.telemetry import observed


@observed
def handler(event: object, context: object) -> dict[str, Any]:
    """A batch of upload events."""
    failed = assembly.upload_collector().collect(read_records(event))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
