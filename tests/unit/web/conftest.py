"""A browser in front of the web app's routes, with the signing key and the table in moto."""

import base64
import gzip
import json
import os
import re
from collections.abc import Callable, Iterable
from functools import cache
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from tests.unit.conftest import Stage, sample
from workshop.admission.grants import Grant, Right
from workshop.admission.invitations import Invitations, new_link_id
from workshop.admission.links import Links
from workshop.admission.visitors import Door, cookie_name
from workshop.config import WebConfig
from workshop.handlers import web_api
from workshop.platform import clients
from workshop.platform.addresses import Addresses
from workshop.platform.signing import Signer
from workshop.web.calls import Call, Reply
from workshop.web.interface import document, operations
from workshop.web.routes import Do, Routes
from workshop.web.static_files import StaticFile

APP = "https://app.example.com"
OBJECTS = "https://objects.example.com"
EMBEDDING = "https://shop.example.com"
COOKIE = cookie_name(f"{APP}/")
FILES = {"/": StaticFile(b"<!doctype html>", "text/html; charset=utf-8", "no-cache")}


class Browser:
    """Keeps cookies, and sends requests as API Gateway hands them on: with `cookies` as AWS does, or in the header
    alone, as the embedded AWS does."""

    def __init__(self, routes: Routes, door: Door, *, is_embedded_aws: bool = False) -> None:
        self.routes = routes
        self.door = door
        self.cookie = ""
        self._is_embedded_aws = is_embedded_aws

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        origin: str | None = APP,
        raw: str | None = None,
        **headers: str,
    ) -> SimpleNamespace:
        """Send the request, and get its answer."""
        return self.send(self.event(method, path, body, origin=origin, raw=raw, **headers))

    def send(self, event: dict[str, Any]) -> SimpleNamespace:
        """The answer: `status`, `headers`, `body` (JSON read) and `cookies`."""
        answer = self.routes.resolve(event, None)
        content = base64.b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer.get("body", "").encode()
        if answer["headers"].get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        for cookie in answer.get("cookies", ()):
            self.cookie = cookie.partition(";")[0].partition("=")[2]
        is_json = answer["headers"].get("Content-Type") == "application/json"
        return SimpleNamespace(
            status=answer["statusCode"],
            headers=answer["headers"],
            body=json.loads(content) if is_json else content,
            cookies=answer.get("cookies", []),
        )

    def event(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        origin: str | None = APP,
        raw: str | None = None,
        **headers: str,
    ) -> dict[str, Any]:
        event = sample("http_api_get")
        address, _, query = path.partition("?")
        event["rawPath"] = event["requestContext"]["http"]["path"] = address
        event["requestContext"]["http"]["method"] = method
        event["rawQueryString"] = query
        if query:
            event["queryStringParameters"] = dict(part.split("=", 1) for part in query.split("&"))
        given = {"accept-language": "en"} | ({"origin": origin} if origin else {})
        if body is not None or raw is not None:
            event["body"] = json.dumps(body) if raw is None else raw
            given["content-type"] = "application/json"
        event["headers"] = event["headers"] | given | {name.replace("_", "-"): value for name, value in headers.items()}
        del event["cookies"]
        if self.cookie:
            event["headers" if self._is_embedded_aws else "cookies"] = (
                event["headers"] | {"cookie": f"{COOKIE}={self.cookie}"}
                if self._is_embedded_aws
                else [f"{COOKIE}={self.cookie}"]
            )
        return event

    def open(self, dataset: str, rights: Iterable[Right] = tuple(Right), days: float = 1) -> Grant:
        """Open an invitation made now."""
        grant = grant_of(dataset, rights, days)
        answer = self.ask("POST", "/api/session", {"token": self.door.invitations.invite(grant)})
        assert answer.status == 200, answer.body
        return grant


class CheckedBrowser(Browser):
    """A browser that holds every answer of an operation to openapi.json."""

    def ask(self, method: str, path: str, *args: Any, **more: Any) -> SimpleNamespace:
        answer = super().ask(method, path, *args, **more)
        check_answer(method, path.partition("?")[0], answer)
        return answer


def check_answer(method: str, path: str, answer: SimpleNamespace) -> None:
    """Whether an answer is of the form that openapi.json gives it, by another reader of schemas than the app's own."""
    responses = _responses(method, path)
    spec = responses.get(str(answer.status))
    if spec is None:
        assert answer.status >= 400 or answer.status == 304, f"{method} {path} answers {answer.status}"
        spec = responses["default"]
    content = spec.get("content")
    if content is None or answer.status == 304:
        assert answer.body == b"", f"{method} {path} answers more than it should"
    else:
        _validator(json.dumps(content["application/json"]["schema"])).validate(answer.body)


def _responses(method: str, path: str) -> dict[str, Any]:
    for template, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"{[a-z]+}", "[^/]+", template), path) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]["responses"]
            return found
    raise AssertionError(f"{method} {path} is no operation")


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema) | {"components": document()["components"]})


def grant_of(dataset: str, rights: Iterable[Right] = tuple(Right), days: float = 1) -> Grant:
    from workshop.platform import clock

    return Grant(new_link_id(), dataset, frozenset(rights), int(clock.now_ms() // 1000 + days * 86_400))


@pytest.fixture
def door(stage: Stage) -> Door:
    invitations = Invitations(Signer(clients.kms(), os.environ["LINK_KEY_ID"]))
    return Door(invitations, Links(clients.dynamodb(), os.environ["TABLE"]), COOKIE, [EMBEDDING])


@pytest.fixture
def asked() -> list[tuple[str, Call]]:
    """Every operation that was reached, with what it was asked."""
    return []


@pytest.fixture
def browser_of(door: Door, asked: list[tuple[str, Call]]) -> Callable[..., Browser]:
    """Makes a browser in front of routes whose operations only note that they were reached; `do` replaces some."""

    def make(do: dict[str, Do] | None = None, *, is_embedded_aws: bool = False) -> Browser:
        def note(operation_id: str) -> Do:
            def noted(call: Call) -> Reply:
                asked.append((operation_id, call))
                return Reply({"reached": operation_id})

            return noted

        from workshop.web.sessions import Sessions

        sessions = Sessions(door, OBJECTS)
        known: dict[str, Do] = {operation.id: note(operation.id) for operation in operations()}
        known |= {"openSession": sessions.open, "closeSession": sessions.close, "getMe": sessions.me} | (do or {})
        return Browser(Routes(door, known, FILES, f"{APP}/", OBJECTS), door, is_embedded_aws=is_embedded_aws)

    return make


@pytest.fixture
def browser(browser_of: Callable[..., Browser]) -> Browser:
    return browser_of()


@pytest.fixture
def app(stage: Stage, door: Door, browser_of: Callable[..., Browser]) -> CheckedBrowser:
    """A browser in front of the real operations, with every answer held to openapi.json."""
    config = WebConfig.from_env()
    addresses = Addresses(clients.s3(), config.bucket, config.objects_url)
    real = web_api.operations_of(config, door, Links(clients.dynamodb(), config.table), addresses)
    return CheckedBrowser(browser_of(real).routes, door)
