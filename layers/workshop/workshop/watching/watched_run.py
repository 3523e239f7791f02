"""What is known of one run, gathered once for whoever looks at it: from the ledger, SageMaker and the bucket.

Whoever watches asks every few seconds, so nothing is asked that the run's stage cannot have yet; and what SageMaker has
forgotten, which is the execution of a pipeline that was deleted, is told from the ledger and the bucket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from contract import layout
from contract.names import Execution, parse_execution
from contract.pipeline import Step
from contract.prepare_report import MAX_BYTES
from contract.run_results import RunResults, TrainingOutcome
from contract.statuses import EXECUTING, LOST, SUCCEEDED, TERMINAL
from contract.training_progress import Sheet, TrainingProgress
from workshop.ledger import RunRecord
from workshop.notices.artefacts import read_prepare_report
from workshop.notices.billing import billed_seconds
from workshop.notices.failures import JOB_IS_GONE, Failure, lost, told_failure
from workshop.platform.clients import NOT_FOUND, S3, Response, SageMaker, error_code, list_steps, parameters_of
from workshop.platform.documents import read_document, size_of_object
from workshop.watching.images import ImagesFound, summarize
from workshop.watching.progress import read_progress, training_step
from workshop.words import Words

# What does not change any more is asked once: what Prepare has found, which may be some megabytes long, and where a run
# keeps its checkpoints, as one of its parameters says.
_MOST_KEPT = 64
_CLOCKS_DIFFER = timedelta(minutes=5)

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class WatchedRun:
    """One run. `status` is SageMaker's word, or LOST; `steps` are SageMaker's, by name, without those that were another
    run's; `ended` in epoch milliseconds. `progress` is that of its own training, `outcome` how that ended. `billed` is
    in seconds, of all machines together. `failure` is told in the reader's language."""

    record: RunRecord
    status: str
    ended: int | None
    steps: Mapping[str, Response] = field(default_factory=dict)
    is_known_to_sagemaker: bool = True
    progress: TrainingProgress | None = None
    outcome: TrainingOutcome | None = None
    sheets: tuple[tuple[Sheet, str], ...] = ()  # with their keys in the bucket
    images: ImagesFound | None = None
    billed: int | None = None
    failure: Failure | None = None
    has_pictures: bool = False
    finish_asked: bool = False

    @property
    def execution(self) -> Execution:
        return parse_execution(self.record.arn)

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL | {LOST}

    @property
    def trains(self) -> bool:
        return self.record.source_arn is None

    @property
    def training(self) -> Response | None:
        """The step that trains, if it has begun."""
        return training_step(self.steps.values())

    @property
    def is_training(self) -> bool:
        return not self.is_over and self.training is not None and "EndTime" not in self.training


