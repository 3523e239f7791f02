"""The samples of each kind of training."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.unit.conftest import TABLE
from workshop.estimates.learned import Learned, Sample
from workshop.ledger import Speeds

KEY = "ml.g5.xlarge 1 auto 256"


@pytest.fixture
def table() -> FakeDynamoDB:
    return FakeDynamoDB()


class Meddled:
    """A table in which something happens between each read and the write that follows."""

    def __init__(self, table: FakeDynamoDB, between: Callable[[], object], times: int) -> None:
        self._table, self._between, self._times = table, between, times

    def get_item(self, **request: Any) -> dict[str, Any]:
        found = self._table.get_item(**request)
        if self._times:
            self._times -= 1
            self._between()
        return found

    def update_item(self, **request: Any) -> dict[str, Any]:
        return self._table.update_item(**request)


def test_of_a_kind_that_no_run_has_shown_nothing_is_known(table: FakeDynamoDB) -> None:
    assert Speeds(table, TABLE).read(KEY) == Learned()


def test_samples_come_back_as_they_were_and_each_run_counts_once(table: FakeDynamoDB) -> None:
    speeds = Speeds(table, TABLE)
    first, second = Sample("a", 41.5, 0.9), Sample("b", 40.25)
    assert speeds.learn(KEY, first, 1_000)
    assert speeds.learn(KEY, second, 2_000)
    assert speeds.learn(KEY, second, 3_000)
    assert speeds.read(KEY) == Learned((first, second))
    assert speeds.read("ml.g5.xlarge 1 auto 128") == Learned()
    (item,) = table.items.values()
    assert item["expires"] == {"N": str(2 + 400 * 86_400)}


def test_two_runs_that_end_in_one_moment_both_count(table: FakeDynamoDB) -> None:
    other = Sample("other", 50.0)
    meddled = Meddled(table, lambda: Speeds(table, TABLE).learn(KEY, other, 1_000), times=1)
    assert Speeds(meddled, TABLE).learn(KEY, Sample("mine", 40.0), 1_000)
    assert {sample.run for sample in Speeds(table, TABLE).read(KEY).samples} == {"other", "mine"}


def test_who_comes_too_late_each_time_gives_up(table: FakeDynamoDB) -> None:
    numbers = iter(range(100))
    meddled = Meddled(
        table, lambda: Speeds(table, TABLE).learn(KEY, Sample(f"run{next(numbers)}", 50.0), 1_000), times=10
    )
    assert not Speeds(meddled, TABLE).learn(KEY, Sample("mine", 40.0), 1_000)
