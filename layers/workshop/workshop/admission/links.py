"""What is known of links in the table: those that were made by hand, and those that were revoked.

LINKS#<dataset, or *>  <link id>    a link that has no item is as its signature says, as those of mails are

A link that was made by means of another one is its child, and ends with it.
"""

from dataclasses import dataclass
from typing import Any

from workshop.admission.grants import Grant, Right
from workshop.platform.clients import DynamoDB
from workshop.platform.items import from_item, to_item
from workshop.platform.refusals import NotAllowed

# An item may go when no token of its link can be genuine any more.
_LONGEST_SECONDS = 400 * 86_400
MAX_GENERATIONS = 8  # of links that were made by means of each other


@dataclass(frozen=True)
class SharedLink:
    """A link that somebody has made or revoked. Times are epoch seconds; `made`: None of one that was only revoked.
    `parent`: the id of the link by means of which it was made, "" if an operator has; `note` is the operator's."""

    id: str
    dataset: str
    rights: frozenset[Right]
    made: int | None
    parent: str
    expires: int
    is_revoked: bool = False
    note: str = ""


class Links:
    """Reads and writes of the links' items."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, grant: Grant, now: int, *, parent: Grant | None = None, note: str = "") -> SharedLink:
        """Note a link that is handed out by a person's wish. Raises NotAllowed after too many generations."""
        generation = 1
        if parent is not None:
            generation += self._read(parent.dataset, parent.link).get("generation", 0)
        if generation > MAX_GENERATIONS:
            raise NotAllowed("no_right")
        by, by_dataset = ("", "") if parent is None else (parent.link, parent.dataset)
        values = {
            ":rights": ",".join(right for right in Right if right in grant.rights),
            ":now": now,
            ":parent": by,
            ":parentDataset": by_dataset,
            ":generation": generation,
            ":note": note,
            ":expires": grant.expires,
        }
        update = "SET rights = :rights, madeAt = :now, parent = :parent, parentDataset = :parentDataset"
        update += ", generation = :generation, note = :note, expires = :expires"
        self._update(grant.dataset, grant.link, update, values)
        return SharedLink(grant.link, grant.dataset, grant.rights, now, by, grant.expires, note=note)

    def revoke(self, dataset: str, link: str, now: int) -> None:
        """From now on the link opens nothing, and every session that it has opened has lost what it gave."""
        values = {":now": now, ":expires": now + _LONGEST_SECONDS}
        self._update(dataset, link, "SET revokedAt = if_not_exists(revokedAt, :now), expires = :expires", values)

    def is_revoked(self, grant: Grant) -> bool:
        """Whether the link was revoked, or one by means of which it was made."""
        dataset, link = grant.dataset, grant.link
        for _ in range(MAX_GENERATIONS + 1):
            item = self._read(dataset, link)
            if "revokedAt" in item:
                return True
            if not item.get("parent"):
                return False
            dataset, link = item["parentDataset"], item["parent"]
        return True

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

    def _read(self, dataset: str, link: str) -> dict[str, Any]:
        """The link's item; empty if it has none."""
        key = to_item(_key(dataset, link))
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return from_item(answer.get("Item", {}))

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
        item["sk"],
        dataset,
        rights,
        item.get("madeAt"),
        item.get("parent", ""),
        item["expires"],
        "revokedAt" in item,
        item.get("note", ""),
    )