class RunGatherer:
    """Asks for what is known of a run."""

    def __init__(self, s3: S3, sagemaker: SageMaker, bucket: str) -> None:
        self._s3 = s3
        self._sagemaker = sagemaker
        self._bucket = bucket
        self._images: dict[str, ImagesFound] = {}  # by the run's ARN
        self._checkpoints: dict[str, str] = {}

    def gather(self, record: RunRecord, say: Words, restart: tuple[str, ...]) -> WatchedRun:
        """`restart`: how the run is started again, for one that has failed."""
        described = self._describe(record)
        steps = list(list_steps(self._sagemaker, record.arn)) if described else []
        own = {step["StepName"]: step for step in steps if "SelectiveExecutionResult" not in step}
        status, ended = _state(record, described)
        run = WatchedRun(record, status, ended, own, described is not None)
        training = run.training
        progress, sheets = (None, ()) if training is None else self._progress(record, training)
        page = self._key(run, f"{layout.REPORT}/{layout.REPORT_PAGE}")
        return replace(
            run,
            progress=progress,
            sheets=sheets,
            outcome=self._outcome(run),
            images=self._images_of(run),
            billed=self._billed(run),
            failure=self._failure(run, say, restart, described, steps),
            has_pictures=status == SUCCEEDED and self._is_there(page),
            finish_asked=run.is_training and self._is_there(layout.finish_request(record.dataset, run.execution.id)),
        )

    def _describe(self, record: RunRecord) -> Response | None:
        try:
            return self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=record.arn)
        except ClientError as error:
            if error_code(error) not in NOT_FOUND:
                raise
            return None

    def _progress(
        self, record: RunRecord, training: Response
    ) -> tuple[TrainingProgress | None, tuple[tuple[Sheet, str], ...]]:
        """What the run's own training has told, and its sheets. Another training of the same images goes on in the same
        folder; then this one's are gone."""
        checkpoints = self._checkpoints_of(record.arn)
        where = urlsplit(checkpoints)
        folder = where.path.lstrip("/")
        if where.netloc != self._bucket or not folder.startswith(f"{layout.CHECKPOINTS}{record.dataset}/"):
            return None, ()  # somebody has started it by hand with another
        progress = read_progress(self._s3, checkpoints, training["StartTime"])
        if progress is None or progress.written > training.get("EndTime", progress.written) + _CLOCKS_DIFFER:
            return None, ()
        return progress, tuple((sheet, folder + sheet.key) for sheet in progress.sheets)

    def _checkpoints_of(self, arn: str) -> str:
        if arn not in self._checkpoints:
            path = parameters_of(self._sagemaker, arn).get("TrainCheckpointPath", "")
            _keep(self._checkpoints, arn, path)
        return self._checkpoints[arn]

    def _billed(self, run: WatchedRun) -> int | None:
        """Once its training is over, and SageMaker says so; its mail has had the ledger told."""
        if run.record.billed_seconds is not None:
            return run.record.billed_seconds
        if run.training is None or "EndTime" not in run.training:
            return None
        try:
            return billed_seconds(self._sagemaker, [run.training])
        except ClientError as error:
            if error_code(error) not in JOB_IS_GONE:
                raise
            return None

    def _outcome(self, run: WatchedRun) -> TrainingOutcome | None:
        if not run.trains or run.status != SUCCEEDED:
            return None
        key = self._key(run, f"{layout.REPORT}/{layout.REPORT_DATA}")
        results = read_document(self._s3, self._bucket, key, RunResults.from_json, MAX_BYTES)
        return None if results is None else results.training

    def _images_of(self, run: WatchedRun) -> ImagesFound | None:
        """What Prepare has found, once it is over; of a run that SageMaker has forgotten, as far as anybody knows."""
        step = run.steps.get(Step.PREPARE)
        is_written = not run.is_known_to_sagemaker if step is None else "EndTime" in step
        if not run.trains or not is_written:
            return None
        if run.record.arn not in self._images:
            report = read_prepare_report(self._s3, self._bucket, run.record.dataset, run.execution.id)
            if report is None:
                return None
            _keep(self._images, run.record.arn, summarize(report))
        return self._images[run.record.arn]

    def _failure(
        self, run: WatchedRun, say: Words, restart: tuple[str, ...], described: Response | None, steps: list[Response]
    ) -> Failure | None:
        if not run.is_over or run.status == SUCCEEDED:
            return None
        if described is None or run.status == LOST:
            return lost(say, restart)
        return told_failure(say, self._sagemaker, run.execution, run.status, restart, described, steps)

    def _key(self, run: WatchedRun, name: str) -> str:
        return f"{layout.run(run.record.dataset, run.execution.id)}{name}"

    def _is_there(self, key: str) -> bool:
        return size_of_object(self._s3, self._bucket, key) is not None


def _keep(kept: dict[str, Kept], arn: str, value: Kept) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[arn] = value


def _state(record: RunRecord, described: Response | None) -> tuple[str, int | None]:
    """The run's status, and when it ended. The ledger has the last word, unless nobody has heard of the end yet."""
    if record.status is not None:
        return record.status, record.ended_at
    if described is None:
        return LOST, None
    status = str(described["PipelineExecutionStatus"])
    changed = described.get("LastModifiedTime")
    is_over = status in TERMINAL and isinstance(changed, datetime)
    return status or EXECUTING, round(changed.timestamp() * 1000) if is_over and changed else None
