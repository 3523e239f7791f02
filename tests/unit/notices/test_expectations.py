"""What mails say of duration and cost, in every language: whatever was estimated and whatever report.json claims."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from contract.run_results import TrainingOutcome
from tests.unit.notices.notice_samples import _run
from tests.unit.properties import quick
from workshop.estimates import Basis, Estimate
from workshop.ledger import RunRecord
from workshop.notices import expectations
from workshop.notices.expectations import course_of
from workshop.words import words

SAYS = st.sampled_from(LANGUAGES).map(words)
SECONDS = st.floats(0, 1e8)
ESTIMATES = st.builds(
    Estimate,
    st.none() | SECONDS,
    st.floats(1, 432_000),
    SECONDS,
    st.none() | st.floats(0, 1e4),
    st.sampled_from(Basis),
    st.floats(0.02, 20),
    st.floats(0, 1),
)
AMOUNTS = st.floats(0, 1e300) | st.floats(0, 1e5)
OUTCOMES = st.builds(
    TrainingOutcome,
    AMOUNTS,
    AMOUNTS,
    st.sampled_from(["finished", "time_limit", "on_request", "collapsed", "stalled", "", "anything"]) | st.text(),
    AMOUNTS,
    st.none() | AMOUNTS,
    st.none() | AMOUNTS,
)
EN = words("en")
HOURS = 3_600.0


def run(estimate: Estimate | None = None, **changes: object) -> RunRecord:
    return replace(_run(estimate, ended_at=7_512_000), **changes)  # type: ignore[arg-type]


def estimate(training: float | None, limit: float = 24 * HOURS, basis: Basis = Basis.GUESS) -> Estimate:
    return Estimate(training, limit, 900, 0.02, basis)


@quick
@given(say=SAYS, one=ESTIMATES, price=st.floats(0, 200), machines=st.integers(1, 100), outcome=st.none() | OUTCOMES)
def test_whatever_is_estimated_and_reported_makes_words_without_signs_or_infinities(
    say: object, one: Estimate, price: float, machines: int, outcome: TrainingOutcome | None
) -> None:
    record = run(one, hourly_price=price, machines=machines)
    course = course_of(record, outcome, None)
    said = [
        expectations.expectation(say, record),  # type: ignore[arg-type]
        expectations.duration(say, course),  # type: ignore[arg-type]
        expectations.early_end(say, record, outcome, "call"),  # type: ignore[arg-type]
    ]
    for text in said:
        assert not re.search(r"\bnan\b|\binf\b|(?<![\w.,])-[0-9]|\{|\}|[0-9]{12}", text), text


@quick
@given(say=SAYS, shorter=SECONDS, more=SECONDS)
@example(say=EN, shorter=632.0, more=0.0)
@example(say=EN, shorter=749.0, more=3_151.0)
def test_rounded_times_are_near_never_nothing_and_keep_their_order(say: object, shorter: float, more: float) -> None:
    def rounded(seconds: float) -> int:
        text = EN.rough_duration(seconds)
        units = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
        return sum(int(number) * units[unit] for number, unit in re.findall(r"([0-9]+) (s|min|h|d)\b", text))

    assert 0 < rounded(shorter) <= rounded(shorter + more)
    if shorter >= 60:
        assert rounded(shorter) == pytest.approx(shorter, rel=0.5 if shorter < 600 else 0.05)


def test_amounts_are_written_as_each_language_does() -> None:
    german = words("de")
    assert [EN.rough_dollars(amount) for amount in (0.004, 3.8, 9.999, 13.4, 1234.5)] == [
        "USD 0.00", "USD 3.80", "USD 10", "USD 13", "USD 1,234",
    ]  # fmt: skip
    assert [german.rough_dollars(amount) for amount in (3.8, 1234.5)] == ["3,80 USD", "1.234 USD"]
    assert [EN.kimg(number) for number in (0.504, 12.5, 1310, 25_000)] == ["0.504", "12.5", "1,310", "25,000"]
    assert german.kimg(1310.4) == "1.310"
    assert EN.rough_duration(22.56 * HOURS) == "23 h"
    assert german.rough_duration(5_400) == "1 Std. 30 Min."


@pytest.mark.parametrize(
    ("basis", "words_of_it"),
    [
        (Basis.GUESS, "a guess: no run of this kind has ended here yet"),
        (Basis.MEASURED, "as measured on such a machine"),
        (Basis.OWN, "as earlier runs have shown"),
    ],
)
def test_it_is_said_how_an_estimate_is_known(basis: Basis, words_of_it: str) -> None:
    assert words_of_it in expectations.expected_duration(EN, run(estimate(8 * HOURS, basis=basis)))


def test_a_training_that_cannot_be_done_in_its_time_is_told_and_any_other_is_not() -> None:
    """ "best would take about 40 h here; your limit is 24 h: it will end at about 60 %" """
    told = expectations.shortfall(EN, run(estimate(40 * HOURS), preset="best"))
    assert "preset best would take about 40 h here, and the limit is 24 h. It will end at about 60 %" in told
    for harmless in (estimate(23 * HOURS), estimate(24.2 * HOURS), estimate(None), None):
        assert expectations.shortfall(EN, run(harmless)) == ""
    assert "about 1 %" in expectations.shortfall(EN, run(estimate(1e8)))


def test_a_training_that_goes_on_says_from_where() -> None:
    half_done = replace(estimate(40 * HOURS), done=0.5)
    told = expectations.remarks(EN, run(half_done, preset="best"))
    assert told.startswith(
        "It goes on from about 50 % of the training, which an earlier run has already done. The training"
    )
    assert "at about 80 %" in told


def test_of_a_training_that_went_on_only_its_own_part_is_held_against_what_came() -> None:
    found = course_of(run(replace(estimate(1_600), done=0.75)), replace(FINISHED, seconds=8_000.0), None)
    assert (found.estimated, found.early, found.beside) == (2_500, None, None)
    assert found.error_percent == -67


def test_without_a_price_none_is_told() -> None:
    unpriced = expectations.expected_cost(EN, run(estimate(8 * HOURS), hourly_price=0.0))
    assert unpriced == EN.cost_unknown
    beside_unpriced = replace(estimate(8 * HOURS), beside_cost=None)
    assert "no prices are configured for the other machines" in expectations.expected_cost(EN, run(beside_unpriced))


def course(outcome: TrainingOutcome, **changes: object) -> expectations.Course:
    """Of a run of 7,512 seconds that was to train 6,400."""
    return course_of(run(estimate(6_400), **changes), outcome, None)


FINISHED = TrainingOutcome(400, 400, "finished", 6_700, 16.75, 6_900)


def test_both_estimates_are_held_against_what_came() -> None:
    found = course(FINISHED)
    assert (found.estimated, found.early) == (7_300, 7_712)
    assert (found.error_percent, found.early_error_percent) == (-3, 3)
    assert found.beside == pytest.approx(812 / 900)


def test_what_earlier_runs_took_beside_is_not_counted_twice() -> None:
    corrected = replace(estimate(6_400), beside=450.0, factor=0.5)
    assert course_of(run(corrected), FINISHED, None).beside == pytest.approx(812 / 900)


def test_a_training_that_went_on_from_a_checkpoint_says_nothing_of_the_whole_run() -> None:
    """Most of its seconds were another run's."""
    found = course(replace(FINISHED, seconds=80_000.0, estimated_seconds=82_000.0))
    assert (found.estimated, found.early, found.error_percent, found.beside) == (None, None, None, None)
    assert found.early_error_percent == 2


