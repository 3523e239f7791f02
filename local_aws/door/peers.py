"""HTTP/1.1 over a stream, by h11, which knows the protocol and its pitfalls: one side of a connection."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import h11

LARGEST_HEAD_BYTES = 32 << 10  # a cookie has 4 KiB at most, and a presigned address less than 3
# Who neither sends nor takes a piece for so long is gone.
PIECE_SECONDS = 60.0
_READ_BYTES = 64 << 10
# They are about a connection, not about what is sent over it (RFC 9110, 7.6.1).
_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}

Headers = list[tuple[bytes, bytes]]


class GoneError(Exception):
    """The other side has hung up, or has been silent for too long."""


class Peer:
    """The program at the other end of a connection; `role` is ours, h11.SERVER or h11.CLIENT."""

    def __init__(
        self, role: type[h11.SERVER] | type[h11.CLIENT], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.http = h11.Connection(role, LARGEST_HEAD_BYTES)
        self._gone = (OSError, TimeoutError) if role is h11.SERVER else (OSError, TimeoutError, h11.RemoteProtocolError)
        self._reader = reader
        self._writer = writer

    async def receive(self, seconds: float | None = None) -> object:
        """The next event of the protocol.

        Raises:
            GoneError: it does not come whole within so many seconds (by default PIECE_SECONDS), or at all; or a server
                speaks no HTTP.
            h11.RemoteProtocolError: a client does not.
        """
        try:
            async with asyncio.timeout(seconds or PIECE_SECONDS):
                while (event := self.http.next_event()) is h11.NEED_DATA:
                    if self.http.they_are_waiting_for_100_continue:
                        await self.send(h11.InformationalResponse(status_code=100, headers=[]))
                    self.http.receive_data(await self._reader.read(_READ_BYTES))
        except self._gone as error:
            raise GoneError from error
        return event

    async def send(self, event: h11.Event) -> None:
        """Raises GoneError if it cannot be sent."""
        data = self.http.send(event)
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                self._writer.write(data or b"")
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise GoneError from error

    async def body(self) -> AsyncIterator[bytes]:
        """The body of the message whose head has been received, piece by piece. Raises as `receive`."""
        while isinstance(event := await self.receive(), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise GoneError

    def has_hung_up(self) -> bool:
        return self._reader.at_eof() or self._writer.is_closing()

    def begin_again(self) -> bool:
        """Get ready for another exchange over the same connection; False if it has to be closed instead."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True

    def close(self) -> None:
        """Hang up when all that was sent has been taken."""
        self._writer.close()

    async def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()


def end_to_end(headers: Sequence[tuple[bytes, bytes]], without: tuple[bytes, ...] = ()) -> Headers:
    """The headers that are to be handed on; names are in lower case. Those that Connection names are about it, too."""
    named = b",".join(value for name, value in headers if name == b"connection").lower()
    left_out = _HOP_BY_HOP | {token.strip() for token in named.split(b",")} | set(without)
    return [(name, value) for name, value in headers if name not in left_out]
