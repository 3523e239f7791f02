"""What logs and operators never see: links, which may be signed, and mail addresses."""

import re
from typing import Any

_LINK = re.compile(r"""https?://[^\s"'<>]*""", re.IGNORECASE)
_ADDRESS = re.compile(r"""[^\s"'<>(),;/]*@[^\s"'<>(),;/]*""")


def redact(text: str) -> str:
    """`text` that others have written, with each link and each address blotted out. An object's URI (s3://) stays: it
    opens nothing."""
    return _ADDRESS.sub("(address)", _LINK.sub("(link)", text))


def redact_values(value: Any) -> Any:
    """The same for whatever is in a log's entry, as JSON can tell it: other objects become their texts."""
    match value:
        case str():
            return redact(value)
        case dict():
            return {redact_values(key): redact_values(inner) for key, inner in value.items()}
        case list() | tuple():
            return [redact_values(inner) for inner in value]
        case None | bool() | int() | float():
            return value
    return redact(str(value))
