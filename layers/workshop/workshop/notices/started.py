"""The notice that a run has started: asked for by whoever started it, by SageMaker's event, and by every later look."""

from contract.names import parse_execution
from contract.run_identity import RunIdentity
from workshop.ledger import Ledger, Phase, RunRecord, Runs
from workshop.ledger.runs import run_notice_key
from workshop.notices import Kind, Notices, content
from workshop.notices.links import with_run_links
from workshop.platform import clock
from workshop.platform.errors import NoticeBusy
from workshop.words import words


def announce_start(ledger: Ledger, runs: Runs, notices: Notices, identity: RunIdentity, arn: str) -> bool:
    """Write the run's record if it is missing and publish "started" once. True if it was published now.

    A run that has ended is not announced any more. Somebody else's lease is left alone: the next look asks again.
    """
    if notices.is_sent(run_notice_key(arn, Kind.STARTED)):
        return False
    run = runs.read(arn)
    if run is None:
        state = ledger.read(identity.dataset)
        if state.phase is Phase.IDLE or state.attempt != identity.attempt or state.claim is None:
            return False
        started_at = state.run_started_at or state.claim_at or clock.now_ms()
        runs.create(RunRecord.of_claim(arn, identity, state.claim, started_at), clock.now_ms())
        run = runs.read(arn)
    return run is not None and run.status is None and _publish_started(notices, run)


def announce_recorded_start(ledger: Ledger, runs: Runs, notices: Notices, run: RunRecord) -> bool:
    """The same for whoever has just recorded the start of `run` in the ledger, and so holds all that is to be known.

    Only who writes the run's record first knows that its end has not been heard, and that nobody has announced it.
    """
    if runs.create(run, clock.now_ms()):
        return _publish_started(notices, run)
    return announce_start(ledger, runs, notices, RunIdentity(run.dataset, run.fingerprint, run.attempt), run.arn)


def _publish_started(notices: Notices, run: RunRecord) -> bool:
    execution = parse_execution(run.arn)
    notice = with_run_links(notices.links, content.started(words(run.language), run, execution), execution)
    try:
        return notices.publish_once(run_notice_key(run.arn, Kind.STARTED), notice)
    except NoticeBusy:
        return False
