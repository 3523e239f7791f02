"""Timers: delays within SQS's limit, and which message is stale."""

import json

import pytest

from contract.errors import RefusedName
from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.chaos.fakes import FakeClock, FakeSQS
from workshop.ledger import DatasetState, Ledger, Timer, Timers
from workshop.ledger.timers import NUDGE, is_live, is_lost
from workshop.platform import clock
from workshop.platform.errors import BadRequest


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    fake = FakeClock(1_000_000)
    monkeypatch.setattr(clock, "now_ms", fake.now_ms)
    return fake


@pytest.mark.parametrize(("seconds", "delay"), [(0, 1), (-5, 1), (0.2, 1), (60, 60), (900, 900), (3600, 900)])
def test_a_timer_is_due_when_its_message_arrives(now: FakeClock, seconds: float, delay: int) -> None:
    sent: list[tuple[str, int]] = []
    ledger = Ledger(FakeDynamoDB(), "t")
    due = Timers(FakeSQS(lambda body, after: sent.append((body, after))), "queue", ledger).arm(
        DatasetState("cats"), seconds
    )

    assert sent == [(json.dumps({"dataset": "cats", "due": due}), delay)]
    assert due == now.now + delay * 1000
    assert ledger.read("cats").timer_due == due


def test_a_nudge_is_sent_at_once_leaves_no_record_and_is_never_stale(now: FakeClock) -> None:
    sent: list[tuple[str, int]] = []
    ledger = Ledger(FakeDynamoDB(), "t")
    Timers(FakeSQS(lambda body, after: sent.append((body, after))), "queue", ledger).nudge("cats")

    ((body, delay),) = sent
    assert delay == 0
    assert ledger.read("cats").timer_due is None
    assert Timer.parse(body) == Timer("cats", NUDGE)


def test_a_nudge_that_comes_leaves_the_record_alone(now: FakeClock) -> None:
    ledger = Ledger(FakeDynamoDB(), "t")
    timers = Timers(FakeSQS(lambda body, after: None), "queue", ledger)
    due = timers.arm(ledger.read("cats"), 60)
    assert timers.receive(Timer("cats", NUDGE)).timer_due == due == ledger.read("cats").timer_due


@pytest.mark.parametrize(
    ("recorded", "live", "lost"),
    [
        (None, False, False),
        (1_000_000, True, False),
        (1_060_000, True, False),
        (1_000_000 - 180_000, True, False),  # overdue: SQS or Lambda are late
        (1_000_000 - 181_000, False, True),  # so long overdue that somebody must have emptied the queue
    ],
)
def test_a_recorded_timer_is_live_until_it_must_be_lost(
    now: FakeClock, recorded: int | None, live: bool, lost: bool
) -> None:
    state = DatasetState("cats", timer_due=recorded)
    assert (is_live(state, 60), is_lost(state, 60)) == (live, lost)


def test_whoever_needs_a_look_sends_a_timer_only_if_none_is_recorded_now(now: FakeClock) -> None:
    sent: list[str] = []
    ledger = Ledger(FakeDynamoDB(), "t")
    timers = Timers(FakeSQS(lambda body, after: sent.append(body)), "queue", ledger)
    timers.ensure("cats", 60, quiet_seconds=60)
    timers.ensure("cats", 60, quiet_seconds=60)
    assert len(sent) == 1
    timers.receive(Timer.parse(sent[0]))
    timers.ensure("cats", 60, quiet_seconds=60)
    assert len(sent) == 2


@pytest.mark.parametrize(
    "body", ["", "1", "[]", "{}", '{"dataset": "cats"}', '{"dataset": "cats", "due": 1.5}', "[" * 9999]
)
def test_a_body_that_is_no_timer_is_refused(body: str) -> None:
    with pytest.raises(BadRequest):
        Timer.parse(body)


def test_a_timer_for_a_bad_name_is_refused() -> None:
    with pytest.raises(RefusedName):
        Timer.parse('{"dataset": "../cats", "due": 1}')
