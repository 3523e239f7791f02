"""What runs have shown of the speed of their kind, in the table. Items expire when no run has added to one for long.

SPEED#<what trainings of one kind have in common>  STATE   samples, as JSON (workshop.estimates.learned)
"""

import json
from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from workshop.estimates.learned import Learned, Sample
from workshop.ledger.runs import expiry
from workshop.platform.clients import DynamoDB, error_code
from workshop.platform.items import from_item, to_item

SAMPLES_AS_READ = "samples = :read"
NO_SAMPLES = "attribute_not_exists(samples)"
# Two runs of a kind that end in one moment take turns. A sample that is lost all the same is no harm.
_TRIES = 3


class Speeds:
    """Reads and writes of the samples of each kind of training."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self, speed_key: str) -> Learned:
        """What is known of this kind; nothing, for one that no run of has ended well."""
        return _learned(self._text(speed_key))

    def learn(self, speed_key: str, sample: Sample, now: int) -> bool:
        """Add a run's sample, once. False if others were quicker each time."""
        for _ in range(_TRIES):
            before = self._text(speed_key)
            after = _text_of(_learned(before).with_sample(sample))
            if after == before or self._replace(speed_key, before, after, now):
                return True
        return False

    def _text(self, speed_key: str) -> str | None:
        response = self._dynamodb.get_item(TableName=self._table, Key=to_item(_key(speed_key)), ConsistentRead=True)
        text = from_item(response.get("Item", {})).get("samples")
        return None if text is None else str(text)

    def _replace(self, speed_key: str, before: str | None, after: str, now: int) -> bool:
        values: dict[str, Any] = {":samples": after, ":expires": expiry(now)}
        if before is not None:
            values[":read"] = before
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item(_key(speed_key)),
                UpdateExpression="SET samples = :samples, expires = :expires",
                ConditionExpression=NO_SAMPLES if before is None else SAMPLES_AS_READ,
                ExpressionAttributeValues=to_item(values),
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(speed_key: str) -> dict[str, str]:
    return {"pk": f"SPEED#{speed_key}", "sk": "STATE"}


def _text_of(learned: Learned) -> str:
    return json.dumps([asdict(sample) for sample in learned.samples], sort_keys=True)


def _learned(text: str | None) -> Learned:
    return Learned(tuple(Sample(**values) for values in json.loads(text or "[]")))
