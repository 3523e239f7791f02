"""From a request to an operation and back. Who may do what is openapi.json's to say, and is asked here, once, for all
operations alike: none can forget it.

    static file?  ->  origin  ->  visitor  ->  form of the request  ->  right  ->  the operation  ->  answer
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from contract.errors import RefusedName
from contract.names import check_dataset
from workshop.admission.grants import ALL_DATASETS, Right
from workshop.admission.visitors import Door, Visitor, token_of
from workshop.platform import clock
from workshop.platform.addresses import origin_of
from workshop.platform.refusals import NotThere, Unusable, WebError
from workshop.platform.telemetry import count, logger
from workshop.web.calls import Call, Reply
from workshop.web.interface import Operation, operations
from workshop.web.sentences import chosen_language, sentence
from workshop.web.static_files import StaticFile

MAX_BODY_BYTES = 1 << 20
# The route that template.yaml gives a JWT authorizer.
CHECKED_ROUTE = "POST /api/oidc-session"
_READING = ("GET", "HEAD")
_JSON = "application/json"

Do = Callable[[Call], Reply]


class Routes:
    """Answers events of an HTTP API (payload format 2.0).

    `do` has a function for every operation of openapi.json; `static` the app's files by path; `app_url` is the app's
    address if it is another than the API's own; `objects` the origin of presigned addresses; `provider` that of the
    company's own sign-in.
    """

    def __init__(
        self,
        door: Door,
        do: Mapping[str, Do],
        static: Mapping[str, StaticFile],
        app_url: str,
        objects: str,
        provider: str | None = None,
    ) -> None:
        self._door = door
        self._static = static
        self._app_url = app_url
        self._security = security_headers(objects, provider)
        self._api = APIGatewayHttpResolver()
        for operation in operations():
            rule = operation.path.replace("{", "<").replace("}", ">")
            handler = self._handler(operation, do[operation.id])
            self._api.route(rule, method=operation.method, compress=True)(handler)
        self._api.not_found(self._no_operation)
        self._api.exception_handler(Exception)(self._refused)

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._api.resolve(event, context)
        answer["body"] = answer.get("body") or ""
        answer["headers"] = self._security | self._shared() | answer.get("headers", {})
        return answer

    # ----------------------------------------------------------------------------------------------- one operation

    def _handler(self, operation: Operation, do: Do) -> Callable[..., Response[Any]]:
        def handle(**path: str) -> Response[Any]:
            headers, cookies = self._headers(), self._cookies()
            if operation.method not in _READING:
                self._door.check_origin(headers, self._own_origins(), is_embeddable=operation.right is not None)
            now = clock.now_ms() // 1000
            visitor = Visitor((), now) if operation.right is None else self._door.visitor(headers, cookies, now)
            query = dict(self._api.current_event.query_string_parameters or {})
            body = None if operation.body is None else self._body()
            operation.check(path | query, body)
            _authorize(operation, visitor, path)
            call = Call(visitor, self._language(), self._base_url(), path, query, body, cookies, self._identity_token())
            return self._answer(operation, do(call))

        return handle

    def _answer(self, operation: Operation, answer: Reply) -> Response[Any]:
        cookies = [] if answer.cookie is None else [answer.cookie]
        if answer.body is None:
            return Response(operation.status, headers=_NO_STORE, cookies=cookies)
        text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
        tag = f'"{hashlib.sha256((answer.version or text).encode()).hexdigest()[:32]}"'
        headers = _NO_STORE | {"ETag": tag}
        if operation.method == "GET" and self._headers().get("if-none-match") == tag:
            return Response(HTTPStatus.NOT_MODIFIED, headers=headers, cookies=cookies)
        return Response(operation.status, _JSON, text, headers=headers, cookies=cookies)

    def _refused(self, error: Exception) -> Response[Any]:
        """What is refused is told; what goes wrong is logged, and told without its cause."""
        if isinstance(error, RefusedName):
            error = Unusable("bad_request", problems=[str(error)])
        if isinstance(error, WebError):
            count("WebRefused")
            status, code, problems, values = error.status, error.code, error.problems, error.values
        else:
            logger.exception("a request to the web app failed")
            count("WebFailed")
            status, code, problems, values = HTTPStatus.INTERNAL_SERVER_ERROR, "failed", [], {}
        body = {"error": code, "say": sentence(code, self._language(), **values), "problems": problems}
        return Response(status, _JSON, json.dumps(body, ensure_ascii=False), headers=_NO_STORE)

    # --------------------------------------------------------------------------------------------- everything else

    def _no_operation(self, _: Exception) -> Response[Any]:
        """One of the app's files, or what a browser asks before it lets an embedding page ask."""
        method, file = self._api.current_event.http_method, self._static.get(self._api.current_event.path)
        if method in _READING and file is not None:
            headers = {"Cache-Control": file.cache}
            return Response(HTTPStatus.OK, file.media_type, file.content, headers=headers, compress=True)
        if method == "OPTIONS" and self._shared():
            return Response(HTTPStatus.NO_CONTENT)
        return self._refused(NotThere("no_such_address"))

    def _shared(self) -> dict[str, str]:
        """That a page which may use tokens may read the answer (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
        origin = self._headers().get("origin")
        if origin is None or not self._door.is_embedding(origin):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
            "Access-Control-Max-Age": "3600",
            "Vary": "Origin",
        }

    # -------------------------------------------------------------------------------------------------- the request

    def _headers(self) -> dict[str, str]:
        headers = self._api.current_event.get("headers") or {}
        return {str(name).lower(): str(value) for name, value in headers.items()}

    def _cookies(self) -> list[str]:
        """From where AWS has them, and from where the embedded AWS has."""
        event = self._api.current_event
        return [str(text) for text in event.get("cookies") or [self._headers().get("cookie", "")]]

    def _identity_token(self) -> str | None:
        """Of a request whose route has an authorizer, which no sender of requests can choose."""
        context = self._api.current_event["requestContext"]
        if "jwt" not in (context.get("authorizer") or {}) or context.get("routeKey") != CHECKED_ROUTE:
            return None
        return token_of(self._headers())

    def _language(self) -> str:
        return chosen_language(self._headers().get("accept-language"))

    def _base_url(self) -> str:
        return self._app_url or f"https://{self._api.current_event['requestContext']['domainName']}/"

    def _own_origins(self) -> set[str]:
        """The app's own address, and that of the API, which nobody but API Gateway can put there."""
        return {
            origin_of(self._base_url()),
            f"https://{self._api.current_event['requestContext']['domainName']}",
        }

    def _body(self) -> Any:
        event = self._api.current_event
        if self._headers().get("content-type", "").partition(";")[0].strip() != _JSON:
            raise Unusable("bad_request", problems=[f"The body must be {_JSON}."])
        if len(event.get("body") or "") > MAX_BODY_BYTES:
            raise Unusable("too_large")
        try:
            value = json.loads(event.decoded_body or "", parse_constant=_no_number)
            json.dumps(value, ensure_ascii=False).encode()  # half a pair of surrogates is no text
            return value
        except (ValueError, RecursionError) as error:
            raise Unusable("bad_request", problems=["The body is no JSON."]) from error


def _authorize(operation: Operation, visitor: Visitor, path: Mapping[str, str]) -> None:
    """Raises NotAllowed or RefusedName."""
    match operation.right:
        case None | "any":
            return
        case "all":
            visitor.grant_for(Right.DROP, ALL_DATASETS)
        case "see":
            visitor.check_sees(check_dataset(path["dataset"]))
        case right:
            visitor.grant_for(Right(right), check_dataset(path["dataset"]))


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


_NO_STORE = {"Cache-Control": "no-store"}


def security_headers(objects: str, provider: str | None) -> dict[str, str]:
    """On every answer: nothing is loaded, embedded or told elsewhere but pictures from the origin `objects`, and who
    signs in asks the `provider`."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: data: {objects}",
        "media-src": f"blob: {objects}",
        "connect-src": " ".join(filter(None, ["'self'", objects, provider])),
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=31536000",
        "X-Content-Type-Options": "nosniff",
    }
