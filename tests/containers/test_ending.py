"""A training ends by itself while there is time to make pictures of it: by the clock, or when somebody asks."""

import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from containers.train.ending import Deadline, FinishRequest, seconds_kept, why_end
from stylegan2.options.budget import Ending
from tests.patience import HARD_END
from workshop.dataset.settings import MIN_HOURS, MIN_JOB_SECONDS, Caps

LIMITS = ((86_400, None), (86_400, 36), (None, None))


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


# By the side of a picture in pixels, of the slowest machine: seconds for a sheet, which is what is measured first;
# seconds for all that is saved at the end; bytes in the model's folder.
SAVING = {32: (1, 3, 20e6), 256: (6, 25, 450e6), 512: (10, 40, 600e6), 1024: (15, 60, 700e6)}
BATCH = {32: 64, 256: 64, 512: 64, 1024: 32}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    cap=st.integers(MIN_JOB_SECONDS, 432_000),
    dollars=st.floats(1, 1000),
    price=st.floats(0.1, 5),
    max_hours=st.none() | st.floats(MIN_HOURS, 120),
    kimg=st.floats(0.1, 25_000),
    sec_per_kimg=st.floats(1, 3000),
    resolution=st.sampled_from(list(SAVING)),
    started=st.floats(5, 300),
)
def test_no_training_is_ended_by_its_jobs_limit(
    cap: int,
    dollars: float,
    price: float,
    max_hours: float | None,
    kimg: float,
    sec_per_kimg: float,
    resolution: int,
    started: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever the deployer allows, the artist asks for, and the machine can do: the job is over before its limit.

    The trainer's life is played with its own questions: before every iteration it asks whether to go on, telling what
    it has measured; SageMaker's clock runs from the job's start, before the container's.
    """
    learning, limit = Caps(cap, {"machine": price}, dollars).times("machine", max_hours)
    sheet, saving, size = SAVING[resolution]
    clock = Clock()
    clock.now = started
    folder = tmp_path_factory.getbasetemp() / f"model-{resolution}"
    if not folder.exists():
        folder.mkdir()
        with (folder / "network").open("wb") as file:
            file.truncate(int(size))
    should_stop = why_end(lambda: False, lambda: False, Deadline(limit, started, learning, folder, clock))
    iteration = min(sec_per_kimg * BATCH[resolution] / 1000, 200)  # slower machines are not offered for such pictures
    seen, measured, longest = 0.0, float(sheet), 0.0
    begun, next_snapshot = clock.now, 40.0
    ended: Ending | None = None
    while ended is None:
        ended = "finished" if seen >= kimg else should_stop(longest + measured)
        if ended is None:
            # Many iterations at once where nothing can happen in between.
            left = min(limit - seconds_kept(limit, 0, 0) - clock.now, learning - (clock.now - begun))
            steps = max(1, min(int(left / iteration / 2), int((kimg - seen) * 1000 / BATCH[resolution])))
            clock.now += steps * iteration + sheet  # as if an early one were due at the worst moment
            seen += steps * BATCH[resolution] / 1000
            longest = iteration
            if seen >= next_snapshot:
                next_snapshot, measured = seen + 40, float(saving)
                clock.now += saving
    clock.now += saving * 1.3 + size / 15e6  # saved, packed, uploaded
    assert clock.now <= limit, (ended, clock.now, limit)
    assert ended in ("finished", "time_limit")
    assert ended == "finished" or clock.now - begun >= min(learning, 0.5 * (limit - started) - 200)  # and not at once


def test_what_the_training_was_given_ends_it_though_its_job_might_go_on(tmp_path: Path) -> None:
    clock = Clock()
    due = Deadline(86_400, 100, 36, tmp_path, clock)
    clock.now = 50  # in which the pictures were opened and the networks made
    assert not due(1)
    clock.now = 85.9
    assert not due(1)
    clock.now = 86
    assert due(1)


def test_the_time_that_is_left_is_that_until_it_says_so(tmp_path: Path) -> None:
    clock = Clock()
    due, given, endless = (Deadline(limit, 100, learning, tmp_path, clock) for limit, learning in LIMITS)
    assert (given.seconds_left, endless.seconds_left) == (36, None)
    clock.now = 50
    for deadline in (due, given, endless):
        assert not deadline(10)
    clock.now = 60
    assert given.seconds_left == 26
    assert due.seconds_left == pytest.approx(86_400 - 100 - 60 - seconds_kept(86_400, 10, 0))
    clock.now += due.seconds_left or 0
    assert due(10)
    assert given.seconds_left == 0


def test_nobody_ends_a_training_whose_limits_are_not_known(tmp_path: Path) -> None:
    clock = Clock()
    due = Deadline(None, 0, None, tmp_path, clock)
    clock.now = 1e9
    assert not due(1e9)


def test_what_the_job_has_spent_before_and_what_is_to_be_uploaded_count(tmp_path: Path) -> None:
    clock = Clock()
    due, late = Deadline(10_000, 0, None, tmp_path, clock), Deadline(10_000, 500, None, tmp_path, clock)
    clock.now = 9_400
    assert (due(10), late(10)) == (False, True)
    with (tmp_path / "network").open("wb") as file:
        file.truncate(5_000_000_000)
    clock.now = 9_450
    assert due(10)


# Finish now -----------------------------------------------------------------------------------------------------------


class Answers:
    """S3 for one object: each look gets the next answer, the last one again and again."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.looks: list[dict[str, Any]] = []

    def head_object(self, **request: Any) -> dict[str, Any]:
        self.looks.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            raise answer
        return {}

    def get_object(self, **request: Any) -> dict[str, Any]:
        raise AssertionError("only whether it is there matters")

    list_object_versions = get_object


def wait_for_the_last_look() -> None:
    for thread in threading.enumerate():
        if thread.name == "finish-request":
            thread.join(HARD_END)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "HeadObject")


def test_a_request_is_heard_whatever_came_before(capsys: pytest.CaptureFixture[str]) -> None:
    """A role that may not list hears 403 of what is not there yet; trouble is said once and ends nothing."""
    trouble = EndpointConnectionError(endpoint_url="https://s3")
    s3 = Answers(refused("403"), refused("404"), trouble, trouble, refused("SlowDown"), None)
    with FinishRequest(s3, "s3://workshop/runs/red-chairs/ab1/finish", look_seconds=0.001) as is_asked:
        wait_for_the_last_look()
        assert is_asked()
    assert s3.looks == [{"Bucket": "workshop", "Key": "runs/red-chairs/ab1/finish"}] * 6
    assert capsys.readouterr().err.count("cannot be seen now") == 1


def test_nothing_is_looked_for_after_the_end() -> None:
    s3 = Answers(refused("404"))
    with FinishRequest(s3, "s3://workshop/runs/red-chairs/ab1/finish", look_seconds=0.001) as is_asked:
        assert not is_asked()
    wait_for_the_last_look()
    looks = len(s3.looks)
    assert not is_asked()
    assert len(s3.looks) == looks


@pytest.mark.parametrize(
    ("stopped", "asked", "due", "why"),
    [
        (False, False, False, None),
        (False, False, True, "time_limit"),
        (False, True, True, "on_request"),
        (True, True, True, "stopped"),
    ],
)
def test_the_most_urgent_reason_is_told(stopped: bool, asked: bool, due: bool, why: Ending | None) -> None:
    assert why_end(lambda: stopped, lambda: asked, lambda seconds: due)(1.0) == why
