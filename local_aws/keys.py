"""Who may ask the embedded AWS: whoever holds the keys that each workshop makes for itself, and nobody else.

This machine may have other users, and all of them reach its loopback ports. So every start makes a random root key, and
both ports - MiniStack's (ministack_server.py) and that of the stand-in for SageMaker (sagemaker/api.py) - serve only
what was signed (SigV4) with it, or with the keys of a session that MiniStack has opened. A session's secret is a
function of the root's: thus the stand-in, which is another process, can check it without asking.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from ministack.core.sigv4 import (
    header_signature_failure,
    parse_header_signature,
    parse_query_signature,
    request_time_failure,
)

SESSION_KEY_PREFIX = "ASIA"
_IN_QUERY = {"x-amz-signature", "x-amz-credential", "x-amz-algorithm", "awsaccesskeyid"}
UNKNOWN = "UnrecognizedClientException", "The security token included in the request is invalid."

Refusal = tuple[str, str]
"""Code and message of an error, as AWS has them."""


@dataclass(frozen=True)
class Secret:
    """What belongs to an access key id; `token` is "" but for a session's."""

    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class RootKey:
    """The access key of the account's root."""

    id: str
    secret: str = field(repr=False)

    @classmethod
    def make(cls) -> "RootKey":
        """A new one that nobody can guess."""
        return cls(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(32))

    def arguments(self) -> dict[str, str]:
        """boto3's keyword arguments for a client that acts as root."""
        return {"aws_access_key_id": self.id, "aws_secret_access_key": self.secret}

    def session(self, access_key_id: str) -> Secret:
        """What a session with this access key id has."""
        return Secret(self._derive(f"secret {access_key_id}"), self._derive(f"token {access_key_id}"))

    def lookup(self, access_key_id: str) -> Secret | None:
        """What belongs to a key id of this workshop; None if it is none."""
        if access_key_id == self.id:
            return Secret(self.secret)
        return self.session(access_key_id) if access_key_id.startswith(SESSION_KEY_PREFIX) else None

    def _derive(self, purpose: str) -> str:
        return hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def find_refusal(
    root: RootKey, method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes
) -> Refusal | None:
    """Why a request is not served: it is not signed, or not by a key of this workshop. None if it is.

    Taken are signatures of version 4, in the header or, for a presigned URL, in the query. When a presigned URL ends is
    for the service to check.

    Args:
        path: as sent, still quoted.
        headers: by their names in lower case.
        body: b"" where `signs_body` says that the signature does not need it.
    """
    presigned = _is_presigned(query)
    if presigned == headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return "MissingAuthenticationTokenException", "Missing Authentication Token"
    signature = parse_query_signature(query) if presigned else parse_header_signature(headers)
    if isinstance(signature, tuple):
        return signature
    token = query.get("X-Amz-Security-Token", [""])[0] if presigned else headers.get("x-amz-security-token", "")
    known = root.lookup(signature.access_key_id)
    if (
        known is None
        or signature.region_set is not None
        or not hmac.compare_digest(known.token.encode(), token.encode())
    ):
        return UNKNOWN
    late = None if presigned else request_time_failure(signature)
    wrong: Refusal | None = header_signature_failure(
        signature, known.secret, method, path, query, headers, body, presigned=presigned
    )
    return late or wrong


def signs_body(query: Mapping[str, list[str]], headers: Mapping[str, str]) -> bool:
    """Whether the body is needed to check a request's signature."""
    claimed = headers.get("x-amz-content-sha256", "")
    return claimed.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") or not (claimed or _is_presigned(query))


def _is_presigned(query: Mapping[str, list[str]]) -> bool:
    return any(name.lower() in _IN_QUERY for name in query)
