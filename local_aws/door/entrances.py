"""What an entrance takes, and hands on to the embedded AWS. What it does not take, it answers with a sentence."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

from local_aws.door.peers import LARGEST_HEAD_BYTES, GoneError, Headers, Peer, end_to_end
from local_aws.door.upstream import Received, Upstream

# An upload of half a gigabyte on a slow machine is done by then, and whoever only pretends to send one is not served.
REQUEST_SECONDS = 3600.0
# What a client still sends after it was refused is read for so long, or it would not get to see why.
LINGER_SECONDS = 5.0


@dataclass(frozen=True)
class Own:
    """An address that the door answers itself: first `ask` is asked in its place, and where that is good, `body` takes
    the place of what it says."""

    ask: bytes
    body: Callable[[], bytes]


@dataclass(frozen=True)
class Entrance:
    """One of the door's two addresses.

    Attributes:
        host: what the Host header has to say. A page elsewhere that makes its own name mean this machine (DNS
            rebinding) is told nothing.
        upstream_host: what it says when the request is handed on.
        added: headers of every answer.
        own: by path.
    """

    host: str
    upstream_host: str
    upstream: Upstream
    methods: frozenset[str]
    largest_body: int
    added: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[bytes, Own] = field(default_factory=dict)

    async def serve(self, client: Peer) -> None:
        """Received the requests of a connection until it ends.

        Raises:
            GoneError: the client has hung up, in the middle of something or between two requests.
            TimeoutError: a request has taken far too long.
        """
        while True:
            try:
                request = await client.receive()
                if not isinstance(request, h11.Request):
                    return
                async with asyncio.timeout(REQUEST_SECONDS):
                    await self._answer(client, request)
            except h11.RemoteProtocolError as error:
                await _say(client, HTTPStatus(error.error_status_hint), "This is no HTTP, or too much of it.")
            if not client.begin_again():
                await _linger(client)
                return

    async def _answer(self, client: Peer, request: h11.Request) -> None:
        is_head = request.method == b"HEAD"
        if refusal := self._refusal(request):
            await _say(client, *refusal, is_head=is_head)
            return
        own = self.own.get(request.target.partition(b"?")[0]) if request.method == b"GET" else None
        try:
            if own is None:
                async with self.upstream.ask(self._handed_on(request), client.body()) as answer:
                    await self._hand_back(client, answer)
            else:
                async for _ in client.body():  # of a GET there is none
                    pass
                async with self.upstream.ask(self._in_place_of(request, own)) as answer:
                    await self._hand_back(client, answer, own)
        except GoneError:
            await _say(client, HTTPStatus.BAD_GATEWAY, "The embedded AWS does not answer.", is_head=is_head)

    def _refusal(self, request: h11.Request) -> tuple[HTTPStatus, str] | None:
        """Why a request is not handed on."""
        if len(request.target) + sum(len(name) + len(value) for name, value in request.headers) > LARGEST_HEAD_BYTES:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head has at most {LARGEST_HEAD_BYTES} bytes."
        given = dict(request.headers)
        if given.get(b"host", b"").decode("latin-1") != self.host:
            return HTTPStatus.MISDIRECTED_REQUEST, f"This is http://{self.host}/ and nothing else."
        if request.method.decode("latin-1") not in self.methods:
            return HTTPStatus.METHOD_NOT_ALLOWED, f"Only {', '.join(sorted(self.methods))} are answered here."
        if not request.target.startswith(b"/"):
            return HTTPStatus.BAD_REQUEST, "The address must begin with a slash."
        if b"transfer-encoding" in given:
            return HTTPStatus.LENGTH_REQUIRED, "The length of a body has to be given."
        if int(given.get(b"content-length", b"0")) > self.largest_body:  # h11 lets nothing but digits through
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {self.largest_body} bytes."
        return None

    def _handed_on(self, request: h11.Request) -> h11.Request:
        headers = [(b"host", self.upstream_host.encode()), *end_to_end(request.headers, without=(b"host", b"expect"))]
        return h11.Request(method=request.method, target=request.target, headers=headers)

    def _in_place_of(self, request: h11.Request, own: Own) -> h11.Request:
        """Asks the whole of another address, by the same visitor."""
        unasked = (b"host", b"expect", b"content-length", b"if-none-match", b"accept-encoding")
        headers = [(b"host", self.upstream_host.encode()), *end_to_end(request.headers, without=unasked)]
        return h11.Request(method="GET", target=own.ask, headers=headers)

    async def _hand_back(self, client: Peer, answer: Received, own: Own | None = None) -> None:
        headers = end_to_end(answer.head.headers, without=tuple(name.lower().encode() for name in self.added))
        headers += [(name.encode(), value.encode()) for name, value in self.added.items()]
        if own is None or answer.head.status_code != HTTPStatus.OK:
            await client.send(h11.Response(status_code=answer.head.status_code, headers=headers))
            async for piece in answer.body:
                await client.send(h11.Data(data=piece))
        else:
            async for _ in answer.body:
                pass
            body = own.body()
            headers = [(name, value) for name, value in headers if name not in (b"content-length", b"etag")]
            headers.append((b"content-length", str(len(body)).encode()))
            await client.send(h11.Response(status_code=HTTPStatus.OK, headers=headers))
            await client.send(h11.Data(data=body))
        await client.send(h11.EndOfMessage())


async def _say(client: Peer, status: HTTPStatus, sentence: str, *, is_head: bool = False) -> None:
    """Refuse with a sentence, and be done with the connection. Raises GoneError where an answer is half sent."""
    if client.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        raise GoneError
    body = f"{sentence}\n".encode()
    headers: Headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await client.send(h11.Response(status_code=status, headers=headers))
    if not is_head:
        await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


async def _linger(client: Peer) -> None:
    """Read what a client still sends, for a while."""
    if client.http.their_state is h11.SEND_BODY:
        async with asyncio.timeout(LINGER_SECONDS):
            async for _ in client.body():
                pass
