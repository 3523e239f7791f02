"""Due timers from the SettleQueue, the schedule and the sweep, and people: all of them call reconcile.

{"Records": [...]}          timers; the queue's mapping must have ReportBatchItemFailures
{"source": "schedule"}      every dataset; returns {"datasets": n, "nudged": n}
{"source": "sweep"}         every dataset with work outstanding; returns the same
{"source": "manual", "dataset": name, "rerun": bool, "inferenceOnly": bool, "parameters": {...}}; returns what was done
{"source": "manual", "dataset": name, "settings": true, "language": tag}; returns a form, and changes nothing
{"source": "manual", "dataset": name, "estimate": {key: text of settings.yaml}, "images": n, "language": tag}; returns
                            what is wrong with such settings, or what a run with them would take; changes nothing
"""

from typing import Any

from workshop.handlers import assembly
from workshop.handlers.queue_records import read_records
from workshop.platform.errors import BadRequest
from workshop.platform.telemetry import observed


@observed
def handler(event: Any, context: object) -> dict[str, Any]:
    """One of the events above; anything else is refused."""
    requests = assembly.start_run()
    match event:
        case {"Records": _}:
            return {"batchItemFailures": [{"itemIdentifier": m} for m in requests.due(read_records(event))]}
        case {"source": "schedule"}:
            return dict(requests.schedule())
        case {"source": "sweep"}:
            return dict(requests.sweep())
        case {"source": "manual"}:
            return requests.manual(event)
    raise BadRequest('start_run wants SQS records or a "source": "schedule", "sweep", or "manual" with a "dataset".')
