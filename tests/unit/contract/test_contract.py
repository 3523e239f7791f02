"""What function, pipeline and container have agreed on: values that a start may give, and documents read as written."""

import json
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import file_kinds, prepare_report
from contract.errors import DocumentError
from contract.image_record import ImageRecord, ListedImage
from contract.layout import MADE_KINDS
from contract.pipeline import MAX_VALUE_CHARS, OPEN_PARAMETERS, PARAMETERS, Step, class_names, resolutions_of
from contract.prepare_report import ImageClass, PrepareReport, SetAside
from contract.reasons import told
from contract.run_results import ESTIMATED_AFTER, RunResults, TrainingOutcome
from tests.unit.properties import quick

NAMES = st.text(max_size=20)
COUNTS = st.integers(0, 10**6)
RECORDS = st.builds(
    ImageRecord, NAMES, NAMES,
    st.lists(st.builds(ListedImage, NAMES, NAMES, COUNTS), unique_by=lambda image: image.name, max_size=5).map(tuple),
)  # fmt: skip
SKIPPED = st.lists(st.builds(SetAside, NAMES, NAMES.map(told)), max_size=5)
REPORTS = st.builds(
    PrepareReport, NAMES, COUNTS, COUNTS, COUNTS,
    SKIPPED.map(tuple),
    st.integers(0, 10**6).map(lambda ms: ms / 1000), COUNTS, st.none() | COUNTS, NAMES, NAMES, NAMES,
    st.lists(st.builds(ImageClass, NAMES, COUNTS), max_size=3).map(tuple),
)  # fmt: skip
AMOUNTS = st.floats(0, 1e9, allow_subnormal=False)
OUTCOMES = st.builds(
    TrainingOutcome, AMOUNTS, AMOUNTS, st.text(max_size=40), AMOUNTS, st.none() | AMOUNTS, st.none() | AMOUNTS
)
RESULTS = st.builds(
    lambda made, skipped, training: RunResults(
        dict(zip(MADE_KINDS, made, strict=True)), made[2] + len(skipped), tuple(skipped), training
    ),
    st.tuples(COUNTS, COUNTS, COUNTS), SKIPPED, st.none() | OUTCOMES,
)  # fmt: skip
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_it_must_be_and_takes_its_own_default(name: str) -> None:
    parameter = PARAMETERS[name]
    assert parameter.must_be
    assert parameter.default is None or parameter.accepts(parameter.default)
    assert not parameter.accepts("")
    assert not parameter.accepts("s3://bucket/" + "x" * MAX_VALUE_CHARS)


@pytest.mark.parametrize("name", [name for name, parameter in PARAMETERS.items() if parameter.bounds != (0, 0)])
def test_a_number_is_taken_up_to_its_bounds_and_no_further(name: str) -> None:
    low, high = PARAMETERS[name].bounds
    step = 0.001 if PARAMETERS[name].kind == "Float" else 1
    judged = [PARAMETERS[name].accepts(f"{value:.10g}") for value in (low - step, low, high, high + step)]
    assert judged == [False, True, True, False]


@quick
@given(name=st.sampled_from(list(PARAMETERS)), text=st.text(max_size=30))
def test_what_is_taken_has_the_definitions_type(name: str, text: str) -> None:
    parameter = PARAMETERS[name]
    if parameter.accepts(text) and parameter.kind != "String":
        assert {"Integer": int, "Float": float}[parameter.kind](text) >= 0


def test_what_says_which_run_it_is_cannot_be_replaced() -> None:
    fixed = {"Dataset", "Fingerprint", "ProcessInput", "TrainCheckpointPath", "TrainOutputPath"}
    assert PARAMETERS.keys() - set(OPEN_PARAMETERS) == fixed


def test_every_preset_trains_some_resolution_that_a_run_may_have() -> None:
    for preset in PARAMETERS["Preset"].choices:
        assert {str(side) for side in resolutions_of(preset)} <= set(PARAMETERS["Resolution"].choices)


