"""A mail server that keeps what it is given: the embedded SES hands its mails over to one (SMTP_HOST).

It speaks as much of RFC 5321 as smtplib asks for, without TLS and without authentication, on 127.0.0.1.
"""

import socketserver
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Use as a context manager. `mails` are those that came, oldest first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self._mails: list[EmailMessage] = []
        self._thread = threading.Thread(target=self.serve_forever, name="mail-server")

    def __enter__(self) -> "MailServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def mails(self) -> list[EmailMessage]:
        return list(self._mails)

    def keep(self, content: bytes) -> None:
        self._mails.append(message_from_bytes(content, policy=default))


class _Conversation(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        self._say("220 here")
        while command := self.rfile.readline():
            match command[:4].strip().upper():
                case b"DATA":
                    self._say("354 go on")
                    self.server.keep(b"".join(self._lines()))
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 well")

    def _lines(self) -> Any:
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            yield line.removeprefix(b".")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
