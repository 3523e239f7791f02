"""Random worlds, each made by its kind and seed alone; one is replayed by
`PYTHONPATH=layers/workshop python -m tests.chaos.random_worlds KIND SEED`.

Most are small, one or two datasets, so that thousands can be lived through in the time of a test; there are slots for
one or two runs, so that datasets contend for them even there.
"""

import sys

import pytest

from tests.chaos.luck import Luck
from tests.chaos.world import World

DATASETS = ("cats", "dogs", "owls")
# By then every drop is over.
LONGEST_DROPS_SECONDS = 4 * 3600


def calm(patch: pytest.MonkeyPatch, seed: int) -> None:
    """Nothing is lost and nobody dies; SageMaker is often busy: everything is run and told without any sweep."""
    world = _make(patch, seed, Luck(busy=0.2, double=0.2, interleave=0.5))
    world.run()
    world.check()
    for execution in world.sagemaker.executions.values():
        run = execution.arn.rsplit("/", 1)[1]
        lasted = (execution.changed_at - execution.started_at).total_seconds()
        assert world.notices()[run, "started"] == 1 or lasted < 30, "a run was not announced"


def unlucky(patch: pytest.MonkeyPatch, seed: int) -> None:
    """Events are lost, functions die, services throttle: a few sweeps make everything good."""
    luck = Luck(crash=0.03, throttle=0.02, busy=0.1, loss=0.15, double=0.15, interleave=0.3)
    world = _make(patch, seed, luck)
    _choose_targets(world)
    world.run(LONGEST_DROPS_SECONDS)
    world.recover(looks=14)
    world.check()


def storm(patch: pytest.MonkeyPatch, seed: int) -> None:
    """Hardly anything goes well for hours; once the storm is over, a few sweeps make everything good."""
    world = _make(patch, seed, Luck(crash=0.2, throttle=0.1, busy=0.3, loss=0.4, double=0.3, interleave=0.5))
    _choose_targets(world)
    world.run(LONGEST_DROPS_SECONDS)
    world.luck = Luck()
    world.dead_letters.clear()
    world.recover(looks=8)
    world.check()


def _make(patch: pytest.MonkeyPatch, seed: int, luck: Luck) -> World:
    """A few hours of drops, all decided by the seed."""
    world = World(patch, seed, luck, slots=1 + seed % 2)
    random = world.random
    world.run_seconds = lambda: random.choice([0.5, 5, 60, 600, 2000])
    world.final_status = lambda: random.choices(["Succeeded", "Failed", "Stopped"], [7, 2, 1])[0]
    for dataset in DATASETS[: random.choices([1, 2, 3], [6, 3, 1])[0]]:
        when = random.uniform(0, 300)
        for drop in range(random.randint(1, 3)):
            for image in range(random.randint(1, 4)):
                name = f"{drop}-{image}.png"
                world.at(when, lambda dataset=dataset, name=name: world.upload(dataset, name))  # type: ignore[misc]
                when += random.choice([0.1, 1, 30])
            if random.random() < 0.2:
                world.at(when, lambda dataset=dataset: world.upload(dataset, "_READY"))  # type: ignore[misc]
            when += random.choice([20, 90, 400, 4000])
    return world


def _choose_targets(world: World) -> None:
    """Now and then an artist puts pictures to project beside a dataset."""
    random = world.random
    for dataset in DATASETS:
        for number in range(random.choice([0, 0, 1, 2])):
            when = random.uniform(0, LONGEST_DROPS_SECONDS)
            world.at(when, lambda dataset=dataset, number=number: world.choose_target(dataset, f"{number}.png"))  # type: ignore[misc]


def main() -> None:
    kind, seed = {"calm": calm, "unlucky": unlucky, "storm": storm}[sys.argv[1]], int(sys.argv[2])
    with pytest.MonkeyPatch.context() as patch:
        kind(patch, seed)


if __name__ == "__main__":
    main()
