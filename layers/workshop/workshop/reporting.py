"""Telling the people how a run has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workshop import artefacts, billing, clock, failures, notice_content
from workshop.clients import KMS, S3, SageMaker
from workshop.config import ReportConfig
from workshop.errors import BadRequest
from workshop.ledger import Ledger
from workshop.links import Link, TokenKey, durable_link, presigned_link
from workshop.names import Execution, check_dataset, parse_execution
from workshop.notices import Notice, Notices
from workshop.runs import Runs, run_notice_key
from workshop.telemetry import count, logger
from workshop.words import Words


@dataclass(frozen=True)
class ReportRequest:
    """Event of the report functions: from the pipeline's last step, or from the listener once a run has ended."""

    from_pipeline: bool
    dataset: str
    execution: Execution
    status: str

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "ReportRequest":
        """Raises BadRequest or RefusedName."""
        source = event.get("source")
        if source not in ("pipeline", "listener"):
            raise BadRequest('`source` must be "pipeline" or "listener".')
        return cls(
            source == "pipeline",
            check_dataset(event.get("dataset")),
            parse_execution(event.get("pipelineExecutionArn")),
            str(event.get("status") or ""),
        )


class Reporter:
    """Publishes the one notice on the end of a run."""

    def __init__(self, config: ReportConfig, s3: S3, ledger: Ledger, runs: Runs, notices: Notices) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._runs = runs
        self._notices = notices

    def success(self, request: ReportRequest, kms: KMS, sagemaker: SageMaker) -> str:
        """Check what the run left behind, then say so. Returns the notice's kind, or "already sent".

        A run that claims success without its artefacts is reported as finished with problems.
        """
        dataset, execution = request.dataset, request.execution
        run = self._runs.read(execution.arn)
        say = notice_content.words_of(run)
        trains = run is None or run.source_arn is None
        found = artefacts.inspect(self._s3, self._config.bucket, dataset, execution.id, say, trains=trains)
        if found.missing:
            count("FinishedWithProblems")
            rerun = rerun_command(say, dataset)
            notice = notice_content.problems(say, dataset, execution, self._config.bucket, found.missing, rerun)
        else:
            if run is not None and run.ended_at is None:  # the pipeline's last step asks while it still runs
                run = replace(run, ended_at=clock.now_ms())
            link = self._link(kms, dataset, execution.id)
            billed = billing.billed_training_seconds(sagemaker, execution.arn) if trains else None
            notice = notice_content.succeeded(say, dataset, execution, self._config.bucket, found, link, run, billed)
        return self._publish(request, notice)

    def failure(self, request: ReportRequest, sagemaker: SageMaker) -> str:
        """Find out why the run failed, then say so. Returns the notice's kind, or "already sent"."""
        dataset, execution = request.dataset, request.execution
        say = notice_content.words_of(self._runs.read(execution.arn))
        failure = failures.gather(say, sagemaker, execution, request.status, rerun_command(say, dataset))
        prepared = None
        if failure.is_too_few_images:
            prepared = artefacts.read_prepare_report(self._s3, self._config.bucket, dataset, execution.id)
        return self._publish(request, notice_content.failed(say, dataset, execution, failure, prepared))

    def _publish(self, request: ReportRequest, notice: Notice) -> str:
        key = run_notice_key(request.execution.arn, notice.kind)
        is_new = self._notices.publish_once(key, notice)
        if not request.from_pipeline:
            self._ledger.mark_reported(request.dataset, request.execution.arn)
        logger.info("reported", kind=notice.kind, is_new=is_new)
        return str(notice.kind) if is_new else "already sent"

    def _link(self, kms: KMS, dataset: str, execution_id: str) -> Link:
        if not self._config.results_url:
            return presigned_link(self._s3, self._config.bucket, dataset, execution_id)
        key = TokenKey(kms, self._config.link_key_id)
        return durable_link(key, self._config.results_url, dataset, execution_id)


def rerun_command(say: Words, dataset: str) -> str:
    """What an operator gives to the start_run function to run the dataset's snapshot again."""
    return say.rerun.format(event=f'{{"source": "manual", "dataset": "{dataset}", "rerun": true}}')
