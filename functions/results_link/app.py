"""Function URL behind the links in the mails: GET /?t=<token> -> 302 to a fresh presigned URL of the report."""

from typing import Any

from workshop import assembly, clients
from workshop.errors import LinkError
from workshop.links import report_url
from workshop.telemetry import count, logger, observed

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@observed
def handler(event: object, context: object) -> dict[str, Any]:
    """A function URL event (payload format 2.0)."""
    try:
        dataset, execution_id = assembly.link_key().read(_token(event))
        logger.append_keys(dataset=dataset, run=execution_id)
        url = report_url(clients.s3(), assembly.link_config().bucket, dataset, execution_id)
    except LinkError as error:
        count("LinksRefused")
        return _answer(403, str(error))
    if url is None:
        return _answer(404, "The results of this run are not kept any more. Ask whoever runs the workshop.")
    count("LinksFollowed")
    return _answer(302, "", {"Location": url})


def _token(event: object) -> str:
    """The link's token; "" where there is none, which is no token."""
    match event:
        case {"queryStringParameters": {"t": str(token)}}:
            return token
    return ""


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    return {"statusCode": status, "headers": _HEADERS | plain | (headers or {}), "body": text and text + "\n"}
