"""Plain dicts to DynamoDB's typed items and back: str, int, bool, None, set of str. No floats: they go in as text."""

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_TO = TypeSerializer()
_FROM = TypeDeserializer()


def to_item(values: dict[str, Any]) -> dict[str, Any]:
    """The typed form, for keys and expression values."""
    return {name: _TO.serialize(value) for name, value in values.items()}


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """The plain form; numbers become int."""
    plain = {name: _FROM.deserialize(value) for name, value in item.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in plain.items()}
