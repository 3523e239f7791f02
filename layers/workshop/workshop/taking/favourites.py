"""Which pictures of a run its people like best, in the table:

DATASET#<name>  FAVOURITES#<execution id>   their names, a JSON list
"""

import json
from collections.abc import Iterable
from typing import Any

from workshop.ledger.runs import expiry
from workshop.platform.clients import DynamoDB
from workshop.platform.items import from_item, to_item
from workshop.platform.refusals import Unusable

# An item may have 400 KB, with its key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html
MAX_BYTES = 390_000


class Favourites:
    """Reads and writes of the favourites' items."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self, dataset: str, execution_id: str) -> list[str]:
        """Names of pictures, in the order in which they were put."""
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=to_item(_key(dataset, execution_id)), ConsistentRead=True
        )
        names: list[str] = json.loads(from_item(answer.get("Item", {})).get("favourites", "[]"))
        return names

    def put(self, dataset: str, execution_id: str, names: Iterable[str], now_ms: int) -> list[str]:
        """These, each once, in the place of what there was. They are forgotten when the run is. Raises Unusable."""
        kept = list(dict.fromkeys(names))
        text = json.dumps(kept)
        if len(text) > MAX_BYTES:
            raise Unusable("too_large")
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_key(dataset, execution_id)),
            UpdateExpression="SET favourites = :names, expires = :expires",
            ExpressionAttributeValues=to_item({":names": text, ":expires": expiry(now_ms)}),
        )
        return kept


def _key(dataset: str, execution_id: str) -> dict[str, Any]:
    return {"pk": f"DATASET#{dataset}", "sk": f"FAVOURITES#{execution_id}"}
