"""progress.json: what is written is read back, whatever is read is of the form, and no training makes it large."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.capacity.artefacts import Workload, progress_bytes
from contract.errors import DocumentError
from contract.run_results import TrainingOutcome
from contract.training_progress import (
    EndsBy,
    Point,
    Sheet,
    SheetGrid,
    TrainingPhase,
    TrainingProgress,
    Verdict,
    thinned,
)
from contract.training_progress.history import COLUMNS, MOST_POINTS
from contract.training_progress.progress import MOST_SHEETS
from tests.unit.properties import quick

WRITTEN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
PROGRESS = TrainingProgress(
    phase=TrainingPhase.TRAINING,
    outcome=TrainingOutcome(131, 2000, "", 3000, 20, 40_500),
    written=WRITTEN,
    seconds_left=37_380.0,
    ends_by=EndsBy.LENGTH,
    verdict=Verdict.IMPROVING,
    snapshots_without_progress=2,
    sheets=(Sheet("0123456789abcdef/samples/sheet-01.jpg", 0), Sheet("0123456789abcdef/samples/sheet-02.jpg", 0.5)),
    grid=SheetGrid(15, 8, 256, 256),
    history=(Point(4, 80, None, 0.7, 1.2, 0.01), Point(8, 160, 0.5, 0.8, None, 0.02)),
)


def curves(values: list[float | None]) -> dict[str, list[float | None]]:
    return dict.fromkeys(COLUMNS, values)


amounts = st.floats(0, 1e300)
ticks = st.lists(
    st.builds(Point, amounts, amounts, *[st.none() | amounts] * 4), min_size=1, max_size=3 * MOST_POINTS
).map(lambda points: [replace(point, kimg=float(n), seconds=float(n)) for n, point in enumerate(points)])


def test_what_is_written_is_read_back() -> None:
    assert TrainingProgress.from_json(PROGRESS.to_json()) == PROGRESS
    begun = TrainingProgress(TrainingPhase.STARTING, TrainingOutcome(0, 2000, "", 0), WRITTEN)
    assert TrainingProgress.from_json(begun.to_json()) == begun
    assert not begun.has_learned
    assert begun.ends is None


def test_a_training_of_an_earlier_release_tells_how_far_it_is() -> None:
    told = {"kimg": 1, "wanted_kimg": 2, "ended": "", "seconds": 3, "sec_per_kimg": 3, "estimated_seconds": None}
    more = {"seconds_left": 3.0, "statistics": {"loss_g": 1}, "sheet": "a/samples/sheet-01.png"}
    progress = TrainingProgress.from_json(json.dumps({**told, **more, "written": WRITTEN.isoformat()}))
    assert (progress.outcome.kimg, progress.seconds_left, progress.sheets) == (1, 3, ())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"phase": "resting"}, "resting"),
        ({"verdict": ["improving"]}, "improving"),
        ({"kimg": -1}, "amount"),
        ({"written": "2026-11-27T12:00:00"}, "offset from UTC"),
        ({"written": 5}, "text was expected"),
        ({"sheets": [{"key": "../../uploads/cats/1.png", "kimg": 1}]}, "leads elsewhere"),
        ({"sheets": [{"key": "/etc/passwd", "kimg": 1}]}, "leads elsewhere"),
        ({"sheets": [{"key": "a.png", "kimg": 1}, {"key": "b.png", "kimg": 1}]}, "order of time"),
        ({"sheets": [{"key": "a.png", "kimg": n} for n in range(MOST_SHEETS + 1)]}, "at most 14"),
        ({"sheets": {}}, "a list"),
        ({"grid": {"columns": 0, "rows": 8, "width": 8, "height": 8}}, "no sheet is as large"),
        ({"grid": {"columns": 10**9, "rows": 8, "width": 8, "height": 8}}, "no sheet is as large"),
        ({"history": {"kimg": [1]}}, "KeyError"),
        ({"history": {**curves([1]), "kimg": [1, 2]}}, "argument"),
        ({"history": curves([2, 1])}, "order"),
        ({"history": curves([None])}, "number"),
        ({"history": curves([1] * 201)}, "200"),
        ({"seconds_left": "soon"}, "number"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused_with_what_is_wrong(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(DocumentError, match=fault):
        TrainingProgress.from_json(json.dumps({**json.loads(PROGRESS.to_json()), **change}))


@quick
@given(st.dictionaries(
    st.sampled_from(sorted(json.loads(PROGRESS.to_json()))),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                 lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_size=3,
))  # fmt: skip
def test_whatever_lies_there_is_progress_with_an_end_or_is_refused(changes: dict[str, Any]) -> None:
    try:
        progress = TrainingProgress.from_json(json.dumps({**json.loads(PROGRESS.to_json()), **changes}))
    except DocumentError:
        return
    assert progress.written.tzinfo is UTC
    assert progress.ends is None or progress.ends >= progress.written


@quick
@given(ticks)
def test_curves_keep_their_order_their_last_point_and_their_scores_within_the_bound(points: list[Point]) -> None:
    curve = thinned(points)
    assert MOST_POINTS / 2 < len(curve) <= MOST_POINTS or curve == tuple(points)
    assert (curve[-1].kimg, curve[-1].seconds) == (points[-1].kimg, points[-1].seconds)
    ends = [point.kimg for point in curve]
    assert ends == sorted(set(ends))
    known = [point.score for point in points if point.score is not None]
    assert [point.score for point in curve if point.score is not None][-1:] == known[-1:]


@quick
@given(ticks, st.integers(1, 50))
def test_only_the_last_point_changes_until_there_are_twice_as_many_ticks(points: list[Point], more: int) -> None:
    before = thinned(points)
    later = [*points, *(Point(points[-1].kimg + n, points[-1].seconds + n) for n in range(1, more + 1))]
    after = thinned(later)
    assert after[: len(before) - 1] == before[:-1] or len(after) <= MOST_POINTS / 2 + more


@quick
@given(ticks)
def test_no_training_tells_more_than_computed(points: list[Point]) -> None:
    sheets = tuple(Sheet(f"{'0' * 99}/samples/sheet-{n:02}.jpg", 25_000.123 + n) for n in range(MOST_SHEETS))
    text = replace(PROGRESS, history=thinned(points), sheets=sheets).to_json()
    assert len(text.encode()) <= progress_bytes(Workload(20, 1, 256, 25_000, "auto"))
