"""The protocol of timer, claim, start, end and notice as a small model, explored completely.

An artist drops files into a dataset's folder; at most two looks and one more function are at work at a time; a rival,
the other dataset, takes the one slot whenever it likes and frees it when it likes. Every service call is a step of its
own, and everybody's steps are taken in every order. Misfortunes are spent in every possible place: a crash, an event
lost or doubled, a "later" from SageMaker. (Datasets meet at the slot only. That the other one frees it in the end is
what is shown here of each.)

The model has no clock: a message may come as soon as it is sent and as late as it likes. What the age of a claim, a run
or a notice decides is open, until nothing else can happen. Such a state is at rest. It must be right (`faults`); if an
event was lost, the hourly sweep comes by first, and the weekly schedule if no event of a drop was ever heard of.

Hence the bounds of docs/testing.md: while a state is not at rest, a message is on its way to somebody who will look. A
timer takes 15 minutes at most, and a message whose receiver has died comes again after 12 (SettleQueue's visibility
timeout): somebody looks within 20 minutes if no event was lost, and within 80, after a sweep, if one was.

What a look makes of what it has read is no part of the model: the code's own `decide` says so.

`Laws` are those of workshop.settling. Without them (`OLD`) the exploration finds the wake-ups that were lost before.

    PYTHONPATH=layers/workshop python -m tests.chaos.protocol     explores all of `worlds`, and tells how many states
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from workshop.dataset import Listing, Targets, default_choice
from workshop.dataset.snapshot import StoredObject
from workshop.ledger import Claim, DatasetState, Phase
from workshop.reconcile.decide import decide
from workshop.reconcile.facts import ContentFacts, Facts, FolderFacts, RunFacts, StateFacts
from workshop.reconcile.looks import Request
from workshop.reconcile.plans import AskSageMaker, EndRun, LookAtContents, LookAtFolders, Plan, Start, TakeOver

IDLE, STARTING, RUNNING = "IDLE", "STARTING", "RUNNING"
NUDGE = 0
FREE, OURS, RIVALS = "free", "ours", "the rival's"
NOT_CONSIDERED = -1
AN_HOUR = 3600  # seconds: so old, a run is asked about, and is not too long
_CLAIM = Claim("", {}, 1, 0, "", 16, "", 86_400, None)
MOST_MESSAGES = 6  # of one dataset, at a time: more would mean that timers breed


@dataclass(frozen=True)
class Laws:
    """What the protocol promises itself about timers.

    takes_first: a timer's record goes when its message comes, not when its look ends; whoever waits reads it then
    records_unreceived: a timer is recorded only if no message was received since its sender read the state
    """

    takes_first: bool = True
    records_unreceived: bool = True


NEW = Laws()
OLD = Laws(takes_first=False, records_unreceived=False)


class Actor(NamedTuple):
    """Somebody at work on a dataset: what it does next, and what it knows."""

    does: str
    message: int = -1  # the timer or NUDGE that it serves; -1: none
    event: tuple[Any, ...] = ()  # the event that it serves
    timer: int = 0  # the recorded timer as it has read it
    noted: int = 0  # as it has read it
    attempt: int = 0  # as it has read it, then: of the run that it deals with
    files: int = 0  # as it has listed them
    sent: int = 0  # the timer that it has sent and not recorded
    is_fresh: bool = True  # no timer was received since it read the state


class Execution(NamedTuple):
    """A run in SageMaker."""

    attempt: int
    files: int  # that its snapshot has
    is_over: bool = False
    is_told: bool = False


class Dataset(NamedTuple):
    """A dataset's item, its folder and its runs; what is on its way; who is at work; which misfortunes are left."""

    to_drop: int = 0  # files that its artist still has
    files: int = 0  # in the folder
    noted: int = 0  # upload events noted
    considered: int = 0
    timer: int = 0  # the recorded one; 0: none
    phase: str = IDLE
    attempt: int = 0
    claimed: int = 0  # files that the claimed snapshot has
    learned: int = 0  # files that the last run had
    owed: int = 0  # attempt whose notice is owed; 0: none
    runs: tuple[Execution, ...] = ()
    messages: tuple[int, ...] = ()  # timers and NUDGEs
    events: tuple[tuple[Any, ...], ...] = ()
    actors: tuple[Actor, ...] = ()
    crashes: int = 0
    disturbances: int = 0
    refusals: int = 0
    lost: str = ""  # the event that was lost