def test_steps_read_as_the_service_says_them() -> None:
    assert f"{Step.TOO_FEW_IMAGES}" == json.loads(json.dumps(Step.TOO_FEW_IMAGES)) == "TooFewImages"


@quick
@given(record=RECORDS)
def test_a_record_is_read_as_it_was_written(record: ImageRecord) -> None:
    assert ImageRecord.from_json(json.dumps(record.as_dict())) == record


@quick
@given(report=REPORTS)
def test_a_report_is_read_as_it_was_written(report: PrepareReport) -> None:
    text = report.to_json()
    assert text.isascii()
    assert PrepareReport.from_json(text) == report


@quick
@given(report=REPORTS)
def test_the_counts_are_small_whatever_is_set_aside_and_have_what_the_condition_reads(report: PrepareReport) -> None:
    counts = json.loads(report.counts_json())
    assert counts[prepare_report.GOOD_IMAGES_PATH] == report.good
    assert counts["set_aside"] == report.set_aside_count
    assert len(report.counts_json()) < 200


@quick
@given(results=RESULTS)
def test_results_are_read_as_they_were_written(results: RunResults) -> None:
    assert RunResults.from_json(json.dumps(results.as_dict() | {"page": "index.html"})) == results


def test_the_results_of_earlier_releases_are_read() -> None:
    document = RunResults(dict.fromkeys(MADE_KINDS, 1), 1).as_dict()
    del document["training"]
    assert RunResults.from_json(json.dumps(document)).training is None


@quick
@given(lengths=st.lists(st.floats(0.01, 10), min_size=1), wanted=st.floats(1, 1000), speed=st.floats(0.01, 1000))
def test_a_steady_training_is_estimated_as_long_as_it_takes(lengths: list[float], wanted: float, speed: float) -> None:
    """However long its ticks are, and whatever its first one took besides."""
    ticks = [(kimg, 60 + kimg * speed) for kimg in accumulate(lengths)]
    outcome = TrainingOutcome.of_ticks(ticks, wanted)
    assert outcome.kimg == pytest.approx(sum(lengths))
    assert (outcome.estimated_seconds is None) == (len(ticks) < 2 or ticks[-1][0] < ESTIMATED_AFTER * wanted)
    if len(ticks) > 1:
        assert outcome.sec_per_kimg == pytest.approx(speed, rel=1e-3)
    if ticks[0][0] < ESTIMATED_AFTER * wanted <= ticks[-1][0] < wanted:
        assert outcome.estimated_seconds == pytest.approx(60 + wanted * speed, rel=1e-3)
        assert outcome.seconds_left == pytest.approx((wanted - ticks[-1][0]) * speed, rel=1e-2)


@dataclass(frozen=True)
class Pace:
    """What the ticks of a training are like: seconds a kimg, how many times as long the first kimgs take, what a
    snapshot takes, and how much slower the augmentation makes the training to its end."""

    speed: float
    warm_up: float
    snapshot_seconds: float
    slows_by: float

    def ticks(self, wanted: float, tick_kimg: float, snapshot_ticks: int) -> list[tuple[float, float]]:
        """As the trainer records them: a snapshot comes after its tick's line, and so into the next one's time."""
        ticks, kimg, seconds = [], 0.0, 0.0
        while kimg < wanted:
            step = min(tick_kimg, wanted - kimg)
            slowed = self.speed * (1 + self.slows_by * kimg / wanted)
            kimg += step
            seconds += step * slowed * (1 if ticks else self.warm_up)
            ticks.append((kimg, seconds))
            if len(ticks) % snapshot_ticks == 0:
                seconds += self.snapshot_seconds
        return ticks


# What presets have: their length, their ticks, and how many of these lie between two snapshots.
LENGTHS = st.sampled_from([(8, 0.5, 2), (15, 0.5, 2), (400, 4, 10), (2_000, 4, 10), (10_000, 4, 10)])


