"""The three ways to ask for a reconcile: due timers, the schedule, a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from workshop.clients import S3
from workshop.config import StartRunConfig
from workshop.errors import BadRequest
from workshop.ledger import Ledger
from workshop.names import check_dataset
from workshop.reconcile import Reconciler, Request, Result
from workshop.settling import Timer, Timers
from workshop.starting import check_overrides
from workshop.sweeping import sweep
from workshop.telemetry import logger


class StartRequests:
    """Everything that start_run is asked for."""

    def __init__(self, config: StartRunConfig, s3: S3, ledger: Ledger, timers: Timers, reconciler: Reconciler) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._timers = timers
        self._reconciler = reconciler

    def due(self, records: Sequence[dict[str, Any]]) -> list[str]:
        """Serve the timers in SQS records; returns the message ids that have to come back."""
        failed: list[str] = []
        for record in records:
            try:
                timer = Timer.parse(record["body"])
                logger.append_keys(dataset=timer.dataset)
                self._reconciler.serve(timer)
            except Exception:  # noqa: BLE001  the queue retries this one alone, and buries it in the end
                logger.exception("a timer could not be served", message_id=record["messageId"])
                failed.append(record["messageId"])
            finally:
                logger.remove_keys(["dataset", "run"])
        return failed

    def sweep(self) -> dict[str, int]:
        """Have every dataset looked at."""
        return sweep(self._s3, self._config.bucket, self._ledger, self._timers)

    def manual(self, event: Mapping[str, Any]) -> Result:
        """A person asks: {"dataset": name, "rerun": bool, "parameters": {name: value}}; the last two may be missing.

        The quiet time does not hold for a person. Raises BadRequest or RefusedName naming what is wrong.
        """
        dataset = check_dataset(event.get("dataset"))
        rerun = event.get("rerun", False)
        if not isinstance(rerun, bool):
            raise BadRequest("`rerun` must be true or false.")
        overrides = check_overrides(event.get("parameters", {}))
        logger.append_keys(dataset=dataset)
        request = Request(patient=False, rerun=rerun, overrides=tuple(sorted(overrides.items())))
        return self._reconciler.reconcile(dataset, request)
