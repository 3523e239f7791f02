"""The proxy that links in local mails point to: a plain HTTP server on loopback in front of the deployed function
`results_link`.

On AWS a mail's link is the function's own URL, and the browser follows its redirect to S3. Here the browser would
trust neither the name nor the certificate of the embedded AWS, so the proxy asks the function over the Lambda API,
follows the redirect itself and hands S3's answer on as it is: what would not show on AWS does not show here. The
signature of the link is checked where it always is: in the function.
"""

import json
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError

from local_aws.aws import Endpoint, trust_certificate

# What a browser goes by when it shows a page, or saves it.
PASSED_ON = ("Content-Type", "Content-Disposition", "Content-Encoding", "Cache-Control", "X-Content-Type-Options")


class ResultsProxy:
    """Answers `GET /?t=<token>` from `open` to `close`; `url` is known before."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="results-proxy")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def open(self, endpoint: Endpoint, function_name: str) -> None:
        self._server.ask = (endpoint, function_name)  # type: ignore[attr-defined]
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        endpoint, function_name = self.server.ask  # type: ignore[attr-defined]
        address = urllib.parse.urlsplit(self.path)
        answer = _invoke(endpoint, function_name, address.path, address.query)
        status, headers, body = answer["statusCode"], answer.get("headers", {}), answer.get("body", "").encode()
        if status == 302:
            status, headers, body = _follow(headers["Location"], endpoint)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the token in the path is a secret."""


def _follow(url: str, endpoint: Endpoint) -> tuple[int, dict[str, str], bytes]:
    try:
        page = urllib.request.urlopen(url, context=trust_certificate(endpoint.ca_bundle))
    except HTTPError as refused:  # an answer like any other
        page = refused
    with page:
        return page.status, {name: page.headers[name] for name in PASSED_ON if name in page.headers}, page.read()


def _invoke(endpoint: Endpoint, function_name: str, path: str, query: str) -> dict[str, Any]:
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)),
        "requestContext": {"http": {"method": "GET", "path": path}},
    }
    answer = endpoint.client("lambda").invoke(FunctionName=function_name, Payload=json.dumps(event))
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    return {"statusCode": 502, "body": "The results function failed.\n"} if answer.get("FunctionError") else payload
