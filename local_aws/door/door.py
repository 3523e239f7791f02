"""Both entrances to a workshop, served by a thread of their own."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from urllib.parse import urlsplit

import h11

from local_aws.aws import Endpoint
from local_aws.door.entrances import Entrance, Own
from local_aws.door.peers import GoneError, Peer
from local_aws.door.sockets import bind_pair
from local_aws.door.upstream import Upstream
from local_aws.mailbox import Mail

logger = logging.getLogger(__name__)

APP_PORT = 8347
# A browser has six connections to each entrance; what is more than this is not answered.
MOST_CONNECTIONS = 128
LARGEST_REQUEST_BYTES = 6 << 20  # what a function is given at most (Lambda quotas, "Invocation payload")
LARGEST_OBJECT_BYTES = 1 << 30  # S3 would take five times that; the embedded one has all of an upload in memory


class LocalDoor:
    """Serves the web app at `app_url` and objects at `objects_url` from `open` to `close`; the addresses, without a
    slash at their end, are known and taken before.

    `port` is the app's, and the objects have the next; 0 takes any two.

    Raises:
        LocalStartError: one of the two is taken.
    """

    def __init__(self, port: int) -> None:
        self._app_socket, self._object_sockets = bind_pair(port)
        port = self._app_socket.getsockname()[1]
        self.app_url = f"http://127.0.0.1:{port}"
        self.objects_url = f"http://localhost:{port + 1}"
        self._connections: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self, endpoint: Endpoint, api_id: str, mails: Callable[[], Sequence[Mail]]) -> None:
        """Begin to answer.

        Args:
            api_id: of the HTTP API that is the web app.
            mails: those to show in the inbox, oldest first.
        """
        upstream, port, serving = Upstream(endpoint), urlsplit(endpoint.url).port, threading.Event()
        app = Entrance(
            host=self.app_url.removeprefix("http://"),
            upstream_host=f"{api_id}.execute-api.localhost:{port}",
            upstream=upstream,
            methods=frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}),
            largest_body=LARGEST_REQUEST_BYTES,
            own={b"/api/inbox": Own(b"/api/me", lambda: _inbox(mails()))},
        )
        objects = Entrance(
            host=self.objects_url.removeprefix("http://"),
            upstream_host=f"localhost:{port}",
            upstream=upstream,
            methods=frozenset({"GET", "HEAD", "POST", "OPTIONS"}),
            largest_body=LARGEST_OBJECT_BYTES,
            # An address of S3 is no page of ours, whatever somebody has uploaded there.
            added={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
        )
        entrances = [(app, self._app_socket), *((objects, bound) for bound in self._object_sockets)]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(entrances, serving)), name="door")
        self._thread.start()
        serving.wait()

    def close(self) -> None:
        """Stop answering, in the middle of whatever is going on."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        for bound in (self._app_socket, *self._object_sockets):
            bound.close()

    async def _serve(self, entrances: Sequence[tuple[Entrance, socket.socket]], serving: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        servers = [await asyncio.start_server(self._accept(entrance), sock=bound) for entrance, bound in entrances]
        serving.set()
        await self._closing.wait()
        for server in servers:
            server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await entrances[0][0].upstream.close()

    def _accept(self, entrance: Entrance) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._connections) >= MOST_CONNECTIONS:
                writer.close()
                return
            connection = asyncio.create_task(_serve_connection(entrance, Peer(h11.SERVER, reader, writer)))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

        return accept


async def _serve_connection(entrance: Entrance, client: Peer) -> None:
    try:
        with suppress(GoneError, TimeoutError):
            await entrance.serve(client)
    except asyncio.CancelledError:
        await client.abort()
        raise
    except Exception:  # nobody else would be told
        logger.exception("a request to %s failed", entrance.host)
    client.close()


def _inbox(mails: Sequence[Mail]) -> bytes:
    """openapi.json's Inbox."""
    return json.dumps({"mails": [asdict(mail) for mail in mails]}, ensure_ascii=False).encode()
