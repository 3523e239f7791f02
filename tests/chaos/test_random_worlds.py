"""10,000 random worlds: drops, runs and bad luck by seed. Whatever happens, everything comes to a good rest.

The invariants (World.check, invariants.py, and World's own asserts while it runs): never two runs of a dataset at once,
never more runs than slots, every drop in some run's manifest, nobody stuck, nothing owed, one notice per run and kind
(two only where a crash or a throttled call fell between publishing and recording), somebody told about every end.
"""

from collections.abc import Callable

import pytest

from tests.chaos.random_worlds import calm, storm, unlucky

CHUNK = 200  # worlds in one test

Kind = Callable[[pytest.MonkeyPatch, int], None]


@pytest.mark.parametrize("first", range(0, 2000, CHUNK))
def test_without_losses_and_crashes_everything_is_run_and_told_without_any_sweep(first: int) -> None:
    live_through(calm, first)


@pytest.mark.parametrize("first", range(0, 6000, CHUNK))
def test_with_losses_crashes_and_throttling_a_few_sweeps_make_everything_good(first: int) -> None:
    live_through(unlucky, first)


@pytest.mark.parametrize("first", range(0, 2000, CHUNK))
def test_a_storm_of_crashes_ends_well_once_it_is_over(first: int) -> None:
    live_through(storm, first)


def live_through(kind: Kind, first: int) -> None:
    for seed in range(first, first + CHUNK):
        with pytest.MonkeyPatch.context() as patch:
            try:
                kind(patch, seed)
            except BaseException as fault:
                fault.add_note(f"the world is {kind.__name__} {seed}; random_worlds.py says how to replay it alone")
                raise
