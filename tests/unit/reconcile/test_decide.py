"""What a look decides, without any service: the table row by row, then its laws over every small case and over any."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.capacity.volumes import Shortage
from contract.statuses import LOST, TERMINAL
from tests.unit.properties import quick
from workshop.dataset import Listing, Targets, default_choice
from workshop.dataset.room import LongList, Machines
from workshop.dataset.snapshot import StoredObject
from workshop.ledger import Claim, DatasetState, Phase, RunRecord
from workshop.reconcile import decide as table
from workshop.reconcile.decide import ASK_AFTER_SECONDS, answer_request, decide
from workshop.reconcile.facts import ContentFacts, Facts, FolderFacts, Missing, PendingFacts, RunFacts, StateFacts
from workshop.reconcile.looks import Outcome, Request, Result
from workshop.reconcile.plans import (
    Action,
    AskSageMaker,
    Attention,
    Conclude,
    EndRun,
    LeaveRun,
    LookAtContents,
    LookAtFolders,
    Nothing,
    Plan,
    Start,
    TakeOver,
    TellStuck,
    Wait,
)

NOW_MS = 1_000_000_000
QUIET_SECONDS = 60
MIN_IMAGES = 3
GOOD = "arn:good"
CHOICE = default_choice("sketch")
CLAIM = Claim("f" * 64, {"MaxProcessSeconds": "3600"}, MIN_IMAGES, 0, "sketch", 128, "", 86_400, None)
LONGEST_SECONDS = 86_400 + 2 * 3600 + 7200  # the training, the two others, and what may come in between
TOO_LONG_SECONDS = LONGEST_SECONDS + 1

LOOK = Request()
HAND = Request(patient=False)
RERUN = Request(patient=False, rerun=True)
PICTURES = Request(patient=False, inference_only=True)
PICTURES_AGAIN = Request(patient=False, rerun=True, inference_only=True)
WITH_KIMG = Request(patient=False, overrides=(("Kimg", "7"),))
NO_NETWORK = "nothing: no run has succeeded yet, so there is no network to make pictures with"
STILL_COMING_IN = "wait 40 s: uploads are still coming in"
EMPTY = "conclude: the folder is empty"
NOTHING_NEW = "nothing: the last run had exactly these pictures"


def ago(seconds: float | None) -> int | None:
    """The time so many seconds ago, in epoch milliseconds."""
    return None if seconds is None else NOW_MS - round(seconds * 1000)


def stored(count: int, age: float = 1000, ending: str = "png") -> tuple[StoredObject, ...]:
    """So many objects that were uploaded `age` seconds ago."""
    modified_ms = NOW_MS - round(age * 1000)
    return tuple(StoredObject(f"{number}.{ending}", "etag", 1, modified_ms, content="known") for number in range(count))


def state(phase: Phase = Phase.IDLE, run_seconds: float = 60) -> StateFacts:
    known = DatasetState("cats", phase, claim=CLAIM, run_started_at=ago(run_seconds), claim_at=ago(5000))
    return StateFacts(known, NOW_MS)


def run(status: str, run_seconds: float = 1000) -> RunFacts:
    return RunFacts(state(Phase.RUNNING, run_seconds).state, run_seconds, status, 7)


def folders(
    images: int = 3,
    others: int = 0,
    targets: int = 0,
    age: float = 1000,
    *,
    heard: float | None = None,
    ready: float | None = None,
    claimed: float | None = None,
    stray: tuple[str, ...] = (),
) -> FolderFacts:
    """So many files, `age` seconds old; the last event came, `_READY` was put, and a run was claimed so long ago.
    `stray` are no pictures, and lie where those to project belong."""
    known = DatasetState("cats", last_seen=ago(heard), claim_at=ago(claimed))
    marker = None if ready is None else stored(1, ready)[0]
    listing = Listing("cats", stored(images, age), None, marker, others, others=("notes.txt",) * others)
    projected = Targets("cats", stored(targets, age, "jpg"), stray)
    return FolderFacts(known, listing, projected, NOW_MS, QUIET_SECONDS)


def contents(
    images: int = 3,
    others: int = 0,
    targets: int = 0,
    *,
    is_learned: bool = False,
    is_projected: bool = False,
    good_arn: str | None = None,
    mode: str = "all",
    faults: tuple[str, ...] = (),
    part: str = "",
    size: int = 1,
    name: str = "",
    resolution: int = CHOICE.resolution,
    machines: Machines | None = None,
) -> ContentFacts:
    """A folder whose last training, and whose last projection, had exactly these pictures, or others. Each picture to
    learn has `size` bytes, and `name` in its name."""
    listed = tuple(replace(image, name=name + image.name, size=size) for image in stored(images))
    listing = Listing("cats", listed, None, None, others)
    projected = Targets("cats", stored(targets, ending="jpg"))
    known = DatasetState(
        "cats",
        last_fingerprint="these" if is_learned else "others",
        last_targets=projected.digest + part if is_projected else "",
        good_arn=good_arn,
    )
    choice = replace(CHOICE, inference_mode=mode, resolution=resolution)
    return ContentFacts(known, listing, projected, "these", choice, faults, MIN_IMAGES, machines or Machines())


SMALL_DISKS = Machines("ml.r5d.large", "ml.g5.xlarge")
MANY_LARGE = contents(20_000, resolution=1024, machines=Machines("ml.m5.xlarge", "ml.r5d.large"))


def told(plan: Plan) -> str:
    """A plan in words."""
    match plan:
        case Wait(seconds, why):
            return f"wait {seconds:g} s: {why}"
        case EndRun(status):
            return f"end the run: {status}"
        case Nothing(why=why, is_learning_due=is_due):
            return f"nothing: {why}" + (" (learning stays due)" if is_due else "")
        case Attention(lack_of_room=Shortage(machine, needed, most)):
            return f"attention: {needed} GB for {machine}, which has {most}"
        case Attention(lack_of_room=LongList()):
            return "attention: the list is too long"
        case Attention(facts, needed):
            return "attention: " + ", ".join([*facts.faults, *([f"{needed} pictures are needed"] if needed else [])])
        case Start(source_arn=None):
            return "train"
        case Start(source_arn=source):
            return f"infer with {source}"
        case Conclude(why):
            return f"conclude: {why}"
    return type(plan).__name__


# What is there; what is known of it; how somebody asks; what is done.
TABLE = [
    # ---------------------------------------------------------------------------------------- a claim or a run is there
    ("a claim is under way", state(Phase.STARTING), LOOK, "TakeOver"),
    ("a claim is under way, and a rerun is asked for", state(Phase.STARTING), RERUN, "TakeOver"),
    ("a claim is under way, and pictures are asked for", state(Phase.STARTING), PICTURES, "TakeOver"),
    ("a run is active", state(Phase.RUNNING), LOOK, "LeaveRun"),
    ("a run is active, and a rerun is asked for", state(Phase.RUNNING), RERUN, "LeaveRun"),
    ("a run has been active just not for long", state(Phase.RUNNING, 899.9), LOOK, "LeaveRun"),
    ("a run has been active for long", state(Phase.RUNNING, 900), LOOK, "AskSageMaker"),
    ("a run has been active for long, and pictures are asked for", state(Phase.RUNNING, 900), PICTURES, "AskSageMaker"),
    ("the run is still at work", run("Executing"), LOOK, "LeaveRun"),
    ("the run is being stopped", run("Stopping"), LOOK, "LeaveRun"),
    ("the run is in a status that nobody knows", run("Hibernating"), LOOK, "LeaveRun"),
    ("the run has succeeded unheard", run("Succeeded"), LOOK, "end the run: Succeeded"),
    ("the run has failed unheard", run("Failed"), LOOK, "end the run: Failed"),
    ("the run was stopped unheard", run("Stopped"), LOOK, "end the run: Stopped"),
    ("SageMaker has forgotten the run", run(LOST), LOOK, "end the run: Lost"),
    ("the run is at work, and as long as it can be", run("Executing", LONGEST_SECONDS), LOOK, "LeaveRun"),
    ("the run is at work, and longer than it can be", run("Executing", TOO_LONG_SECONDS), LOOK, "TellStuck"),
    ("the run is in an unknown status for too long", run("Hibernating", TOO_LONG_SECONDS), LOOK, "TellStuck"),
    ("the run was too long, and is over", run("Failed", TOO_LONG_SECONDS), LOOK, "end the run: Failed"),
    ("nothing is under way", state(), LOOK, "LookAtFolders"),
    ("nothing is under way, and a rerun is asked for", state(), RERUN, "LookAtFolders"),
    # ------------------------------------------------------------------------------------------------- is it quiet yet?
    ("nothing is there", folders(0), LOOK, EMPTY),
    ("nothing is there, and the last file was just deleted", folders(0, heard=5), LOOK, EMPTY),
    ("nothing is there, and a rerun is asked for", folders(0), RERUN, EMPTY),
    ("the newest image is young", folders(age=20), LOOK, STILL_COMING_IN),
    ("the newest event is young", folders(heard=20), LOOK, STILL_COMING_IN),
    ("a picture to project is young", folders(0, 0, 1, age=20), LOOK, STILL_COMING_IN),
    ("an image is young, and a person asks", folders(age=20), HAND, "LookAtContents"),
    ("an image is young, and a rerun is asked for", folders(age=20), RERUN, "LookAtContents"),
    ("the newest change is as old as the quiet time", folders(age=60, heard=60), LOOK, "LookAtContents"),
    ("_READY was put after the newest image", folders(age=20, ready=10), LOOK, "LookAtContents"),
    ("_READY was put in the same second", folders(age=20, ready=20), LOOK, "LookAtContents"),
    ("_READY is older than a picture to project", folders(0, 0, 1, age=20, ready=30), LOOK, STILL_COMING_IN),
    ("_READY is older than the newest image", folders(age=20, ready=30), LOOK, STILL_COMING_IN),
    ("_READY has had its run", folders(age=20, ready=10, claimed=5), LOOK, STILL_COMING_IN),
    ("files that are no images are there", folders(0, others=1), LOOK, "LookAtContents"),
    ("such files are where pictures to project belong", folders(0, stray=("a.pdf",)), LOOK, "LookAtContents"),
    # ----------------------------------------------------------------------------------------------- what do they hold?
    (
        "not all contents are known yet",
        PendingFacts(state().state, Missing.CONTENTS),
        LOOK,
        "wait 1 s: what the pictures hold is still being found out",
    ),
    (
        "the settings are others by now",
        PendingFacts(state().state, Missing.SETTINGS),
        HAND,
        "wait 5 s: settings.yaml changed meanwhile",
    ),
    # ------------------------------------------------------------------------------------------------ pictures to learn
    ("new pictures to learn", contents(), LOOK, "train"),
    ("new pictures to learn and to project", contents(targets=2), LOOK, "train"),
    ("new pictures to learn, and there is a network", contents(targets=2, good_arn=GOOD), LOOK, "train"),
    ("nothing new, and a rerun is asked for", contents(is_learned=True), RERUN, "train"),
    ("new pictures, and parameters are given", contents(), WITH_KIMG, "train"),
    ("too few new pictures", contents(2), LOOK, "attention: 3 pictures are needed"),
    ("settings alone, or files that are no images", contents(0, others=1), LOOK, "attention: 3 pictures are needed"),
    ("new pictures beside bad settings", contents(faults=("bad",)), LOOK, "attention: bad"),
    (
        "too few new pictures beside bad settings",
        contents(2, faults=("bad",)),
        LOOK,
        "attention: bad, 3 pictures are needed",
    ),
    ("a rerun beside bad settings", contents(is_learned=True, faults=("bad",)), RERUN, "attention: bad"),
    ("a rerun may want fewer", contents(2), Request(rerun=True, overrides=(("MinImages", "2"),)), "train"),
    (
        "a rerun may want more",
        contents(3),
        Request(rerun=True, overrides=(("MinImages", "4"),)),
        "attention: 4 pictures are needed",
    ),
    # -------------------------------------------------------------------------------------------------- is there room?
    (
        "more bytes than the disk of the machine that prepares holds",
        contents(300, size=300_000_000, machines=SMALL_DISKS),
        LOOK,
        "attention: 112 GB for ml.r5d.large, which has 75",
    ),
    ("as many pictures, too large to be fetched", contents(300, size=300_000_001, machines=SMALL_DISKS), LOOK, "train"),
    (
        "pictures too large for the disk of the machine that trains",
        MANY_LARGE,
        LOOK,
        "attention: 91 GB for ml.r5d.large, which has 75",
    ),
    (
        "the same, and the artist has chosen a larger machine",
        replace(MANY_LARGE, choice=replace(MANY_LARGE.choice, instance_type="ml.g5.xlarge")),
        LOOK,
        "train",
    ),
    (
        "the same, and an operator has chosen a larger machine",
        MANY_LARGE,
        Request(rerun=True, overrides=(("TrainInstanceType", "ml.g5.xlarge"),)),
        "train",
    ),
    (
        "the same, and only new pictures are asked for",
        replace(MANY_LARGE, state=replace(MANY_LARGE.state, good_arn=GOOD)),
        PICTURES,
        f"infer with {GOOD}",
    ),
    ("names that no record can hold", contents(4_000, name="ä" * 3_000), LOOK, "attention: the list is too long"),
    # ---------------------------------------------------------------------------------------- pictures to project alone
    ("only new pictures to project", contents(targets=2, is_learned=True, good_arn=GOOD), LOOK, f"infer with {GOOD}"),
    (
        "only new pictures to project, and no image is left",
        contents(0, targets=2, good_arn=GOOD),
        LOOK,
        f"infer with {GOOD}",
    ),
    (
        "a part of the pictures to project is done",
        contents(targets=2, is_learned=True, is_projected=True, part="@1", good_arn=GOOD),
        LOOK,
        f"infer with {GOOD}",
    ),
    ("pictures to project, and no network", contents(targets=2, is_learned=True), LOOK, NO_NETWORK),
    ("pictures to project under a name without images", contents(0, targets=2), LOOK, NO_NETWORK),
    (
        "pictures to project beside bad settings",
        contents(targets=2, is_learned=True, good_arn=GOOD, faults=("bad",)),
        LOOK,
        "attention: bad",
    ),
    (
        "new pictures to project that the settings do not ask for",
        contents(targets=2, is_learned=True, good_arn=GOOD, mode="generate"),
        LOOK,
        NOTHING_NEW,
    ),
    # -------------------------------------------------------------------------------------------------------- on demand
    ("pictures are asked for", contents(is_learned=True, good_arn=GOOD), PICTURES, f"infer with {GOOD}"),
    ("pictures are asked for, and images are new", contents(good_arn=GOOD), PICTURES, f"infer with {GOOD}"),
    ("pictures are asked for, and no image is left", contents(0, 1, 1, good_arn=GOOD), PICTURES, f"infer with {GOOD}"),
    ("too few images are no reason", contents(1, is_learned=True, good_arn=GOOD), PICTURES, f"infer with {GOOD}"),
    ("pictures are asked for again", contents(is_learned=True, good_arn=GOOD), PICTURES_AGAIN, f"infer with {GOOD}"),
    (
        "pictures are asked for that the settings do not ask for",
        contents(targets=2, is_learned=True, good_arn=GOOD, mode="generate"),
        PICTURES,
        f"infer with {GOOD}",
    ),
    ("pictures are asked for, and there is no network", contents(is_learned=True), PICTURES, NO_NETWORK),
    ("the same, and images are new", contents(), PICTURES, f"{NO_NETWORK} (learning stays due)"),
    (
        "pictures are asked for, and there is no picture",
        contents(0, others=1, is_learned=True, good_arn=GOOD),
        PICTURES,
        "nothing: there is no picture to project",
    ),
    (
        "pictures are asked for beside bad settings",
        contents(is_learned=True, good_arn=GOOD, faults=("bad",)),
        PICTURES,
        "attention: bad",
    ),
    # ------------------------------------------------------------------------------------------------------ nothing new
    ("nothing new", contents(is_learned=True), LOOK, NOTHING_NEW),
    (
        "nothing new to learn or to project",
        contents(targets=2, is_learned=True, is_projected=True, good_arn=GOOD),
        LOOK,
        NOTHING_NEW,
    ),
    ("nothing new, by hand", contents(is_learned=True, good_arn=GOOD), HAND, NOTHING_NEW),
    ("nothing new, and bad settings are no news", contents(is_learned=True, faults=("bad",)), LOOK, NOTHING_NEW),
    ("nothing new, and parameters are given", contents(is_learned=True), WITH_KIMG, NOTHING_NEW),
    ("a folder whose images are gone", contents(0), LOOK, NOTHING_NEW),
    ("a rerun of a folder whose images are gone", contents(0, good_arn=GOOD), RERUN, NOTHING_NEW),
]


@pytest.mark.parametrize(
    ("facts", "request_", "done"), [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in TABLE]
)
def test_the_table(facts: Facts, request_: Request, done: str) -> None:
    assert told(decide(facts, request_)) == done


# ----------------------------------------------------------------------------------------------------------------- laws


def check_laws(facts: Facts, request: Request) -> Plan:
    """What holds of every decision; returns it."""
    plan = decide(facts, request)
    assert isinstance(plan, Plan), "there is a plan for everything"
    assert plan == decide(facts, request), "the same facts lead to the same plan"
    match facts:
        case StateFacts():
            is_free = facts.phase is Phase.IDLE
            assert isinstance(plan, LookAtFolders) == is_free, "nothing is looked at while a claim or a run is there"
            assert is_free or isinstance(plan, TakeOver | LeaveRun | AskSageMaker)
        case RunFacts():
            assert isinstance(plan, EndRun) == (facts.status in TERMINAL | {LOST}), (
                "what is over is ended, and only that"
            )
            assert isinstance(plan, EndRun | TellStuck | LeaveRun)
        case FolderFacts():
            has_to_wait = request.patient and facts.seconds_to_quiet > 0
            assert isinstance(plan, Conclude) == facts.is_empty
            assert facts.is_empty or isinstance(plan, Wait) == has_to_wait, "a patient request waits until it is quiet"
            assert isinstance(plan, Conclude | Wait | LookAtContents), "nothing starts by a listing alone"
        case PendingFacts():
            assert isinstance(plan, Wait), "nothing is decided about contents that are not known"
        case ContentFacts():
            check_laws_of_contents(facts, request, plan)
    return plan


def check_laws_of_contents(facts: ContentFacts, request: Request, plan: Plan) -> None:
    assert isinstance(plan, Start | Attention | Nothing)
    assert plan.facts is facts
    is_new = facts.fingerprint != facts.state.last_fingerprint and not facts.listing.is_empty
    has_new_targets = facts.targets.digest not in ("", facts.state.last_targets)
    if isinstance(plan, Start):
        assert not facts.faults, "nothing is claimed with faults"
        assert plan.overrides == request.overrides, "a run has the parameters that were given"
    if isinstance(plan, Start) and plan.trains:
        assert not request.inference_only, "who asks for pictures only gets no training"
        assert is_new or request.rerun, "what was learned last is not learned again unasked"
        assert facts.listing.images, "nothing is trained on nothing"
    elif isinstance(plan, Start):
        assert plan.source_arn == facts.state.good_arn, "pictures come from the last good network"
        assert request.inference_only or has_new_targets, "the same pictures are not made again unasked"
        assert request.inference_only or not is_new, "what there is to learn comes first"
    if isinstance(plan, Attention):
        lack = plan.lack_of_room
        assert facts.faults or plan.images_needed > len(facts.listing.images) or lack, "attention has a reason"
        assert request.inference_only or is_new or request.rerun or has_new_targets, "and a run that was due"
    if isinstance(plan, Nothing):
        assert plan.why
        assert plan.is_learning_due or not is_new, "what there is to learn stays outstanding"
        assert request.inference_only or not is_new, "new pictures are not passed over"
        has_network_for_them = facts.state.good_arn is not None and facts.choice.projects
        assert request.inference_only or not (has_new_targets and has_network_for_them), "nor are those to project"


def all_requests() -> Iterator[Request]:
    for patient, rerun, inference_only in product((True, False), repeat=3):
        for overrides in ((), (("Kimg", "7"),), (("MinImages", "1"),)):
            yield Request(patient, rerun, inference_only, overrides)


def all_facts() -> Iterator[Facts]:
    """A small product of everything that a decision can depend on."""
    yes_or_no = (True, False)
    for phase, seconds in product(Phase, (0, ASK_AFTER_SECONDS, TOO_LONG_SECONDS)):
        yield state(phase, seconds)
    for status, seconds in product(
        ("Executing", "Stopping", "Hibernating", LOST, *sorted(TERMINAL)), (ASK_AFTER_SECONDS, TOO_LONG_SECONDS)
    ):
        yield run(status, seconds)
    ages = (None, 10, 1000)
    for images, others, targets, age, heard, ready, claimed in product(
        (0, 1), (0, 1), (0, 1), (20, 500), ages, ages, (None, 15, 2000)
    ):
        yield folders(images, others, targets, age, heard=heard, ready=ready, claimed=claimed)
    for missing in Missing:
        yield PendingFacts(state().state, missing)
    for images, others, targets, learned, projected, good_arn, mode, faults, part in product(
        (0, 2, 3), (0, 1), (0, 2), yes_or_no, yes_or_no, (None, GOOD), ("all", "generate"), ((), ("bad",)), ("", "@1")
    ):
        yield contents(
            images,
            others,
            targets,
            is_learned=learned,
            is_projected=projected,
            good_arn=good_arn,
            mode=mode,
            faults=faults,
            part=part,
        )


def test_every_small_case_has_a_plan_that_keeps_the_laws_and_every_row_is_reached() -> None:
    requests = list(all_requests())
    reached = {told(check_laws(facts, request)) for facts in all_facts() for request in requests}
    kinds = {row[3].partition(":")[0] for row in TABLE}
    assert {words.partition(":")[0] for words in reached} >= kinds


objects = st.builds(
    StoredObject,
    st.text("abc.", min_size=1, max_size=4),
    st.just("etag"),
    st.integers(0, 3),
    st.integers(0, 2 * NOW_MS),
    content=st.sampled_from(["one", "another"]),
)
files = st.lists(objects, max_size=4).map(tuple)
names = st.lists(st.sampled_from(["notes.txt", "settings.yml"]), max_size=2).map(tuple)
listings = st.builds(Listing, st.just("cats"), files, st.none() | objects, st.none() | objects, st.integers(0, 3))
target_lists = st.builds(Targets, st.just("cats"), files, names, names, names)
times = st.none() | st.integers(0, 2 * NOW_MS)
states = st.builds(
    DatasetState,
    st.just("cats"),
    st.sampled_from(Phase),
    last_seen=times,
    claim_at=times,
    run_started_at=times,
    claim=st.just(CLAIM),
    last_fingerprint=st.sampled_from([None, "these", "others"]),
    last_targets=st.sampled_from(["", "others", "others@64"]),
    good_arn=st.sampled_from([None, GOOD]),
)
modes = st.sampled_from(["all", "generate", "mix", "project"])
choices = modes.map(lambda mode: contents(mode=mode).choice)
faults = st.lists(st.sampled_from(["bad", "worse"]), max_size=2).map(tuple)
any_facts: st.SearchStrategy[Facts] = st.one_of(
    st.builds(StateFacts, states, st.integers(0, 2 * NOW_MS)),
    st.builds(
        RunFacts, states, st.floats(0, 10**7), st.text(max_size=9) | st.sampled_from(sorted(TERMINAL)), st.just(7)
    ),
    st.builds(FolderFacts, states, listings, target_lists, st.integers(0, 2 * NOW_MS), st.integers(0, 900)),
    st.builds(PendingFacts, states, st.sampled_from(Missing)),
    st.builds(ContentFacts, states, listings, target_lists, st.just("these"), choices, faults, st.integers(1, 4)),
)
any_request = st.builds(
    Request,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), (("Kimg", "7"),), (("MinImages", "2"),)]),
)


@settings(quick, max_examples=500)
@given(any_facts, any_request)
def test_any_case_has_a_plan_that_keeps_the_laws(facts: Facts, request_: Request) -> None:
    check_laws(facts, request_)


# -------------------------------------------------------------------------------------------------------------- answers

# What can become of each action.
OUTCOMES: tuple[tuple[Action, set[Outcome]], ...] = (
    (TakeOver(), {Outcome.STARTED, Outcome.KEPT, Outcome.WAITING}),
    (LeaveRun(), {Outcome.ACTIVE}),
    (EndRun("Failed", 0), {Outcome.ENDED}),
    (TellStuck(1.0), {Outcome.ACTIVE}),
    (Wait(1, "why"), {Outcome.WAITING}),
    (Conclude("why"), {Outcome.NOTHING}),
    (Nothing(contents(), "why", is_learning_due=False), {Outcome.NOTHING}),
    (Attention(contents()), {Outcome.ATTENTION}),
    (Start(contents()), {Outcome.STARTED, Outcome.KEPT, Outcome.WAITING, Outcome.QUEUED}),
)


@pytest.mark.parametrize("request_", list(all_requests()))
def test_who_insists_is_never_answered_with_silence(request_: Request) -> None:
    """Their run has started, or will by itself; or it cannot be, for a reason; or they are told to ask again."""
    for action, outcome in [(action, outcome) for action, outcomes in OUTCOMES for outcome in outcomes]:
        is_theirs = isinstance(action, Start) and outcome in {Outcome.STARTED, Outcome.KEPT}
        is_final = is_theirs or outcome in {Outcome.NOTHING, Outcome.ATTENTION}
        detail = answer_request(action, Result(outcome, "cats", "a reason"), request_).detail
        assert detail.startswith("a reason")
        assert detail.endswith("ask for it again later") == (request_.insists and not is_final)


def test_a_claim_of_before_is_not_the_run_that_is_asked_for() -> None:
    started = Result(Outcome.STARTED, "cats", "attempt 1", "arn")
    told_of = answer_request(TakeOver(), started, RERUN)
    assert told_of.detail == ("attempt 1, claimed before; what was asked for was not started, ask for it again later")
    assert answer_request(Start(contents()), started, RERUN) == started
    assert answer_request(TakeOver(), started, HAND) == started


# -------------------------------------------------------------------------------------------------- what a run projects


def record(resolution: int) -> RunRecord:
    return RunRecord(GOOD, "cats", "f", 1, 3, 0, "sketch", resolution, "", 60, None, 0)


def test_a_run_projects_as_many_as_its_network_has_time_for() -> None:
    facts = contents(targets=100, good_arn=GOOD)
    digest = facts.targets.digest

    def share(overrides: dict[str, str], source: RunRecord | None = None) -> tuple[int, str]:
        source_arn = None if source is None else source.arn
        part, mark = Start(facts, tuple(overrides.items()), source_arn).targets_of_run(source)
        return len(part.images), mark

    assert share({}) == (64, f"{digest}@64")
    assert share({"Resolution": "512"}) == (16, f"{digest}@16")
    assert share({}, record(1024)) == (16, f"{digest}@16")
    assert share({"InferenceMode": "generate"}) == (64, "")
    assert share({"InferenceImagePath": "s3://b/k"}) == (64, "")


def test_an_inference_goes_on_where_the_last_one_has_stopped_and_a_training_begins_again() -> None:
    facts = contents(targets=100, is_projected=True, part="@64", good_arn=GOOD)
    rest, mark = Start(facts, (), GOOD).targets_of_run(record(128))
    assert ([image.name for image in rest.images], mark) == (
        [image.name for image in facts.targets.images[64:]],
        facts.targets.digest,
    )
    assert Start(facts).targets_of_run(None)[0].images == facts.targets.images[:64]


# --------------------------------------------------------------------------------------------------------------- purity


@pytest.mark.parametrize("name", ["facts", "plans", "decide"])
def test_what_decides_knows_no_service_no_clock_and_no_log(name: str) -> None:
    source = Path(table.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.module}
    modules = ("dataset.room", "dataset.settings", "dataset.shape", "dataset.snapshot", "ledger.state")
    values = {f"workshop.{module}" for module in modules}
    own = {f"workshop.reconcile.{name}" for name in ("facts", "plans", "looks")}
    contract = {"contract.pipeline", "contract.statuses"}
    assert imported <= {"dataclasses", "enum"} | values | own | contract
