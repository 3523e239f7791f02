"""The ways to ask for a reconcile: due timers, the schedule, the sweep, a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.names import check_dataset
from workshop.config import StartRunConfig
from workshop.handlers.sweep import look_at_all, sweep_datasets
from workshop.ledger import Ledger, Timer, Timers
from workshop.notices.strays import Strays, list_strays
from workshop.platform.clients import S3
from workshop.platform.errors import BadRequest
from workshop.platform.telemetry import logger
from workshop.reconcile import Reconciler
from workshop.reconcile.looks import Request, Result
from workshop.reconcile.start import check_overrides


class StartRequests:
    """Everything that start_run is asked for."""

    def __init__(
        self,
        config: StartRunConfig,
        s3: S3,
        ledger: Ledger,
        timers: Timers,
        reconciler: Reconciler,
        strays: Strays,
    ) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._timers = timers
        self._reconciler = reconciler
        self._strays = strays

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

    def schedule(self) -> dict[str, int]:
        """Have every dataset looked at."""
        return look_at_all(self._s3, self._config.bucket, self._ledger, self._timers)

    def sweep(self) -> dict[str, int]:
        """Have every dataset looked at that has work outstanding, and tell of folders that are no datasets."""
        swept = sweep_datasets(self._s3, self._config.bucket, self._ledger, self._timers, self._config.quiet_seconds)
        self._strays.tell_untold(list_strays(self._s3, self._config.bucket))
        return swept

    def manual(self, event: Mapping[str, Any]) -> Result:
        """A person asks: {"dataset": name, "rerun": bool, "inferenceOnly": bool, "parameters": {name: value}}, or
        {"dataset": name, "release": true} for what holds the dataset to be freed; all but the name may be missing.

        The quiet time does not hold for a person. Raises BadRequest or RefusedName naming what is wrong.
        """
        dataset = check_dataset(event.get("dataset"))
        rerun, inference_only, release = (_flag(event, name) for name in ("rerun", "inferenceOnly", "release"))
        overrides = check_overrides(event.get("parameters", {}))
        logger.append_keys(dataset=dataset)
        if release:
            return self._reconciler.release(dataset)
        request = Request(
            patient=False, rerun=rerun, inference_only=inference_only, overrides=tuple(sorted(overrides.items()))
        )
        return self._reconciler.reconcile(dataset, request)


def _flag(event: Mapping[str, Any], name: str) -> bool:
    value = event.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false.")
    return value
