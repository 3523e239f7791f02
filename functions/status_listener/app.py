"""EventBridge: status changes of pipeline executions and of their steps, invoked asynchronously.

An error makes Lambda invoke again: everything behind this handler may be repeated.
"""

from workshop.handlers import assembly
from workshop.handlers.status_events import parse_event
from workshop.platform.telemetry import observed


@observed
def handler(event: object, context: object) -> dict[str, str]:
    """Act on one status event of SageMaker's."""
    return {"outcome": assembly.listener().on_news(parse_event(event))}
