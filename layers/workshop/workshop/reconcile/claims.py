"""From a claim to a running execution: start it, take it over once its holder has died, give it back.

Whoever works on a claim has a lease on it, longer than a function can run: one at a time.

A claim is given back only if certainly nothing was started under it, because another claim has another token and would
start the snapshot a second time. Nothing was started if SageMaker's first answer was a refusal; and if, after the
lease, SageMaker refuses the same request again and lists no such execution. While SageMaker only says "later", the
claim is kept, and its token finds out.
"""

from contract.run_identity import RunIdentity
from workshop.config import StartRunConfig
from workshop.ledger import Claim, DatasetState, Ledger, RunRecord, Runs, Timers
from workshop.ledger.runs import unstarted_key
from workshop.notices import Notices, content, expectations
from workshop.notices.started import announce_recorded_start, announce_start
from workshop.platform import clock
from workshop.platform.errors import NoticeBusy, StartDelayed, StartRefused
from workshop.platform.telemetry import count, logger
from workshop.reconcile.looks import Outcome, Result
from workshop.reconcile.start import Starter
from workshop.words import words

# Of what a person is answered who has asked for a run by hand, and of the log.
_OPERATORS_LANGUAGE = "en"
# How often a dataset that waits for a free slot or for SageMaker is looked at.
RECHECK_SECONDS = 60
# SageMaker is busy for minutes. What it puts off for longer hangs on something that a person has to do: a quota.
DELAYED_SECONDS = 3600


class Claims:
    """What is done with the claim of a dataset that is STARTING."""

    def __init__(
        self,
        config: StartRunConfig,
        starter: Starter,
        ledger: Ledger,
        runs: Runs,
        timers: Timers,
        notices: Notices,
    ) -> None:
        self._config = config
        self._starter = starter
        self._ledger = ledger
        self._runs = runs
        self._timers = timers
        self._notices = notices

    def start(self, identity: RunIdentity, claim: Claim) -> Result:
        """Start what this very call has claimed.

        Raises:
            StartRefused: SageMaker says no. The caller's message comes back and ends in the dead-letter queue, where an
            alarm is.
        """
        try:
            arn = self._starter.start(identity, claim)
        except StartDelayed as delayed:
            self._put_off(identity, claim, delayed)
            if delayed.is_first_answer:
                # Sent first: whoever dies in between leaves a message that finds the claim and waits for its lease.
                self._timers.send(identity.dataset, RECHECK_SECONDS)
                self._ledger.release(identity.dataset, identity.attempt)
                return Result(Outcome.QUEUED, identity.dataset, str(delayed))
            return self._keep(identity.dataset, str(delayed))
        except StartRefused as refused:
            count("StartsRefused")
            if refused.is_first_answer:
                self._give_back(identity, claim, refused)
            raise
        return self._started(identity, claim, arn)

    def take_over(self, state: DatasetState) -> Result:
        """Start again, with the same token, what somebody has claimed who is still at it or has died.

        Raises:
            StartRefused: as `start` does.
        """
        if (lease_left := self._lease_left(state)) > 0 or not self._ledger.take_over(state, clock.now_ms()):
            return self._wait(state.dataset, Outcome.WAITING, max(lease_left, RECHECK_SECONDS), "a start is under way")
        count("ClaimsTakenOver")
        identity, claim = state.run, state.held_claim
        try:
            arn = self._starter.start(identity, claim)
        except StartDelayed as delayed:
            self._put_off(identity, claim, delayed)
            return self._keep(state.dataset, str(delayed))
        except StartRefused as refused:
            count("StartsRefused")
            found = self._starter.find_execution(identity, state.claim_at or 0)
            if found is None:
                self._give_back(identity, claim, refused)
                raise
            arn = found
        return self._started(identity, claim, arn)

    def release(self, state: DatasetState) -> Result:
        """Give the claim back for an operator who does not want it started, unless its run exists."""
        if (lease_left := self._lease_left(state)) > 0 or not self._ledger.take_over(state, clock.now_ms()):
            detail = f"a start is under way: ask again in {max(lease_left, RECHECK_SECONDS):.0f} s"
            return Result(Outcome.WAITING, state.dataset, detail)
        arn = self._starter.find_execution(state.run, state.claim_at or 0)
        if arn is not None:
            return self._started(state.run, state.held_claim, arn)
        self._ledger.release(state.dataset, state.attempt)
        return Result(Outcome.RELEASED, state.dataset, f"attempt {state.attempt} had started nothing; its slot is free")

    def _lease_left(self, state: DatasetState) -> float:
        return self._config.lease_seconds - (clock.now_ms() - (state.lease_at or 0)) / 1000

    def _put_off(self, identity: RunIdentity, claim: Claim, delayed: StartDelayed) -> None:
        """SageMaker is busy. It is tried again anyway; if that has gone on for long, people are told once."""
        count("StartDelayed")
        key = self._notice_key("delayed", identity, claim)
        if clock.now_ms() - self._runs.known_since(key, clock.now_ms()) < DELAYED_SECONDS * 1000:
            return
        notice = content.not_started(words(claim.language), identity.dataset, self._config.bucket, str(delayed))
        try:
            if self._notices.publish_once(key, notice):
                count("RunsStuck")
        except NoticeBusy:  # the next try tells, if whoever sends it has died
            return

    def _notice_key(self, name: str, identity: RunIdentity, claim: Claim) -> dict[str, str]:
        last_arn = self._ledger.read(identity.dataset).last_execution_arn
        return unstarted_key(name, identity.dataset, claim, last_arn)

    def _keep(self, dataset: str, why: str) -> Result:
        return self._wait(dataset, Outcome.KEPT, RECHECK_SECONDS, f"{why}; it is tried again by itself")

    def _wait(self, dataset: str, outcome: Outcome, seconds: float, why: str) -> Result:
        self._timers.ensure(dataset, seconds, self._config.quiet_seconds)
        return Result(outcome, dataset, why)

    def _give_back(self, identity: RunIdentity, claim: Claim, refused: StartRefused) -> None:
        """The drop is outstanding again: the hourly sweep tries once more. Its people are told once."""
        self._ledger.release(identity.dataset, identity.attempt)
        notice = content.not_started(words(claim.language), identity.dataset, self._config.bucket, str(refused))
        self._notices.publish_once(self._notice_key("refused", identity, claim), notice)

    def _started(self, identity: RunIdentity, claim: Claim, arn: str) -> Result:
        logger.append_keys(run=arn)
        now = clock.now_ms()
        run = RunRecord.of_claim(arn, identity, claim, now)
        if self._ledger.record_running(identity.dataset, identity.attempt, arn, now):
            count("RunsStarted")
            announce_recorded_start(self._ledger, self._runs, self._notices, run)
        else:
            announce_start(self._ledger, self._runs, self._notices, identity, arn)
        detail = f"attempt {identity.attempt}. {expectations.expectation(words(_OPERATORS_LANGUAGE), run)}"
        return Result(Outcome.STARTED, identity.dataset, detail, arn)
