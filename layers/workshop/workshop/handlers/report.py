"""Telling the people how a run has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contract import layout
from contract.names import Execution, check_dataset, parse_execution
from workshop.config import ReportConfig
from workshop.estimates.learned import Sample
from workshop.ledger import Ledger, RunRecord, Runs, Speeds
from workshop.ledger.runs import run_notice_key
from workshop.notices import Kind, Notice, Notices, artefacts, billing, content, failures
from workshop.notices.expectations import Course, course_of
from workshop.notices.links import Link, pictures_link, presigned_link, with_actions
from workshop.platform import clock
from workshop.platform.clients import S3, SageMaker
from workshop.platform.errors import BadRequest
from workshop.platform.telemetry import count, logger
from workshop.words import Words

ALREADY_SENT = "already sent"
GOES_ON = "goes on"
FOREIGN = "foreign"


@dataclass(frozen=True)
class ReportRequest:
    """Event of the report functions: from the pipeline's last step, or from the listener once a run has ended.
    `status` and `report_uri` are "" where they are not told."""

    from_pipeline: bool
    dataset: str
    execution: Execution
    status: str
    report_uri: str

    @classmethod
    def parse(cls, event: object) -> "ReportRequest":
        """Raises BadRequest or RefusedName."""
        if not isinstance(event, Mapping) or (not is_from_pipeline(event) and event.get("source") != "listener"):
            raise BadRequest('The event must be an object whose `source` is "pipeline" or "listener".')
        status, report_uri = (event.get(name) for name in ("status", "reportUri"))
        return cls(
            is_from_pipeline(event),
            check_dataset(event.get("dataset")),
            parse_execution(event.get("pipelineExecutionArn")),
            status if isinstance(status, str) else "",
            report_uri if isinstance(report_uri, str) else "",
        )


def is_from_pipeline(event: object) -> bool:
    """Whether a step of the pipeline asks, which waits for the answer and fails with the function."""
    return isinstance(event, Mapping) and event.get("source") == "pipeline"


class Reporter:
    """Publishes the one notice on the end of a run.

    Each request may come several times, so the cheap questions come first: was it sent, is the run ours?
    """

    def __init__(
        self, config: ReportConfig, s3: S3, ledger: Ledger, runs: Runs, speeds: Speeds, notices: Notices
    ) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._runs = runs
        self._speeds = speeds
        self._notices = notices

    def success(self, request: ReportRequest, sagemaker: SageMaker) -> str:
        """Check what the run left behind, then say so. Returns the notice's kind, "already sent", or "foreign" for a
        run that this application did not start.

        A run that claims success without its artefacts is reported as finished with problems.
        """
        dataset, execution = request.dataset, request.execution
        if self._is_sent(request, Kind.SUCCEEDED):
            return ALREADY_SENT
        run = self._runs.read(execution.arn)
        if not self._is_ours(request, run):
            return FOREIGN
        say = content.words_of(run)
        trains = run is None or run.source_arn is None
        found = artefacts.inspect_run_folder(self._s3, self._config.bucket, dataset, execution.id, say, trains=trains)
        if not found.is_complete:
            count("FinishedWithProblems")
            command = restart_command(say, dataset, run)
            notice = content.problems(say, dataset, execution, self._config.bucket, found, command)
            notice = with_actions(self._notices.links, notice, execution)
        else:
            if run is not None and run.ended_at is None:  # the pipeline's last step asks while it still runs
                run = replace(run, ended_at=clock.now_ms())
            link = self._link(dataset, execution)
            billed = billing.billed_training_seconds(sagemaker, execution.arn) if trains else None
            course = course_of(run, found.training if trains else None, billed)
            if run is not None and billed is not None:
                self._runs.note_bill(run.arn, billed)
            self._learn(run, course)
            has_app = self._notices.links is not None
            notice = content.succeeded(
                say, dataset, execution, self._config.bucket, found, link, run, course, has_app=has_app
            )
            pictures = artefacts.pictures_to_mail(self._s3, self._config.bucket, dataset, execution.id)
            notice = with_actions(self._notices.links, replace(notice, pictures=pictures), execution)
        return self._publish(request, notice)

    def failure(self, request: ReportRequest, sagemaker: SageMaker) -> str:
        """Find out why the run failed, then say so. Returns the same as `success`, or "goes on" for a run that was
        retried since it failed: a notice now would be taken for that of its next end."""
        dataset, execution = request.dataset, request.execution
        # Nor is anybody told who was told of success: by the run's last step, before somebody deleted the run.
        if self._is_sent(request, Kind.FAILED) or self._is_sent(request, Kind.SUCCEEDED):
            return ALREADY_SENT
        run = self._runs.read(execution.arn)
        if not self._is_ours(request, run):
            return FOREIGN
        if run is not None and run.goes_on:
            return GOES_ON
        say = content.words_of(run)
        has_app = self._notices.links is not None
        restart = ways_to_restart(say, dataset, run, has_app=has_app)
        failure = failures.gather_failure(say, sagemaker, execution, request.status, restart)
        prepared = None
        if failure.is_too_few_images:
            prepared = artefacts.read_prepare_report(self._s3, self._config.bucket, dataset, execution.id)
        notice = content.failed(say, dataset, execution, failure, prepared)
        return self._publish(request, with_actions(self._notices.links, notice, execution))

    def _learn(self, run: RunRecord | None, course: Course) -> None:
        """Remember what the run has shown, for the estimates of later ones, and how far off its own were."""
        if run is None or course.training is None:
            return
        sample = Sample.of_run(parse_execution(run.arn).id, course.training.sec_per_kimg, course.beside)
        if sample is not None and run.speed_key:
            self._speeds.learn(run.speed_key, sample, clock.now_ms())
        self._runs.note_errors(run.arn, course.error_percent, course.early_error_percent)

    def _is_sent(self, request: ReportRequest, kind: Kind) -> bool:
        """Whether the run's end was told already; then nothing is owed any more. That a failure was told says nothing
        of a success: somebody may have had SageMaker retry the run."""
        if not self._notices.is_sent(run_notice_key(request.execution.arn, kind)):
            return False
        self._settle(request)
        return True

    def _is_ours(self, request: ReportRequest, run: RunRecord | None) -> bool:
        """Whether this application has started the run: its record says so. The pipeline's last step may come before
        the record, or for a run that a person has started past the ledger: then its results lie in our bucket."""
        folder = layout.run(request.dataset, request.execution.id)
        if run is not None or (
            request.from_pipeline and request.report_uri == f"s3://{self._config.bucket}/{folder}{layout.REPORT}"
        ):
            return True
        count("ForeignExecutions")
        logger.warning("asked to report a run that was not started here")
        return False

    def _publish(self, request: ReportRequest, notice: Notice) -> str:
        is_new = self._notices.publish_once(run_notice_key(request.execution.arn, notice.kind), notice)
        self._settle(request)
        logger.info("reported", kind=notice.kind, is_new=is_new)
        return str(notice.kind) if is_new else ALREADY_SENT

    def _settle(self, request: ReportRequest) -> None:
        """The notice is out: the dataset does not owe it any more. Before the run has ended, it does not owe it yet."""
        if not request.from_pipeline:
            self._ledger.mark_reported(request.dataset, request.execution.arn)

    def _link(self, dataset: str, execution: Execution) -> Link:
        """To the app or, where there is none, straight to the page."""
        if self._notices.links is not None:
            return pictures_link(self._notices.links, dataset, execution)
        return presigned_link(self._s3, self._config.bucket, dataset, execution.id)


def restart_command(say: Words, dataset: str, run: RunRecord | None) -> str:
    """What an operator gives to the start_run function to have the same run again: one that has trained nothing is no
    reason for a training."""
    mode = "rerun" if run is None or run.source_arn is None else "inferenceOnly"
    return say.rerun.format(event=f'{{"source": "manual", "dataset": "{dataset}", "{mode}": true}}')


def ways_to_restart(say: Words, dataset: str, run: RunRecord | None, *, has_app: bool = False) -> tuple[str, str]:
    """How the same run comes again: by its people or, where they have no app for that, by an operator; or by itself."""
    again = say.again_by_link if has_app else say.again.format(rerun=restart_command(say, dataset, run))
    if run is None or run.source_arn is None:
        return again, say.change
    return again, say.change_targets.format(folder=layout.targets(dataset))
