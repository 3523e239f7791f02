"""The code with one fault in it: the stories must tell. A fault that no story notices is a hole in the proof."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import stories, stories_of_retries, stories_of_trust
from tests.chaos.world import World
from workshop.dataset import contents
from workshop.handlers import assembly, sweep
from workshop.handlers.status_listener import Listener
from workshop.ledger import DatasetState, Ledger, Phase, RunRecord, datasets, runs, timers
from workshop.ledger.datasets import SLOTS_KEY
from workshop.platform.clients import S3
from workshop.reconcile import Reconciler, act, decide, end, start
from workshop.reconcile.claims import Claims
from workshop.reconcile.end import Ending
from workshop.reconcile.facts import FolderFacts, newest_change_ms
from workshop.reconcile.looks import Outcome, Result
from workshop.reconcile.plans import Nothing

ALWAYS = "(attribute_exists(pk) OR attribute_not_exists(pk))"
Patch = pytest.MonkeyPatch


def random_token(patch: Patch) -> None:
    patch.setattr(start, "request_token", lambda *_: uuid.uuid4().hex * 2)


def claim_without_last_seen(patch: Patch) -> None:
    patch.setattr(datasets, "NOTHING_SEEN_SINCE_READ", ALWAYS)


def claim_without_attempt(patch: Patch) -> None:
    patch.setattr(datasets, "NOT_CLAIMED_SINCE_READ", ALWAYS)
    patch.setattr(datasets, "NEVER_CLAIMED", ALWAYS)


def unconditional_claim(patch: Patch) -> None:
    claim_without_attempt(patch)
    claim_without_last_seen(patch)
    patch.setattr(datasets, "NOTHING_EVER_SEEN", ALWAYS)
    patch.setattr(datasets, "IS_IDLE", ALWAYS)


def no_look_after_terminal(patch: Patch) -> None:
    class Mute:
        def nudge(self, dataset: str) -> None:
            """Says nothing."""

    class EndingWithoutNudge(Ending):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self._timers = Mute()  # type: ignore[assignment]

    patch.setattr(assembly, "Ending", EndingWithoutNudge)


def claim_never_taken_over(patch: Patch) -> None:
    patch.setattr(Claims, "_lease_left", lambda self, state: 60.0)


def throttled_takeover_gives_the_claim_back(patch: Patch) -> None:
    def release(self: Claims, dataset: str, why: str) -> Result:
        self._timers.send(dataset, 60)
        self._ledger.release(dataset, self._ledger.read(dataset).attempt)
        return Result(Outcome.QUEUED, dataset, why)

    patch.setattr(Claims, "_keep", release)


def running_execution_ignored(patch: Patch) -> None:
    real_read = Ledger.read

    def read(self: Ledger, dataset: str) -> DatasetState:
        state = real_read(self, dataset)
        if state.phase is Phase.RUNNING:
            object.__setattr__(state, "phase", Phase.IDLE)
        return state

    patch.setattr(Ledger, "read", read)
    patch.setattr(
        datasets, "IS_IDLE", "(attribute_not_exists(phase) OR phase = :idle OR attribute_exists(executionArn))"
    )


def terminal_event_ignored_while_starting(patch: Patch) -> None:
    patch.setattr(datasets, "IS_STARTING_OR_THIS_RUN", "(phase = :running AND executionArn = :arn)")


def slots_not_counted(patch: Patch) -> None:
    patch.setattr(datasets, "A_SLOT_IS_FREE", ALWAYS)


def slot_not_left(patch: Patch) -> None:
    real_transact = Ledger._transact
    patch.setattr(
        Ledger,
        "_transact",
        lambda self, *writes: real_transact(
            self, *(w for w in writes if "DELETE holders" not in w["UpdateExpression"])
        ),
    )


def strangers_timers_recorded(patch: Patch) -> None:
    patch.setattr(Ledger, "meet", lambda self, dataset: self.read(dataset))


def record_outlives_its_message(patch: Patch) -> None:
    def receive(self: Ledger, dataset: str, due: int) -> DatasetState:
        state = self.read(dataset)
        return replace(state, timer_due=None) if state.timer_due == due else state

    patch.setattr(Ledger, "receive_timer", receive)


def recorded_after_its_message(patch: Patch) -> None:
    patch.setattr(datasets, "NO_TIMER_RECEIVED_SINCE_READ", ALWAYS)
    patch.setattr(datasets, "NO_TIMER_EVER_RECEIVED", ALWAYS)


def stale_timers_served(patch: Patch) -> None:
    patch.setattr(act, "is_live", lambda state, quiet: False)


def every_timer_rearms(patch: Patch) -> None:
    stale_timers_served(patch)
    patch.setattr(timers, "is_live", lambda state, quiet: False)


def claims_taken_over_side_by_side(patch: Patch) -> None:
    patch.setattr(Ledger, "take_over", lambda self, state, now: True)


def refused_takeover_keeps_its_claim(patch: Patch) -> None:
    patch.setattr(Claims, "_give_back", lambda self, identity, claim, refused: None)


def refused_takeover_asks_nobody(patch: Patch) -> None:
    patch.setattr(start.Starter, "find_execution", lambda self, identity, claimed_at: None)


def refused_start_forgotten(patch: Patch) -> None:
    patch.setattr(datasets, "NOT_CONSIDERED", 3)  # as many as the drops of the stories have


def drop_concluded_over_pictures_asked_for(patch: Patch) -> None:
    real_leave = Reconciler._leave_as_it_is

    def leave_as_it_is(self: Reconciler, plan: Nothing) -> Result:
        return self._conclude_state(plan.facts.state, real_leave(self, plan))

    patch.setattr(Reconciler, "_leave_as_it_is", leave_as_it_is)


def nothing_concluded(patch: Patch) -> None:
    patch.setattr(Ledger, "conclude", lambda self, state, *, timer_is_lost: None)


def dead_notify_fails_the_run(patch: Patch) -> None:
    patch.setattr(Ending, "_judged", lambda self, arn, status: status)


def no_look_after_an_end_that_comes_again(patch: Patch) -> None:
    real_read = Ledger.read

    def read(self: Ledger, dataset: str) -> DatasetState:
        return replace(real_read(self, dataset), last_execution_arn=None)

    patch.setattr(Ledger, "read", read)


def retried_runs_not_taken_back(patch: Patch) -> None:
    patch.setattr(Ending, "reopen", lambda self, identity, arn: False)


def first_end_taken_for_the_second(patch: Patch) -> None:
    patch.setattr(Ending, "newest_end", lambda self, arn, status, ended_at: (status, ended_at))


def second_end_taken_for_the_first(patch: Patch) -> None:
    patch.setattr(Ending, "_has_ended_again", lambda self, arn, status, ended_at: False)


def first_failure_reported_during_a_retry(patch: Patch) -> None:
    patch.setattr(RunRecord, "goes_on", False)


def look_before_the_end_is_written(patch: Patch) -> None:
    real_finish = Ending.finish

    def finish(self: Ending, identity: Any, *rest: Any) -> bool:
        self._timers.nudge(identity.dataset)
        patch.setattr(self._timers, "nudge", lambda dataset: None)
        return real_finish(self, identity, *rest)

    patch.setattr(Ending, "finish", finish)


def notice_without_record(patch: Patch) -> None:
    patch.setattr(runs, "NOT_SENT", ALWAYS)


def long_runs_never_asked_about(patch: Patch) -> None:
    patch.setattr(decide, "ASK_AFTER_SECONDS", 10**9)


def owed_notices_forgotten(patch: Patch) -> None:
    patch.setattr(Reconciler, "_report_again", lambda self, state: None)


def purged_debts_kept(patch: Patch) -> None:
    patch.setattr(Ledger, "forget_debts", lambda self, dataset: None)


def sweep_looks_at_folders_only(patch: Patch) -> None:
    patch.setattr(Ledger, "unsettled_datasets", lambda self: set())


def sweep_blind_to_debts_without_a_folder(patch: Patch) -> None:
    patch.setattr(Ledger, "unsettled_datasets", lambda self: set(self._get(SLOTS_KEY).get("holders", ())))


def ready_marker_ignored(patch: Patch) -> None:
    def seconds_to_quiet(self: FolderFacts) -> float:
        newest = newest_change_ms(self.state, self.listing, self.targets)
        return newest / 1000 + self.quiet_seconds - self.now_ms / 1000

    patch.setattr(FolderFacts, "seconds_to_quiet", property(seconds_to_quiet))


def same_targets_again_and_again(patch: Patch) -> None:
    real_read = Ledger.read

    def read(self: Ledger, dataset: str) -> DatasetState:
        return replace(real_read(self, dataset), last_targets="forgotten")

    patch.setattr(Ledger, "read", read)


def inference_taken_for_a_training(patch: Patch) -> None:
    real_trained = end._has_trained
    patch.setattr(end, "_has_trained", lambda claim, status: real_trained(replace(claim, source_arn=None), status))


def images_forgotten_over_an_inference(patch: Patch) -> None:
    real_finish = Ledger.finish
    patch.setattr(
        Ledger,
        "finish",
        lambda self, identity, claim, *rest, **how: real_finish(
            self, identity, replace(claim, source_arn=None), *rest, **how
        ),
    )


def sweep_blind_to_active_runs(patch: Patch) -> None:
    patch.setattr(sweep, "is_outstanding", lambda state, quiet: state.phase is Phase.IDLE and bool(state.unreported))


def index_written_by_whoever_comes_last(patch: Patch) -> None:
    real_write = contents._write_index

    def write(s3: S3, bucket: str, dataset: str, index: contents._Index, version: str | None) -> bool:
        current = contents._read_index(s3, bucket, dataset)[1]
        return real_write(s3, bucket, dataset, index, current)

    patch.setattr(contents, "_write_index", write)


def pictures_wait_without_a_word(patch: Patch) -> None:
    patch.setattr(act, "waiting_targets", lambda *_, **__: None)


def foreign_runs_taken_for_ours(patch: Patch) -> None:
    patch.setattr(Listener, "_is_ours", lambda self, news, identity: True)


MUTANTS = (
    index_written_by_whoever_comes_last,
    pictures_wait_without_a_word,
    foreign_runs_taken_for_ours,
    same_targets_again_and_again,
    inference_taken_for_a_training,
    images_forgotten_over_an_inference,
    sweep_blind_to_active_runs,
    random_token,
    claim_without_last_seen,
    claim_without_attempt,
    unconditional_claim,
    no_look_after_terminal,
    claim_never_taken_over,
    throttled_takeover_gives_the_claim_back,
    running_execution_ignored,
    terminal_event_ignored_while_starting,
    slots_not_counted,
    slot_not_left,
    strangers_timers_recorded,
    record_outlives_its_message,
    recorded_after_its_message,
    stale_timers_served,
    every_timer_rearms,
    look_before_the_end_is_written,
    notice_without_record,
    long_runs_never_asked_about,
    owed_notices_forgotten,
    purged_debts_kept,
    sweep_looks_at_folders_only,
    sweep_blind_to_debts_without_a_folder,
    ready_marker_ignored,
    claims_taken_over_side_by_side,
    refused_takeover_keeps_its_claim,
    refused_takeover_asks_nobody,
    refused_start_forgotten,
    drop_concluded_over_pictures_asked_for,
    nothing_concluded,
    dead_notify_fails_the_run,
    no_look_after_an_end_that_comes_again,
    retried_runs_not_taken_back,
    first_end_taken_for_the_second,
    second_end_taken_for_the_first,
    first_failure_reported_during_a_retry,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_fault_is_noticed(mutant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    told = stories.STORIES + stories_of_trust.STORIES + stories_of_retries.STORIES
    assert any(notices_a_fault(story) for story in reversed(told))  # the long story last


def notices_a_fault(story: Callable[[World], None]) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        try:
            story(World(patch))
        except AssertionError:
            return True
    return False
