"""The one rule of the orchestration.

Whatever happens (a drop has settled, a run has ended, the schedule, the sweep, a person) calls `reconcile(dataset)`.
It looks at what is there and does at most one thing:

    a claim is under way               -> wait for it; start it again, with its token, if its holder has died
    a run is active                    -> nothing (its end calls again); ask SageMaker if it has been long
    newest change younger than quiet   -> arm the timer again (`_READY` after the newest change skips this)
    new pictures to learn              -> a run that trains (also when the caller asks for a rerun)
    only new pictures to project       -> a run of the inference part alone, on the last good run's network
    too few images, bad settings, or   -> notice "attention", once per fingerprint
      settings where none are read
    a run                               = snapshot, claim, StartPipelineExecution, record, notice "started"
    nothing new                        -> nothing; or a notice, once, on files that no run looks at, and on pictures
                                          to project that wait for something that only their owner can do

Two calls at once, a call that dies anywhere, and a call that comes twice all end in one run per snapshot: the claim is
one conditional transaction, and the start has a token that is a function of the claim.
"""

from collections.abc import Sequence
from dataclasses import replace

from contract.names import parse_execution
from contract.pipeline import PARAMETERS
from contract.run_identity import RunIdentity
from contract.statuses import EXECUTING, LOST, STOPPING, TERMINAL
from workshop import clock, notice_content
from workshop.announce import announce_start
from workshop.claims import RECHECK_SECONDS, Claims
from workshop.clients import S3
from workshop.config import StartRunConfig
from workshop.ending import Ending
from workshop.errors import SettingsError
from workshop.ledger import Claimed, Ledger
from workshop.leftovers import LeftoverNotices, Leftovers, unread_settings, waiting_targets
from workshop.looks import Outcome, Request, Result
from workshop.notices import Notices
from workshop.runs import Runs, attention_key, run_notice_key
from workshop.settings import Choice, default_choice, parse_settings
from workshop.settling import NUDGE, Timer, Timers, is_live, is_lost
from workshop.snapshot import (
    Listing,
    SettingsFile,
    Targets,
    fingerprint,
    list_dataset,
    list_targets,
    read_settings,
    targets_per_run,
    with_contents,
    write_snapshot,
    write_targets,
)
from workshop.starting import build_claim
from workshop.state import Claim, DatasetState, Phase
from workshop.telemetry import count, logger
from workshop.words import Words, words

# A look has run out of time, or its listing out of date: the next one goes on.
NOW = 1
# After losing a race: soon enough to miss nothing, late enough for the other one to be done.
LOOK_AGAIN_SECONDS = 5
# A run older than this is asked about whenever somebody looks at its dataset: its end may have gone unheard.
ASK_AFTER_SECONDS = 900
# An ended run whose notice is still owed after this is reported again.
REPORT_AGAIN_SECONDS = 600
# Prepare and Infer: each may take MaxProcessSeconds.
PROCESSING_JOBS = 2
# What retries and the machines' starts may add to the maxima of a run's jobs.
SPARE_SECONDS = 2 * 3600
# What became of a look that has started no run.
ANOTHER_TIME = frozenset({Outcome.WAITING, Outcome.QUEUED, Outcome.ACTIVE, Outcome.ENDED})


