"""A visitor of the web app: asks as the app's own pages do, through the door, and keeps cookies as a browser does."""

import http.client
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local_aws.deploy import find_resource
from local_aws.workshop import LocalWorkshop
from tests.patience import HARD_END
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.platform.signing import Signer

FAR_AWAY = 4_000_000_000  # epoch seconds

# What is asked for by each operation that has a body.
BODIES: dict[str, Any] = {
    "createDataset": {"title": "Blue chairs"},
    "offerFiles": {"folder": "images", "files": [{"name": "more.png", "size": 7, "type": "image/png"}]},
    "putSettings": {"preset": "tiny"},
    "getEstimate": {"values": {}, "images": 12},
    "startRun": {"again": False},
    "putFavourites": {"names": []},
    "makeMore": {"kind": "pictures", "of": []},
    "shareLink": {"rights": ["watch"], "days": 1},
}


def mint_token(workshop: LocalWorkshop, dataset: str, *rights: Right) -> str:
    """A token with rights to one dataset, as who holds the workshop's key makes it."""
    signer = Signer(workshop.endpoint.client("kms"), find_resource(workshop.endpoint, "LinkKey"))
    return Invitations(signer).invite(Grant(new_link_id(), dataset, frozenset(rights), FAR_AWAY))


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


class Visitor:
    """Somebody with a browser; who has not opened a link is a stranger."""

    def __init__(self, app_url: str) -> None:
        self.app_url = app_url
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        given = {"Origin": self.app_url} | ({"Content-Type": "application/json"} if body is not None else {})
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        reply = send(self.app_url + path, method, None if body is None else json.dumps(body).encode(), given)
        for cookie in reply.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def open(self, link: str) -> Reply:
        """Open an invitation, as the app does with what is in its address's fragment."""
        address = urlsplit(link)
        assert f"{address.scheme}://{address.netloc}" == self.app_url
        (token,) = parse_qs(address.fragment)["t"]
        return self.ask("POST", "/api/session", {"token": token})


def linked_page(link: str) -> str:
    """The report's page of the run to whose pictures a mail's link leads, as the app gives it to its reader to keep."""
    address = urlsplit(link)
    visitor = Visitor(f"{address.scheme}://{address.netloc}")
    assert visitor.open(link).status == 200
    (screen,) = parse_qs(address.fragment)["go"]
    pictures = visitor.ask("GET", f"/api/datasets{screen}")
    assert pictures.status == 200, pictures.content
    page = send(pictures.body["page"]["url"])
    assert (page.status, page.headers["Content-Disposition"].partition(";")[0]) == (200, "attachment")
    return page.content.decode()


def owner(workshop: LocalWorkshop) -> Visitor:
    """Who may do everything."""
    visitor = Visitor(workshop.app_url)
    assert visitor.open(workshop.app_link()).status == 200
    return visitor


def send(url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """One request over a connection of its own; no redirect is followed."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=HARD_END)
    try:
        target = f"{address.path or '/'}{f'?{address.query}' if address.query else ''}"
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def post_form(url: str, fields: Mapping[str, str], content: bytes, **headers: str) -> Reply:
    """Post a file as a browser posts a form (RFC 7578)."""
    kind, body = form_body(fields, content)
    return send(url, "POST", body, {"Content-Type": kind, **headers})


def form_body(fields: Mapping[str, str], content: bytes) -> tuple[str, bytes]:
    """The Content-Type and the body of a form: the fields in their order, and the file."""
    line = secrets.token_hex(16)
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts.append(('name="file"; filename="blob"\r\nContent-Type: application/octet-stream', content))
    body = b"".join(
        f"--{line}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in parts
    )
    return f"multipart/form-data; boundary={line}", body + f"--{line}--\r\n".encode()
