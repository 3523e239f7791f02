"""What people do to a workshop, as a plan that is decided by a seed and can be shortened: a tuple of deeds.

Artists drop, overwrite and delete images, put them back as they were, write settings good and bad, give up and come
back. Operators rerun, rerun with other parameters, ask for pictures alone, look, release, cancel, purge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.chaos.operators import purge

if TYPE_CHECKING:
    from tests.chaos.world import World

DATASETS = ("cats", "dogs", "owls")
GOOD_SETTINGS = (b"preset: tiny\n", b"seed: 3\n", b"kimg: 5\n", b"")
BAD_SETTINGS = (b"kimg: -1\n", b"preset: nothing\n", b"\xff\xfe")


@dataclass(frozen=True)
class Deed:
    """Somebody does something: `when`, in seconds from the beginning."""

    when: float
    what: str
    dataset: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.when:9.1f} s  {self.what} {self.dataset} {self.detail}".rstrip()


def play(world: World, plan: tuple[Deed, ...]) -> None:
    """Have everything of the plan happen in its time."""
    for deed in plan:
        world.at(deed.when, lambda deed=deed: _DEEDS[deed.what](world, deed.dataset, deed.detail))  # type: ignore[misc]


def make_plan(random: Random, *, operators: bool) -> tuple[Deed, ...]:
    """A few hours of drops and what comes with them; with `operators`, also of what they do."""
    plan: list[Deed] = []
    for dataset in DATASETS[: random.choices([1, 2, 3], [6, 3, 1])[0]]:
        when = random.uniform(0, 300)
        for drop in range(random.randint(1, 3)):
            for image in range(random.randint(1, 4)):
                plan.append(Deed(when, "upload", dataset, f"{drop}-{image}.png"))
                when += random.choice([0.1, 1, 30])
            if random.random() < 0.2:
                plan.append(Deed(when, "upload", dataset, "_READY"))
            for what, chance in _SECOND_THOUGHTS.items():
                if random.random() < chance:
                    plan.append(Deed(when + random.uniform(0, 400), what, dataset, f"{drop}-0.png"))
            when += random.choice([20, 90, 400, 4000])
        if operators:
            for what, chance in _OPERATORS.items():
                if random.random() < chance:
                    plan.append(Deed(random.uniform(0, 4 * 3600), what, dataset))
    return tuple(sorted(plan, key=lambda deed: deed.when))


def with_targets(random: Random) -> tuple[Deed, ...]:
    """Now and then an artist puts pictures to project beside a dataset."""
    return tuple(
        Deed(random.uniform(0, 4 * 3600), "choose target", dataset, f"{number}.png")
        for dataset in DATASETS
        for number in range(random.choice([0, 0, 1, 2]))
    )


def _overwrite(world: World, dataset: str, name: str) -> None:
    if f"uploads/{dataset}/{name}" in world.s3.objects:
        world.upload(dataset, name)


def _there_and_back(world: World, dataset: str, name: str) -> None:
    """Another content, and the old one again (A-B-A): in between there may be a look, a run, or nothing."""
    stored = world.s3.objects.get(f"uploads/{dataset}/{name}")
    if stored is not None:
        world.upload(dataset, name)
        world.at(world.random.choice([1, 100, 1000]), lambda: world.upload(dataset, name, body=stored[0]))


def _rerun(world: World, dataset: str, **event: object) -> None:
    world.reruns[dataset] += 1
    world.invoke("start_run", {"source": "manual", "dataset": dataset} | event)


def _cancel(world: World, dataset: str) -> None:
    for execution in world.executions(dataset):
        world.end(execution, "Stopped")


_SECOND_THOUGHTS: Mapping[str, float] = {
    "overwrite": 0.15,
    "change and put back": 0.1,
    "delete": 0.15,
    "upload again": 0.15,
    "good settings": 0.15,
    "bad settings": 0.1,
    "delete settings": 0.1,
}
_OPERATORS: Mapping[str, float] = {
    "rerun": 0.1,
    "rerun with other parameters": 0.05,
    "ask for pictures alone": 0.1,
    "look": 0.1,
    "release": 0.05,
    "cancel": 0.1,
    "purge": 0.08,
}
_DEEDS: Mapping[str, Callable[[World, str, str], None]] = {
    "upload": lambda world, dataset, name: world.upload(dataset, name),
    "overwrite": _overwrite,
    "change and put back": _there_and_back,
    "delete": lambda world, dataset, name: world.delete(dataset, name),
    "upload again": lambda world, dataset, name: world.upload_again(dataset),
    "good settings": lambda world, dataset, _: world.upload(
        dataset, "settings.yaml", body=world.random.choice(GOOD_SETTINGS)
    ),
    "bad settings": lambda world, dataset, _: world.upload(
        dataset, "settings.yaml", body=world.random.choice(BAD_SETTINGS)
    ),
    "delete settings": lambda world, dataset, _: world.delete(dataset, "settings.yaml"),
    "choose target": lambda world, dataset, name: world.choose_target(dataset, name),
    "rerun": lambda world, dataset, _: _rerun(world, dataset, rerun=True),
    "rerun with other parameters": lambda world, dataset, _: _rerun(
        world, dataset, rerun=True, parameters={"Kimg": "7"}
    ),
    "ask for pictures alone": lambda world, dataset, _: _rerun(world, dataset, inferenceOnly=True),
    "look": lambda world, dataset, _: world.invoke("start_run", {"source": "manual", "dataset": dataset}),
    "release": lambda world, dataset, _: world.invoke(
        "start_run", {"source": "manual", "dataset": dataset, "release": True}
    ),
    "cancel": lambda world, dataset, _: _cancel(world, dataset),
    "purge": lambda world, dataset, _: purge(world, dataset),
}
