"""The mail about what a training has learned early, for those who have asked for it (`previews` in settings.yaml).

S3 tells of the first sheet of samples that the model has drawn after it began to learn. Should that get lost, the
hourly look at the run finds it in the training's own progress.
"""

from dataclasses import replace

from contract import layout
from contract.names import parse_execution
from contract.training_progress import TrainingProgress
from contract.training_progress.progress import MAX_BYTES
from workshop.ledger import DatasetState, Phase, Runs
from workshop.ledger.runs import run_notice_key
from workshop.notices import Kind, Notices, content
from workshop.notices.links import with_run_links
from workshop.platform.clients import S3
from workshop.platform.documents import read_document
from workshop.words import words

_LEARNED = 2  # the first sheet is the untrained model's


class Previews:
    """Publishes one for each run that wants it."""

    def __init__(self, bucket: str, runs: Runs, notices: Notices) -> None:
        self._bucket = bucket
        self._runs = runs
        self._notices = notices

    def tell_of_sheet(self, state: DatasetState, key: str) -> bool:
        """The sheet `key` has been drawn; tell of it if it is the dataset's active run's. True if it was told now.

        Raises NoticeBusy while somebody else may be telling.
        """
        checkpoints = self._checkpoints(state)
        return bool(checkpoints) and key.startswith(checkpoints) and self._tell(state, key)

    def tell_untold(self, state: DatasetState, s3: S3) -> bool:
        """The same by what the active run's training tells of itself."""
        checkpoints, arn = self._checkpoints(state), state.execution_arn or ""
        if not checkpoints or self._notices.is_sent(run_notice_key(arn, Kind.PREVIEW)):
            return False
        progress = read_document(s3, self._bucket, checkpoints + layout.PROGRESS, TrainingProgress.from_json, MAX_BYTES)
        # What an earlier training has left there is older than the run.
        if progress is None or progress.written.timestamp() * 1000 < (state.run_started_at or 0):
            return False
        sheets = progress.sheets[_LEARNED - 1 :]
        return bool(sheets) and self._tell(state, checkpoints + sheets[0].key)

    def _checkpoints(self, state: DatasetState) -> str:
        """Where the active run's training keeps its sheets; "" if none is active, or nobody wants to be told."""
        if state.phase is not Phase.RUNNING or not state.execution_arn or not state.held_claim.previews:
            return ""
        return state.held_claim.parameters.get("TrainCheckpointPath", "").removeprefix(f"s3://{self._bucket}/")

    def _tell(self, state: DatasetState, sheet: str) -> bool:
        run = self._runs.read(state.execution_arn or "")
        if run is None or not run.previews or run.source_arn is not None or run.status is not None:
            return False
        execution = parse_execution(run.arn)
        notice = content.preview(words(run.language), run, execution)
        notice = with_run_links(self._notices.links, notice, execution)
        return self._notices.publish_once(run_notice_key(run.arn, Kind.PREVIEW), replace(notice, pictures=(sheet,)))
