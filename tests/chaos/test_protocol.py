"""The protocol of timers and claims, explored completely: see protocol.py."""

import pytest

from tests.chaos.protocol import NEW, OLD, Dataset, Laws, World, explore, faults, worlds


@pytest.mark.parametrize("name", worlds(quick=True))
def test_every_order_of_steps_ends_well(name: str) -> None:
    _, way = explore(worlds(quick=True)[name], NEW)
    assert way is None, "\n".join(map(str, way))


def test_the_old_protocol_loses_a_drop_without_any_misfortune() -> None:
    _, way = explore(World(Dataset(to_drop=2), rival_runs=0), OLD)
    assert way
    assert faults(way[-1]) == ["a drop was never run"]


@pytest.mark.parametrize("broken", [Laws(takes_first=False), Laws(records_unreceived=False)], ids=str)
def test_each_law_is_needed(broken: Laws) -> None:
    ways = (explore(start, broken)[1] for start in worlds(quick=True).values())
    assert any(way is not None for way in ways)