@quick
@given(
    length=LENGTHS,
    speed=st.floats(5, 300),
    warm_up=st.floats(1, 5),
    snapshot=st.floats(0, 0.05),
    slows_by=st.floats(0, 0.15),
)
def test_after_two_percent_the_whole_training_is_known_to_fifteen_percent(
    length: tuple[float, float, int], speed: float, warm_up: float, snapshot: float, slows_by: float
) -> None:
    """Its first tick may take five times as long as any other, snapshots a twentieth of the time, and the augmentation
    may make it slower and slower."""
    wanted, tick_kimg, snapshot_ticks = length
    pace = Pace(speed, warm_up, snapshot * speed * tick_kimg * snapshot_ticks, slows_by)
    ticks = pace.ticks(wanted, tick_kimg, snapshot_ticks)
    estimated = TrainingOutcome.of_ticks(ticks, wanted).estimated_seconds
    assert estimated == pytest.approx(ticks[-1][1], rel=0.15)


# (kimg, seconds) of a training of 8 kimg, preset laptop at 32 px, that was run for 2 of them on a busy machine.
RECORDED = [(0.504, 12.996), (1.008, 26.262), (1.512, 36.385), (2.0, 50.883)]


def test_a_recorded_training_is_estimated_to_fifteen_percent() -> None:
    assert TrainingOutcome.of_ticks(RECORDED, 2).estimated_seconds == pytest.approx(50.883, rel=0.15)


def test_a_training_of_no_ticks_tells_nothing() -> None:
    assert TrainingOutcome.of_ticks([], 10) == TrainingOutcome(0, 10, "", 0, None, None)
    assert TrainingOutcome.of_ticks([], 10).seconds_left is None


@quick
@given(document=DOCUMENTS)
def test_any_other_document_is_refused_with_a_sentence(document: Any) -> None:
    with pytest.raises(DocumentError, match="form"):
        ImageRecord.from_json(json.dumps(document))
    with pytest.raises(DocumentError, match="form"):
        PrepareReport.from_json(json.dumps(document))
    with pytest.raises(DocumentError, match="form"):
        RunResults.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused_with_a_sentence(text: str | bytes) -> None:
    with pytest.raises(DocumentError, match="form"):
        PrepareReport.from_json(text)


def test_a_record_with_a_name_twice_is_refused() -> None:
    image = ListedImage("a.png", "e", 1)
    with pytest.raises(DocumentError, match="twice"):
        ImageRecord.from_json(json.dumps(ImageRecord("b", "p/", (image, image)).as_dict()))


def test_a_report_as_long_as_one_can_be_is_read_whole() -> None:
    """Names and reasons of the greatest length that the kinds of names allow, four bytes a character, escaped."""
    name = "\U0001f600" * 255
    report = PrepareReport("cats", 256, 200_000, 0, [SetAside(name, told(name))] * 6_000, 1.0)
    text = report.to_json()
    assert len(text) < prepare_report.MAX_BYTES / 2
    assert PrepareReport.from_json(text).set_aside_count == 6_000


def test_a_report_of_an_earlier_version_is_of_squares_without_classes() -> None:
    value = json.loads(
        PrepareReport("cats", 256, 1, 1, (), 1.0, size="384x256", classes=[ImageClass("a", 1)]).to_json()
    )
    old = {key: value[key] for key in value.keys() - {"size", "fit", "background", "classes"}}
    assert PrepareReport.from_json(json.dumps(old)) == PrepareReport("cats", 256, 1, 1, (), 1.0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("all", ()),
        (" all ", ()),
        ("a", ("a",)),
        (" a , b b,,3 ", ("a", "b b", "3")),
        ("all, a", ("all", "a")),
        ("Stu\u0308hle", ("St\u00fchle",)),
    ],
)
def test_a_list_of_classes_is_read_with_its_blanks_away(text: str, names: tuple[str, ...]) -> None:
    assert PARAMETERS["InferenceClasses"].accepts(text)
    assert class_names(text) == names


def test_the_contract_says_of_itself_what_is_in_it() -> None:
    folder = Path(file_kinds.__file__).parent
    told = (folder / "__init__.py").read_text()
    assert all(
        file.stem in told for file in folder.glob("*.py") if file.stem not in ("__init__", "documents", "errors")
    )