class Reconciler:
    """`reconcile`, with everything it acts on."""

    def __init__(
        self,
        config: StartRunConfig,
        s3: S3,
        ledger: Ledger,
        runs: Runs,
        timers: Timers,
        notices: Notices,
        ending: Ending,
        claims: Claims,
    ) -> None:
        self._config = config
        self._s3 = s3
        self._ledger = ledger
        self._runs = runs
        self._timers = timers
        self._notices = notices
        self._ending = ending
        self._claims = claims
        self._leftovers = LeftoverNotices(notices, runs, config.bucket)
        self._defaults = default_choice(config.default_preset, config.default_kimg, config.notice_language)

    def reconcile(self, dataset: str, request: Request | None = None) -> Result:
        """Do what the dataset needs now. Safe to call at any time, any number of times, by anybody."""
        # The state is read before the listing: an upload noted after this read makes the claim fail.
        state = self._ledger.read(dataset)
        request = request or Request()
        return self._log(self._act(state, request), request)

    def serve(self, timer: Timer) -> Result:
        """Reconcile because a timer is due, unless another timer has taken its place."""
        state = self._timers.receive(timer)
        request = Request()
        if timer.due != NUDGE and is_live(state, self._config.quiet_seconds):
            return self._log(Result(Outcome.STALE, timer.dataset, "another timer is live"), request)
        return self._log(self._act(state, request), request)

    def _log(self, result: Result, request: Request) -> Result:
        if request.insists and result.outcome in ANOTHER_TIME:
            result = _of_another(result)
        logger.info("reconciled", outcome=result.outcome, detail=result.detail)
        return result

    def _act(self, state: DatasetState, request: Request) -> Result:
        self._report_again(state)
        if state.phase is Phase.STARTING:
            return self._take_over(state, request)
        if state.phase is Phase.RUNNING:
            return self._watch(state)
        listing = list_dataset(self._s3, self._config.bucket, state.dataset)
        if listing.refused:
            count("RefusedNames", len(listing.refused))
        targets = list_targets(self._s3, self._config.bucket, state.dataset)
        if listing.is_empty and not targets.images and not targets.others:
            return self._conclude(state, Result(Outcome.NOTHING, state.dataset, "the folder is empty"))
        wait = self._seconds_to_quiet(state, listing, targets)
        if wait > 0 and request.patient:
            return self._wait(state, Outcome.WAITING, wait, "uploads are still coming in")
        identified = with_contents(self._s3, self._config.bucket, listing, targets)
        if identified is None:
            return self._wait(state, Outcome.WAITING, NOW, "what the pictures hold is still being found out")
        return self._consider(state, *identified, request)

    def _take_over(self, state: DatasetState, request: Request) -> Result:
        result = self._claims.take_over(state)
        if request.insists and result.outcome in {Outcome.STARTED, Outcome.KEPT}:
            return _of_another(replace(result, detail=f"{result.detail}, claimed before"))
        return result

    def _consider(self, state: DatasetState, listing: Listing, targets: Targets, request: Request) -> Result:
        """The folders have settled: compare them with the last run."""
        settings = read_settings(self._s3, self._config.bucket, listing)
        if settings is None:
            return self._wait(state, Outcome.WAITING, LOOK_AGAIN_SECONDS, "settings.yaml changed meanwhile")
        digest = fingerprint(listing.images, settings.identity)
        faults: list[str] = []
        choice = self._choose(settings, faults)
        say = words(choice.language)
        faults += unread_settings(say, listing, targets)
        trains = (request.rerun or digest != state.last_fingerprint) and not listing.is_empty
        if request.inference_only or not trains:
            reason = self._why_no_inference(state, listing, targets, choice, request)
            if reason:
                self._leftovers.tell(say, listing, targets, waiting_targets(state, targets, choice, trains=trains))
                nothing = Result(Outcome.NOTHING, state.dataset, reason)
                # Asked for pictures only: what there is to learn stays outstanding.
                return nothing if trains else self._conclude(state, nothing)
            source_arn = state.good_arn
        else:
            source_arn = None
            min_images = int(dict(request.overrides).get("MinImages", self._config.min_images))
            if len(listing.images) < min_images:
                faults.append(say.count(say.pictures_needed, min_images))
        if faults:
            self._tell_faults(state, say, listing, targets, digest, faults)
            return self._conclude(state, Result(Outcome.ATTENTION, state.dataset, " ".join(faults)))
        return self._claim_and_start(state, listing, targets, digest, choice, request, source_arn)

    @staticmethod
    def _why_no_inference(
        state: DatasetState, listing: Listing, targets: Targets, choice: Choice, request: Request
    ) -> str:
        """Why no run of the inference part alone is due; "" if one is."""
        if state.good_arn is None and (request.inference_only or targets.images):
            return "no run has succeeded yet, so there is no network to make pictures with"
        if request.inference_only:
            return "" if targets.images or listing.images else "there is no picture to project"
        if targets.digest in ("", state.last_targets) or not choice.projects:
            return "the last run had exactly these pictures"
        return ""

    def _choose(self, settings: SettingsFile, faults: list[str]) -> Choice:
        """What the settings file asks for; the defaults, in its language, if it has `faults`."""
        if settings.trouble is not None:
            say = words(self._defaults.language)
            faults.append(say.settings_out_of_reach[settings.trouble])
        if settings.content is None:
            return self._defaults
        try:
            return parse_settings(settings.content, self._defaults, self._config.caps)
        except SettingsError as error:
            faults.extend(error.problems)
            return replace(self._defaults, language=error.language)

    def _claim_and_start(
        self,
        state: DatasetState,
        listing: Listing,
        targets: Targets,
        digest: str,
        choice: Choice,
        request: Request,
        source_arn: str | None,
    ) -> Result:
        bucket = self._config.bucket
        if source_arn is None:
            write_snapshot(self._s3, bucket, listing, digest, choice)
        part, mark = self._targets_of_run(state, targets, choice, request, source_arn)
        claim = build_claim(
            self._config,
            state,
            listing,
            digest,
            choice,
            self._ledger.completed_runs(state.dataset, digest),
            dict(request.overrides),
            targets=mark,
            targets_manifest=write_targets(self._s3, bucket, listing, part, choice),
            source_arn=source_arn,
        )
        trains = source_arn is None
        waiting = waiting_targets(state, targets, choice, trains=trains)
        is_number_enough = self._leftovers.before_start(
            words(choice.language), listing, targets, waiting, trains=trains
        )
        match self._ledger.claim(state, claim, clock.now_ms(), self._config.max_concurrent_runs):
            case Claimed.LOST:
                return self._wait(state, Outcome.WAITING, LOOK_AGAIN_SECONDS, "something changed meanwhile")
            case Claimed.FULL:
                return self._wait(state, Outcome.QUEUED, RECHECK_SECONDS, "as many runs as allowed are active")
        result = self._claims.start(RunIdentity(state.dataset, digest, state.attempt + 1), claim)
        if is_number_enough and result.outcome is Outcome.STARTED:
            self._leftovers.count_as_told(listing, targets)
        return result

    def _targets_of_run(
        self, state: DatasetState, targets: Targets, choice: Choice, request: Request, source_arn: str | None
    ) -> tuple[Targets, str]:
        """What the run is to project, and what is recorded as done when it has: no more than that."""
        overrides = dict(request.overrides)
        resolution = int(overrides.get("Resolution", choice.resolution))
        done = ""  # another network has done none of them
        if source_arn is not None:
            done, source = state.last_targets, self._runs.read(source_arn)
            resolution = source.resolution if source is not None else resolution
        part, mark = targets.part(done, targets_per_run(resolution))
        mode = overrides.get("InferenceMode", choice.inference_mode)
        projects_them = replace(choice, inference_mode=mode).projects and "InferenceImagePath" not in overrides
        return part, mark if projects_them else state.last_targets

    def release(self, dataset: str) -> Result:
        """Free what holds the dataset and its slot, for an operator, unless a run does."""
        state = self._ledger.read(dataset)
        match state.phase:
            case Phase.STARTING:
                return self._log(self._claims.release(state), Request())
            case Phase.RUNNING:
                return self._log(self._watch(state, ask_now=True), Request())
        self._ledger.leave_stray_slot(dataset)
        return self._log(Result(Outcome.NOTHING, dataset, "it holds no claim and no slot"), Request())

    def _watch(self, state: DatasetState, *, ask_now: bool = False) -> Result:
        """A run is active, as far as we have heard. SageMaker is asked if it has been long, or `ask_now`."""
        arn = state.execution_arn or ""
        identity = state.run
        announce_start(self._ledger, self._runs, self._notices, identity, arn)
        age = (clock.now_ms() - (state.run_started_at or 0)) / 1000
        if ask_now or age >= ASK_AFTER_SECONDS:
            status, ended_at = self._ending.ask(arn)
            if status in TERMINAL | {LOST}:
                count("UnheardEnds")
                self._ending.finish(identity, arn, status, ended_at)
                return Result(Outcome.ENDED, state.dataset, status, arn)
            if status not in {EXECUTING, STOPPING}:
                logger.warning("unknown status of a run", status=status)
            if age > _longest_seconds(state.held_claim):
                self._tell_stuck(state, arn, age)
        return Result(Outcome.ACTIVE, state.dataset, "its end will look again", arn)

    def _tell_stuck(self, state: DatasetState, arn: str, age: float) -> None:
        """The run is longer than all its jobs may take together. It is not given up: it may still cost money."""
        count("RunsOverdue")
        notice = notice_content.stuck(words(state.held_claim.language), state.dataset, parse_execution(arn), age)
        if self._notices.publish_once(run_notice_key(arn, "stuck"), notice):
            count("RunsStuck")

    def _tell_faults(
        self, state: DatasetState, say: Words, listing: Listing, targets: Targets, digest: str, faults: Sequence[str]
    ) -> None:
        """Once; again when the folder comes back to these faults after a run, or on another day."""
        left = Leftovers.of(listing, targets)
        next_steps = []
        if len(listing.images) < self._config.min_images:
            next_steps.append(say.add_pictures)
        if listing.settings is not None and len(faults) > len(next_steps):
            next_steps.append(say.correct_settings)
        problems = [*faults, *(problem for problem in left.problems(say) if problem not in faults)]
        notice = notice_content.attention(
            say,
            listing.dataset,
            self._config.bucket,
            problems,
            len(listing.images),
            listing.left_out,
            [*next_steps, *left.next_steps(say)],
        )
        last_run = (state.last_execution_arn or "").rpartition("/")[2]
        since = f"{clock.day_of(_newest_ms(state, listing, targets))}#{last_run}"
        self._notices.publish_once(attention_key(listing.dataset, left.digest(digest), since), notice)

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

    def _seconds_to_quiet(self, state: DatasetState, listing: Listing, targets: Targets) -> float:
        """Until the newest change, by the events or by the listing, is `quiet` old. Multipart uploads are listed with
        the time they began, and events can be lost: hence both."""
        ready, newest = listing.ready, max(listing.newest_ms, targets.newest_ms)
        if ready is not None and ready.modified_ms >= newest and ready.modified_ms > (state.claim_at or 0):
            return 0
        newest = _newest_ms(state, listing, targets)
        return newest / 1000 + self._config.quiet_seconds - clock.now_ms() / 1000

    def _wait(self, state: DatasetState, outcome: Outcome, seconds: float, why: str) -> Result:
        self._timers.ensure(state.dataset, seconds, self._config.quiet_seconds)
        return Result(outcome, state.dataset, why)

    def _conclude(self, state: DatasetState, result: Result) -> Result:
        """Nothing more to do, for all that was noted until the state was read."""
        timer_is_lost = is_lost(state, self._config.quiet_seconds)
        if state.considered != state.uploads or timer_is_lost:
            self._ledger.conclude(state, timer_is_lost=timer_is_lost)
        return result


def _newest_ms(state: DatasetState, listing: Listing, targets: Targets) -> int:
    """When something last changed, by the events or by the listing; 0 if nothing is known."""
    return max(state.last_seen or 0, listing.newest_ms, targets.newest_ms)


def _longest_seconds(claim: Claim) -> int:
    """How long all jobs of a run may take together."""
    processing = int(claim.parameters.get("MaxProcessSeconds") or PARAMETERS["MaxProcessSeconds"].default or 0)
    return claim.max_train_seconds + PROCESSING_JOBS * processing + SPARE_SECONDS


def _of_another(result: Result) -> Result:
    """What became of a look, for somebody who wanted a run of another kind than the one that it is about."""
    return replace(result, detail=f"{result.detail}; what was asked for was not started, ask for it again later")
