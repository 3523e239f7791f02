"""The estimate of a whole run: what more of anything does to it, what is unknown, what earlier runs have shown."""

from dataclasses import replace
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import PARAMETERS, resolutions_of
from tests.unit.properties import quick
from workshop.estimates.learned import FASTEST, MAX_SAMPLES, SLOWEST, Learned, Sample, speed_key
from workshop.estimates.speeds import Basis
from workshop.estimates.whole import Estimate, Work, estimate_run, process_seconds

REGION = "eu-central-1"
WORK = Work(trains=True, images=1_000, size=300_000_000, targets=4)
BALANCED = {"Preset": "auto", "Resolution": "256", "Kimg": "2000"}


def estimated(learned: Learned | None = None, work: Work = WORK, region: str = REGION, **parameters: str) -> Estimate:
    return estimate_run(BALANCED | parameters, work, learned or Learned(), region)


def shown(*speeds: float, beside: float | None = None) -> Learned:
    return Learned(tuple(Sample(str(number), speed, beside) for number, speed in enumerate(speeds)))


@st.composite
def runs(draw: st.DrawFn) -> dict[str, str]:
    preset = draw(st.sampled_from(PARAMETERS["Preset"].choices))
    return {
        "Preset": preset,
        "Resolution": str(draw(st.sampled_from(resolutions_of(preset)))),
        "TrainInstanceType": draw(
            st.sampled_from(["ml.g5.xlarge", "ml.p4d.24xlarge", "ml.m5.xlarge", "ml.none.xlarge"])
        ),
        "TrainInstanceCount": str(draw(st.integers(1, 100))),
        "TrainSeconds": str(draw(st.integers(1, 432_000))),
        "MaxTrainSeconds": str(draw(st.integers(600, 432_000))),
        "InferenceInstanceType": draw(st.sampled_from(["ml.m5.xlarge", "ml.g5.xlarge", "ml.none.large"])),
        "InferenceMode": draw(st.sampled_from(PARAMETERS["InferenceMode"].choices)),
    }


@quick
@given(
    parameters=runs(),
    kimg=st.floats(*PARAMETERS["Kimg"].bounds),
    more=st.floats(1, 100),
    work=st.builds(
        Work,
        st.booleans(),
        st.integers(0, 200_000),
        st.integers(0, 10**12),
        st.integers(0, 64),
        st.floats(0, 30_000),
    ),
    speeds=st.lists(st.floats(FASTEST, SLOWEST), max_size=MAX_SAMPLES),
)
def test_longer_trainings_take_longer_and_nothing_is_negative_or_no_number(
    parameters: dict[str, str], kimg: float, more: float, work: Work, speeds: list[float]
) -> None:
    one, longer = (
        estimate_run(parameters | {"Kimg": f"{length:.6f}"}, work, shown(*speeds), REGION)
        for length in (kimg, kimg * more)
    )
    for estimate in (one, longer):
        numbers = [estimate.training, estimate.seconds, estimate.training_seconds, estimate.beside_cost]
        assert all(
            isfinite(number) and number >= 0
            for number in [estimate.beside, estimate.limit, *numbers]
            if number is not None
        )
        assert 0 < estimate.share_done <= 1
        assert Estimate.from_json(estimate.to_json()) == estimate
    if one.training is not None and longer.training is not None:
        assert one.training <= longer.training
        assert (one.seconds or 0) <= (longer.seconds or 0)
        assert one.share_done >= longer.share_done


def test_of_a_machine_that_nobody_knows_the_training_is_unknown_and_the_rest_is_not() -> None:
    estimate = estimated(TrainInstanceType="ml.g9.xlarge")
    assert (estimate.training, estimate.seconds, estimate.share_done) == (None, None, 1)
    assert estimate.beside > 0
    assert estimated(shown(5.0), TrainInstanceType="ml.g9.xlarge").training == 10_000


def test_a_job_that_prepares_very_much_may_take_longer_than_others() -> None:
    def seconds(images: int, megabytes: float, machine: str = "ml.m5.xlarge") -> int:
        return process_seconds(machine, images, round(images * megabytes * 1e6))

    assert seconds(20, 0.1) == seconds(63_632, 0.02) == 7_200
    assert seconds(63_632, 4) > 5 * 63_632 * 4 * 0.04 / 2.1  # photographs of a camera, on four cores
    assert seconds(63_632, 4, "ml.m5.8xlarge") < seconds(63_632, 4) < seconds(63_632, 4, "ml.x9.unknown")
    assert seconds(10**9, 4) == 432_000


def test_wide_pictures_take_as_much_longer_as_they_have_more_pixels() -> None:
    square, wide = estimated(), estimated(PictureSize="384x256")
    assert square.training is not None
    assert wide.training == pytest.approx(1.5 * square.training)
    assert wide.basis is Basis.GUESS


