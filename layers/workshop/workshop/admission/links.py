"""What is known of links in the table: those that were made by hand, and those that were revoked.

LINKS#<dataset, or *>  <link id>    a link that has no item is as its signature says, as those of mails are
"""

from dataclasses import dataclass
from typing import Any

from workshop.admission.grants import Grant, Right
from workshop.platform.clients import DynamoDB
from workshop.platform.items import from_item, to_item

# An item may go when no token of its link can be genuine any more.
_LONGEST_SECONDS = 400 * 86_400


@dataclass(frozen=True)
class SharedLink:
    """A link that somebody has made or revoked. Times are epoch seconds; `made`: None of one that was only revoked."""

    id: str
    dataset: str
    rights: frozenset[Right]
    made: int | None
    made_by: str
    expires: int
    is_revoked: bool


class Links:
    """Reads and writes of the links' items."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, grant: Grant, made_by: str, now: int) -> None:
        """Note a link that is handed out by a person's wish."""
        self._update(
            grant.dataset,
            grant.link,
            "SET rights = :rights, madeAt = :now, madeBy = :by, expires = :expires",
            {
                ":rights": ",".join(right for right in Right if right in grant.rights),
                ":now": now,
                ":by": made_by,
                ":expires": grant.expires,
            },
        )

    def revoke(self, dataset: str, link: str, now: int) -> None:
        """From now on the link opens nothing, and every session that it has opened has lost what it gave."""
        values = {":now": now, ":expires": now + _LONGEST_SECONDS}
        self._update(dataset, link, "SET revokedAt = if_not_exists(revokedAt, :now), expires = :expires", values)

    def is_revoked(self, grant: Grant) -> bool:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=to_item(_key(grant.dataset, grant.link)), ConsistentRead=True
        )
        return "revokedAt" in answer.get("Item", {})

    def of_dataset(self, dataset: str) -> list[SharedLink]:
        """The links that were made or revoked by hand, newest first."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": to_item({":pk": _key(dataset, "")["pk"]}),
        }
        items: list[dict[str, Any]] = []
        while True:
            answer = self._dynamodb.query(**request)
            items += map(from_item, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return sorted((_link(dataset, item) for item in items), key=lambda link: (-(link.made or 0), link.id))
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(self, dataset: str, link: str, update: str, values: dict[str, Any]) -> None:
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_key(dataset, link)),
            UpdateExpression=update,
            ExpressionAttributeValues=to_item(values),
        )


def _key(dataset: str, link: str) -> dict[str, str]:
    return {"pk": f"LINKS#{dataset}", "sk": link}


def _link(dataset: str, item: dict[str, Any]) -> SharedLink:
    rights = frozenset(Right(word) for word in item.get("rights", "").split(",") if word)
    return SharedLink(
        item["sk"], dataset, rights, item.get("madeAt"), item.get("madeBy", ""), item["expires"], "revokedAt" in item
    )
