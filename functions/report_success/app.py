"""Publishes "succeeded", once the run's artefacts are found to be there: asked for by the pipeline's last step and by
status_listener.

As a step of the pipeline it must not fail a training that has ended well: it reports its own trouble and returns, and
the listener asks again. For the listener it raises, so that Lambda retries.
"""

from workshop.handlers import assembly
from workshop.handlers.report import ReportRequest, is_from_pipeline
from workshop.platform import clients
from workshop.platform.telemetry import count, logger, observed


@observed
def handler(event: object, context: object) -> dict[str, str]:
    """Returns {"notified": kind, "already sent", "foreign" or, for the pipeline only, "trouble"}."""
    try:
        request = ReportRequest.parse(event)
        logger.append_keys(dataset=request.dataset, run=request.execution.arn)
        return {"notified": assembly.reporter().success(request, clients.sagemaker())}
    except Exception:
        if not is_from_pipeline(event):
            raise
        count("NoticeTrouble")
        logger.exception("the success notice could not be sent from the pipeline")
        return {"notified": "trouble"}
