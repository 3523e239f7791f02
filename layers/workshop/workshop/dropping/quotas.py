"""How much a link may send in a day (UTC). What was offered counts, sent or not: a form can be used until it expires.

QUOTA#<link>  <day>    files and bytes that forms were signed for
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from workshop.platform.clients import DynamoDB, error_code
from workshop.platform.items import from_item, to_item
from workshop.platform.refusals import TooMuch

DAY = timedelta(days=1)
# One clause: both fit, or neither is counted.
BOTH_FIT = (
    "(attribute_not_exists(fileCount) OR fileCount <= :files_before) "
    "AND (attribute_not_exists(byteCount) OR byteCount <= :bytes_before)"
)


@dataclass(frozen=True)
class Left:
    """What a link may still send today."""

    files: int
    bytes: int


class Quotas:
    """Counts, before anything is signed."""

    def __init__(self, dynamodb: DynamoDB, table: str, files_a_day: int, bytes_a_day: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._files_a_day = files_a_day
        self._bytes_a_day = bytes_a_day

    def take(self, link: str, files: int, size: int, now: int) -> Left:
        """Count so many files, of so many bytes together, at `now` (epoch seconds). Raises TooMuch, and counts nothing,
        if that is more than is left."""
        today = datetime.fromtimestamp(now, UTC)
        tomorrow = today.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        files_before, bytes_before = self._files_a_day - files, self._bytes_a_day - size
        if min(files_before, bytes_before) < 0:
            raise self._too_much(tomorrow - today)
        values = {
            ":files": files,
            ":bytes": size,
            ":files_before": files_before,
            ":bytes_before": bytes_before,
            ":expires": round((tomorrow + DAY).timestamp()),
        }
        try:
            counted = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item({"pk": f"QUOTA#{link}", "sk": today.date().isoformat()}),
                UpdateExpression="SET expires = :expires ADD fileCount :files, byteCount :bytes",
                ConditionExpression=BOTH_FIT,
                ExpressionAttributeValues=to_item(values),
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                raise self._too_much(tomorrow - today) from error
            raise
        item: dict[str, Any] = from_item(counted["Attributes"])
        return Left(self._files_a_day - item["fileCount"], self._bytes_a_day - item["byteCount"])

    def _too_much(self, left: timedelta) -> TooMuch:
        return TooMuch(
            "quota",
            files=f"{self._files_a_day:,}",
            gigabytes=f"{self._bytes_a_day / 10**9:,.0f}",
            hours=str(ceil(left / timedelta(hours=1))),
        )