class World(NamedTuple):
    """Everything."""

    dataset: Dataset
    slot: str = FREE
    rival_runs: int = 1  # how often the rival will still take the slot
    repairs: tuple[str, ...] = ("sweep", "schedule")  # that are still to come, should an event have been lost
    is_late: bool = False  # an hour has passed: everybody's lease is over


def explore(start: World, laws: Laws) -> tuple[int, list[World] | None]:
    """Breadth first through everything that can happen: how many states there are, and the shortest way to one that is
    at rest and not right (None if there is none).

    Of a state only its hash is kept; with ten million states, chances are 1 in 400,000 that two have the same.
    """
    came_from = {hash(start): 0}
    level = [start]
    while level:
        following: list[World] = []
        for world in level:
            is_at_rest = True
            for after in steps(world, laws):
                is_at_rest = False
                if (known := hash(after)) not in came_from:
                    came_from[known] = hash(world)
                    following.append(after)
            if is_at_rest and faults(world):
                return len(came_from), _way_to(world, start, came_from, laws)
        level = following
    return len(came_from), None


def faults(world: World) -> list[str]:
    """What is not right in a state at rest, in words."""
    dataset = world.dataset
    wrong = {
        f"the dataset is stuck in {dataset.phase}": dataset.phase != IDLE,
        "a drop was never run": dataset.learned != dataset.files,
        "nobody was told of a run's end": dataset.owed or not all(run.is_told for run in dataset.runs),
        "a snapshot was run twice": len({run.files for run in dataset.runs}) < len(dataset.runs),
        "the slot is lost": world.slot == OURS,
    }
    return [fault for fault, is_so in wrong.items() if is_so]


def steps(world: World, laws: Laws) -> Iterator[World]:
    """Every state that can follow."""
    happened = False
    for after in _happenings(world, laws):
        happened = True
        yield after
    if not happened:
        yield from _repaired(world)


def _touches_slot(dataset: Dataset, actor: Actor) -> bool:
    """Whether the actor's next step reads or writes the slot, and is not refused for what it knows of the dataset."""
    match actor.does:
        case "look:claim":
            return (dataset.phase, dataset.attempt, dataset.noted) == (IDLE, actor.attempt, actor.noted)
        case "look:release":
            return (dataset.phase, dataset.attempt) == (STARTING, actor.attempt)
        case "look:finish" | "end:begin":
            return dataset.phase != IDLE and dataset.attempt == actor.attempt
    return False


# ------------------------------------------------------------------------------------------- what happens by itself


def _happenings(world: World, laws: Laws) -> Iterator[World]:
    dataset = world.dataset
    for actor in dataset.actors:
        if actor.does in _ALONE or (actor.does in _ALONE_UNTIL_LATE and not world.is_late):
            yield from _next_of(world, actor, laws)
            return
    if world.slot == FREE and world.rival_runs:
        yield world._replace(slot=RIVALS, rival_runs=world.rival_runs - 1)
    if world.slot == RIVALS:
        yield world._replace(slot=FREE)
    if dataset.to_drop:
        dropped = dataset._replace(files=dataset.files + 1, to_drop=dataset.to_drop - 1)
        yield from _put_all(world, _told(dropped, ("upload",)))
    for run in dataset.runs:
        if not run.is_over:
            over = _with_run(dataset, run._replace(is_over=True))
            yield from _put_all(world, _told(over, ("end", run.attempt)))
    looks = sum(actor.does.startswith("look") for actor in dataset.actors)
    if looks < 2:
        for message in set(dataset.messages):
            rest = dataset._replace(messages=_without(dataset.messages, message))
            yield world._replace(dataset=_with_actor(rest, Actor("look:receive", message=message)))
    if looks == len(dataset.actors):
        for event in set(dataset.events):
            rest = dataset._replace(events=_without(dataset.events, event))
            actor = Actor(f"{event[0]}:begin", event=event, attempt=event[-1] if len(event) > 1 else 0)
            yield world._replace(dataset=_with_actor(rest, actor))
    for actor in set(dataset.actors):
        yield from _next_of(world, actor, laws)


