"""Timers: delays within SQS's limit, and which message is stale."""

import json

import pytest

from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.chaos.fakes import FakeClock, FakeSQS
from workshop import clock
from workshop.errors import BadRequest, RefusedName
from workshop.ledger import Ledger
from workshop.settling import Timer, Timers
from workshop.state import DatasetState


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
    assert not Timer.parse(body).is_stale(DatasetState("cats", timer_due=now.now + 1000), 60)


@pytest.mark.parametrize(
    ("recorded", "stale"),
    [
        (None, False),  # no timer is live: this message is as good as any
        (1_000_000, False),  # it is the one
        (1_060_000, True),  # another one is live
        (1_000_000 - 181_000, False),  # another one was, but its message must be lost
    ],
)
def test_a_message_is_stale_while_another_timer_is_live(now: FakeClock, recorded: int | None, stale: bool) -> None:
    timer = Timer("cats", 1_000_000)
    assert timer.is_stale(DatasetState("cats", timer_due=recorded), 60) is stale


@pytest.mark.parametrize(
    "body", ["", "1", "[]", "{}", '{"dataset": "cats"}', '{"dataset": "cats", "due": 1.5}', "[" * 9999]
)
def test_a_body_that_is_no_timer_is_refused(body: str) -> None:
    with pytest.raises(BadRequest):
        Timer.parse(body)


def test_a_timer_for_a_bad_name_is_refused() -> None:
    with pytest.raises(RefusedName):
        Timer.parse('{"dataset": "../cats", "due": 1}')
