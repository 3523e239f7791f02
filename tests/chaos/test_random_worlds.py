"""Random worlds: drops, runs and bad luck by seed. Whatever happens, everything comes to a good rest.

The invariants (World.check, and World's own asserts while it runs): never two runs of a dataset at once, never more
runs than slots, every drop in some run's manifest, nobody stuck, nothing owed, one notice per run and kind (two only
where a crash fell between publishing and recording), somebody told about every end.
"""

import pytest

from tests.chaos.world import Luck, World


def live(world: World) -> None:
    """A few hours of drops on three datasets, all decided by the world's seed."""
    random = world.random
    world.run_seconds = lambda: random.choice([0.5, 5, 60, 600, 2000])
    world.final_status = lambda: random.choices(["Succeeded", "Failed", "Stopped"], [7, 2, 1])[0]
    for dataset in ("cats", "dogs", "owls"):
        when = random.uniform(0, 300)
        for drop in range(random.randint(1, 4)):
            for image in range(random.randint(1, 6)):
                name = f"{drop}-{image}.png"
                world.at(when, lambda dataset=dataset, name=name: world.upload(dataset, name))  # type: ignore[misc]
                when += random.choice([0.1, 1, 30])
            if random.random() < 0.2:
                world.at(when, lambda dataset=dataset: world.upload(dataset, "_READY"))  # type: ignore[misc]
            when += random.choice([20, 90, 400, 4000])


@pytest.mark.parametrize("seed", range(10))
def test_without_losses_and_crashes_everything_is_run_and_told_without_any_sweep(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(monkeypatch, seed, Luck(double=0.2, interleave=0.5))
    live(world)
    world.run()
    world.check()
    for execution in world.sagemaker.executions.values():
        run = execution.arn.rsplit("/", 1)[1]
        lasted = (execution.changed_at - execution.started_at).total_seconds()
        assert world.notices()[run, "started"] == 1 or lasted < 30, "a run was not announced"


@pytest.mark.parametrize("seed", range(100, 125))
def test_with_losses_and_crashes_a_few_sweeps_make_everything_good(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, seed, Luck(crash=0.03, loss=0.15, double=0.15, interleave=0.3))
    live(world)
    world.settle_everything(sweeps=12)
    world.check()


@pytest.mark.parametrize("seed", range(200, 205))
def test_a_storm_of_crashes_ends_well_once_it_is_over(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, seed, Luck(crash=0.2, loss=0.4, double=0.3, interleave=0.5))
    live(world)
    world.run()
    world.luck = Luck(crash=1e-9)
    world.settle_everything(sweeps=6)
    world.check()
