"""How far a training has come, as it tells beside its checkpoints (contract.training_progress).

What is needed of AWS: to read checkpoints/*/progress.json, and the run's steps and parameters.
"""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from contract.layout import PROGRESS
from contract.pipeline import Step
from contract.training_progress import Sheet, TrainingProgress
from contract.training_progress.progress import MAX_BYTES
from workshop.platform.clients import S3, Response
from workshop.platform.documents import read_document


def read_progress(s3: S3, checkpoints: str, since: datetime) -> TrainingProgress | None:
    """The progress below the S3 URI `checkpoints`; None if nothing was told since then. Another training's, from
    before, may lie there."""
    where = urlsplit(checkpoints)
    key = where.path.lstrip("/") + PROGRESS
    progress = read_document(s3, where.netloc, key, TrainingProgress.from_json, MAX_BYTES)
    return progress if progress is not None and progress.written >= since else None


def training_step(steps: Iterable[Response]) -> Response | None:
    """The training among a run's steps, as SageMaker lists them; None before it begins."""
    return next((step for step in steps if step["StepName"] == Step.TRAIN and "StartTime" in step), None)


def training_progress(s3: S3, parameters: dict[str, str], steps: Iterable[Response]) -> TrainingProgress | None:
    """How far the training of a run is that has these parameters and steps; None if none is under way, or if it has not
    told anything yet."""
    training = training_step(steps)
    if training is None or "EndTime" in training or "TrainCheckpointPath" not in parameters:
        return None
    return read_progress(s3, parameters["TrainCheckpointPath"], training["StartTime"])


def sheet_uri(checkpoints: str, sheet: Sheet) -> str:
    """Where a sheet of samples lies."""
    return checkpoints + sheet.key
