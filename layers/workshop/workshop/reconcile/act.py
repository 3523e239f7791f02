"""Carries out what was decided about a dataset."""

from collections.abc import Sequence
from dataclasses import replace

from contract.layout import PROGRESS
from contract.run_identity import RunIdentity
from contract.training_progress.progress import MAX_BYTES, TrainingProgress
from workshop.config import StartRunConfig
from workshop.dataset.snapshot import write_snapshot, write_targets
from workshop.estimates.learned import Learned
from workshop.estimates.whole import Work, estimate_run
from workshop.ledger import Claim, Claimed, DatasetState, Ledger, Phase, Runs, Speeds, Timer, Timers
from workshop.ledger.timers import NUDGE, is_live, is_lost
from workshop.notices import Notices
from workshop.notices.leftovers import LeftoverNotices, waiting_targets
from workshop.notices.started import announce_start
from workshop.platform import clock
from workshop.platform.clients import S3
from workshop.platform.documents import read_document
from workshop.platform.telemetry import count, logger
from workshop.reconcile.claims import RECHECK_SECONDS, Claims
from workshop.reconcile.decide import LOOK_AGAIN_SECONDS, answer_request, decide
from workshop.reconcile.end import Ending
from workshop.reconcile.facts import Facts, StateFacts
from workshop.reconcile.gather import FactFinder
from workshop.reconcile.looks import Outcome, Request, Result
from workshop.reconcile.plans import (
    Action,
    AskSageMaker,
    Attention,
    Conclude,
    EndRun,
    LeaveRun,
    LookAtContents,
    LookAtFolders,
    Nothing,
    Start,
    TakeOver,
    TellStuck,
    Wait,
)
from workshop.reconcile.start import build_claim
from workshop.reconcile.telling import AttentionNotices
from workshop.watching.previews import Previews
from workshop.words import words

# An ended run whose notice is still owed after this is reported again.
REPORT_AGAIN_SECONDS = 600


