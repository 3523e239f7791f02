"""Texts that only this deployment can have written: JSON lists with a MAC under a key that never leaves KMS.

    token = base64url(JSON list) "." base64url(HMAC-SHA-256 of it)

Whoever knows the address may send anything as a token, so KMS is asked only about what `sign` could have made: another
spelling of the same list is no token. What a list means, and until when, is for its readers, who tell their lists from
others' by the first element.
"""

import base64
import json
from typing import Any

from botocore.exceptions import ClientError

from workshop.platform.clients import KMS, error_code

MAC_ALGORITHM = "HMAC_SHA_256"
MAX_TOKEN_CHARS = 4096  # a cookie's
_MAC_BYTES = 32


class Signer:
    """Signs and checks lists of texts, numbers and such lists with an HMAC key in KMS."""

    def __init__(self, kms: KMS, key_id: str) -> None:
        self._kms = kms
        self._key_id = key_id

    def sign(self, values: list[Any]) -> str:
        payload = _payload(values)
        mac = self._kms.generate_mac(KeyId=self._key_id, MacAlgorithm=MAC_ALGORITHM, Message=payload)["Mac"]
        return f"{_encode(payload)}.{_encode(mac)}"

    def is_genuine(self, values: list[Any], mac: bytes) -> bool:
        """Whether `sign` has made this MAC of these values."""
        try:
            self._kms.verify_mac(KeyId=self._key_id, MacAlgorithm=MAC_ALGORITHM, Message=_payload(values), Mac=mac)
        except ClientError as error:
            if error_code(error) == "KMSInvalidMacException":
                return False
            raise
        return True


def take_apart(token: object) -> tuple[list[Any], bytes] | None:
    """The list and the MAC of a token in the one form that `sign` gives it; None for everything else."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARS:
        return None
    try:
        payload, mac = (base64.b64decode(part + "=" * (-len(part) % 4), b"-_", True) for part in token.split("."))
        values = json.loads(payload)
        if not isinstance(values, list) or len(mac) != _MAC_BYTES:
            return None
        return (values, mac) if token == f"{_encode(_payload(values))}.{_encode(mac)}" else None
    except (ValueError, TypeError, RecursionError):
        return None


def _payload(values: list[Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
