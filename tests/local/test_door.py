"""What the door hands on, and what it does not: in front of a server that notes what it is asked."""

import http.client
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.aws import Endpoint
from local_aws.certificate import write_certificate
from local_aws.door import LocalDoor, door, entrances, peers
from local_aws.door.peers import end_to_end
from local_aws.errors import LocalStartError
from local_aws.keys import RootKey
from local_aws.mailbox import Mail
from tests.patience import HARD_END

API = "a1b2c3d4"
MAILS = [Mail("红椅子 begins", "body <b>", "red-chairs", "started", 1_800_000_000)]
HALF = 3 << 20


@dataclass(frozen=True)
class Note:
    """What was asked, and over which connection."""

    command: str
    path: str
    headers: dict[str, str]
    port: int


class Asked(BaseHTTPRequestHandler):
    """Fakes the embedded AWS: notes every request, and answers as `Upstream.answer` says."""

    protocol_version = "HTTP/1.1"
    server: "FakeAws"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the door has hung up
            self.close_connection = True

    def answer_request(self) -> None:
        self.server.asked.append(Note(self.command, self.path, dict(self.headers.items()), self.client_address[1]))
        self.server.answer(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer_request  # noqa: N815

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def say(self, status: int, body: bytes = b"", *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class FakeAws(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        certificate, key = write_certificate(folder)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.endpoint = Endpoint(f"https://localhost:{self.server_port}", certificate, "", RootKey.make())
        self.asked: list[Note] = []
        self.answer: Callable[[Asked], None] = lambda asked: asked.say(200, asked.body())


@dataclass
class Stage:
    """A door before a server."""

    aws: FakeAws
    door: LocalDoor
    open_connections: list[http.client.HTTPConnection] = field(default_factory=list)

    @property
    def app(self) -> str:
        return self.door.app_url.removeprefix("http://")

    @property
    def objects(self) -> str:
        return self.door.objects_url.removeprefix("http://")

    def connect(self, host: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host, timeout=HARD_END)
        self.open_connections.append(connection)
        return connection

    def ask(
        self, entrance: str, method: str, target: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = self.connect(entrance)
        connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse()

    def send(self, host: str, request: bytes) -> bytes:
        """Send bytes as they are; all that comes until the door hangs up."""
        name, port = host.split(":")
        with socket.create_connection((name, int(port)), HARD_END) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeAws, LocalDoor]]:
    aws, at_door = FakeAws(tmp_path_factory.mktemp("certificate")), LocalDoor(0)
    thread = threading.Thread(target=aws.serve_forever)
    thread.start()
    at_door.open(aws.endpoint, API, lambda: MAILS)
    yield aws, at_door
    at_door.close()
    aws.shutdown()
    thread.join()
    aws.server_close()


@pytest.fixture
def stage(served: tuple[FakeAws, LocalDoor]) -> Iterator[Stage]:
    stage = Stage(*served)
    stage.aws.asked.clear()
    yield stage
    for connection in stage.open_connections:
        connection.close()
    stage.aws.answer = lambda asked: asked.say(200, asked.body())


def test_a_request_is_handed_on_as_it_is_to_the_api_that_the_stack_has(stage: Stage) -> None:
    answer = stage.ask(
        stage.app, "PUT", "/api/x%2Fy?a=1&b=%20", b'{"a": 1}', cookie="a=1; b=2", origin="http://127.0.0.1:1",
        authorization="Bearer t", if_none_match='"e"', connection="x-secret, keep-alive", x_secret="1",
    )  # fmt: skip
    (asked,) = stage.aws.asked
    assert (answer.status, answer.read()) == (200, b'{"a": 1}')
    assert (asked.command, asked.path) == ("PUT", "/api/x%2Fy?a=1&b=%20")
    assert asked.headers == {
        "host": f"{API}.execute-api.localhost:{stage.aws.server_port}",
        "accept-encoding": "identity",
        "content-length": "8",
        "cookie": "a=1; b=2",
        "origin": "http://127.0.0.1:1",
        "authorization": "Bearer t",
        "if-none-match": '"e"',
    }


def test_an_answer_comes_back_as_it_is(stage: Stage) -> None:
    cookies = [("Set-Cookie", "a=1; Secure"), ("Set-Cookie", "b=2; HttpOnly")]
    stage.aws.answer = lambda asked: asked.say(201, b"made", *cookies, ("X-Own", "ä".encode().decode("latin-1")))
    answer = stage.ask(stage.app, "POST", "/api/session")
    assert (answer.status, answer.read()) == (201, b"made")
    assert answer.headers.get_all("Set-Cookie") == ["a=1; Secure", "b=2; HttpOnly"]
    assert answer.headers["X-Own"].encode("latin-1").decode() == "ä"
    own = {"Set-Cookie", "X-Own", "Content-Length", "Date", "Server"}
    assert {name.title() for name in answer.headers} == own, "the door adds nothing"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none_and_the_connection_is_kept(stage: Stage, status: int) -> None:
    def answer(asked: Asked) -> None:
        asked.send_response(status)
        asked.end_headers()

    connection = stage.connect(stage.app)
    stage.aws.answer = answer
    connection.request("GET", "/a")
    first = connection.getresponse()
    assert (first.status, first.read()) == (status, b"")
    sock = connection.sock
    stage.aws.answer = lambda asked: asked.say(200, b"second")
    connection.request("GET", "/b")
    assert connection.getresponse().read() == b"second"
    assert connection.sock is sock
    assert stage.aws.asked[0].port == stage.aws.asked[1].port, "so is the one behind the door"


def test_of_a_head_request_the_length_comes_back_and_nothing_else(stage: Stage) -> None:
    stage.aws.answer = lambda asked: asked.say(200, b"12345")
    answer = stage.ask(stage.objects, "HEAD", "/bucket/key")
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "5", b"")


def test_objects_are_asked_of_s3s_own_host_and_are_no_page_of_the_apps(stage: Stage) -> None:
    own = [("Content-Security-Policy", "default-src *"), ("Location", "https://elsewhere/")]
    stage.aws.answer = lambda asked: asked.say(307, b"<html>", *own)
    answer = stage.ask(stage.objects, "GET", "/bucket/a.html?X-Amz-Signature=1", origin=stage.door.app_url)
    (asked,) = stage.aws.asked
    assert asked.headers["host"] == f"localhost:{stage.aws.server_port}"
    assert (answer.status, answer.headers["Location"]) == (307, "https://elsewhere/"), "no redirect is followed"
    assert answer.headers.get_all("Content-Security-Policy") == ["sandbox"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("entrance", "host"),
    [
        ("app", "evil.example.com"),
        ("app", "localhost:{app}"),  # to a browser another site than 127.0.0.1
        ("app", "127.0.0.1"),
        ("app", "127.0.0.1:{objects}"),
        ("app", "127.0.0.1:{app}, evil.example.com"),
        ("objects", "127.0.0.1:{objects}"),
        ("objects", "localhost:{app}"),
        ("objects", "bucket.localhost:{objects}"),
        ("objects", ""),
    ],
)
def test_who_calls_the_door_by_another_name_is_sent_away(stage: Stage, entrance: str, host: str) -> None:
    ports = {name: getattr(stage, name).split(":")[1] for name in ("app", "objects")}
    answer = stage.ask(getattr(stage, entrance), "GET", "/", host=host.format(**ports))
    assert (answer.status, stage.aws.asked) == (421, [])
    assert getattr(stage, entrance) in answer.read().decode()


HEAD = "{method} {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"


@pytest.mark.parametrize(
    ("entrance", "method", "target", "more", "status"),
    [
        ("app", "TRACE", "/", "", 405),
        ("objects", "PUT", "/bucket/key", "", 405),
        ("objects", "DELETE", "/bucket/key", "", 405),
        ("app", "GET", "http://elsewhere/", "", 400),
        ("app", "OPTIONS", "*", "", 400),
        ("app", "POST", "/", "Transfer-Encoding: chunked\r\n", 411),
        ("app", "POST", "/", f"Content-Length: {door.LARGEST_REQUEST_BYTES + 1}\r\n", 413),
        ("objects", "POST", "/", f"Content-Length: {door.LARGEST_OBJECT_BYTES + 1}\r\n", 413),
        ("app", "POST", "/", "Content-Length: -1\r\n", 400),
        ("app", "POST", "/", "Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        ("app", "GET", "/", "Host: elsewhere\r\n", 400),
        ("app", "GET", "/", f"Cookie: {'x' * peers.LARGEST_HEAD_BYTES}\r\n", 431),
        ("app", "GET", f"/{'x' * peers.LARGEST_HEAD_BYTES}", "", 431),
        ("app", "GET", "/", "no colon\r\n", 400),
    ],
)  # fmt: skip
def test_what_is_not_handed_on_is_answered_with_a_sentence(
    stage: Stage, entrance: str, method: str, target: str, more: str, status: int
) -> None:
    host = getattr(stage, entrance)
    answer = stage.send(host, HEAD.format(method=method, target=target, host=host, more=more).encode())
    head, _, sentence = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert sentence.endswith(b".\n")
    assert stage.aws.asked == []


def test_the_inbox_is_the_mailboxs_for_whoever_has_a_session(stage: Stage) -> None:
    stage.aws.answer = lambda asked: asked.say(
        200, b'{"grants": []}', ("ETag", '"me"'), ("Set-Cookie", "renewed=1"), ("X-Content-Type-Options", "nosniff")
    )
    answer = stage.ask(stage.app, "GET", "/api/inbox?x", cookie="session=1", if_none_match='"me"')
    (asked,) = stage.aws.asked
    assert (asked.command, asked.path, asked.headers["cookie"]) == ("GET", "/api/me", "session=1")
    assert "if-none-match" not in asked.headers
    assert json.loads(answer.read()) == {
        "mails": [
            {
                "subject": "红椅子 begins",
                "body": "body <b>",
                "dataset": "red-chairs",
                "kind": "started",
                "sent": 1_800_000_000,
            }
        ]
    }
    assert (answer.headers["Set-Cookie"], answer.headers["X-Content-Type-Options"]) == ("renewed=1", "nosniff")
    assert "ETag" not in answer.headers


def test_without_a_session_the_inbox_is_what_the_function_says_of_that(stage: Stage) -> None:
    stage.aws.answer = lambda asked: asked.say(401, b'{"error": "no_session"}')
    answer = stage.ask(stage.app, "GET", "/api/inbox")
    assert (answer.status, answer.read()) == (401, b'{"error": "no_session"}')


def test_only_a_get_of_that_one_address_is_the_inbox(stage: Stage) -> None:
    for method, target in (("POST", "/api/inbox"), ("GET", "/api/inbox/"), ("GET", "/x/api/inbox")):
        stage.ask(stage.app, method, target).read()
    assert [asked.path for asked in stage.aws.asked] == ["/api/inbox", "/api/inbox/", "/x/api/inbox"]


def test_an_upload_is_handed_on_while_it_comes(stage: Stage) -> None:
    """The client sends its second half when the first has arrived behind the door: would the door gather it all, both
    would wait for ever."""
    first_half = threading.Event()

    def answer(asked: Asked) -> None:
        got = len(asked.rfile.read(HALF))
        first_half.set()
        got += len(asked.rfile.read(HALF))
        asked.say(200, str(got).encode())

    stage.aws.answer = answer
    connection = stage.connect(stage.objects)
    connection.putrequest("POST", "/bucket")
    connection.putheader("Content-Length", str(2 * HALF))
    connection.endheaders()
    connection.send(bytes(HALF))
    assert first_half.wait(HARD_END)
    connection.send(bytes(HALF))
    assert connection.getresponse().read() == str(2 * HALF).encode()


def test_a_download_is_handed_on_while_it_comes(stage: Stage) -> None:
    taken = threading.Event()

    def answer(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Length", str(2 * HALF))
        asked.end_headers()
        asked.wfile.write(bytes(HALF))
        asked.wfile.flush()
        assert taken.wait(HARD_END)
        asked.wfile.write(bytes(HALF))

    stage.aws.answer = answer
    response = stage.ask(stage.objects, "GET", "/bucket/key")
    assert len(response.read(HALF)) == HALF
    taken.set()
    assert len(response.read()) == HALF


def test_who_is_refused_in_the_middle_of_an_upload_gets_to_see_why(stage: Stage) -> None:
    def refuse(asked: Asked) -> None:
        asked.say(403, b"AccessDenied", ("Connection", "close"))
        asked.body()

    stage.aws.answer = refuse
    answer = stage.ask(stage.objects, "POST", "/bucket", bytes(8 * HALF))
    assert (answer.status, answer.read()) == (403, b"AccessDenied")


def test_an_embedded_aws_that_does_not_answer_is_said(stage: Stage) -> None:
    def hang_up(asked: Asked) -> None:
        asked.close_connection = True

    stage.aws.answer = hang_up
    answer = stage.ask(stage.app, "GET", "/")
    assert (answer.status, answer.read()) == (502, b"The embedded AWS does not answer.\n")


def test_what_the_embedded_aws_breaks_off_is_broken_off(stage: Stage) -> None:
    def break_off(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("Content-Length", "10")
        asked.end_headers()
        asked.wfile.write(b"12345")
        asked.close_connection = True

    stage.aws.answer = break_off
    with pytest.raises(http.client.IncompleteRead):
        stage.ask(stage.objects, "GET", "/bucket/key").read()


def half_requests(stage: Stage) -> list[socket.socket]:
    """Clients that have stopped: before, in and after the head of a request."""
    whole = HEAD.format(method="POST", target="/", host=stage.app, more="Content-Length: 9\r\n").encode()
    host, port = stage.app.split(":")
    stopped = [socket.create_connection((host, int(port)), HARD_END) for _ in range(21)]
    for number, connection in enumerate(stopped):
        connection.sendall((b"", b"GET / HT", whole + b"half")[number % 3])
    return stopped


def test_clients_that_stop_in_the_middle_keep_nobody_waiting(stage: Stage) -> None:
    stopped = half_requests(stage)
    assert stage.ask(stage.app, "GET", "/").status == 200
    for connection in stopped:
        connection.close()


def test_clients_that_stop_in_the_middle_are_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PIECE_SECONDS", 0.2)
    for connection in half_requests(stage):
        while connection.recv(1 << 16):  # until it is hung up
            pass
        connection.close()


def test_no_more_connections_are_served_than_a_machine_can_bear(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_CONNECTIONS", len(stage.door._connections) + 2)
    kept = [stage.connect(stage.app) for _ in range(2)]
    for connection in kept:
        connection.request("GET", "/")
        connection.getresponse().read()
    with pytest.raises(OSError):  # hung up on, before or after it could be sent
        stage.ask(stage.app, "GET", "/")
    kept[0].request("GET", "/")
    assert kept[0].getresponse().status == 200


def test_no_request_is_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.ask(stage.app, "GET", "/?t=token", cookie="token").read()
    stage.ask(stage.app, "GET", "/?t=token", host="token").read()
    assert "token" not in caplog.text + "".join(capfd.readouterr())


def test_a_failure_of_the_door_itself_is_logged_and_ends_one_connection_only(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrances, "end_to_end", lambda *_, **__: 1 / 0)
    assert stage.send(stage.app, HEAD.format(method="GET", target="/", host=stage.app, more="").encode()) == b""
    monkeypatch.undo()
    assert "ZeroDivisionError" in caplog.text
    assert stage.ask(stage.app, "GET", "/").status == 200


@given(st.binary(max_size=200))
def test_no_bytes_get_through_that_are_no_request_to_the_door(served: tuple[FakeAws, LocalDoor], sent: bytes) -> None:
    stage = Stage(*served)
    stage.aws.asked.clear()
    stage.send(stage.app, sent)
    assert stage.aws.asked == []
    assert stage.ask(stage.app, "GET", "/").read() == b""
    stage.open_connections.pop().close()


@given(
    st.lists(st.tuples(st.sampled_from([b"te", b"upgrade", b"cookie", b"x-a", b"x-b"]), st.just(b"1"))),
    st.lists(st.sampled_from([b"X-A", b"x-b", b"close", b"Keep-Alive"])),
)
def test_headers_about_the_connection_are_left_out_and_the_others_keep_their_order(
    headers: list[tuple[bytes, bytes]], named: list[bytes]
) -> None:
    passed = end_to_end([*headers, (b"connection", b", ".join(named))])
    about = {b"te", b"upgrade", b"connection", *(name.lower() for name in named)}
    assert passed == [(name, value) for name, value in headers if name not in about]


@pytest.mark.parametrize("taken", [0, 1])
def test_a_port_that_is_taken_is_said_with_the_option_that_helps(taken: int) -> None:
    first = LocalDoor(0)
    port = int(first.app_url.rpartition(":")[2])
    try:
        with pytest.raises(LocalStartError, match=r"is taken; choose another pair with --port N"):
            LocalDoor(port + taken)
    finally:
        first.close()
    again = LocalDoor(port)
    assert (again.app_url, again.objects_url) == (f"http://127.0.0.1:{port}", f"http://localhost:{port + 1}")
    again.close()
