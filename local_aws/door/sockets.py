"""The two neighbouring ports of a door, taken."""

import socket
from contextlib import suppress

from local_aws.errors import LocalStartError
from local_aws.ports import free_port

LAST_PORT = 65535


def bind_pair(port: int) -> tuple[socket.socket, list[socket.socket]]:
    """Take `port` for the app and the next one for objects, on loopback; 0 takes any two. The objects' sockets are two
    where the machine has IPv6: "localhost" is [::1], too, to some browsers, and nobody else shall answer there.

    Raises:
        LocalStartError: one of them is taken.
    """
    if port:
        return _bind(port)
    while True:
        with suppress(LocalStartError):
            if (port := free_port()) < LAST_PORT:
                return _bind(port)


def _bind(port: int) -> tuple[socket.socket, list[socket.socket]]:
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
            f"port {port} or {port + 1} of this machine is taken; choose another pair with --port N: the web "
            "app is at N, pictures are at the next"
        ) from error
    return bound[0], bound[1:]


def _socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    one = socket.socket(family)
    try:
        # So that a workshop can be started where another has just ended; two cannot listen at once all the same.
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
