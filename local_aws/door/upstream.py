"""The connections to the embedded AWS: over TLS, and kept."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from local_aws.aws import Endpoint, trust_certificate
from local_aws.door.peers import GoneError, Peer

# The embedded AWS closes a connection after 75 s without a request (ministack.app).
KEPT_SECONDS = 30.0
MOST_KEPT = 32
# No verdict: a function has its own time limit, and S3 reads the whole of an upload.
ANSWER_SECONDS = 900.0


@dataclass(frozen=True)
class Received:
    """The head of an answer, and its body as it comes."""

    head: h11.Response
    body: AsyncIterator[bytes]


class Upstream:
    """Asks the embedded AWS; for use in one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._port = urlsplit(endpoint.url).port
        self._tls = trust_certificate(endpoint.ca_bundle)
        self._kept: list[tuple[Peer, float]] = []

    @asynccontextmanager
    async def ask(self, head: h11.Request, body: AsyncIterator[bytes] | None = None) -> AsyncIterator[Received]:
        """Send a request, and read the answer within the block. An answer may come before all of the body was sent, as
        refusals do: then no more of it is.

        Raises:
            GoneError: the embedded AWS does not answer, or whoever sends the body has gone.
            h11.RemoteProtocolError: what either of them sends is not HTTP.
        """
        peer = await self._connection()
        sending = asyncio.create_task(_send(peer, head, body))
        receiving = asyncio.create_task(_head_of_answer(peer))
        is_whole = False
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            yield Received(await receiving, peer.body())
            is_whole = sending.done() and peer.begin_again()
        finally:
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            if is_whole and len(self._kept) < MOST_KEPT:
                self._kept.append((peer, time.monotonic()))
            else:
                await peer.abort()

    async def close(self) -> None:
        for peer, _ in self._kept:
            await peer.abort()

    async def _connection(self) -> Peer:
        while self._kept:
            peer, since = self._kept.pop()
            if time.monotonic() - since < KEPT_SECONDS and not peer.has_hung_up():
                return peer
            await peer.abort()
        try:
            streams = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls, server_hostname="localhost")
        except OSError as error:
            raise GoneError from error
        return Peer(h11.CLIENT, *streams)


async def _send(peer: Peer, head: h11.Request, body: AsyncIterator[bytes] | None) -> None:
    """Raises GoneError if the body does not come. If `peer` does not take it, its answer says why, or its silence."""
    events = _events(head, body)
    async for event in events:
        try:
            await peer.send(event)
        except GoneError:
            return


async def _events(head: h11.Request, body: AsyncIterator[bytes] | None) -> AsyncIterator[h11.Event]:
    yield head
    if body is not None:
        async for piece in body:
            yield h11.Data(data=piece)
    yield h11.EndOfMessage()


async def _head_of_answer(peer: Peer) -> h11.Response:
    while isinstance(event := await peer.receive(ANSWER_SECONDS), h11.InformationalResponse):
        pass
    if not isinstance(event, h11.Response):
        raise GoneError
    return event
