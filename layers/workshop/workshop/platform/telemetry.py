"""Structured logs and metrics of a function.

Log keys are `dataset` and `run`. Never logged: whole events, links, mail addresses, the texts of notices. File names
and error messages were written by others and may hold an address or a link: both are redacted in every line.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from workshop.platform.redaction import redact_values


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(redact_values(entry), separators=(",", ":"))


logger = Logger(json_serializer=_line)
metrics = Metrics(namespace="Workshop")

Handler = Callable[[Any, Any], Any]


def count(name: str, value: int = 1) -> None:
    """Add to a metric that counts."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def observed(handler: Handler) -> Handler:
    """A handler whose logs carry the Lambda context, and whose metrics are written whatever happens."""

    @logger.inject_lambda_context(clear_state=True, log_event=False)
    @wraps(handler)
    def run(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        finally:
            if metrics.provider.metric_set:  # flushing none is a warning
                metrics.flush_metrics()

    return run
