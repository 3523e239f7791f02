"""10,000 random worlds: people and bad luck by seed. Whatever happens, everything comes to a good rest.

3,000 are the same in every run. 7,000 are fresh ones for each commit: their first seed is made of its hash, and printed
with the number of a world that fails, so that `random_worlds.py` can replay it.

The invariants (World.check, invariants.py, and World's own while it runs): never two runs of a dataset at once, never
more runs than slots, every drop in some run's record or its people told why not, no work done twice that nobody asked
for, nobody stuck, nothing owed, one notice per record (two only where a crash or a throttled call fell between
publishing and recording), somebody told about every end, nothing told that contradicts it, nothing left of what was
purged.
"""

import hashlib
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.chaos.explore import fault_of, shrink
from tests.chaos.random_worlds import plan_of

CHUNK = 200  # worlds in one test
KNOWN = {"calm": 600, "unlucky": 1800, "storm": 600}
FRESH = {"calm": 1400, "unlucky": 4200, "storm": 1400}
SOURCES = Path(__file__).resolve().parents[2] / "layers/workshop/workshop"


@cache
def fresh_seed() -> int:
    """Another one for each commit, and for each state of the layer if there is no git."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=SOURCES, capture_output=True, check=False).stdout
    code = head or b"".join(file.read_bytes() for file in sorted(SOURCES.rglob("*.py")))
    return int(hashlib.sha256(code).hexdigest()[:9], 16) * 10_000


def chunks(numbers: dict[str, int], first: int) -> list[tuple[str, int]]:
    return [(kind, seed) for kind, number in numbers.items() for seed in range(first, first + number, CHUNK)]


@pytest.mark.parametrize(("kind", "first"), chunks(KNOWN, 0))
def test_worlds_that_are_the_same_in_every_run_end_well(kind: str, first: int) -> None:
    live_through_chunk(kind, first)


@pytest.mark.parametrize(("kind", "first"), chunks(FRESH, fresh_seed()))
def test_fresh_worlds_end_well(kind: str, first: int) -> None:
    live_through_chunk(kind, first)


def live_through_chunk(kind: str, first: int) -> None:
    for seed in range(first, first + CHUNK):
        if fault := fault_of(kind, seed):
            story = "\n".join(map(str, shrink(kind, seed)))
            pytest.fail(f"{kind} {seed}: {fault}\n{story}\nrandom_worlds.py says how to replay it alone")


def test_a_plan_is_made_by_its_seed_alone() -> None:
    assert plan_of("unlucky", 7) == plan_of("unlucky", 7) != plan_of("unlucky", 8)
