"""The schedule and the sweep: every dataset gets looked at, through the queue, each with its own retries.

It is also the repair of everything lost: upload events, timers, ends of runs, requests for reports.
"""

from workshop.clients import S3
from workshop.ledger import Ledger
from workshop.settling import Timers
from workshop.snapshot import list_datasets
from workshop.telemetry import count, logger


def sweep(s3: S3, bucket: str, ledger: Ledger, timers: Timers) -> dict[str, int]:
    """Nudge every dataset: those with a folder, and those that hold a slot. Returns how many there are."""
    listed, refused = list_datasets(s3, bucket)
    if refused:
        count("RefusedNames", refused)
        logger.warning("folders whose name is no dataset name", folders=refused)
    datasets = sorted({*listed, *ledger.active_datasets()})
    for dataset in datasets:
        timers.nudge(dataset)
    return {"datasets": len(datasets)}
