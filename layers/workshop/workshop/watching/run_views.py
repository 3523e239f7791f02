"""What is told of runs in the web app: openapi.json's Run and RunView, made of what is known of them."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from contract.names import parse_execution
from contract.pipeline import STEPS_WITHOUT_TRAINING, Step
from contract.run_results import TrainingOutcome
from contract.statuses import (
    COMPLETED_WITH_FAILURES,
    EXECUTING,
    FAILED,
    LOST,
    STARTING,
    STOPPED,
    STOPPING,
    SUCCEEDED,
)
from contract.training_progress import Point, TrainingProgress, Verdict
from workshop.ledger import RunRecord
from workshop.notices.failures import Failure
from workshop.notices.quoting import quoted
from workshop.platform.clients import Response
from workshop.watching.images import ImagesFound
from workshop.watching.watched_run import WatchedRun

Show = Callable[[str], str]  # the address at which a browser gets the picture with this key

# Addresses end after an hour: who watches has new ones at least so often.
NEW_ADDRESSES_SECONDS = 1800
_LONGEST_REASON = 2000
_STATUS = {
    EXECUTING: "running",
    STOPPING: "stopping",
    SUCCEEDED: "succeeded",
    FAILED: "failed",
    COMPLETED_WITH_FAILURES: "failed",
    STOPPED: "stopped",
    LOST: "lost",
}
_STEP_STATUS = {
    STARTING: "running",
    EXECUTING: "running",
    STOPPING: "running",
    SUCCEEDED: "done",
    FAILED: "failed",
    STOPPED: "stopped",
}
_SHOWN_STEPS = (Step.PREPARE, Step.TRAIN, Step.INFER, Step.NOTIFY)
# Of a training that has ended (stylegan2.options.words.Trouble).
_TROUBLES = {"collapsed": Verdict.COLLAPSED, "stalled": Verdict.STANDING_STILL}


def short_view(record: RunRecord, status: str | None = None, ended: int | None = None) -> dict[str, Any]:
    """A Run, as the ledger knows it, or with what SageMaker says of it (`ended` in epoch milliseconds)."""
    status = status or record.status
    ended = ended or record.ended_at
    return {
        "id": parse_execution(record.arn).id,
        "status": _STATUS.get(status or EXECUTING, "running"),
        "started": record.started_at // 1000,
        "ended": None if ended is None else ended // 1000,
        "makes_model": record.source_arn is None,
        "images": record.images,
    }


def whole_view(run: WatchedRun, title: str, language: str, show: Show, now: int) -> dict[str, Any]:
    """The RunView at `now` (epoch seconds), for a reader of one of contract.names.LANGUAGES."""
    record = run.record
    return {
        "dataset": record.dataset,
        "title": title,
        "run": short_view(record, run.status, run.ended),
        "steps": _steps(run),
        "ends_at": ends_at(run, now),
        "training": _training(run),
        "samples": [{"kimg": sheet.kimg, "url": show(key)} for sheet, key in run.sheets],
        "images": None if run.images is None else _images(run.images, language),
        "cost": {"so_far": cost_so_far(run, now), "cap": _cap(run)},
        "failure": None if run.failure is None else _failure(run.failure),
        "preset": record.preset,
        "picture_size": record.picture_size,
        "source": None if record.source_arn is None else parse_execution(record.source_arn).id,
        "may_finish": run.status == EXECUTING and run.is_training and not run.finish_asked and _has_learned(run),
        "may_cancel": run.status == EXECUTING,
        "has_pictures": run.has_pictures,
        "finish_asked": run.finish_asked,
        "now": now,
    }


def version_of(view: dict[str, Any], run: WatchedRun, now: int) -> str:
    """The same as long as the view says the same: addresses are signed anew each time, and the clock goes on."""
    keys = [key for _, key in run.sheets]
    said = {**view, "samples": keys, "now": now // NEW_ADDRESSES_SECONDS}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def ends_at(run: WatchedRun, now: int) -> int | None:
    """When all of it will be over, in epoch seconds: by the estimate of before it began, and, once it trains, by how
    far that has come. None if nobody can say, or if it should be over by now."""
    estimate = run.record.estimate
    if run.is_over or estimate is None:
        return None
    started, training = run.record.started_at / 1000, run.training
    trained_until = None
    if training is not None and "EndTime" in training:
        trained_until = training["EndTime"].timestamp()
    elif run.progress is not None and run.progress.ends is not None:
        trained_until = max(run.progress.ends.timestamp(), float(now))
    if training is not None and trained_until is not None:
        before = training["StartTime"].timestamp() - started
        end = trained_until + max(estimate.beside - before, 0.0)
    elif estimate.seconds is not None:
        end = started + estimate.seconds
    elif run.record.source_arn is not None:
        end = started + estimate.beside
    else:
        return None
    return round(end) if end > now else None


def cost_so_far(run: WatchedRun, now: int) -> float | None:
    """Dollars of training, to the cent: as billed, or for as long as it has gone on. None if the price is not known."""
    record, training = run.record, run.training
    if record.billed_cost is not None:
        return record.billed_cost
    if not run.trains or (training is None and run.is_known_to_sagemaker):
        return 0.0
    if not record.hourly_price or training is None:
        return None
    seconds: float | None = run.billed
    if seconds is None:
        end = training["EndTime"].timestamp() if "EndTime" in training else now
        seconds = max(end - training["StartTime"].timestamp(), 0.0) * record.machines
    return round(record.hourly_price * seconds / 3600, 2)


def _cap(run: WatchedRun) -> float | None:
    if not run.trains:
        return 0.0
    record = run.record
    dollars = record.hourly_price * record.machines * record.max_train_seconds / 3600
    return round(dollars, 2) if record.hourly_price else None


def _steps(run: WatchedRun) -> list[dict[str, Any]]:
    """Those that people know. Of a run that SageMaker has forgotten, it is known at most that all went well."""
    names = [name for name in _SHOWN_STEPS if run.trains or name in STEPS_WITHOUT_TRAINING]
    if not run.is_known_to_sagemaker:
        is_done = run.status == SUCCEEDED
        return [{"name": name, "status": "done", "started": None, "ended": None} for name in names if is_done]
    return [_step(name, run.steps.get(name, {})) for name in names]


def _step(name: str, step: Response) -> dict[str, Any]:
    return {
        "name": name,
        "status": _STEP_STATUS.get(step.get("StepStatus", ""), "waiting"),
        "started": _seconds(step.get("StartTime")),
        "ended": _seconds(step.get("EndTime")),
    }


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp())


def _has_learned(run: WatchedRun) -> bool:
    return run.progress is not None and run.progress.has_learned


def _training(run: WatchedRun) -> dict[str, Any] | None:
    if run.progress is not None:
        return _progress(run.progress, is_going_on=run.is_training)
    return None if run.outcome is None else _outcome(run.outcome, (run.ended or 0) // 1000)


def _progress(progress: TrainingProgress, *, is_going_on: bool) -> dict[str, Any]:
    return {
        "kimg": progress.outcome.kimg,
        "wanted_kimg": progress.outcome.wanted_kimg,
        "written": round(progress.written.timestamp()),
        "ends_at": _seconds(progress.ends) if is_going_on else None,
        "verdict": progress.verdict,
        "curve": [_point(point) for point in progress.history],
    }


def _outcome(outcome: TrainingOutcome, ended: int) -> dict[str, Any]:
    """Of a training whose checkpoints are not kept any more: how it ended."""
    return {
        "kimg": outcome.kimg,
        "wanted_kimg": outcome.wanted_kimg,
        "written": ended,
        "ends_at": None,
        "verdict": _TROUBLES.get(outcome.trouble or "", Verdict.UNKNOWN),
        "curve": [],
    }


def _point(point: Point) -> dict[str, Any]:
    return {"kimg": point.kimg, "seconds": point.seconds, "score": point.score}


def _images(images: ImagesFound, language: str) -> dict[str, Any]:
    return {
        "found": images.found,
        "good": images.good,
        "skipped": [
            {
                "code": group.reason.code,
                "say": group.reason.sentence(language),
                "count": group.count,
                "names": list(group.names),
            }
            for group in images.skipped
        ],
        "classes": [one.as_dict() for one in images.classes],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "headline": failure.headline,
        "reason": quoted(failure.reason, _LONGEST_REASON),
        "next": list(failure.next_steps),
    }
