"""The schedule and the sweep: every dataset gets looked at, through the queue, each with its own retries.

It is also the repair of everything lost: upload events, timers, ends of runs, requests for reports.
"""

from workshop.clients import S3
from workshop.ledger import Ledger
from workshop.settling import Timers, is_live
from workshop.snapshot import list_datasets
from workshop.telemetry import count, logger


def sweep(s3: S3, bucket: str, ledger: Ledger, timers: Timers, quiet_seconds: int) -> dict[str, int]:
    """Arm a timer for every dataset that has none: those with a folder, and those that hold a slot.

    Returns how many datasets there are and for how many a timer was armed.
    """
    listed, refused = list_datasets(s3, bucket)
    if refused:
        count("RefusedNames", refused)
        logger.warning("folders whose name is no dataset name", folders=refused)
    datasets = sorted({*listed, *ledger.active_datasets()})
    armed = 0
    for dataset in datasets:
        state = ledger.read(dataset)
        if not is_live(state, quiet_seconds):
            timers.arm(state, 0)
            armed += 1
    return {"datasets": len(datasets), "armed": armed}
