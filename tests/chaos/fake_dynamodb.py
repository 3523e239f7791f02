"""A table with DynamoDB's semantics, for the calls that the layer makes: GetItem, PutItem, UpdateItem,
TransactWriteItems.

Semantics kept: every write is atomic; conditions see the item as it is at that moment; a transaction writes all or
nothing and says which condition refused; ADD and DELETE on sets and numbers; an empty set is no attribute. Expressions:
AND, OR, comparisons, attribute_exists, attribute_not_exists, size, if_not_exists; no paths inside of attributes.
tests/unit/ledger/test_datasets.py runs the ledger against this table and against moto's.

Typed values are replaced, never changed in place: a shallow copy of an item is a snapshot of it.
"""

import operator
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

Typed = dict[str, Any]  # {"S": "x"}
Item = dict[str, Typed]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),+]|[:#]?\w+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class FakeDynamoDB:
    """One table with the keys pk and sk."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        if not ConsistentRead:
            raise AssertionError("an eventually consistent read proves nothing")
        item = self.items.get(_key(Key))
        return {} if item is None else {"Item": dict(item)}

    def put_item(self, TableName: str, Item: Item, **request: Any) -> dict[str, Any]:
        self._check(Item, request)
        self.items[_key(Item)] = dict(Item)
        return {}

    def update_item(self, TableName: str, Key: Item, **request: Any) -> dict[str, Any]:
        self._check(Key, request)
        item = self._updated(Key, request)
        self.items[_key(Key)] = item
        return {"Attributes": dict(item)} if request.get("ReturnValues") == "ALL_NEW" else {}

    def delete_item(self, TableName: str, Key: Item, **request: Any) -> dict[str, Any]:
        self._check(Key, request)
        self.items.pop(_key(Key), None)
        return {}

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:
        updates = [write["Update"] for write in TransactItems]
        refused = [not self._holds(update["Key"], update) for update in updates]
        if any(refused):
            error: Any = {
                "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
                "CancellationReasons": [{"Code": "ConditionalCheckFailed" if r else "None"} for r in refused],
            }
            raise ClientError(error, "TransactWriteItems")
        for update in updates:
            self.items[_key(update["Key"])] = self._updated(update["Key"], update)
        return {}

    def _check(self, key: Item, request: dict[str, Any]) -> None:
        if not self._holds(key, request):
            raise ClientError(
                {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}},
                "UpdateItem",
            )

    def _holds(self, key: Item, request: dict[str, Any]) -> bool:
        condition = request.get("ConditionExpression")
        if condition is None:
            return True
        return _Expression(condition, self.items.get(_key(key), {}), request).condition()

    def _updated(self, key: Item, request: dict[str, Any]) -> Item:
        before = self.items.get(_key(key), {}) | {"pk": key["pk"], "sk": key["sk"]}
        item = dict(before)
        for verb, action in _actions(request["UpdateExpression"]):
            _apply(verb, action, item, before, request)
        return item


def _apply(verb: str, action: str, item: Item, before: Item, request: dict[str, Any]) -> None:
    values = request.get("ExpressionAttributeValues", {})
    if verb == "SET":
        target, source = (side.strip() for side in action.split("=", 1))
        item[_name(target, request)] = _Expression(source, before, request).typed_operand()
        return
    name, _, value_name = action.strip().partition(" ")
    name = _name(name, request)
    if verb == "REMOVE":
        item.pop(name, None)
        return
    ((kind, value),) = values[value_name.strip()].items()
    old = item.get(name, {}).get(kind)
    if kind == "N":
        new: Any = str(int(old or 0) + int(value))
    elif verb == "ADD":
        new = sorted({*(old or ()), *value})
    else:
        new = sorted({*(old or ())} - set(value))
    if new:
        item[name] = {kind: new}
    else:
        item.pop(name, None)


class _Expression:
    """Evaluates one expression against an item."""

    def __init__(self, text: str, item: Item, request: dict[str, Any]) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._item = item
        self._request = request

    def condition(self) -> bool:
        result = self._or()
        if self._at != len(self._tokens):
            raise ValueError(f"cannot read the expression after {self._tokens[: self._at]}")
        return result

    def typed_operand(self) -> Typed:
        """The right-hand side of SET."""
        if self._peek() == "if_not_exists":
            name, default = self._arguments()
            return self._item.get(_name(name, self._request), self._value(default))
        return self._value(self._next())

    def _or(self) -> bool:
        result = self._and()
        while self._peek() == "OR":
            self._next()
            result |= self._and()
        return result

    def _and(self) -> bool:
        result = self._test()
        while self._peek() == "AND":
            self._next()
            result &= self._test()
        return result

    def _test(self) -> bool:
        if self._peek() == "(":
            self._next()
            result = self._or()
            self._next()
            return result
        if self._peek() in {"attribute_exists", "attribute_not_exists"}:
            wanted = self._peek() == "attribute_exists"
            (name,) = self._arguments()
            return (_name(name, self._request) in self._item) is wanted
        left = self._operand()
        compare = _COMPARE[self._next()]
        right = self._operand()
        # A comparison with what is not there, or of another type, is false.
        return left is not None and right is not None and type(left) is type(right) and compare(left, right)

    def _operand(self) -> Any:
        if self._peek() == "size":
            (name,) = self._arguments()
            value = _plain(self._item.get(_name(name, self._request)))
            return None if value is None else len(value)
        token = self._next()
        typed = self._value(token) if token.startswith(":") else self._item.get(_name(token, self._request))
        return _plain(typed)

    def _arguments(self) -> list[str]:
        self._next()
        tokens = []
        while (token := self._next()) != ")":
            if token not in "(,":
                tokens.append(token)
        return tokens

    def _value(self, name: str) -> Typed:
        value: Typed = self._request["ExpressionAttributeValues"][name]
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]


@cache
def _tokens(text: str) -> tuple[str, ...]:
    tokens: list[str] = _TOKEN.findall(text)
    if re.sub(r"\s", "", text) != "".join(tokens):
        raise ValueError(f"cannot read the expression {text!r}")
    return tuple(tokens)


@cache
def _actions(update: str) -> tuple[tuple[str, str], ...]:
    """The verbs and actions of an update expression: ("SET", " phase = :idle"), ..."""
    parts = re.split(r"\b(SET|REMOVE|ADD|DELETE)\b", update)[1:]
    return tuple(
        (verb, action) for verb, clause in zip(parts[::2], parts[1::2], strict=True) for action in _split(clause)
    )


def _plain(typed: Typed | None) -> Any:
    if typed is None:
        return None
    ((kind, value),) = typed.items()
    return {"N": int, "S": str, "SS": frozenset, "BOOL": bool, "NULL": lambda _: None}[kind](value)


def _name(token: str, request: dict[str, Any]) -> str:
    return str(request["ExpressionAttributeNames"][token]) if token.startswith("#") else token


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _split(clause: str) -> Iterator[str]:
    """At commas outside of parentheses."""
    yield from (part for part in re.split(r",(?![^(]*\))", clause) if part.strip())
