"""What logs and operators never see: links, which may be signed, and mail addresses."""

import re

_LINK = re.compile(r"""https?://[^\s"'<>]*""", re.IGNORECASE)
_ADDRESS = re.compile(r"""[^\s"'<>(),;/]*@[^\s"'<>(),;/]*""")


def redact(text: str) -> str:
    """`text` that others have written, with each link and each address blotted out. An object's URI (s3://) stays: it
    opens nothing."""
    return _ADDRESS.sub("(address)", _LINK.sub("(link)", text))
