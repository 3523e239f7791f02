"""The artists' web app: its files, and what they ask (workshop.web, openapi.json). Behind an HTTP API, payload 2.0."""

from pathlib import Path
from typing import Any

from workshop.handlers.web_api import web_app
from workshop.platform.telemetry import observed

_STATIC = Path(__file__).parent / "static"


@observed
def handler(event: Any, context: object) -> dict[str, Any]:
    """One request; anybody may send anything in it."""
    return web_app(_STATIC).resolve(event, context)
