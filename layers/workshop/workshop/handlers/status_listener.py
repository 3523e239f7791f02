"""What the status events of pipeline executions lead to. Every event may come twice, late, early or never."""

from contract.run_identity import RunIdentity
from contract.statuses import EXECUTING, STOPPING, TERMINAL
from workshop.handlers.status_events import ExecutionNews, SheetNews, StepNews
from workshop.ledger import Ledger, Runs
from workshop.ledger.runs import run_notice_key
from workshop.notices import Kind, Notices, content
from workshop.notices.started import announce_start
from workshop.platform import clock
from workshop.platform.telemetry import count, logger
from workshop.reconcile.end import Ending
from workshop.watching.previews import Previews


class Listener:
    """Acts on news of executions and steps.

    Only on those of runs that this application has started: their records or the datasets' claims know them. Whatever
    else runs in the account, another deployment of this very application included, is counted and left alone.
    """

    def __init__(
        self, bucket: str, ledger: Ledger, runs: Runs, notices: Notices, ending: Ending, previews: Previews
    ) -> None:
        self._bucket = bucket
        self._ledger = ledger
        self._runs = runs
        self._notices = notices
        self._ending = ending
        self._previews = previews

    def on_news(self, news: ExecutionNews | StepNews | SheetNews) -> str:
        """Act on one event; returns a word for the log: recorded, old, foreign, heard, ended, unknown, or shown."""
        if isinstance(news, SheetNews):
            return self._on_sheet(news)
        logger.append_keys(run=news.execution.arn)
        if isinstance(news, StepNews):
            return self._on_step(news)
        return self._on_execution(news)

    def _on_sheet(self, news: SheetNews) -> str:
        logger.append_keys(dataset=news.dataset)
        return "shown" if self._previews.tell_of_sheet(self._ledger.read(news.dataset), news.key) else "heard"

    def _on_step(self, news: StepNews) -> str:
        # Steps carry no identity. The few that begin before their run is recorded are told of again as they go on.
        if self._runs.read(news.execution.arn) is None:
            return self._foreign(news.status)
        now = clock.now_ms()
        is_news = self._runs.record_step(news.execution.arn, news.step, news.started, news.status, news.details, now)
        logger.info("step", step=news.step, status=news.status, is_news=is_news)
        return "recorded" if is_news else "old"

    def _on_execution(self, news: ExecutionNews) -> str:
        identity, arn = news.identity, news.execution.arn
        if identity is None or not self._is_ours(news, identity):
            return self._foreign(news.status)
        logger.append_keys(dataset=identity.dataset)
        logger.info("execution", status=news.status)
        if news.status in TERMINAL:
            return self._on_end(news, identity)
        if news.status == EXECUTING:
            # The starter may have died between start and record: then this is the record.
            if self._ledger.record_running(identity.dataset, identity.attempt, arn, clock.now_ms()):
                count("RunsStarted")
            elif self._ending.reopen(identity, arn):
                count("RunsRetried")
            announce_start(self._ledger, self._runs, self._notices, identity, arn)
            return "heard"
        if news.status == STOPPING:
            return "heard"
        return self._on_unknown(news, identity.dataset)

    def _on_end(self, news: ExecutionNews, identity: RunIdentity) -> str:
        end = self._ending.newest_end(news.execution.arn, news.status, news.ended_at)
        if end is None:
            return "old"
        status = self._ending.finish(identity, news.execution.arn, *end)
        if status is not None:
            count(f"Runs{status}")
        return "ended"

    def _is_ours(self, news: ExecutionNews, identity: RunIdentity) -> bool:
        """Whether the run's record knows the execution, or the claim whose starter may have died before the record.
        The description alone says little: anybody may write one, and equal images have equal fingerprints."""
        if news.bucket not in (None, self._bucket):
            return False
        arn = news.execution.arn
        return self._runs.read(arn) is not None or self._ledger.read(identity.dataset).is_claimed_for(identity, arn)

    def _foreign(self, status: str) -> str:
        count("ForeignExecutions")
        logger.warning("an execution that was not started here", status=status)
        return "foreign"

    def _on_unknown(self, news: ExecutionNews, dataset: str) -> str:
        """A status newer than this code: not taken for an end, which could start a second run beside this one."""
        count("UnknownStatuses")
        logger.error("unknown status", status=news.status)
        arn = news.execution.arn
        say = content.words_of(self._runs.read(arn))
        notice = content.unknown_status(say, dataset, news.execution, news.status)
        self._notices.publish_once(run_notice_key(arn, Kind.ATTENTION), notice)
        return "unknown"
