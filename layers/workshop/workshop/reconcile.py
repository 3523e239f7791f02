"""The one rule of the orchestration.

Whatever happens (a drop has settled, a run has ended, the schedule, the sweep, a person) calls `reconcile(dataset)`.
It looks at what is there and does at most one thing:

    a claim is under way               -> wait for it; start it again, with its token, if its holder has died
    a run is active                    -> nothing (its end calls again); ask SageMaker if it has been long
    newest change younger than quiet   -> arm the timer again (`_READY` after the newest change skips this)
    new pictures to learn              -> a run that trains (also when the caller asks for a rerun)
    only new pictures to project       -> a run of the inference part alone, on the last good run's network
    too few images, bad settings       -> notice "attention", once per fingerprint
    a run                               = manifests, claim, StartPipelineExecution, record, notice "started"
    nothing new                        -> nothing

Two calls at once, a call that dies anywhere, and a call that comes twice all end in one run per snapshot: the claim is
one conditional transaction, and the start has a token that is a function of the claim.
"""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from botocore.exceptions import ClientError

from workshop import clock, notice_content
from workshop.announce import announce_start
from workshop.clients import NOT_FOUND, S3, SageMaker, error_code
from workshop.config import StartRunConfig
from workshop.ending import EXECUTING, LOST, STOPPING, TERMINAL, Ending
from workshop.errors import SettingsError, StartDelayed, StartRefused
from workshop.ledger import Claimed, Ledger
from workshop.names import parse_execution
from workshop.notices import Notices
from workshop.runs import Runs, attention_key, run_notice_key
from workshop.settings import Choice, default_choice, parse_settings
from workshop.settling import Timer, Timers, is_live
from workshop.snapshot import (
    Listing,
    Targets,
    fingerprint,
    list_dataset,
    list_targets,
    read_settings,
    targets_per_run,
    write_manifests,
    write_targets,
)
from workshop.starting import Starter, build_claim
from workshop.state import Claim, DatasetState, Phase, RunIdentity
from workshop.telemetry import count, logger
from workshop.words import Words, words

# How often a dataset that waits for a free slot or for SageMaker is looked at.
RECHECK_SECONDS = 60
# After losing a race: soon enough to miss nothing, late enough for the other one to be done.
LOOK_AGAIN_SECONDS = 5
# A run older than this is asked about whenever somebody looks at its dataset: its end may have gone unheard.
ASK_AFTER_SECONDS = 900
# An ended run whose notice is still owed after this is reported again.
REPORT_AGAIN_SECONDS = 600
# What Prepare, Infer, their retries and the machines' starts may add to the maximum of the training.
OTHER_STEPS_SECONDS = 6 * 3600


class Outcome(StrEnum):
    """What a call of reconcile has done or found."""

    STARTED = "started"
    WAITING = "waiting"  # not quiet yet, or somebody else is acting: a timer is armed
    QUEUED = "queued"  # no free slot, or SageMaker is busy: a timer is armed
    ACTIVE = "active"
    ENDED = "ended"  # a run's unheard end was found; a timer is armed
    ATTENTION = "attention"
    NOTHING = "nothing"
    STALE = "stale"  # a timer that was replaced by another one


@dataclass(frozen=True)
class Request:
    """How a caller wants it. `patient`: respect the quiet time. `rerun`: run even a snapshot that was run last.
    `inference_only`: make new pictures with the network that is there, whatever is new. `timer`: the due time of the
    timer that is being served."""

    timer: int | None = None
    patient: bool = True
    rerun: bool = False
    inference_only: bool = False
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def insists(self) -> bool:
        """Whether the caller wants a run, not only what is due."""
        return self.rerun or self.inference_only


