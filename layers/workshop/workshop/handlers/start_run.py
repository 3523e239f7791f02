"""The ways to ask for a reconcile: due timers, the schedule, the sweep, a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.names import LANGUAGES, check_dataset
from workshop.config import StartRunConfig
from workshop.handlers.sweep import look_at_all, sweep_datasets
from workshop.ledger import Ledger, Timer, Timers
from workshop.notices.strays import Strays, list_strays
from workshop.platform.clients import S3
from workshop.platform.errors import BadRequest
from workshop.platform.telemetry import logger
from workshop.reconcile import Reconciler
from workshop.reconcile.advice import MOST_IMAGES, Adviser
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
        adviser: Adviser,
    ) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._timers = timers
        self._reconciler = reconciler
        self._strays = strays
        self._adviser = adviser

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

    def manual(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A person asks: {"dataset": name, "rerun": bool, "inferenceOnly": bool, "parameters": {name: value}}, or
        {"dataset": name, "release": true} for what holds the dataset to be freed; all but the name may be missing.
        Returns what was done.

        Or only asks, and changes nothing: {"dataset": name, "settings": true} for its settings as a form, {"dataset":
        name, "estimate": {key: text}, "images": n} for what a run would take; "language" is who asks.

        The quiet time does not hold for a person. Raises BadRequest or RefusedName naming what is wrong.
        """
        dataset = check_dataset(event.get("dataset"))
        if _flag(event, "settings"):
            return self._adviser.settings(dataset, self._language(event))
        if "estimate" in event:
            return self._adviser.estimate(dataset, _entries(event), _images(event), self._language(event))
        return self._look(dataset, event).as_dict()

    def _look(self, dataset: str, event: Mapping[str, Any]) -> Result:
        rerun, inference_only, release = (_flag(event, name) for name in ("rerun", "inferenceOnly", "release"))
        overrides = check_overrides(event.get("parameters", {}))
        logger.append_keys(dataset=dataset)
        if release:
            return self._reconciler.release(dataset)
        request = Request(
            patient=False, rerun=rerun, inference_only=inference_only, overrides=tuple(sorted(overrides.items()))
        )
        return self._reconciler.reconcile(dataset, request)

    def _language(self, event: Mapping[str, Any]) -> str:
        """The one asked for, if the notices have it."""
        language = event.get("language")
        return language if isinstance(language, str) and language in LANGUAGES else self._config.notice_language


def _entries(event: Mapping[str, Any]) -> dict[str, str]:
    entries = event["estimate"]
    if not isinstance(entries, dict) or not all(isinstance(text, str) for text in entries.values()):
        raise BadRequest("`estimate` must be an object of keys of settings.yaml and texts.")
    return entries


def _images(event: Mapping[str, Any]) -> int:
    images = event.get("images", 0)
    if type(images) is not int or not 0 <= images <= MOST_IMAGES:
        raise BadRequest(f"`images` must be a whole number from 0 to {MOST_IMAGES}.")
    return images


def _flag(event: Mapping[str, Any], name: str) -> bool:
    value = event.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false.")
    return value
