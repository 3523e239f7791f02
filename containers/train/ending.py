"""When and why a training ends before its length is reached.

SageMaker stops a job at its limit, and a pipeline takes a stopped job for a failed one: what it has learned is saved,
but nobody draws with it. So a training ends by itself while there is still time to save, to pack and to upload, and
its job is *Completed*. A person may also ask for that at any time: SageMaker only knows how to stop, so the request is
an object in S3 that the job looks for.

Source: API reference, StoppingCondition.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from containers.s3 import S3Reader
from stylegan2.options.budget import Ending

LOOK_SECONDS = 20.0
# Of the model's folder, in bytes a second: SageMaker packs it on one core, and uploads it. A cautious guess.
_PACKED_AND_UPLOADED = 10e6
# What is measured once is not the same each time.
_CAUTION = 2.0
# For all that cannot be measured here: 2 % of the limit, but at least 2 minutes where that is less than a tenth of it.
_SHARE_KEPT, _LEAST_KEPT_SECONDS, _LARGEST_SHARE_KEPT = 0.02, 120.0, 0.1


def seconds_kept(limit: float, saving_seconds: float, model_bytes: int) -> float:
    """How long before the limit of its job a training must begin to save, if that takes so long and leaves so much."""
    kept = min(max(_SHARE_KEPT * limit, _LEAST_KEPT_SECONDS), _LARGEST_SHARE_KEPT * limit)
    return kept + _CAUTION * saving_seconds + model_bytes / _PACKED_AND_UPLOADED


class Deadline:
    """The moment to begin to save: of the job's limit, and of what the training itself was given.

    Args:
        job_limit: seconds after which SageMaker ends the job; None: it is not known.
        job_seconds: how long the job has been going on.
        train_seconds: how long the training may take, from the first question on; None: as long as the job.
        model_folder: what will be packed.
    """

    def __init__(
        self,
        job_limit: float | None,
        job_seconds: float,
        train_seconds: float | None,
        model_folder: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._train_seconds, self._folder, self._clock = job_limit, train_seconds, model_folder, clock
        self._begun: float | None = None
        self._job_begun = clock() - job_seconds
        self._weighed_at, self._bytes = -LOOK_SECONDS, 0
        self._saving_seconds = 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the training may go on, by what was known when it was last asked; None: as long as it takes."""
        now = self._clock()
        ends = []
        if self._train_seconds is not None:
            ends.append((now if self._begun is None else self._begun) + self._train_seconds)
        if self._limit is not None:
            ends.append(self._job_begun + self._limit - seconds_kept(self._limit, self._saving_seconds, self._bytes))
        return max(min(ends) - now, 0.0) if ends else None

    def __call__(self, saving_seconds: float) -> bool:
        """Whether the training must end now, if one more iteration and saving take so long."""
        now = self._clock()
        self._saving_seconds = saving_seconds
        if self._begun is None:
            self._begun = now
        if self._train_seconds is not None and now - self._begun >= self._train_seconds:
            return True
        if self._limit is None:
            return False
        if now - self._weighed_at >= LOOK_SECONDS:
            self._weighed_at, self._bytes = now, _bytes_in(self._folder)
        return now - self._job_begun >= self._limit - seconds_kept(self._limit, saving_seconds, self._bytes)


class FinishRequest:
    """Looks for the object that asks the training to end, in a thread; call the object to ask whether it is there.

    A role that may not list the bucket is told 403 of what is not there. Trouble is said once: a training goes on
    without anybody's being able to end it early.
    """

    def __init__(self, s3: S3Reader, uri: str, look_seconds: float = LOOK_SECONDS) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self._s3, self._where, self._look_seconds = s3, {"Bucket": bucket, "Key": key}, look_seconds
        self._found, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look_for, name="finish-request", daemon=True)

    def __enter__(self) -> FinishRequest:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()  # and no waiting for a look that hangs: the job's time is running

    def __call__(self) -> bool:
        return self._found.is_set()

    def _look_for(self) -> None:
        is_told = False
        while not self._closed.is_set():
            try:
                self._s3.head_object(**self._where)
                self._found.set()
                return
            except (ClientError, BotoCoreError) as error:
                if not is_told and _code(error) not in ("404", "403", "NoSuchKey", "AccessDenied"):
                    is_told = True
                    print(f"whether this training shall end early cannot be seen now: {error}", file=sys.stderr)
            self._closed.wait(self._look_seconds)


def why_end(
    stopped: Callable[[], bool], is_asked: Callable[[], bool], is_due: Callable[[float], bool]
) -> Callable[[float], Ending | None]:
    """The answer to the trainer's question before every iteration (stylegan2.training.loop.ShouldStop)."""

    def should_stop(saving_seconds: float) -> Ending | None:
        if stopped():
            return "stopped"
        if is_asked():
            return "on_request"
        return "time_limit" if is_due(saving_seconds) else None

    return should_stop


def _code(error: ClientError | BotoCoreError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
