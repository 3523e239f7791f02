"""What AWS answers though neither a request's headers nor its query are signed: the gate (gate.py) lets it through.

- An HTTP API whose routes ask for no signature: whoever has its address may ask, as at AWS.
- A form that a browser posts to a bucket: the signature is in its fields, where MiniStack reads it (`check_forms`).
- A browser's question whether a page may ask at all, which the bucket's CORS rules answer (cors-preflight).

MiniStack looks at many things in a request to find out whom it is for. So each is given to it in the one form that can
only be for what is meant here: an API by path, a bucket with none of the headers that name a service.
"""

import hmac
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from ministack.core.sigv4 import calculate_signature
from ministack.services import s3

from local_aws.keys import RootKey

Scope = MutableMapping[str, Any]

_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.localhost:[0-9]+")
_TO_BUCKET = {b"content-type", b"content-length", b"origin", b"user-agent"}
_TO_CORS = {b"origin", b"access-control-request-method", b"access-control-request-headers"}


def for_everybody(scope: Scope, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Scope | None:
    """A request that needs no signature of its own, as MiniStack may be given it; None if it does need one.

    Args:
        headers: by their names in lower case.
    """
    if headers.get("authorization", "").startswith("AWS") or any(name.lower().startswith("x-amz-") for name in query):
        return None
    if api := _API_HOST.fullmatch(headers.get("host", "")):
        return _below(scope, f"/_aws/execute-api/{api[1]}/$default")
    bucket, _, key = scope["path"].removeprefix("/").partition("/")
    if query or s3._bucket_owner_account(bucket) is None:
        return None
    if scope["method"] == "POST" and not key and headers.get("content-type", "").startswith("multipart/form-data"):
        return _with_headers(scope, _TO_BUCKET)
    if scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers:
        return _with_headers(scope, _TO_CORS)
    return None


def check_forms(root: RootKey) -> None:
    """Take no form but one that is signed with this workshop's keys: MiniStack would also take its own root's, which
    everybody knows."""
    enforce = s3._enforce_signed_post_policy

    def enforce_signed_post_policy(fields: dict[str, str], *where: Any) -> Any:
        if not _is_signed(root, fields):
            return s3._error("AccessDenied", "Access Denied", 403)
        return enforce(fields, *where)

    def refuse_unsigned(policy: str, size: int) -> Any:
        return s3._error("AccessDenied", "Access Denied", 403)

    if not callable(s3._enforce_post_policy_size):
        raise TypeError("MiniStack changed: services.s3._enforce_post_policy_size is no function")
    s3._enforce_signed_post_policy = enforce_signed_post_policy
    s3._enforce_post_policy_size = refuse_unsigned


def _is_signed(root: RootKey, fields: Mapping[str, str]) -> bool:
    """Whether a form's policy is signed (SigV4) by a key of the workshop; until when it holds, MiniStack checks."""
    key_id, *scope = fields.get("x-amz-credential", "").split("/")
    known = root.lookup(key_id)
    if known is None or len(scope) != len(("date", "region", "service", "aws4_request")):
        return False
    date, region, service, _ = scope
    signature = calculate_signature(known.secret, date, region, service, fields.get("policy", ""))
    return _same(signature, fields.get("x-amz-signature", "")) and _same(
        known.token, fields.get("x-amz-security-token", "")
    )


def _below(scope: Scope, folder: str) -> Scope:
    headers = [(name, b"localhost" if name.lower() == b"host" else value) for name, value in scope["headers"]]
    path = {"path": folder + scope["path"], "raw_path": folder.encode() + scope["raw_path"]}
    return {**scope, **path, "headers": headers}


def _with_headers(scope: Scope, names: set[bytes]) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name.lower() in names]
    return {**scope, "headers": [(b"host", b"localhost"), *kept]}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
