"""Publishes "failed": which step, why, where its log is and what to do next. Asked for by status_listener."""

from workshop.handlers import assembly
from workshop.handlers.report import ReportRequest
from workshop.platform import clients
from workshop.platform.telemetry import logger, observed


@observed
def handler(event: object, context: object) -> dict[str, str]:
    """Returns {"notified": kind, "already sent" or "foreign"}; raises for every trouble, so that Lambda retries."""
    request = ReportRequest.parse(event)
    logger.append_keys(dataset=request.dataset, run=request.execution.arn)
    return {"notified": assembly.reporter().failure(request, clients.sagemaker())}