@dataclass(frozen=True)
class Result:
    """What became of a call, for the log and for a person who called by hand."""

    outcome: Outcome
    dataset: str
    detail: str = ""
    execution_arn: str | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Reconciler:
    """`reconcile`, with everything it acts on."""

    def __init__(
        self,
        config: StartRunConfig,
        s3: S3,
        sagemaker: SageMaker,
        ledger: Ledger,
        runs: Runs,
        timers: Timers,
        notices: Notices,
        ending: Ending,
    ) -> None:
        self._config = config
        self._s3 = s3
        self._sagemaker = sagemaker
        self._ledger = ledger
        self._runs = runs
        self._timers = timers
        self._notices = notices
        self._ending = ending
        self._starter = Starter(sagemaker, config.pipeline_name)
        self._defaults = default_choice(config.default_preset, config.default_kimg, config.notice_language)

    def reconcile(self, dataset: str, request: Request | None = None) -> Result:
        """Do what the dataset needs now. Safe to call at any time, any number of times, by anybody."""
        # The state is read before the listing: an upload noted after this read makes the claim fail.
        state = self._ledger.read(dataset)
        request = request or Request()
        return self._log(self._act(state, request), request)

    def serve(self, timer: Timer) -> Result:
        """Reconcile because a timer is due, unless another timer has taken its place."""
        state = self._ledger.read(timer.dataset)
        if timer.is_stale(state, self._config.quiet_seconds):
            return self._log(Result(Outcome.STALE, timer.dataset, "another timer is live"), Request())
        request = Request(timer=timer.due)
        return self._log(self._act(state, request), request)

    def _log(self, result: Result, request: Request) -> Result:
        if request.insists and result.outcome in {Outcome.WAITING, Outcome.QUEUED, Outcome.ACTIVE}:
            result = replace(result, detail=f"{result.detail}; the run was not started, ask for it again later")
        logger.info("reconciled", outcome=result.outcome, detail=result.detail)
        return result

    def _act(self, state: DatasetState, request: Request) -> Result:
        self._report_again(state)
        if state.phase is Phase.STARTING:
            return self._resume(state, request)
        if state.phase is Phase.RUNNING:
            return self._watch(state, request)
        listing = list_dataset(self._s3, self._config.bucket, state.dataset)
        if listing.refused:
            count("RefusedNames", listing.refused)
        targets = list_targets(self._s3, self._config.bucket, state.dataset)
        if listing.is_empty and not targets.images:
            return self._done(state, request, Result(Outcome.NOTHING, state.dataset, "the folder is empty"))
        wait = self._seconds_to_quiet(state, listing, targets)
        if wait > 0 and request.patient:
            return self._wait(state, request, Outcome.WAITING, wait, "uploads are still coming in")
        return self._consider(state, listing, targets, request)

    def _consider(self, state: DatasetState, listing: Listing, targets: Targets, request: Request) -> Result:
        """The folders have settled: compare them with the last run."""
        content = read_settings(self._s3, self._config.bucket, listing)
        digest = fingerprint(listing.images, content)
        faults: list[str] = []
        choice = self._choose(content, faults)
        say = words(choice.language)
        trains = (request.rerun or digest != state.last_fingerprint) and not listing.is_empty
        if request.inference_only or not trains:
            reason = self._why_no_inference(state, listing, targets, choice, request)
            if reason:
                return self._done(state, request, Result(Outcome.NOTHING, state.dataset, reason))
            source_arn = state.good_arn
        else:
            source_arn = None
            if len(listing.images) < self._config.min_images:
                faults.append(say.count(say.pictures_needed, self._config.min_images))
        if faults:
            self._tell_faults(say, listing, digest, faults)
            return self._done(state, request, Result(Outcome.ATTENTION, state.dataset, " ".join(faults)))
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

    def _choose(self, content: bytes | None, faults: list[str]) -> Choice:
        """What the settings file asks for; the defaults, in its language, if it has `faults`."""
        if content is None:
            return self._defaults
        try:
            return parse_settings(content, self._defaults, self._config.caps)
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
            write_manifests(self._s3, bucket, listing, digest, choice)
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
        match self._ledger.claim(state, claim, clock.now_ms(), self._config.max_concurrent_runs):
            case Claimed.LOST:
                return self._wait(state, request, Outcome.WAITING, LOOK_AGAIN_SECONDS, "something changed meanwhile")
            case Claimed.FULL:
                return self._wait(state, request, Outcome.QUEUED, RECHECK_SECONDS, "as many runs as allowed are active")
        return self._start(state, state.attempt + 1, claim, request, is_own=True)

    @staticmethod
    def _targets_of_run(
        state: DatasetState, targets: Targets, choice: Choice, request: Request, source_arn: str | None
    ) -> tuple[Targets, str]:
        """What the run is to project, and what is recorded as done when it has: no more than that."""
        done = state.last_targets if source_arn is not None else ""  # another network has done none of them
        part, mark = targets.part(done, targets_per_run(choice.resolution))
        mode = dict(request.overrides).get("InferenceMode", choice.inference_mode)
        projects = replace(choice, inference_mode=mode).projects
        return part, mark if projects else state.last_targets

    def _start(self, state: DatasetState, attempt: int, claim: Claim, request: Request, *, is_own: bool) -> Result:
        """Start what was claimed: by this very call (`is_own`), or by one that has died.

        The claim is given back only if nothing can have been started. Otherwise it is kept: its token alone finds out
        whether the run is there already, and another claim would start the snapshot a second time.
        """
        dataset = state.dataset
        try:
            arn = self._starter.start(dataset, attempt, claim)
        except StartDelayed as delayed:
            count("StartDelayed")
            if not (is_own and delayed.is_first_answer):
                return self._wait(state, request, Outcome.QUEUED, RECHECK_SECONDS, str(delayed))
            due = self._timers.send(dataset, RECHECK_SECONDS)
            self._ledger.release(dataset, attempt, due)
            return Result(Outcome.QUEUED, dataset, str(delayed))
        except StartRefused as refused:
            # No timer: the caller's message comes back, and ends in the dead-letter queue, where an alarm is.
            count("StartsRefused")
            if is_own and refused.is_first_answer:
                self._ledger.release(dataset, attempt, None)
            raise
        logger.append_keys(run=arn)
        identity = RunIdentity(dataset, claim.fingerprint, attempt)
        if self._ledger.record_running(dataset, attempt, arn, clock.now_ms()):
            count("RunsStarted")
        announce_start(self._ledger, self._runs, self._notices, identity, arn)
        return Result(Outcome.STARTED, dataset, f"attempt {attempt}", arn)

    def _resume(self, state: DatasetState, request: Request) -> Result:
        """Somebody has claimed the dataset: is still starting the run, or has died."""
        age = (clock.now_ms() - (state.claim_at or 0)) / 1000
        if age < self._config.lease_seconds:
            lease_left = self._config.lease_seconds - age
            return self._wait(state, request, Outcome.WAITING, lease_left, "a start is under way")
        claim = state.held_claim
        count("ClaimsTakenOver")
        return self._start(state, state.attempt, claim, request, is_own=False)

    def _watch(self, state: DatasetState, request: Request) -> Result:
        """A run is active, as far as we have heard."""
        arn = state.execution_arn or ""
        result = Result(Outcome.ACTIVE, state.dataset, "its end will look again", arn)
        identity = state.run
        announce_start(self._ledger, self._runs, self._notices, identity, arn)
        age = (clock.now_ms() - (state.run_started_at or 0)) / 1000
        if age >= ASK_AFTER_SECONDS:
            status, ended_at = self._ask(arn)
            if status in TERMINAL | {LOST}:
                count("UnheardEnds")
                self._ending.finish(identity, arn, status, ended_at)
                self._ending.ask_for_report(identity, arn, status)
                return Result(Outcome.ENDED, state.dataset, status, arn)
            if status not in {EXECUTING, STOPPING}:
                logger.warning("unknown status of a run", status=status)
            if age > state.held_claim.max_train_seconds + OTHER_STEPS_SECONDS:
                self._tell_stuck(state, arn, age)
        return self._done(state, request, result)

    def _ask(self, arn: str) -> tuple[str, int]:
        """Status of an execution, and when it last changed (epoch milliseconds)."""
        try:
            described = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return LOST, clock.now_ms()
            raise
        changed = described.get("LastModifiedTime")
        return described["PipelineExecutionStatus"], clock.to_ms(changed) if changed else clock.now_ms()

    def _tell_stuck(self, state: DatasetState, arn: str, age: float) -> None:
        """The run is longer than all its jobs may take together. It is not given up: it may still cost money."""
        count("RunsOverdue")
        notice = notice_content.stuck(words(state.held_claim.language), state.dataset, parse_execution(arn), age)
        if self._notices.publish_once(run_notice_key(arn, "stuck"), notice):
            count("RunsStuck")

    def _tell_faults(self, say: Words, listing: Listing, digest: str, faults: list[str]) -> None:
        next_steps = []
        if len(listing.images) < self._config.min_images:
            next_steps.append(say.add_pictures)
        if len(faults) > len(next_steps):
            next_steps.append(say.correct_settings)
        notice = notice_content.attention(
            say, listing.dataset, self._config.bucket, faults, len(listing.images), listing.left_out, next_steps
        )
        self._notices.publish_once(attention_key(listing.dataset, digest), notice)

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
        newest = max(state.last_seen or 0, newest)
        return newest / 1000 + self._config.quiet_seconds - clock.now_ms() / 1000

    def _wait(self, state: DatasetState, request: Request, outcome: Outcome, seconds: float, why: str) -> Result:
        """Look again later, unless somebody else's timer will."""
        if state.timer_due == request.timer or not is_live(state, self._config.quiet_seconds):
            self._timers.arm(state, seconds)
        return Result(outcome, state.dataset, why)

    def _done(self, state: DatasetState, request: Request, result: Result) -> Result:
        """Nothing more to do: the timer that was served is spent. If an upload came since the state was read, it has
        relied on that timer: look again."""
        is_served = request.timer is not None and state.timer_due == request.timer
        if is_served and not self._ledger.clear_timer(state):
            self._timers.arm(state, LOOK_AGAIN_SECONDS)
        return result
