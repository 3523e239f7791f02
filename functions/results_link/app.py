"""Function URL behind the links in the mails: GET /?t=<token> -> 302 to a fresh presigned URL of the report."""

from typing import Any

from workshop.handlers import assembly
from workshop.notices.results_link import report_url
from workshop.platform import clients
from workshop.platform.errors import LinkError
from workshop.platform.telemetry import count, logger, observed

_METHODS = ("GET", "HEAD", None)  # None: whoever invokes the function itself, as an operator may
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@observed
def handler(event: Any, context: object) -> dict[str, Any]:
    """A function URL event (payload format 2.0); anybody may send anything in it."""
    if _member(event, "requestContext", "http", "method") not in _METHODS:
        return _answer(405, "A link is opened with GET.", {"Allow": "GET, HEAD"})
    try:
        dataset, execution_id = assembly.link_key().read(_member(event, "queryStringParameters", "t"))
        logger.append_keys(dataset=dataset, run=execution_id)
        url = report_url(clients.s3(), assembly.link_config().bucket, dataset, execution_id)
    except LinkError as error:
        count("LinksRefused")
        return _answer(403, str(error))
    if url is None:
        return _answer(404, "The results of this run are not kept any more. Ask whoever runs the workshop.")
    count("LinksFollowed")
    return _answer(302, "", {"Location": url})


def _member(value: Any, *names: str) -> Any:
    """What lies at the end of these names; None where one of them leads nowhere."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": _HEADERS | plain | (headers or {}), "body": text and text + "\n"}