def _next_of(world: World, actor: Actor, laws: Laws) -> Iterator[World]:
    """The actor's next step; or it dies, and its message or event is delivered again."""
    dataset = world.dataset
    others = dataset._replace(actors=_without(dataset.actors, actor))
    if actor.does in _AT_THE_SLOT:
        yield _AT_THE_SLOT[actor.does](world, others, actor, laws)
    else:
        yield from _put_all(world, _STEPS[actor.does](others, actor, laws, world.is_late))
    if dataset.crashes:
        died = others._replace(crashes=dataset.crashes - 1)
        again = _with_events(died, actor.event) if actor.event else _with_message(died, actor.message)
        yield world._replace(dataset=again)


def _told(dataset: Dataset, event: tuple[Any, ...]) -> Iterator[Dataset]:
    """An event through EventBridge, or an asynchronous invocation: once, and never or twice at a price."""
    yield _with_events(dataset, event)
    if dataset.disturbances:
        disturbed = dataset._replace(disturbances=dataset.disturbances - 1)
        yield disturbed._replace(lost=event[0])
        yield _with_events(disturbed, event, event)


def _repaired(world: World) -> Iterator[World]:
    """Nothing else can happen, and an event was lost: the sweep comes by, and at last the schedule."""
    dataset, repairs = world.dataset, world.repairs
    if not dataset.lost or not repairs or (repairs[0] == "schedule" and dataset.lost != "upload"):
        return
    is_outstanding = dataset.phase != IDLE or dataset.owed or dataset.considered != dataset.noted
    if is_outstanding or repairs[0] == "schedule":
        dataset = _with_message(dataset, NUDGE)
    yield world._replace(dataset=dataset, repairs=repairs[1:], is_late=True)


# ------------------------------------------------------------------------------------------------- upload_trigger