def test_the_tighter_of_the_two_limits_counts() -> None:
    assert estimated(TrainSeconds="3600", MaxTrainSeconds="7200").limit == 3_600
    assert estimated(TrainSeconds="9000", MaxTrainSeconds="7200").limit == 7_200
    cut = estimated(TrainSeconds="7200")
    assert cut.training is not None
    assert cut.share_done == pytest.approx(7_200 / cut.training)
    assert cut.seconds == 7_200 + cut.beside


def test_what_an_earlier_run_has_learned_is_not_learned_again() -> None:
    whole, rest = estimated(), estimated(work=replace(WORK, done_kimg=1_500))
    assert whole.training is not None
    assert (rest.done, rest.training) == (0.75, pytest.approx(whole.training / 4))
    assert estimated(work=replace(WORK, done_kimg=9_999)).training == 0
    hour = estimated(work=replace(WORK, done_kimg=1_500), TrainSeconds="3600")
    assert hour.training is not None
    assert hour.share_done == pytest.approx(0.75 + 0.25 * 3_600 / hour.training)


def test_what_is_nearly_done_in_time_is_not_called_undone() -> None:
    assert Estimate(100.0, 99.0, 1, 0, Basis.GUESS).share_done == 1
    assert Estimate(100.0, 90.0, 1, 0, Basis.GUESS).share_done == 0.9


def test_a_run_that_trains_nothing_starts_one_job_and_prepares_nothing() -> None:
    drawing = estimated(work=Work(trains=False, images=200_000, size=10**12, targets=4))
    assert drawing.training == 0
    assert drawing.seconds == drawing.beside < estimated().beside
    assert drawing.beside_cost is not None
    assert 0 < drawing.beside_cost < 1


def test_drawing_never_takes_longer_than_its_job_may() -> None:
    short = estimated(work=Work(False, 0, 0, 64), Resolution="1024", MaxProcessSeconds="60")
    assert short.beside < estimated(work=Work(False, 0, 0, 64), Resolution="1024").beside


def test_in_a_region_without_prices_only_the_cost_is_unknown() -> None:
    estimate = estimated(region="xx-new-1")
    assert estimate.beside_cost is None
    assert estimate.seconds == estimated().seconds


def test_what_earlier_runs_have_shown_counts_for_more_than_the_table() -> None:
    assert estimated().basis is Basis.GUESS
    one = estimated(shown(30.0, beside=0.5))
    assert (one.training, one.basis, one.factor) == (60_000, Basis.OWN, 0.5)
    assert one.beside == estimated().beside / 2
    # One run on a busy machine, or a made-up number, does not change what the others have shown.
    assert estimated(shown(30.0, 31.0, 90_000.0)).training == 62_000
    assert estimated(shown(30.0, 0.011)).training == estimated(shown(0.011, 30.0)).training


@quick
@given(good=st.lists(st.floats(29, 31), min_size=4, max_size=4), wild=st.lists(st.floats(FASTEST, SLOWEST), max_size=3))
def test_as_long_as_most_runs_agree_no_other_moves_the_estimate_out_of_their_range(
    good: list[float], wild: list[float]
) -> None:
    training = estimated(shown(*wild, *good)).training
    assert training is not None
    assert 29 * 2_000 <= training <= 31 * 2_000


@pytest.mark.parametrize("speed", [None, 0.0, -1.0, 1e-9, 1e9, float("inf"), float("nan")])
def test_a_speed_that_cannot_be_is_no_sample(speed: float | None) -> None:
    assert Sample.of_run("r", speed, 1.0) is None


@pytest.mark.parametrize("beside", [None, 0.0, -3.0, 1e9, float("inf"), float("nan")])
def test_what_else_cannot_be_is_left_out_of_a_sample(beside: float | None) -> None:
    assert Sample.of_run("r", 30.0, beside) == Sample("r", 30.0, None)


def test_a_run_counts_once_and_the_oldest_are_forgotten() -> None:
    learned = Learned()
    for number in range(MAX_SAMPLES + 2):
        learned = learned.with_sample(Sample(str(number), 10.0)).with_sample(Sample(str(number), 20.0))
    assert [sample.run for sample in learned.samples] == [str(number) for number in range(2, MAX_SAMPLES + 2)]
    assert {sample.sec_per_kimg for sample in learned.samples} == {20.0}


@pytest.mark.parametrize(
    "other",
    [
        {"Resolution": "128"},
        {"Preset": "paper256"},
        {"TrainInstanceType": "ml.g5.2xlarge"},
        {"TrainInstanceCount": "2"},
        {"PictureSize": "384x256"},
        {"TrainOptions": '{"batch": 64}'},
    ],
)
def test_trainings_of_another_kind_are_no_measure(other: dict[str, Any]) -> None:
    assert speed_key(BALANCED | other) != speed_key(BALANCED)
    assert speed_key(BALANCED | {"Kimg": "1"}) == speed_key(BALANCED)
    assert speed_key(BALANCED | {"TrainInstanceCount": "1"}) == speed_key(BALANCED)
