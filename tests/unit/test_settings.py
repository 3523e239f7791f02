"""settings.yaml: an allow-list with bounds, and messages that an artist can act on."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.properties import quick
from workshop.errors import SettingsError
from workshop.settings import (
    INFERENCE_MODES,
    LANGUAGES,
    MAX_KIMG,
    MAX_PROJECTION_TARGETS,
    MAX_SEED,
    MIN_HOURS,
    MIN_KIMG,
    PRESETS,
    RESOLUTIONS,
    Caps,
    Choice,
    default_choice,
    parse_settings,
    rules,
)

DEFAULTS = default_choice("balanced")
CAPS = Caps(36_000, {"ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52}, 50)


def problems(content: bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(content, DEFAULTS, CAPS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("preset", "train_preset", "resolution", "kimg"),
    [
        ("laptop", "laptop", 32, 8.0),
        ("tiny", "tiny", 16, 0.5),
        ("sketch", "auto", 128, 400.0),
        ("balanced", "auto", 256, 2000.0),
        ("best", "paper256", 256, 10_000.0),
    ],
)
def test_each_preset_stands_for_its_numbers(preset: str, train_preset: str, resolution: int, kimg: float) -> None:
    choice = parse_settings(f"preset: {preset}".encode(), DEFAULTS, CAPS)
    assert choice == Choice(preset, train_preset, resolution, kimg)


def test_all_presets_are_covered_above() -> None:
    assert set(PRESETS) == {"laptop", "tiny", "sketch", "balanced", "best"}


@pytest.mark.parametrize("content", [b"", b"\n# nothing yet\n", b"\xef\xbb\xbf"])
def test_an_empty_file_leaves_the_defaults(content: bytes) -> None:
    assert parse_settings(content, DEFAULTS, CAPS) == DEFAULTS


def test_the_operators_kimg_holds_for_the_default_preset_only() -> None:
    defaults = default_choice("balanced", 12)
    assert parse_settings(b"mirror: true", defaults, CAPS).kimg == 12
    assert parse_settings(b"preset: sketch", defaults, CAPS).kimg == 400


@pytest.mark.parametrize(
    ("content", "train_preset"),
    [
        (b"preset: best\nresolution: 1024", "paper1024"),
        (b"preset: best\nresolution: 512", "paper512"),
        (b"preset: best\nresolution: 64", "auto"),
        (b"preset: sketch\nresolution: 512", "auto"),
    ],
)
def test_best_uses_the_papers_configuration_where_there_is_one(content: bytes, train_preset: str) -> None:
    assert parse_settings(content, DEFAULTS, CAPS).train_preset == train_preset


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"kimgs: 5", '"kimgs" is not a setting. Did you mean "kimg"?'),
        (b"machine: ml.p5", '"machine" is not a setting. You may set: preset, kimg, resolution, mirror,'),
        (b"instance_type: ml.p5.48xlarge", "instance_type must be one of ml.g5.xlarge, ml.g5.2xlarge, not"),
        (b"instance_type: [ml.g5.xlarge]", "instance_type must be one of ml.g5.xlarge, ml.g5.2xlarge, not a list."),
        (b"max_hours: 11", "max_hours must be a number from 0.1 to 10, not 11."),
        (b"max_hours: .inf", "max_hours must be a number from 0.1 to 10, not inf."),
        (b"projection_targets: 17", "projection_targets must be a whole number from 1 to 16, not 17."),
        (b"language: fr", "language must be one of en, de, not"),
        (b"kimg: 30000", "kimg must be a number from 0.1 to 25000, not 30000."),
        (b"kimg: .nan", "kimg must be a number from 0.1 to 25000, not nan."),
        (b"kimg: '5'", 'kimg must be a number from 0.1 to 25000, not "5".'),
        (b"kimg: true", "kimg must be a number from 0.1 to 25000, not true."),
        (b"resolution: 100", "resolution must be one of 16, 32, 64, 128, 256, 512, 1024, not 100."),
        (b"resolution: 256.0", "resolution must be one of"),
        (b"mirror: 1", "mirror must be true or false, not 1."),
        (b"seed: -1", "seed must be a whole number from 0 to 2147483647, not -1."),
        (b"seed: " + b"9" * 1000, "seed must be a whole number from 0 to 2147483647, not such a number."),
        (b"preset: huge", "preset must be one of laptop, tiny, sketch, balanced, best, not"),
        (b"preset: [best]", "not a list."),
        (b"preset: {best: 1}", "not a value of another kind."),
        (b"preset:", "not nothing."),
        (b"inference_mode: none", "inference_mode must be one of all, generate, mix, project"),
        (b"7: 8", '"(int)" is not a setting.'),
        (b"- a", "must consist of lines like"),
        (b"just words", "must consist of lines like"),
        (b"kimg: [", "is not readable as YAML (line 1)."),
        (b"kimg: 2024-99-99", "is not readable as YAML"),
        (b"\xff\xfe", "is not readable as YAML"),
        (b"!!python/object/apply:os.system ['true']", "is not readable as YAML"),
        (b"[" * 4_000, "is not readable as YAML"),
        (b" " * 20_000, "is larger than 4,096 bytes."),
    ],
)
def test_every_fault_is_named_with_what_is_allowed(content: bytes, message: str) -> None:
    assert message in problems(content)


@pytest.mark.parametrize(
    ("content", "default", "language"),
    [
        (b"language: de\nkimgs: 5", "en", "de"),
        (b"language: en\nkimgs: 5", "de", "en"),
        (b"kimgs: 5", "de", "de"),
        (b"language: fr", "de", "de"),
        (b"language: [de]", "en", "en"),
        (b"language: de\nkimg: [", "en", "en"),
        (b"language: de\nkimg: [", "de", "de"),
        (b"just words", "de", "de"),
        (b" " * 20_000, "de", "de"),
    ],
)
def test_faults_are_told_in_the_language_of_the_file_or_else_the_default(
    content: bytes, default: str, language: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(content, default_choice("balanced", language=default), CAPS)
    assert caught.value.language == language
    is_german = any(word in str(caught.value) for word in ("gibt es nicht", "muss", "lässt sich nicht", "größer"))
    assert is_german == (language == "de")


@pytest.mark.parametrize("content", [b"preset: sketch", b"mirror: true", b""])
def test_a_file_that_names_no_language_has_the_deployers(content: bytes) -> None:
    assert parse_settings(content, default_choice("balanced", language="de"), CAPS).language == "de"


def test_bounds_are_shown_as_they_have_to_be_typed() -> None:
    """YAML takes 25.000 for 25, and 25,000 for a text."""
    german = default_choice("balanced", language="de")
    for content, bound in ((b"kimg: 99999", "25000"), (b"seed: -1", "2147483647")):
        with pytest.raises(SettingsError, match=bound):
            parse_settings(content, german, CAPS)
        assert bound in problems(content)


def test_the_artists_guide_explains_every_setting() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "artist-guide.md").read_text(encoding="utf-8")
    explained = {line.split("`")[1] for line in guide.splitlines() if line.startswith("| `")}
    assert explained - set(PRESETS) == set(rules(CAPS))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"kimgs: 1\nseed: x\nmirror: 7", DEFAULTS, CAPS)
    assert len(caught.value.problems) == 3


def test_yaml_that_grows_when_printed_is_not_printed() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)]
    assert len(problems(b"\n".join([*lines, b"kimg: *a11"]))) < 5000


@quick
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_choice_within_bounds_or_a_settings_error(content: bytes) -> None:
    try:
        choice = parse_settings(content, DEFAULTS, CAPS)
    except SettingsError:
        return
    assert choice.preset in PRESETS


@quick
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "preset": st.sampled_from(sorted(PRESETS)),
            "kimg": st.floats(MIN_KIMG, MAX_KIMG) | st.integers(1, int(MAX_KIMG)),
            "resolution": st.sampled_from(RESOLUTIONS),
            "mirror": st.booleans(),
            "seed": st.integers(0, MAX_SEED),
            "inference_mode": st.sampled_from(INFERENCE_MODES),
            "projection_targets": st.integers(1, MAX_PROJECTION_TARGETS),
            "language": st.sampled_from(LANGUAGES),
            "max_hours": st.floats(MIN_HOURS, 10),
            "instance_type": st.sampled_from(sorted(CAPS.prices)),
        },
    )
)
def test_every_allowed_setting_is_taken_as_given(given_settings: dict[str, object]) -> None:
    choice = parse_settings(yaml.safe_dump(given_settings).encode(), DEFAULTS, CAPS)
    for key, value in given_settings.items():
        assert getattr(choice, key) == value


@pytest.mark.parametrize(
    ("instance_type", "max_hours", "seconds"),
    [
        ("ml.g5.xlarge", None, 36_000),  # the deployer's hours
        ("ml.g5.xlarge", 2.5, 9_000),  # the artist's, which are fewer
        ("ml.g5.xlarge", 99.0, 36_000),
        ("ml.p4d.24xlarge", None, 5_000),  # what the money lasts for
        ("ml.p4d.24xlarge", 1.0, 3_600),
        ("ml.trial.large", None, 36_000),  # no price, no bound by it
    ],
)
def test_a_training_ends_with_the_first_of_hours_and_money(
    instance_type: str, max_hours: float | None, seconds: int
) -> None:
    caps = Caps(36_000, {"ml.g5.xlarge": 1.41, "ml.p4d.24xlarge": 36.0, "ml.trial.large": 0.0}, 50)
    assert caps.train_seconds(instance_type, max_hours) == seconds


@quick
@given(
    st.integers(60, 432_000),
    st.floats(0, 1000),
    st.floats(0.01, 1_000_000),
    st.none() | st.floats(MIN_HOURS, 120),
)
def test_no_training_costs_more_than_the_deployer_allows(
    most_seconds: int, price: float, most_dollars: float, max_hours: float | None
) -> None:
    seconds = Caps(most_seconds, {"machine": price}, most_dollars).train_seconds("machine", max_hours)
    assert 1 <= seconds <= most_seconds
    assert seconds == 1 or price * seconds / 3600 <= most_dollars * (1 + 1e-9)
