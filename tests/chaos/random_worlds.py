"""Random worlds, each made by its kind and seed alone; one is replayed by
`PYTHONPATH=layers/workshop python -m tests.chaos.random_worlds KIND SEED`.

Most are small, one or two datasets, so that thousands can be lived through in the time of a test; there are slots for
one or two runs, so that datasets contend for them even there. What people do is a plan (people.py), drawn first.
"""

import sys
from collections.abc import Callable, Mapping
from random import Random

import pytest

from tests.chaos.luck import Luck
from tests.chaos.people import Deed, make_plan, play, with_targets
from tests.chaos.world import World

# By then everything that people do is done.
LONGEST_DROPS_SECONDS = 4 * 3600

Plan = tuple[Deed, ...]
Kind = Callable[[pytest.MonkeyPatch, int, Plan], None]


def calm(patch: pytest.MonkeyPatch, seed: int, plan: Plan) -> None:
    """Nothing is lost and nobody dies; SageMaker is often busy: everything is run and told without any sweep."""
    world = _make(patch, seed, Luck(busy=0.2, lose_answer=0.05, double=0.2, interleave=0.5), plan)
    world.run()
    world.check()
    for execution in world.sagemaker.executions.values():
        run = execution.arn.rsplit("/", 1)[1]
        lasted = (execution.changed_at - execution.started_at).total_seconds()
        assert world.notices()[run, "started"] == 1 or lasted < 30, "a run was not announced"


def unlucky(patch: pytest.MonkeyPatch, seed: int, plan: Plan) -> None:
    """Events are lost, functions die or hang, services throttle and refuse: a few sweeps make everything good."""
    luck = Luck(0.03, 0.002, 0.02, busy=0.1, refuse=0.05, lose_answer=0.1, loss=0.15, double=0.15, interleave=0.3)
    world = _make(patch, seed, luck, plan)
    world.run(LONGEST_DROPS_SECONDS)
    world.recover(looks=14)
    world.check()


def storm(patch: pytest.MonkeyPatch, seed: int, plan: Plan) -> None:
    """Hardly anything goes well for hours; once the storm is over, a few sweeps make everything good."""
    luck = Luck(0.2, 0.01, 0.1, busy=0.3, refuse=0.2, lose_answer=0.3, loss=0.4, double=0.3, interleave=0.5)
    world = _make(patch, seed, luck, plan)
    world.run(LONGEST_DROPS_SECONDS)
    world.end_storm()
    world.recover(looks=8)
    world.check()


KINDS: Mapping[str, Kind] = {"calm": calm, "unlucky": unlucky, "storm": storm}


def plan_of(kind: str, seed: int) -> Plan:
    """What people do in this world."""
    random = Random(f"{kind} {seed}")
    plan = make_plan(random, operators=seed % 2 == 0)
    # In a calm world nobody waits for the weekly schedule, which is what finds pictures to project.
    return plan if kind == "calm" else tuple(sorted(plan + with_targets(random), key=lambda deed: deed.when))


def live_through(kind: str, seed: int, plan: Plan | None = None) -> None:
    """Raises AssertionError, or whatever escapes a function, if the world does not end well."""
    with pytest.MonkeyPatch.context() as patch:
        KINDS[kind](patch, seed, plan_of(kind, seed) if plan is None else plan)


def _make(patch: pytest.MonkeyPatch, seed: int, luck: Luck, plan: Plan) -> World:
    world = World(patch, seed, luck, slots=1 + seed % 3 // 2)
    random = world.random
    world.run_seconds = lambda: random.choice([0.5, 5, 60, 600, 2000])
    world.final_status = lambda: random.choices(["Succeeded", "Failed", "Stopped"], [7, 2, 1])[0]
    play(world, plan)
    return world


def main() -> None:
    kind, seed = sys.argv[1], int(sys.argv[2])
    for deed in plan_of(kind, seed):
        sys.stdout.write(f"{deed}\n")
    live_through(kind, seed)


if __name__ == "__main__":
    main()
