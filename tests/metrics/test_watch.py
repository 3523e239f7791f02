"""What a training's scores say: a collapse and a standstill are seen, and noise is taken for neither."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylegan2.metrics.watch import FAR_WORSE, GIVEN_UP_AFTER, STANDSTILL, ScoreWatch, snapshots_without_progress
from stylegan2.options.words import Trouble

HOPELESS = 0.8
# Of the preset tiny on 16 px drawings (docs/performance.md): it begins hopelessly, and its way is no straight one.
USUAL = [0.876, 0.68, 0.535, 0.537, 0.562, 0.563, 0.568, 0.606, 0.584, 0.56, 0.568, 0.53, 0.485, 0.467, 0.363, 0.411]
USUAL += [0.438, 0.496, 0.48, 0.415, 0.284, 0.319, 0.371, 0.404, 0.404]


def watch_of(scores: list[float], patience: int = 0) -> ScoreWatch:
    watch = ScoreWatch(HOPELESS, patience)
    for score in scores:
        watch.add(score)
    return watch


def verdicts(scores: list[float], patience: int = 0) -> list[tuple[Trouble | None, Trouble | None]]:
    """The trouble and the ending at each snapshot."""
    watches = [watch_of(scores[: number + 1], patience) for number in range(len(scores))]
    return [(watch.trouble, watch.ending) for watch in watches]


@pytest.mark.parametrize("scores", [USUAL, [], [math.nan], [5.0, 4.0]])
def test_a_training_as_they_are_has_no_trouble(scores: list[float]) -> None:
    assert verdicts(scores, patience=20) == [(None, None)] * len(scores)


def test_a_collapse_is_told_of_at_the_second_bad_score_and_ends_it_at_the_fifth() -> None:
    found = verdicts([*USUAL, *[0.78] * 6], patience=20)[len(USUAL) :]
    assert [trouble for trouble, _ in found] == [None, *["collapsed"] * 5]
    assert [ending for _, ending in found] == [*[None] * 4, "collapsed", "collapsed"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.78, 1.4, 1000.0])
def test_whatever_a_collapsed_network_draws(bad: float) -> None:
    assert watch_of([*USUAL, *[bad] * GIVEN_UP_AFTER], patience=20).ending == "collapsed"


def test_a_single_bad_score_is_noise_and_a_network_that_finds_back_goes_on() -> None:
    assert watch_of([*USUAL, 50.0], patience=20).trouble is None
    recovered = watch_of([*USUAL, *[50.0] * (GIVEN_UP_AFTER - 1), 0.3], patience=20)
    assert (recovered.trouble, recovered.ending) == (None, None)


def test_a_network_that_was_never_good_has_not_collapsed() -> None:
    assert watch_of([2.0, 1.0, 1.4, 1.3, 1.4], patience=20).trouble is None
    assert watch_of([0.1, 0.7, 0.7, 0.7], patience=20).trouble is None, "far worse, but not hopeless"
    assert watch_of([4.0, 4.0, 0.1], patience=20).trouble is None, "the best score is the last"


def test_without_patience_nothing_is_ended_but_everything_is_told() -> None:
    collapsed = watch_of([*USUAL, *[9.0] * 100])
    assert (collapsed.trouble, collapsed.ending) == ("collapsed", None)
    stalled = watch_of([0.3] * (STANDSTILL + 3))
    assert (stalled.trouble, stalled.ending) == ("stalled", None)


@pytest.mark.parametrize("patience", [3, 10, STANDSTILL, 50])
def test_a_standstill_ends_it_when_patience_is_over(patience: int) -> None:
    scores = [0.9, 0.6, 0.4, *[0.31, 0.29, 0.3] * 30]
    endings = [ending for _, ending in verdicts(scores, patience)]
    first = endings.index("stalled")
    # The middle of the last three is at its best with the third of these scores.
    assert first == 3 + 2 + patience
    assert set(endings[:first]) == {None}
    assert watch_of(scores[: first + 1], patience).trouble == "stalled"


def test_one_lucky_score_is_no_progress_and_hides_none() -> None:
    lucky = [0.5, 0.48, 0.46, 0.2, *[0.46 - 0.012 * number for number in range(1, 20)]]
    assert snapshots_without_progress(lucky) == 0
    assert snapshots_without_progress([0.3] * 10 + [0.1] + [0.3] * 10) == 18


def test_progress_that_is_slow_but_steady_is_progress() -> None:
    scores = [0.5 * 0.995**number for number in range(200)]
    assert set(verdicts(scores, patience=8)) == {(None, None)}


@settings(max_examples=40)
@given(
    st.lists(st.floats(0, 100) | st.just(math.nan) | st.just(math.inf), max_size=40),
    st.integers(0, 30),
    st.data(),
)
def test_a_training_that_goes_on_after_an_interruption_is_judged_as_if_there_had_been_none(
    scores: list[float], patience: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(scores)))
    resumed = ScoreWatch(HOPELESS, patience)
    resumed.scores = list(watch_of(scores[:cut], patience).scores)
    for score in scores[cut:]:
        resumed.add(score)
    whole = watch_of(scores, patience)
    assert (resumed.scores, resumed.trouble, resumed.ending) == (whole.scores, whole.trouble, whole.ending)
    assert whole.ending is None or whole.ending == whole.trouble
    assert patience or whole.ending is None


@settings(max_examples=40)
@given(st.lists(st.floats(0.1, 0.1 * FAR_WORSE), min_size=1, max_size=60))
def test_noise_up_to_a_factor_is_never_a_collapse(scores: list[float]) -> None:
    assert watch_of(scores, patience=1000).trouble != "collapsed"