def _note_upload(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    noted = dataset._replace(noted=dataset.noted + 1)
    yield noted if noted.timer else _with_actor(noted, actor._replace(does="upload:send"))


def _send_timer(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    timer = _new_timer(dataset)
    does = actor.does.partition(":")[0] + ":record"
    yield _with_actor(_with_message(dataset, timer), actor._replace(does=does, sent=timer))


def _record_timer(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    is_recorded = dataset.timer == actor.timer and (actor.is_fresh or not laws.records_unreceived)
    yield dataset._replace(timer=actor.sent) if is_recorded else dataset


# ------------------------------------------------------------------------------------------------------- start_run


def _receive(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    if actor.message != NUDGE:
        if dataset.timer not in (0, actor.message):
            yield _nobody_fresh(dataset) if laws.takes_first else dataset  # dropped: another one is recorded
            return
        if laws.takes_first:
            dataset = _nobody_fresh(dataset)._replace(timer=0)
    knows = actor._replace(timer=dataset.timer, noted=dataset.noted, attempt=dataset.attempt)
    if dataset.owed and is_late:
        dataset = _with_events(dataset, ("report", dataset.owed))
    is_over = any(run.is_over for run in dataset.runs if run.attempt == dataset.attempt)
    for plan in _plans_by_state(dataset.phase, is_over, is_late):
        match plan:
            case LookAtFolders():
                yield _with_actor(dataset, knows._replace(does="look:list"))
            case TakeOver():
                is_held = any(other.does in _HOLDING for other in dataset.actors)
                if not is_late:
                    yield _with_actor(dataset, knows._replace(does="look:wait"))
                if not is_held:
                    yield _with_actor(dataset, knows._replace(does="look:start again"))
            case EndRun():
                yield _with_actor(dataset, knows._replace(does="look:finish"))
            case _:
                yield _with_actor(dataset, knows._replace(does="look:leave"))


def _list(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    is_due = isinstance(_plan_by_folder(dataset.files, dataset.learned), Start)
    yield _with_actor(dataset, actor._replace(does="look:claim" if is_due else "look:conclude", files=dataset.files))


@cache
def _plans_by_state(phase: str, is_over: bool, is_late: bool) -> tuple[Plan, ...]:
    """What the code may decide before it lists the folder: how old a run is, is open until it is late."""
    plans = []
    for seconds in (AN_HOUR,) if is_late else (0, AN_HOUR):
        state = DatasetState("cats", Phase(phase), claim=_CLAIM, run_started_at=0)
        plan = decide(StateFacts(state, seconds * 1000), Request())
        if isinstance(plan, AskSageMaker):
            plan = decide(RunFacts(state, seconds, "Succeeded" if is_over else "Executing", 0), Request())
        plans.append(plan)
    return tuple(dict.fromkeys(plans))


@cache
def _plan_by_folder(files: int, learned: int) -> Plan:
    """What the code decides about a folder that is quiet, after a run that has `learned` so many of its files."""
    images = tuple(StoredObject(f"{number}.png", "", 1, 0, content=str(number)) for number in range(files))
    listing, targets = Listing("cats", images, None, None, 0), Targets("cats", ())
    state = DatasetState("cats", last_fingerprint=str(learned))
    facts: Facts = FolderFacts(state, listing, targets, AN_HOUR * 1000, quiet_seconds=60)
    plan = decide(facts, Request())
    if isinstance(plan, LookAtContents):
        facts = ContentFacts(state, listing, targets, str(files), default_choice("sketch"), (), min_images=1)
        plan = decide(facts, Request())
    return plan


def _claim(world: World, dataset: Dataset, actor: Actor, laws: Laws) -> World:
    if not _touches_slot(dataset, actor) or world.slot != FREE:
        return world._replace(dataset=_with_actor(dataset, actor._replace(does="look:wait")))
    claimed = dataset._replace(
        phase=STARTING,
        attempt=dataset.attempt + 1,
        claimed=actor.files,
        considered=dataset.noted,
        timer=dataset.timer if laws.takes_first else 0,
    )
    starter = actor._replace(does="look:start", attempt=claimed.attempt)
    return world._replace(slot=OURS, dataset=_with_actor(claimed, starter))


def _start(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    starter = actor._replace(does="look:run")
    if any(run.attempt == actor.attempt for run in dataset.runs):  # the token is known
        yield _with_actor(dataset, starter)
    else:
        run = Execution(actor.attempt, dataset.claimed)
        started = _with_actor(dataset._replace(runs=(*dataset.runs, run)), starter)
        yield from _told(started, ("start", actor.attempt))
    if dataset.refusals:
        does = "look:wait" if actor.does == "look:start again" else "look:later"
        yield _with_actor(dataset._replace(refusals=dataset.refusals - 1), actor._replace(does=does))


def _send_before_release(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    timer = _new_timer(dataset)
    yield _with_actor(_with_message(dataset, timer), actor._replace(does="look:release", sent=timer))


def _release(world: World, dataset: Dataset, actor: Actor, laws: Laws) -> World:
    if not _touches_slot(dataset, actor):
        return world._replace(dataset=dataset)
    timer = dataset.timer if laws.takes_first else actor.sent
    released = dataset._replace(phase=IDLE, considered=NOT_CONSIDERED, timer=timer)
    return world._replace(slot=FREE, dataset=released)


def _record_running(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    is_this = (dataset.phase, dataset.attempt) == (STARTING, actor.attempt)
    yield dataset._replace(phase=RUNNING) if is_this else dataset


def _wait(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    if laws.takes_first:
        actor = actor._replace(timer=dataset.timer, is_fresh=True)
    is_another_recorded = actor.timer not in (0, actor.message)
    yield dataset if is_another_recorded else _with_actor(dataset, actor._replace(does="look:send"))


def _conclude(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    if (dataset.timer, dataset.noted) == (actor.timer, actor.noted):
        dataset = dataset._replace(considered=dataset.noted)
    if laws.takes_first:
        yield dataset
    else:
        yield from _leave(dataset, actor, laws, is_late)


def _leave(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    if laws.takes_first or actor.message == NUDGE or actor.timer != actor.message:
        yield dataset
    elif (dataset.timer, dataset.noted) == (actor.timer, actor.noted):
        yield dataset._replace(timer=0)
    else:
        yield _with_actor(dataset, actor._replace(does="look:send"))


# -------------------------------------------------------------------------- the end of a run, whoever has noticed it


def _finish(world: World, dataset: Dataset, actor: Actor, laws: Laws) -> World:
    if _touches_slot(dataset, actor):
        dataset = dataset._replace(phase=IDLE, learned=dataset.claimed, owed=actor.attempt)
        world = world._replace(slot=FREE)
    does = actor.does.partition(":")[0] + ":nudge"
    return world._replace(dataset=_with_actor(dataset, actor._replace(does=does)))


def _nudge(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    does = actor.does.partition(":")[0] + ":report"
    yield _with_actor(_with_message(dataset, NUDGE), actor._replace(does=does))


def _ask_for_report(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    yield from _told(dataset, ("report", actor.attempt))


def _publish(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    for run in dataset.runs:
        if run.attempt == actor.attempt:
            dataset = _with_run(dataset, run._replace(is_told=True))
    yield _with_actor(dataset, actor._replace(does="report:mark"))


def _mark_reported(dataset: Dataset, actor: Actor, laws: Laws, is_late: bool) -> Iterator[Dataset]:
    yield dataset._replace(owed=0) if dataset.owed == actor.attempt else dataset


_HOLDING = frozenset({"look:start", "look:start again", "look:run", "look:later", "look:release"})
_AT_THE_SLOT = {
    "look:claim": _claim,
    "look:release": _release,
    "look:finish": _finish,
    "end:begin": _finish,
}
_STEPS = {
    "upload:begin": _note_upload,
    "upload:send": _send_timer,
    "upload:record": _record_timer,
    "look:receive": _receive,
    "look:list": _list,
    "look:start": _start,
    "look:start again": _start,
    "look:later": _send_before_release,
    "look:run": _record_running,
    "look:wait": _wait,
    "look:send": _send_timer,
    "look:record": _record_timer,
    "look:conclude": _conclude,
    "look:leave": _leave,
    "look:nudge": _nudge,
    "look:report": _ask_for_report,
    "start:begin": _record_running,
    "end:nudge": _nudge,
    "end:report": _ask_for_report,
    "report:begin": _publish,
    "report:mark": _mark_reported,
}
_REMEMBERS = {
    "upload:send": ("timer", "is_fresh"),
    "upload:record": ("timer", "is_fresh", "sent"),
    "look:receive": (),
    "look:list": ("timer", "noted", "attempt"),
    "look:claim": ("timer", "noted", "attempt", "files"),
    "look:release": ("attempt", "sent"),
    "look:wait": ("timer", "is_fresh"),
    "look:send": ("timer", "is_fresh"),
    "look:record": ("timer", "is_fresh", "sent"),
    "look:conclude": ("timer", "noted", "is_fresh"),
    "look:leave": ("timer", "noted", "is_fresh"),
}
# Steps that nobody else's step depends on or changes: sending a message or an event, writing what nobody reads. They
# come to the same now or later, so they are taken now.
_ALONE = frozenset({"upload:send", "look:send", "look:later", "look:nudge", "end:nudge", "look:report", "end:report"})
_ALONE_UNTIL_LATE = frozenset({"report:begin", "report:mark"})

# ------------------------------------------------------------------------------------------------------ small parts


def _put_all(world: World, datasets: Iterable[Dataset]) -> Iterator[World]:
    return (world._replace(dataset=dataset) for dataset in datasets)


def _with_run(dataset: Dataset, run: Execution) -> Dataset:
    return dataset._replace(runs=tuple(run if old.attempt == run.attempt else old for old in dataset.runs))


def _with_message(dataset: Dataset, message: int) -> Dataset:
    messages = tuple(sorted((*dataset.messages, message)))
    assert len(messages) <= MOST_MESSAGES, f"timers breed: {dataset}"
    return dataset._replace(messages=messages)


def _with_events(dataset: Dataset, *events: tuple[Any, ...]) -> Dataset:
    return dataset._replace(events=tuple(sorted((*dataset.events, *events))))


def _with_actor(dataset: Dataset, actor: Actor) -> Dataset:
    """The actor joins, or goes on, and forgets what it will not use any more: fewer states are different."""
    knows = Actor(actor.does, actor.message, actor.event)
    for field in _REMEMBERS.get(actor.does, ("attempt",)):
        knows = knows._replace(**{field: getattr(actor, field)})
    return dataset._replace(actors=tuple(sorted((*dataset.actors, knows))))


def _without(many: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    at = many.index(one)
    return many[:at] + many[at + 1 :]


def _new_timer(dataset: Dataset) -> int:
    used = {dataset.timer, *dataset.messages}
    for actor in dataset.actors:
        used |= {actor.timer, actor.message, actor.sent}
    return next(timer for timer in count(1) if timer not in used)


def _nobody_fresh(dataset: Dataset) -> Dataset:
    fresh_no_more = dataset._replace(actors=())
    for actor in dataset.actors:
        fresh_no_more = _with_actor(fresh_no_more, actor._replace(is_fresh=False))
    return fresh_no_more


def _way_to(world: World, start: World, came_from: dict[int, int], laws: Laws) -> list[World]:
    """All states from the start to this one, found again by their hashes."""
    hashes = [hash(world)]
    while hashes[-1] != hash(start):
        hashes.append(came_from[hashes[-1]])
    way = [start]
    for known in reversed(hashes[:-1]):
        way.append(next(after for after in steps(way[-1], laws) if hash(after) == known))
    return way


def worlds(*, quick: bool) -> dict[str, World]:
    """What is explored. The `quick` ones take seconds each, the others minutes."""
    one, two = Dataset(to_drop=1), Dataset(to_drop=2)
    found = {
        "one file": World(one),
        "one file, a crash": World(one._replace(crashes=1)),
        "one file, an event lost or doubled": World(one._replace(disturbances=1)),
        "one file, SageMaker is busy": World(one._replace(refusals=1)),
        "two files": World(two, rival_runs=0),
    }
    if quick:
        return found
    return found | {
        "two files, a rival": World(two),
        "two files, SageMaker is busy": World(two._replace(refusals=1), rival_runs=0),
        "one file, a crash and SageMaker is busy": World(one._replace(crashes=1, refusals=1)),
        "one file, an event lost or doubled, SageMaker is busy": World(one._replace(disturbances=1, refusals=1)),
        "one file, a crash, an event lost or doubled": World(one._replace(crashes=1, disturbances=1)),
    }


def main() -> None:
    for name, start in worlds(quick=False).items():
        began = time.monotonic()
        states, way = explore(start, NEW)
        told = "all end well" if way is None else f"not right: {faults(way[-1])}"
        print(f"{name}: {states:,} states, {told} ({time.monotonic() - began:.0f} s)", flush=True)
        for world in way or ():
            print(f"  {world}")
        if way:
            sys.exit(1)


if __name__ == "__main__":
    main()