def test_a_training_that_somebody_ended_is_no_measure_of_the_estimate() -> None:
    found = course(replace(FINISHED, kimg=200, ended="on_request", seconds=3_350))
    assert (found.estimated, found.early, found.error_percent) == (None, None, None)
    assert found.early_error_percent == 3
    cut = course(replace(FINISHED, kimg=390, ended="time_limit"))
    assert cut.estimated == 7_300


@pytest.mark.parametrize(
    "outcome",
    [
        TrainingOutcome(1e308, 1e308, "time_limit", 1.0, 1.0, 1.0),
        TrainingOutcome(1, 0, "time_limit", 1.0, 1.0, 1.0),
        TrainingOutcome(1, 2, "time_limit", 1.0, 1e200, 1.0),
    ],
)
def test_of_what_cannot_be_nothing_is_told_or_learned(outcome: TrainingOutcome) -> None:
    found = course(outcome)
    assert (found.estimated, found.early_error_percent, found.beside) == (None, None, None)
    assert expectations.early_end(EN, run(), outcome, "call") == ""


def test_a_training_that_ended_early_says_where_what_the_rest_takes_and_how_it_goes_on() -> None:
    outcome = TrainingOutcome(1_310, 2_000, "time_limit", 86_000, 47.0, None)
    told = expectations.early_end(EN, run(), outcome, "python -m operations rerun red-chairs")
    assert "ended by its time limit, after 1,310 of 2,000 thousand images" in told
    assert "Finishing it takes about 9 h and USD 13." in told
    assert "python -m operations rerun red-chairs" in told
    assert "and USD" not in expectations.early_end(EN, run(hourly_price=0.0), outcome, "call")
    assert expectations.early_end(EN, run(), FINISHED, "call") == ""
    for trouble in ("collapsed", "stalled"):  # which is told with what to do about it
        assert expectations.early_end(EN, run(), replace(outcome, ended=trouble, trouble=trouble), "call") == ""
