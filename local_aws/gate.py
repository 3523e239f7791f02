"""The gate before MiniStack: serves only what is signed with this workshop's keys (keys.py), and what AWS, too, answers
without a signature (unsigned.py).

MiniStack itself lists the buckets for anybody, does not check what its root has signed, and on addresses of its own it
hands out queues' messages and functions' code, and forgets everything. Those addresses are closed here, also for us.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ministack.app import _credential_failure
from ministack.core.iam_evaluator import AuthError
from ministack.core.router import detect_service

from local_aws.keys import Refusal, RootKey, find_refusal, signs_body
from local_aws.stored_bodies import in_pieces
from local_aws.unsigned import for_everybody

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEALTH = "/_ministack/health"
OWN_ADDRESSES = ("/_ministack", "/_localstack", "/_aws")  # no AWS service has these, nor can a bucket have such a name
LARGEST_BODY_BYTES = 128 << 20  # of what is hashed here; what goes to S3 brings its hash along


class Gate:
    """Hands on what this workshop's keys have signed, and whoever asks for MiniStack's health; an ASGI application."""

    def __init__(self, app: Any, root: RootKey) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            headers: dict[str, str] = {}
            for name, value in scope["headers"]:  # several of one name are signed as one
                name, value = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
                headers[name] = f"{headers[name]},{value}" if name in headers else value
            if opened := for_everybody(scope, query, headers):
                scope = opened
            elif scope["path"] != HEALTH:
                body = b""
                if signs_body(query, headers):
                    body, receive = await _read(receive)
                if refusal := self._refusal(scope, query, headers, body):
                    service = detect_service(scope["method"], scope["path"], headers, query)
                    await _refuse(refusal, service, headers, send)
                    return
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, in_pieces(send))

    def _refusal(
        self, scope: Scope, query: dict[str, list[str]], headers: dict[str, str], body: bytes
    ) -> Refusal | None:
        if scope["path"].startswith(OWN_ADDRESSES):
            return "AccessDenied", "This address is closed here."
        if len(body) > LARGEST_BODY_BYTES:
            return "RequestEntityTooLarge", "The request is too large."
        path = scope["raw_path"].decode("latin-1")
        return find_refusal(self._root, scope["method"], path, query, headers, body)


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, or the beginning of one that is too large; and a `receive` that gives it again."""
    body, more = b"", True
    while more and len(body) <= LARGEST_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    given = iter([{"type": "http.request", "body": body}])

    async def receive_again() -> MutableMapping[str, Any]:
        return next(given, None) or await receive()

    return body, receive_again


async def _refuse(refusal: Refusal, service: str, headers: dict[str, str], send: Send) -> None:
    """Answer 403, in the words of the service."""
    error = AuthError(*refusal)
    _, answer, body = _credential_failure(service, "", "refused", error, headers)
    named = [(name.encode(), value.encode()) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": 403, "headers": named})
    await send({"type": "http.response.body", "body": body})
