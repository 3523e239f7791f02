"""The datasets' items: the same tests on moto's table and on the simulation's, which shows that they agree."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from contract.run_identity import RunIdentity
from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.unit.conftest import ENVIRONMENT, TABLE, create_table, real_client
from workshop.estimates import Basis, Estimate
from workshop.ledger import Claim, Claimed, DatasetState, Ledger, Phase
from workshop.ledger.datasets import SLOTS_KEY
from workshop.ledger.state import NOT_CONSIDERED
from workshop.platform.errors import LedgerBusy

CLAIM = Claim("0" * 64, {"Kimg": "1"}, 9, 1, "sketch", 128, "auto 128", 86_400, None)
RUN = RunIdentity("cats", "0" * 64, 1)
ARN = "arn:run"


@pytest.fixture(params=["moto", "fake"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    if request.param == "fake":
        yield FakeDynamoDB()
        return
    with mock_aws():
        create_table(real_client("dynamodb"))
        yield real_client("dynamodb")


@pytest.fixture
def ledger(table: Any) -> Ledger:
    return Ledger(table, TABLE)


def running(ledger: Ledger, dataset: str = "cats") -> DatasetState:
    ledger.note_uploads(dataset, 1, 10)
    assert ledger.claim(ledger.read(dataset), CLAIM, 20, 5) is Claimed.WON
    assert ledger.record_running(dataset, 1, ARN, 30)
    return ledger.read(dataset)


def holders(ledger: Ledger) -> set[str]:
    """The datasets that hold a slot: those that are STARTING or RUNNING."""
    return set(ledger._get(SLOTS_KEY).get("holders", ()))


def test_a_dataset_never_heard_of_is_idle(ledger: Ledger) -> None:
    assert ledger.read("cats") == DatasetState("cats")


def test_uploads_are_counted_and_the_last_time_stands(ledger: Ledger, table: Any) -> None:
    assert ledger.note_uploads("cats", 3, 10).last_seen == 10
    assert ledger.note_uploads("cats", 4, 20) == ledger.read("cats")
    item = table.get_item(
        TableName=TABLE, Key={"pk": {"S": "DATASET#cats"}, "sk": {"S": "STATE"}}, ConsistentRead=True
    )["Item"]
    assert item["uploads"] == {"N": "7"}


def test_of_two_who_arm_a_timer_at_once_one_wins(ledger: Ledger) -> None:
    seen = ledger.read("cats")
    assert ledger.record_timer(seen, 100)
    assert not ledger.record_timer(seen, 101)
    assert ledger.record_timer(ledger.read("cats"), 200)
    assert ledger.read("cats").timer_due == 200


def test_the_record_of_a_timer_goes_when_its_message_comes(ledger: Ledger) -> None:
    ledger.record_timer(ledger.read("cats"), 100)
    assert ledger.receive_timer("cats", 100) == ledger.read("cats") == DatasetState("cats", timers_received=1)


def test_the_message_of_another_timer_leaves_the_record(ledger: Ledger) -> None:
    ledger.record_timer(ledger.read("cats"), 100)
    assert ledger.receive_timer("cats", 99).timer_due == 100


@pytest.mark.parametrize("received_before", [0, 1])
def test_a_timer_whose_message_may_have_come_is_not_recorded(ledger: Ledger, received_before: int) -> None:
    ledger.meet("cats")
    for _ in range(received_before):
        ledger.receive_timer("cats", 1)
    seen = ledger.read("cats")
    ledger.receive_timer("cats", 100)
    assert not ledger.record_timer(seen, 100)
    assert ledger.read("cats").timer_due is None


def test_a_timer_of_a_dataset_that_is_not_known_leaves_nothing(ledger: Ledger) -> None:
    assert ledger.receive_timer("cats", 100) == DatasetState("cats")
    assert ledger.read("cats") == DatasetState("cats")
    assert ledger.meet("cats").considered == NOT_CONSIDERED


def test_whoever_is_met_again_is_left_as_it_is(ledger: Ledger) -> None:
    seen = ledger.note_uploads("cats", 2, 10)
    ledger.conclude(seen, timer_is_lost=False)
    assert ledger.meet("cats").considered == 2


def test_a_record_that_is_written_while_its_message_is_received_goes_with_it() -> None:
    table = FakeDynamoDB()
    ledger = Ledger(table, TABLE)
    seen, update = ledger.read("cats"), table.update_item

    def recorded_after_the_first_try(**request: Any) -> dict[str, Any]:
        table.update_item = update  # type: ignore[method-assign]
        try:
            return update(**request)
        finally:
            assert ledger.record_timer(seen, 100)

    table.update_item = recorded_after_the_first_try  # type: ignore[assignment,method-assign]
    assert ledger.receive_timer("cats", 100).timer_due is None


def test_a_look_concludes_what_it_has_seen_and_nothing_newer(ledger: Ledger) -> None:
    seen = ledger.note_uploads("cats", 2, 10)
    ledger.conclude(seen, timer_is_lost=False)
    assert ledger.read("cats").considered == 2
    ledger.note_uploads("cats", 1, 11)
    ledger.conclude(seen, timer_is_lost=False)
    assert (ledger.read("cats").considered, ledger.read("cats").uploads) == (2, 3)


def test_a_lost_timer_is_forgotten_but_no_newer_one(ledger: Ledger) -> None:
    ledger.record_timer(ledger.read("cats"), 100)
    seen = ledger.read("cats")
    ledger.conclude(seen, timer_is_lost=True)
    assert ledger.read("cats").timer_due is None
    ledger.record_timer(ledger.read("cats"), 200)
    ledger.conclude(seen, timer_is_lost=True)
    assert ledger.read("cats").timer_due == 200


def test_a_claim_is_the_next_attempt_and_freezes_the_request(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    ledger.record_timer(ledger.read("cats"), 100)
    assert ledger.claim(ledger.read("cats"), CLAIM, 20, 1) is Claimed.WON

    state = ledger.read("cats")
    assert (state.phase, state.attempt, state.claim, state.claim_at) == (Phase.STARTING, 1, CLAIM, 20)
    assert (state.timer_due, state.last_seen, state.considered) == (100, 10, 1)
    assert holders(ledger) == {"cats"}


def test_a_claim_is_lost_to_an_upload_since_the_read(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    seen = ledger.read("cats")
    ledger.note_uploads("cats", 1, 11)
    assert ledger.claim(seen, CLAIM, 20, 1) is Claimed.LOST
    assert holders(ledger) == set()


def test_a_claim_is_lost_to_a_first_upload_since_the_read(ledger: Ledger) -> None:
    seen = ledger.read("cats")
    ledger.note_uploads("cats", 1, 10)
    assert ledger.claim(seen, CLAIM, 20, 1) is Claimed.LOST


def test_a_claim_is_lost_to_another_claim(ledger: Ledger) -> None:
    seen = ledger.read("cats")
    assert ledger.claim(seen, CLAIM, 20, 5) is Claimed.WON
    assert ledger.claim(seen, CLAIM, 21, 5) is Claimed.LOST
    assert ledger.claim(ledger.read("cats"), CLAIM, 22, 5) is Claimed.LOST


def test_a_claim_is_lost_to_a_whole_run_since_the_read(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    seen = ledger.read("cats")
    running(ledger, "cats")
    seen = DatasetState("cats", attempt=seen.attempt, uploads=ledger.read("cats").uploads)
    ledger.finish(RUN, CLAIM, ARN, "Succeeded", 40)
    assert ledger.claim(seen, CLAIM, 60, 5) is Claimed.LOST


def test_no_more_claims_than_slots(ledger: Ledger) -> None:
    assert ledger.claim(ledger.read("a"), CLAIM, 20, 2) is Claimed.WON
    assert ledger.claim(ledger.read("b"), CLAIM, 20, 2) is Claimed.WON
    assert ledger.claim(ledger.read("c"), CLAIM, 20, 2) is Claimed.FULL
    assert ledger.read("c").phase is Phase.IDLE
    ledger.release("a", 1)
    assert ledger.claim(ledger.read("c"), CLAIM, 20, 2) is Claimed.WON
    assert holders(ledger) == {"b", "c"}


def test_a_released_claim_leaves_its_number_and_the_drop_outstanding(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert ledger.release("cats", 1)
    assert not ledger.release("cats", 1)

    state = ledger.read("cats")
    assert (state.phase, state.attempt, state.claim, state.considered) == (Phase.IDLE, 1, None, NOT_CONSIDERED)
    assert holders(ledger) == set()


def test_a_claim_is_taken_over_by_one_at_a_time(ledger: Ledger) -> None:
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    seen = ledger.read("cats")
    assert ledger.take_over(seen, 400)
    assert not ledger.take_over(seen, 401)
    assert (ledger.read("cats").lease_at, ledger.read("cats").claim_at) == (400, 20)

    seen = ledger.read("cats")
    ledger.release("cats", 1)
    assert not ledger.take_over(seen, 800)


def test_a_dataset_owes_until_the_last_of_its_notices_is_sent(ledger: Ledger) -> None:
    running(ledger)
    ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    ledger.claim(ledger.read("cats"), CLAIM, 50, 5)
    ledger.finish(RunIdentity("cats", "0" * 64, 2), CLAIM, "arn:second", "Failed", 60)
    ledger.mark_reported("cats", "arn:second")
    assert ledger.unsettled_datasets() == {"cats"}
    ledger.mark_reported("cats", ARN)
    assert ledger.unsettled_datasets() == set()


def test_only_a_starting_claim_of_this_attempt_becomes_a_run(ledger: Ledger) -> None:
    assert not ledger.record_running("cats", 1, ARN, 30)
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert not ledger.record_running("cats", 2, ARN, 30)
    assert ledger.record_running("cats", 1, ARN, 30)
    assert not ledger.record_running("cats", 1, ARN, 31)
    assert ledger.read("cats").run_started_at == 30


def test_a_finished_run_leaves_its_traces_and_frees_its_slot(ledger: Ledger) -> None:
    running(ledger)
    assert ledger.finish(RUN, CLAIM, ARN, "Succeeded", 40, has_trained=True)
    assert not ledger.finish(RUN, CLAIM, ARN, "Succeeded", 41)

    state = ledger.read("cats")
    assert (state.phase, state.execution_arn) == (Phase.IDLE, None)
    assert (state.last_fingerprint, state.last_status, state.ended_at) == ("0" * 64, "Succeeded", 40)
    assert state.good_arn == ARN
    assert state.unreported == {ARN}
    assert holders(ledger) == set()


def test_an_end_may_be_heard_while_the_start_is_not_yet_recorded(ledger: Ledger) -> None:
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    assert ledger.read("cats").phase is Phase.IDLE


@pytest.mark.parametrize(("attempt", "arn"), [(2, ARN), (1, "arn:other")])
def test_the_end_of_another_run_changes_nothing(ledger: Ledger, attempt: int, arn: str) -> None:
    before = running(ledger)
    assert not ledger.finish(RunIdentity("cats", "0" * 64, attempt), CLAIM, arn, "Failed", 40)
    assert ledger.read("cats") == before


def test_a_retried_run_holds_its_dataset_and_a_slot_again_even_if_none_is_free(ledger: Ledger) -> None:
    running(ledger)
    ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    ledger.claim(ledger.read("dogs"), CLAIM, 50, 1)
    assert not ledger.reopen(RUN, "arn:other", 60)
    assert ledger.reopen(RUN, ARN, 60)
    assert not ledger.reopen(RUN, ARN, 60)

    state = ledger.read("cats")
    assert (state.phase, state.execution_arn, state.run_started_at) == (Phase.RUNNING, ARN, 60)
    assert state.held_claim == CLAIM
    assert holders(ledger) == {"cats", "dogs"}


def test_a_run_that_is_not_the_last_one_is_not_taken_back(ledger: Ledger) -> None:
    running(ledger)
    ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    ledger.claim(ledger.read("cats"), CLAIM, 50, 5)
    assert not ledger.reopen(RUN, ARN, 60)
    assert ledger.read("cats").phase is Phase.STARTING


def test_a_stray_slot_is_freed_and_that_of_a_claim_is_not(ledger: Ledger, table: Any) -> None:
    table.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "SLOTS"}, "sk": {"S": "STATE"}},
        UpdateExpression="ADD holders :all",
        ExpressionAttributeValues={":all": {"SS": ["cats"]}},
    )
    ledger.claim(ledger.read("dogs"), CLAIM, 20, 5)
    for dataset in ("cats", "dogs"):
        ledger.leave_stray_slot(dataset)
    assert holders(ledger) == {"dogs"}


def test_two_debts_that_are_paid_at_once_leave_none(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.claim(ledger.read("cats"), CLAIM, 20, 5)
    ledger.finish(RUN, CLAIM, "arn:first", "Failed", 40)
    ledger.claim(ledger.read("cats"), CLAIM, 50, 5)
    ledger.finish(RunIdentity("cats", "0" * 64, 2), CLAIM, ARN, "Failed", 60)
    real_transact = Ledger._transact

    def transact(self: Ledger, *writes: Any) -> list[bool]:
        monkeypatch.undo()
        refused = real_transact(self, *writes)
        ledger.mark_reported("cats", ARN)
        return refused

    monkeypatch.setattr(Ledger, "_transact", transact)
    ledger.mark_reported("cats", "arn:first")
    assert ledger.read("cats").unreported == frozenset()
    assert ledger.unsettled_datasets() == set()


def test_a_report_pays_one_debt(ledger: Ledger) -> None:
    running(ledger)
    ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    ledger.mark_reported("cats", "arn:other")
    assert ledger.read("cats").unreported == {ARN}
    ledger.mark_reported("cats", ARN)
    ledger.mark_reported("cats", ARN)
    assert ledger.read("cats").unreported == frozenset()


class BusyTable(FakeDynamoDB):
    """A table on whose items another transaction is always at work."""

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
        }
        raise ClientError(response, "TransactWriteItems")


def test_a_conflict_of_transactions_loses_a_claim_and_delays_everything_else() -> None:
    ledger = Ledger(BusyTable(), TABLE)
    assert ledger.claim(DatasetState("cats"), CLAIM, 20, 5) is Claimed.LOST
    with pytest.raises(LedgerBusy):
        ledger.finish(RUN, CLAIM, ARN, "Succeeded", 40)
    with pytest.raises(LedgerBusy):
        ledger.release("cats", 1)


def test_a_claim_of_an_earlier_release_is_read_and_its_run_goes_on() -> None:
    """It had an effort and the seconds of the last run, and no estimate."""
    old = json.loads(CLAIM.to_json())
    del old["speed_key"], old["estimate"]
    claim = Claim.from_json(json.dumps(old | {"effort": "auto 400 128", "expected_seconds": 3600}))
    assert claim == replace(CLAIM, speed_key="")


def test_a_claim_comes_back_with_its_estimate() -> None:
    claim = replace(CLAIM, estimate=Estimate(9_760.5, 86_400, 946, None, Basis.OWN, 0.5, 0.25))
    assert Claim.from_json(claim.to_json()) == claim
