"""The datasets' items: the same tests on moto's table and on the simulation's, which shows that they agree."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.unit.conftest import ENVIRONMENT, TABLE, create_table, real_client
from workshop.errors import LedgerBusy
from workshop.ledger import Claimed, Ledger
from workshop.state import Claim, DatasetState, Phase, RunIdentity

CLAIM = Claim("0" * 64, {"Kimg": "1"}, 9, 1, "sketch", 128, "auto 400 128", 86_400, None)
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
    assert ledger.record_timer("cats", 100, None)
    assert not ledger.record_timer("cats", 101, None)
    assert ledger.record_timer("cats", 200, 100)
    assert ledger.read("cats").timer_due == 200


def test_a_served_timer_is_cleared_unless_an_upload_or_another_timer_came(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    ledger.record_timer("cats", 100, None)
    seen = ledger.read("cats")
    ledger.note_uploads("cats", 1, 11)
    assert not ledger.clear_timer(seen)
    seen = ledger.read("cats")
    ledger.record_timer("cats", 200, 100)
    assert not ledger.clear_timer(seen)
    assert ledger.clear_timer(ledger.read("cats"))
    assert ledger.read("cats").timer_due is None


def test_a_claim_is_the_next_attempt_and_freezes_the_request(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    ledger.record_timer("cats", 100, None)
    assert ledger.claim(ledger.read("cats"), CLAIM, 20, 1) is Claimed.WON

    state = ledger.read("cats")
    assert (state.phase, state.attempt, state.claim, state.claim_at) == (Phase.STARTING, 1, CLAIM, 20)
    assert (state.timer_due, state.last_seen) == (None, 10)
    assert ledger.active_datasets() == {"cats"}


def test_a_claim_is_lost_to_an_upload_since_the_read(ledger: Ledger) -> None:
    ledger.note_uploads("cats", 1, 10)
    seen = ledger.read("cats")
    ledger.note_uploads("cats", 1, 11)
    assert ledger.claim(seen, CLAIM, 20, 1) is Claimed.LOST
    assert ledger.active_datasets() == set()


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
    seen = DatasetState("cats", attempt=seen.attempt, last_seen=ledger.read("cats").last_seen)
    ledger.finish(RUN, CLAIM, ARN, "Succeeded", 40)
    assert ledger.claim(seen, CLAIM, 60, 5) is Claimed.LOST


def test_no_more_claims_than_slots(ledger: Ledger) -> None:
    assert ledger.claim(ledger.read("a"), CLAIM, 20, 2) is Claimed.WON
    assert ledger.claim(ledger.read("b"), CLAIM, 20, 2) is Claimed.WON
    assert ledger.claim(ledger.read("c"), CLAIM, 20, 2) is Claimed.FULL
    assert ledger.read("c").phase is Phase.IDLE
    ledger.release("a", 1, None)
    assert ledger.claim(ledger.read("c"), CLAIM, 20, 2) is Claimed.WON
    assert ledger.active_datasets() == {"b", "c"}


@pytest.mark.parametrize("timer", [None, 99])
def test_a_released_claim_leaves_nothing_but_its_number(ledger: Ledger, timer: int | None) -> None:
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert ledger.release("cats", 1, timer)
    assert not ledger.release("cats", 1, timer)

    state = ledger.read("cats")
    assert (state.phase, state.attempt, state.claim, state.timer_due) == (Phase.IDLE, 1, None, timer)
    assert ledger.active_datasets() == set()


def test_only_a_starting_claim_of_this_attempt_becomes_a_run(ledger: Ledger) -> None:
    assert not ledger.record_running("cats", 1, ARN, 30)
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert not ledger.record_running("cats", 2, ARN, 30)
    assert ledger.record_running("cats", 1, ARN, 30)
    assert not ledger.record_running("cats", 1, ARN, 31)
    assert ledger.read("cats").run_started_at == 30


def test_a_finished_run_leaves_its_traces_and_frees_its_slot(ledger: Ledger) -> None:
    running(ledger)
    assert ledger.finish(RUN, CLAIM, ARN, "Succeeded", 40, 3600)
    assert not ledger.finish(RUN, CLAIM, ARN, "Succeeded", 41)

    state = ledger.read("cats")
    assert (state.phase, state.claim, state.execution_arn) == (Phase.IDLE, None, None)
    assert (state.last_fingerprint, state.last_status, state.ended_at) == ("0" * 64, "Succeeded", 40)
    assert (state.last_effort, state.last_seconds) == ("auto 400 128", 3600)
    assert state.unreported == {ARN}
    assert ledger.active_datasets() == set()


def test_an_end_may_be_heard_while_the_start_is_not_yet_recorded(ledger: Ledger) -> None:
    ledger.claim(ledger.read("cats"), CLAIM, 20, 2)
    assert ledger.finish(RUN, CLAIM, ARN, "Failed", 40)
    assert ledger.read("cats").phase is Phase.IDLE


@pytest.mark.parametrize(("attempt", "arn"), [(2, ARN), (1, "arn:other")])
def test_the_end_of_another_run_changes_nothing(ledger: Ledger, attempt: int, arn: str) -> None:
    before = running(ledger)
    assert not ledger.finish(RunIdentity("cats", "0" * 64, attempt), CLAIM, arn, "Failed", 40)
    assert ledger.read("cats") == before


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
        ledger.release("cats", 1, None)


def test_successes_of_a_snapshot_are_counted_once_each(ledger: Ledger) -> None:
    assert ledger.completed_runs("cats", "0" * 64) == 0
    for attempt in (1, 1, 3):
        ledger.add_success(RunIdentity("cats", "0" * 64, attempt))
    assert ledger.completed_runs("cats", "0" * 64) == 2
    assert ledger.completed_runs("cats", "1" * 64) == 0
