"""The schedule and the sweep: datasets get looked at through the queue, each with its own retries.

schedule   every dataset: what is new becomes a run. It also repairs a drop of which every event was lost.
sweep      (hourly) only the datasets with work outstanding: a run whose end may have gone unheard or that is
           longer than its maximum, an upload without a timer, a notice that is owed
"""

from workshop.dataset import list_datasets
from workshop.ledger import DatasetState, Ledger, Phase, Timers
from workshop.ledger.timers import is_live, is_lost
from workshop.platform.clients import S3
from workshop.platform.telemetry import count, logger


def look_at_all(s3: S3, bucket: str, ledger: Ledger, timers: Timers) -> dict[str, int]:
    """Nudge every dataset: those with a folder, and those that hold a slot. Returns how many there are."""
    datasets = _known(s3, bucket, ledger)
    return _nudge(timers, datasets, of=datasets)


def sweep_datasets(s3: S3, bucket: str, ledger: Ledger, timers: Timers, quiet_seconds: int) -> dict[str, int]:
    """Nudge the datasets with work outstanding. Returns how many datasets there are, and how many were nudged."""
    datasets = _known(s3, bucket, ledger)
    outstanding = [name for name in datasets if is_outstanding(ledger.read(name), quiet_seconds)]
    return _nudge(timers, outstanding, of=datasets)


def is_outstanding(state: DatasetState, quiet_seconds: int) -> bool:
    """Whether something should happen to the dataset that no live timer will bring about."""
    if state.phase is not Phase.IDLE or state.unreported:
        return True
    return (state.considered != state.uploads and not is_live(state, quiet_seconds)) or is_lost(state, quiet_seconds)


def _nudge(timers: Timers, chosen: list[str], of: list[str]) -> dict[str, int]:
    for dataset in chosen:
        timers.nudge(dataset)
    return {"datasets": len(of), "nudged": len(chosen)}


def _known(s3: S3, bucket: str, ledger: Ledger) -> list[str]:
    listed, refused = list_datasets(s3, bucket)
    if refused:
        count("RefusedNames", refused)
        logger.warning("folders whose name is no dataset name", folders=refused)
    return sorted({*listed, *ledger.unsettled_datasets()})