class Reconciler:
    """`reconcile`, with everything it acts on."""

    def __init__(
        self,
        config: StartRunConfig,
        s3: S3,
        ledger: Ledger,
        runs: Runs,
        speeds: Speeds,
        timers: Timers,
        notices: Notices,
        ending: Ending,
        claims: Claims,
    ) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._runs = runs
        self._speeds = speeds
        self._timers = timers
        self._notices = notices
        self._ending = ending
        self._claims = claims
        self._finder = FactFinder(config, s3, ending)
        self._attention = AttentionNotices(config, notices)
        self._leftovers = LeftoverNotices(notices, runs, config.bucket)
        self._previews = Previews(config.bucket, runs, notices)

    def reconcile(self, dataset: str, request: Request | None = None) -> Result:
        """Do what the dataset needs now. Safe to call at any time, any number of times, by anybody."""
        return _logged_result(self._look_at_dataset(self._ledger.read(dataset), request or Request()))

    def serve(self, timer: Timer) -> Result:
        """Reconcile because a timer is due, unless another timer has taken its place."""
        state = self._timers.receive(timer)
        if timer.due != NUDGE and is_live(state, self._config.quiet_seconds):
            return _logged_result(Result(Outcome.STALE, timer.dataset, "another timer is live"))
        return _logged_result(self._look_at_dataset(state, Request()))

    def release(self, dataset: str) -> Result:
        """Free what holds the dataset and its slot, for an operator, unless a run does."""
        state = self._ledger.read(dataset)
        match state.phase:
            case Phase.STARTING:
                return _logged_result(self._claims.release(state))
            case Phase.RUNNING:
                self._announce_run(state)
                return _logged_result(self._follow_facts(self._finder.ask_about_run(state), Request()))
        self._ledger.leave_stray_slot(dataset)
        return _logged_result(Result(Outcome.NOTHING, dataset, "it holds no claim and no slot"))

    def _look_at_dataset(self, state: DatasetState, request: Request) -> Result:
        """Tell what is owed to people whatever the look comes to; then decide, and do it."""
        self._report_again(state)
        if state.phase is Phase.RUNNING:
            self._announce_run(state)
            self._previews.tell_untold(state, self._s3)
        return self._follow_facts(StateFacts(state, clock.now_ms()), request)

    def _follow_facts(self, facts: Facts, request: Request) -> Result:
        """What these facts lead to: a look at more of them, or an action."""
        match decide(facts, request):
            case LookAtFolders():
                return self._follow_facts(self._finder.list_folders(facts.state), request)
            case LookAtContents(folders):
                return self._follow_facts(self._finder.read_contents(folders), request)
            case AskSageMaker():
                return self._follow_facts(self._finder.ask_about_run(facts.state), request)
            case action:
                return answer_request(action, self._carry_out_action(action, facts.state), request)

    def _carry_out_action(self, action: Action, state: DatasetState) -> Result:
        match action:
            case TakeOver():
                return self._claims.take_over(state)
            case LeaveRun():
                return _active_run(state)
            case EndRun():
                return self._end_run(action, state)
            case TellStuck(run_seconds):
                self._attention.tell_stuck(state, run_seconds)
                return _active_run(state)
            case Wait(seconds, why):
                return self._wait_for_look(state, Outcome.WAITING, seconds, why)
            case Conclude(why):
                return self._conclude_state(state, Result(Outcome.NOTHING, state.dataset, why))
            case Nothing():
                return self._leave_as_it_is(action)
            case Attention():
                faults = self._attention.tell_faults(action)
                return self._conclude_state(state, Result(Outcome.ATTENTION, state.dataset, " ".join(faults)), faults)
            case Start():
                return self._start_run(action)

    def _end_run(self, plan: EndRun, state: DatasetState) -> Result:
        count("UnheardEnds")
        arn = state.execution_arn or ""
        self._ending.finish(state.run, arn, plan.status, plan.ended_at)
        return Result(Outcome.ENDED, state.dataset, plan.status, arn)

    def _leave_as_it_is(self, plan: Nothing) -> Result:
        facts, state = plan.facts, plan.facts.state
        waiting = waiting_targets(state, facts.targets, facts.choice, trains=plan.is_learning_due)
        self._leftovers.tell(words(facts.choice.language), facts.listing, facts.targets, waiting)
        nothing = Result(Outcome.NOTHING, state.dataset, plan.why)
        return nothing if plan.is_learning_due else self._conclude_state(state, nothing)

    def _start_run(self, plan: Start) -> Result:
        """Snapshot, claim, start. Raises BadRequest for overrides that do not go together or are beyond the deployer's
        bounds, and StartRefused if SageMaker says no."""
        facts, state = plan.facts, plan.facts.state
        claim = self._frozen_claim(plan)
        waiting = waiting_targets(state, facts.targets, facts.choice, trains=plan.trains)
        is_number_enough = self._leftovers.before_start(
            words(facts.choice.language), facts.listing, facts.targets, waiting, trains=plan.trains
        )
        match self._ledger.claim(state, claim, clock.now_ms(), self._config.max_concurrent_runs):
            case Claimed.LOST:
                return self._wait_for_look(state, Outcome.WAITING, LOOK_AGAIN_SECONDS, "something changed meanwhile")
            case Claimed.FULL:
                return self._wait_for_look(state, Outcome.QUEUED, RECHECK_SECONDS, "as many runs as allowed are active")
        result = self._claims.start(RunIdentity(state.dataset, facts.fingerprint, state.attempt + 1), claim)
        if is_number_enough and result.outcome is Outcome.STARTED:
            self._leftovers.count_as_told(facts.listing, facts.targets)
        return result

    def _frozen_claim(self, plan: Start) -> Claim:
        """Write down what the run reads, freeze everything that its start needs, and estimate what it will take."""
        facts, bucket = plan.facts, self._config.bucket
        source = None
        if plan.source_arn is None:
            write_snapshot(self._s3, bucket, facts.listing, facts.fingerprint, facts.choice)
        else:
            source = self._runs.read(plan.source_arn)
        part, mark = plan.targets_of_run(source)
        claim = build_claim(
            self._config,
            facts.listing,
            facts.fingerprint,
            facts.choice,
            dict(plan.overrides),
            projected=part,
            targets=mark,
            targets_manifest=write_targets(self._s3, bucket, facts.listing, part, facts.choice),
            source_arn=plan.source_arn,
        )
        images = facts.listing.images
        work = Work(
            trains=plan.trains,
            images=len(images),
            size=sum(image.size for image in images),
            targets=len(part.images) or min(facts.choice.projection_targets, len(images)),
            done_kimg=self._done_kimg(claim) if plan.trains else 0.0,
        )
        learned = self._speeds.read(claim.speed_key) if plan.trains else Learned()
        return replace(claim, estimate=estimate_run(claim.parameters, work, learned, self._config.region))

    def _done_kimg(self, claim: Claim) -> float:
        """How far an earlier run has come whose checkpoint this one goes on from, as far as it has told."""
        key = claim.parameters["TrainCheckpointPath"].removeprefix(f"s3://{self._config.bucket}/") + PROGRESS
        earlier = read_document(self._s3, self._config.bucket, key, TrainingProgress.from_json, MAX_BYTES)
        return 0.0 if earlier is None else earlier.outcome.kimg

    def _report_again(self, state: DatasetState) -> None:
        """Runs have ended whose notice is still owed: the request for it may have been lost."""
        for arn in sorted(state.unreported):
            run = self._runs.read(arn)
            if run is None or run.status is None:  # expired: too old to be news
                self._ledger.mark_reported(state.dataset, arn)
            elif clock.now_ms() - (run.ended_at or 0) >= REPORT_AGAIN_SECONDS * 1000:
                count("ReportsAskedAgain")
                identity = RunIdentity(run.dataset, run.fingerprint, run.attempt)
                self._ending.ask_for_report(identity, arn, run.status)

    def _announce_run(self, state: DatasetState) -> None:
        """Whoever has recorded the active run may have died before its notice."""
        announce_start(self._ledger, self._runs, self._notices, state.run, state.execution_arn or "")

    def _wait_for_look(self, state: DatasetState, outcome: Outcome, seconds: float, why: str) -> Result:
        self._timers.ensure(state.dataset, seconds, self._config.quiet_seconds)
        return Result(outcome, state.dataset, why)

    def _conclude_state(self, state: DatasetState, result: Result, problems: Sequence[str] = ()) -> Result:
        """Nothing more to do, for all that was noted until the state was read."""
        timer_is_lost = is_lost(state, self._config.quiet_seconds)
        if state.considered != state.uploads or timer_is_lost or state.problems != tuple(problems):
            self._ledger.conclude(state, problems, timer_is_lost=timer_is_lost)
        return result


def _active_run(state: DatasetState) -> Result:
    return Result(Outcome.ACTIVE, state.dataset, "its end will look again", state.execution_arn or "")


def _logged_result(result: Result) -> Result:
    logger.info("reconciled", outcome=result.outcome, detail=result.detail)
    return result
