"""Both listeners of a workshop, on a thread of their own."""

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
from local_aws.door.peers import GoneError, Peer
from local_aws.door.sides import Own, Side
from local_aws.door.upstream import Upstream
from local_aws.errors import LocalStartError
from local_aws.mailbox import Mail

logger = logging.getLogger(__name__)

APP_PORT = 8347
# A browser has six connections to each listener; what is more than this is not answered.
MOST_CONNECTIONS = 128
LARGEST_REQUEST_BYTES = 6 << 20  # what a function is given at most (Lambda quotas, "Invocation payload")
LARGEST_OBJECT_BYTES = 1 << 30  # S3 would take five times that; the embedded one has all of an upload in memory
LAST_PORT = 65535


class Door:
    """Serves the web app at `app_url` and objects at `objects_url` from `open` to `close`; the addresses, without a
    slash at their end, are known and taken before.

    `port` is the app's, and the objects have the next; 0 takes any two.

    Raises:
        LocalStartError: one of the two is taken.
    """

    def __init__(self, port: int) -> None:
        self._app_socket, self._object_sockets = _bind_any() if port == 0 else _bind(port)
        app_port = self._app_socket.getsockname()[1]
        self.app_url = f"http://127.0.0.1:{app_port}"
        self.objects_url = f"http://localhost:{app_port + 1}"
        self._connections: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    def open(self, endpoint: Endpoint, api_id: str, mails: Callable[[], Sequence[Mail]]) -> None:
        """Begin to answer.

        Args:
            api_id: of the HTTP API that is the web app.
            mails: those to show in the inbox, oldest first.
        """
        serving = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(endpoint, api_id, mails, serving)), name="door"
        )
        self._thread.start()
        serving.wait()

    def close(self) -> None:
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        for bound in (self._app_socket, *self._object_sockets):
            bound.close()

    async def _serve(
        self, endpoint: Endpoint, api_id: str, mails: Callable[[], Sequence[Mail]], serving: threading.Event
    ) -> None:
        self._loop = asyncio.get_running_loop()
        upstream = Upstream(endpoint)
        port = urlsplit(endpoint.url).port
        app = Side(
            host=self.app_url.removeprefix("http://"),
            upstream_host=f"{api_id}.execute-api.localhost:{port}",
            upstream=upstream,
            methods=frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}),
            largest_body=LARGEST_REQUEST_BYTES,
            own={b"/api/inbox": Own(b"/api/me", lambda: _inbox(mails()))},
        )
        objects = Side(
            host=self.objects_url.removeprefix("http://"),
            upstream_host=f"localhost:{port}",
            upstream=upstream,
            methods=frozenset({"GET", "HEAD", "POST", "OPTIONS"}),
            largest_body=LARGEST_OBJECT_BYTES,
            # An address of S3 is no page of ours, whatever somebody has uploaded there.
            added={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
        )
        servers = [
            await asyncio.start_server(self._accept(side), sock=bound)
            for side, sockets in ((app, [self._app_socket]), (objects, self._object_sockets))
            for bound in sockets
        ]
        serving.set()
        await self._closing.wait()
        for server in servers:
            server.close()
        upstream.close()

    def _accept(self, side: Side) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._connections) >= MOST_CONNECTIONS:
                writer.close()
                return
            connection = asyncio.create_task(_serve_connection(side, Peer(h11.SERVER, reader, writer)))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

        return accept


async def _serve_connection(side: Side, client: Peer) -> None:
    try:
        with suppress(GoneError, TimeoutError):
            await side.serve(client)
    except Exception:  # nobody else would be told
        logger.exception("a request to %s failed", side.host)
    finally:
        client.close()


def _inbox(mails: Sequence[Mail]) -> bytes:
    """openapi.json's Inbox."""
    return json.dumps({"mails": [asdict(mail) for mail in mails]}, ensure_ascii=False).encode()


def _bind(port: int) -> tuple[socket.socket, list[socket.socket]]:
    """The sockets of the app and of the objects. "localhost" is [::1], too, to some browsers: nobody else shall answer
    there, on a machine that has it."""
    bound: list[socket.socket] = []
    try:
        bound.append(_socket(socket.AF_INET, "127.0.0.1", port))
        bound.append(_socket(socket.AF_INET, "127.0.0.1", port + 1))
        if _has_ipv6():
            bound.append(_socket(socket.AF_INET6, "::1", port + 1))
    except OSError as error:
        for one in bound:
            one.close()
        raise LocalStartError(
            f"port {port} or {port + 1} of this machine is taken already, or may not be used; choose another with "
            f"--port N, which is the web app's (pictures have the next one)"
        ) from error
    return bound[0], bound[1:]


def _socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    one = socket.socket(family)
    try:
        # So that a workshop can be started where another has just ended. Two may not listen all the same (Linux).
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
        one.listen()
    except OSError:
        one.close()
        raise
    return one


def _has_ipv6() -> bool:
    try:
        _socket(socket.AF_INET6, "::1", 0).close()
    except OSError:
        return False
    return True


def _bind_any() -> tuple[socket.socket, list[socket.socket]]:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        with suppress(LocalStartError):
            if port < LAST_PORT:
                return _bind(port)
