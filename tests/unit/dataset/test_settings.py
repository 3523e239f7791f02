"""settings.yaml: an allow-list with bounds, and messages that an artist can act on."""

import contextlib
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from contract.file_kinds import FileKind, kind_of
from contract.names import LANGUAGES
from contract.pipeline import PARAMETERS, RESOLUTIONS, resolutions_of
from contract.train_options import NO_OPTIONS, TRAIN_OPTIONS, options_text
from stylegan2.base.errors import OptionError
from stylegan2.options.presets import settings_of
from tests.unit.properties import quick
from workshop.dataset import Caps, Choice, default_choice, parse_settings
from workshop.dataset import settings as settings_module
from workshop.dataset.settings import (
    MAX_PROBLEMS,
    MAX_PROJECTION_TARGETS,
    MAX_SETTINGS_BYTES,
    MIN_HOURS,
    MIN_JOB_SECONDS,
    PRESETS,
    rules,
)
from workshop.dataset.settings_lines import Trouble
from workshop.platform.errors import SettingsError
from workshop.words import words

DEFAULTS = default_choice("balanced")
KIMG = PARAMETERS["Kimg"].bounds
CAPS = Caps(
    36_000,
    {"ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52},
    50,
    ("aug", "augpipe", "batch_gpu", "gamma", "glr", "p"),
)


def problems(content: bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(content, DEFAULTS, CAPS)
    return str(caught.value)


def choice_or_problems(content: bytes) -> Choice | list[str]:
    try:
        return parse_settings(content, DEFAULTS, CAPS)
    except SettingsError as error:
        return error.problems


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
        (b"max_hours: 11", "max_hours must be a number from 0.01 to 10, not 11."),
        (b"projection_targets: 17", "projection_targets must be a whole number from 1 to 16, not 17."),
        (b"language: fr", "language must be one of en, de, zh-CN, not"),
        (b"kimg: 30000", "kimg must be a number from 0.1 to 25000, not 30000."),
        (b"kimg: '5'", 'kimg must be a number from 0.1 to 25000, not "5".'),
        (b"kimg: true", 'kimg must be a number from 0.1 to 25000, not "true".'),
        (b"resolution: 100", "resolution must be one of 16, 32, 64, 128, 256, 512, 1024, not 100."),
        (b"resolution: 256.0", "resolution must be one of"),
        (b"mirror: 1", "mirror must be true or false, not 1."),
        (b"mirror: 'true'", 'mirror must be true or false, not "true".'),
        (b"seed: -1", "seed must be a whole number from 0 to 2147483647, not -1."),
        (b"seed: " + b"9" * 1000, "seed must be a whole number from 0 to 2147483647, not such a number."),
        (b"preset: huge", "preset must be one of laptop, tiny, sketch, balanced, best, not"),
        (b"options: gamma", "line 1: options are written like `options: gamma=10 augpipe=bg`"),
        (b"options: gamma = 10", "options are written like"),
        (b"options: gamma=10, augpipe=bg", "gamma must be a number of at least 0, not what stands there."),
        (b"options: gamma=-1", "line 1: gamma must be a number of at least 0, not -1."),
        (b"options: gamma=1.125", "the point in gamma can be read in two ways."),
        (b"options: glr=0", "glr must be a number greater than 0, not 0."),
        (b"options: augpipe=xyz", "augpipe must be one of blit, geom, color, filter, noise, cutout, bg, bgc, "),
        (b"options: batch_gpu=0", "batch_gpu must be a whole number from 1 to 65536 or auto, not 0."),
        (b"options: batch=64", 'line 1: "batch" is no option that you may set. You may set: aug, augpipe, batch_gpu,'),
        (b"options: http://www.example.com/=64", "line 1: what stands there is no option that you may set."),
        (b"options: gamma=1 gamma=2", "the option gamma stands there twice."),
        (b"options: p=0.5", "the option p is for aug=fixed, but aug is ada."),
        (b"options: aug=fixed", "with aug=fixed, the option p must be given, too."),
        (b"options: {gamma: 10}", "a value cannot begin with { here."),
        (b"options:", "options must be options like gamma=10 augpipe=bg, not nothing."),
        (b"preset:", "not nothing."),
        (b"preset: # sketch", "not nothing."),
        (b"inference_mode: none", "inference_mode must be one of all, generate, mix, project"),
        (b"network: first", "network must be one of best, last, not"),
        (b"7: 8", "line 1: there is no such setting. You may set: preset, kimg, "),
        (b"max hours: 8", 'line 1: there is no such setting. Did you mean "max_hours"?'),
        (b"\xff\xfe", "is no plain text (UTF-8)"),
        ("preset: sketch".encode("utf-16"), "is no plain text (UTF-8)"),
        (b"{\\rtf1\\ansi preset: sketch}", "is no plain text (UTF-8)"),
        (b" " * 20_000, "is larger than 4,096 bytes."),
        (b"preset: tiny\nresolution: 64", "line 2: the preset tiny makes pictures of 16, 32 pixels, not of 64."),
        (b"resolution: 1024\npreset: laptop", "line 2: the preset laptop makes pictures of 16, 32, 64, 128 pixels"),
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
        (b"language: de\nkimg: [", "en", "de"),
        (b"kimg: [", "de", "de"),
        (b"language: de\nlanguage: en", "en", "en"),
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
    is_german = any(word in str(caught.value) for word in ("gibt es nicht", "muss", "Zeile", "größer"))
    assert is_german == (language == "de")


@pytest.mark.parametrize("content", [b"preset: sketch", b"mirror: true", b""])
def test_a_file_that_names_no_language_has_the_deployers(content: bytes) -> None:
    assert parse_settings(content, default_choice("balanced", language="de"), CAPS).language == "de"


def test_bounds_are_shown_as_they_have_to_be_typed() -> None:
    german = default_choice("balanced", language="de")
    for content, bound in ((b"kimg: 99999", "25000"), (b"seed: -1", "2147483647")):
        with pytest.raises(SettingsError, match=bound):
            parse_settings(content, german, CAPS)
        assert bound in problems(content)


@pytest.mark.parametrize("seconds", [60, 360, 3_601, 36_000, 100_000, 431_999, 432_000])
def test_the_bound_that_a_mail_names_can_be_typed(seconds: int) -> None:
    caps = Caps(seconds, {"ml.g5.xlarge": 1.41}, 50)
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"max_hours: 121", DEFAULTS, caps)
    (bound,) = re.findall(r"to ([0-9.]+), not 121", str(caught.value))
    assert parse_settings(f"max_hours: {bound}".encode(), DEFAULTS, caps).max_hours == float(bound)


def test_the_artists_guide_explains_every_setting() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "artist-guide.md").read_text(encoding="utf-8")
    explained = {line.split("`")[1] for line in guide.splitlines() if line.startswith("| `")}
    assert explained - set(PRESETS) == set(rules(CAPS))


def test_the_artists_guide_says_which_numbers_and_names_are_taken() -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "artist-guide.md").read_text(encoding="utf-8")
    (paragraph,) = re.findall(r"- \*\*Numbers\*\*(.*?)\n- ", guide, re.DOTALL)
    taken, not_taken = (re.findall(r"`([^`]+)`", part) for part in paragraph.split("Not taken"))
    assert len(taken) == 4
    assert len(not_taken) == 8
    assert [number for number in taken if not isinstance(choice_or_problems(f"kimg: {number}".encode()), Choice)] == []
    assert [n for n in not_taken if isinstance(choice_or_problems(f"kimg: {n}".encode()), Choice)] == []
    (names,) = re.findall(r"If it does not \(([^)]+)\)", " ".join(guide.split()))
    assert {kind_of(name) for name in re.findall(r"`([^`]+)`", names)} == {FileKind.LOOKALIKE}


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("options: augpipe=bg   gamma=10", {"augpipe": "bg", "gamma": 10}),
        ("options: 'gamma=.5'", {"gamma": 0.5}),
        (
            "options: aug=fixed p=0 batch_gpu=auto # fixed",
            {"aug": "fixed", "batch_gpu": "auto", "p": 0},
        ),
    ],
)
def test_options_become_the_json_that_the_pipeline_takes(line: str, options: dict[str, object]) -> None:
    text = parse_settings(line.encode(), DEFAULTS, CAPS).options
    assert json.loads(text) == options
    assert PARAMETERS["TrainOptions"].accepts(text)


def test_without_options_nothing_is_chosen_and_where_none_are_allowed_the_line_is_refused() -> None:
    assert DEFAULTS.options == NO_OPTIONS
    with pytest.raises(SettingsError, match="line 1: options of the training may not be set here"):
        parse_settings(b"options: gamma=1", DEFAULTS, Caps(36_000, {}, 50))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TRAIN_OPTIONS)
def test_every_option_says_what_it_may_be(name: str, language: str) -> None:
    caps, wrong = Caps(36_000, {}, 50, (name,)), b"options: %s=-99" % name.encode()
    with pytest.raises(SettingsError) as caught:
        parse_settings(wrong, default_choice("balanced", language=language), caps)
    assert re.search(rf"\b{name} ", str(caught.value))
    assert "-99" in str(caught.value)
    assert "{" not in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"kimgs: 1\nseed: x\nmirror: 7", DEFAULTS, CAPS)
    assert len(caught.value.problems) == 3


def test_a_mail_tells_no_more_faults_than_somebody_reads() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"a: 1\n" * 800, DEFAULTS, CAPS)
    assert len(caught.value.problems) == MAX_PROBLEMS + 1
    assert caught.value.problems[-1] == "There is more; correct these first."


# What YAML has and settings.yaml has not: the file, the line that is at fault, what is said of it.
RICHER = [
    ("preset: &a sketch", 1, "a value cannot begin with & here"),
    ("kimg: 5\npreset: *a", 2, "a value cannot begin with * here"),
    ("seed: !!int ''", 1, "a value cannot begin with ! here"),
    ("a: !!bool x", 1, "a value cannot begin with ! here"),
    ("a: !!timestamp ''", 1, "a value cannot begin with ! here"),
    ("!!map x: y", 1, "not of the form"),
    ("!!python/object/apply:os.system ['true']", 1, "not of the form"),
    ("<<: *a", 1, "a value cannot begin with * here"),
    ("<<: x", 1, "there is no such setting"),
    ("preset: [best]", 1, "a value cannot begin with [ here"),
    ("preset: {best: 1}", 1, "a value cannot begin with { here"),
    ("{preset: best}", 1, "not of the form"),
    ("[preset, best]", 1, "not of the form"),
    ("kimg: [", 1, "a value cannot begin with [ here"),
    ("preset: |\n  best", 1, "a value cannot begin with | here"),
    ("preset: >-\n  best", 1, "a value cannot begin with > here"),
    ("training:\n  kimg: 5", 2, "it begins with a space"),
    ("preset:\n  best", 2, "it begins with a space"),
    (" preset: best", 1, "it begins with a space"),
    ("\tpreset: best", 1, "it begins with a space"),
    ("- preset: best", 1, "not of the form"),
    ("? preset\n: best", 1, "not of the form"),
    ("? preset\n: best", 2, "not of the form"),
    ("kimg: 5\n---\nkimg: 6", 2, "this begins another document"),
    ("---\n---\nkimg: 6", 2, "this begins another document"),
    ("kimg: 5\n...", 2, "this begins another document"),
    ("--- kimg: 5", 1, "this begins another document"),
    ("%YAML 1.1\n---\nkimg: 5", 1, "this begins another document"),
    ('"preset": best', 1, "not of the form"),
    ("just words", 1, "not of the form"),
    ("preset:best", 1, "not of the form"),
    ("preset\u00a0: best", 1, "a character that cannot be seen"),
    ("preset:\u00a0best", 1, "a character that cannot be seen"),
    ("preset: sketch\u200b", 1, "a character that cannot be seen"),
    ("kimg: \u202a40", 1, "a character that cannot be seen"),
    ("\ufeffpre\u00adset: best", 1, "a character that cannot be seen"),
    ("\u3000", 1, "a character that cannot be seen"),
    ("preset: kimg: 5", 1, "not of the form"),
    ("preset: best:", 1, "not of the form"),
    ("preset # : best", 1, "not of the form"),
    ("preset: 'best", 1, "write the value without quotation marks"),
    ('preset: "be\\x73t"', 1, "write the value without quotation marks"),
    ("preset: 'best' x", 1, "write the value without quotation marks"),
    ("preset: best\u2028kimg: 5", 1, "a character that cannot be seen"),
    ("# harmless\x85kimg: 5", 1, "a character that cannot be seen"),
    ("preset: be\x00st", 1, "a character that cannot be seen"),
    ("preset: sketch\nkimg: 3\npreset: best", 3, "preset stands in line 1 already"),
    ("kimg: 5\nkimg: 5", 2, "kimg stands in line 1 already"),
]


@pytest.mark.parametrize(("text", "line", "message"), RICHER)
def test_what_yaml_has_besides_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    assert any(
        problem.startswith(f"settings.yaml, line {line}: ") and message in problem
        for problem in _problems_of(text.encode())
    ), _problems_of(text.encode())


def _problems_of(content: bytes) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(content, DEFAULTS, CAPS)
    return caught.value.problems


# Numbers that YAML 1.1 or 1.2 reads otherwise than people do, or that people read in two ways.
@pytest.mark.parametrize("key", ["kimg", "seed", "max_hours", "resolution"])
@pytest.mark.parametrize(
    "number",
    ["12:00", "1:30", "010", "00", "0x10", "0o10", "0b11", "1_000", "1e1", "1E1", "1.0e+1", ".inf", "-.inf", ".nan",
     "+5", "5.", "0,5", "25,000", "1.000", "25.000", "1.000.000", "1 000", "2024-11-27", "\u0665", "½", "~", "null"],
)  # fmt: skip
def test_a_number_that_can_be_read_in_two_ways_is_refused(key: str, number: str) -> None:
    (problem,) = _problems_of(f"{key}: {number}".encode())
    assert problem.startswith(f"settings.yaml, line 1: {key} must be ") or "in two ways" in problem


@pytest.mark.parametrize(
    ("text", "kimg"),
    [("0.5", 0.5), (".5", 0.5), ("8", 8), ("8.0", 8), ("25000", 25_000), ("0.125", 0.125), ("1000.125", 1000.125)],
)
def test_a_number_is_read_as_it_is_meant(text: str, kimg: float) -> None:
    assert parse_settings(f"kimg: {text}".encode(), DEFAULTS, CAPS).kimg == kimg


@pytest.mark.parametrize(
    ("text", "truth"),
    [(word, truth) for truth in (True, False) for word in {True: ("true", "True", "YES", "on"),
                                                           False: ("false", "FALSE", "no", "Off")}[truth]],
)  # fmt: skip
def test_a_truth_is_read_as_it_is_meant(text: str, truth: bool) -> None:
    assert parse_settings(f"mirror: {text}".encode(), DEFAULTS, CAPS).mirror is truth


def test_all_that_a_file_may_look_like() -> None:
    content = (
        "\ufeff# mine\r\n\r\n--- # one document\r\npreset : 'sketch'  # a first look\r\n"
        'language: "de"\r\nkimg:\t12.5 \t# short\r\nmirror: yes\r\n   # the end'
    )
    choice = parse_settings(content.encode(), DEFAULTS, CAPS)
    assert (choice.preset, choice.language, choice.kimg, choice.mirror) == ("sketch", "de", 12.5, True)


# What a mail program might make a link of, or a telephone number.
LURES = [
    "evil.example.com", "http://evil.example/x", "www.evil.example", "evil.zip", "me@evil.example", "x.com",
    "https:evil.example", "0301234567", "+49301234567", "ml.evil.com", "evil\u3002com",
]  # fmt: skip


@pytest.mark.parametrize("lure", LURES)
@pytest.mark.parametrize(
    "form", ["{lure}: 1", "preset: {lure}", "preset: '{lure}'", "kimg: {lure}", "{lure}", "a {lure}: b"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_strangers_text_is_not_repeated_where_it_could_become_a_link(lure: str, form: str, language: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(form.format(lure=lure).encode(), default_choice("balanced", language=language), CAPS)
    (problem,) = caught.value.problems
    assert lure not in problem
    assert "1" in problem, "the line is named"


MERGE_BOMB = b"a0: &a0 {k: v}\n" + b"".join(
    b"a%d: &a%d {<<: [%s]}\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 8)) for n in range(1, 60)
)


@pytest.mark.parametrize(
    "content",
    [
        MERGE_BOMB[:485],
        MERGE_BOMB[:MAX_SETTINGS_BYTES],
        b"[" * 4_000,
        b"{" * 4_000,
        b"a: " * 1_365,
        b"preset: " + b" " * 4_000 + b"x",
        b"preset: '" + b"''" * 2_000,
        b"preset: " + b": " * 2_000,
        b"preset:" + b"\t" * 4_000 + b"#",
        b"- " * 2_048,
        b"\n" * 4_096,
        b"a:\n" * 1_365,
    ],
)
def test_no_file_costs_more_than_its_length(content: bytes) -> None:
    """Counted in steps of the interpreter, not in seconds; benchmarks/settings_fuzz.py measures those."""
    steps = 0

    def trace(*_: object) -> object:
        nonlocal steps
        steps += 1
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        with contextlib.suppress(SettingsError):
            parse_settings(content, DEFAULTS, CAPS)
    finally:
        sys.settrace(previous)
    assert steps < 100_000


def test_whatever_goes_wrong_with_a_strangers_text_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> object:
        raise IndexError(text)

    monkeypatch.setattr(settings_module, "read_lines", broken)
    assert _problems_of(b"kimg: 5") == [words("en").settings_unreadable]


# Lines that are right, almost right, or somebody's YAML.
PIECES = [
    "preset", "kimg", "seed", "mirror", "language", "resolution", "<<", ":", ": ", " ", "\n", "\r\n", "#", " #",
    "'", '"', "-", "- ", "---", "...", "?", "!!int", "!!bool", "&a", "*a", "[", "]", "{", "}", "|", ">", "%", "@", "`",
    "sketch", "best", "de", "true", "yes", "0", "1", "5", "0.5", ".5", "25.000", "12:00", "1e3", "0x1f", "_", "~", ",",
    "\t", "\u00a0", "\u2028", "\x85", "\x00", "\ufeff", "\U0001f600",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@quick
@given(st.binary(max_size=200) | (TEXTS | st.text(max_size=200)).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_choice_within_bounds_or_a_settings_error(content: bytes) -> None:
    outcome = choice_or_problems(content)
    if isinstance(outcome, Choice):
        assert outcome.preset in PRESETS
    else:
        assert outcome
        assert words("en").settings_unreadable not in outcome, "the last net is for what we have not thought of"


def choice_of_options(text: str) -> str:
    return options_text({name: json.loads(value) for name, value in (pair.split("=") for pair in text.split())})


@how(quick, max_examples=400)
@given(TEXTS)
@example("options: gamma=10 glr=0.25")
@example("--- #\nkimg: 5")
@example("kimg: .5\nmirror: On # x")
def test_what_is_taken_means_the_same_to_a_yaml_parser(text: str) -> None:
    assume("\t" not in text)  # PyYAML takes fewer tabs than YAML
    try:
        choice = parse_settings(text.encode(), DEFAULTS, CAPS)
    except SettingsError:
        return
    for key, value in (yaml.safe_load(text) or {}).items():
        assert (choice_of_options(value) if key == "options" else value) == getattr(choice, key)


@quick
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "preset": st.sampled_from(["sketch", "balanced", "best"]),
            "kimg": st.floats(*KIMG) | st.integers(1, int(KIMG[1])),
            "resolution": st.sampled_from(RESOLUTIONS),
            "mirror": st.booleans(),
            "seed": st.integers(*PARAMETERS["Seed"].bounds),
            "inference_mode": st.sampled_from(PARAMETERS["InferenceMode"].choices),
            "network": st.sampled_from(PARAMETERS["InferenceNetwork"].choices),
            "projection_targets": st.integers(1, MAX_PROJECTION_TARGETS),
            "language": st.sampled_from(LANGUAGES),
            "max_hours": st.floats(MIN_HOURS, 10),
            "instance_type": st.sampled_from(sorted(CAPS.prices)),
        },
    )
)
def test_every_allowed_setting_is_taken_as_given(given_settings: dict[str, object]) -> None:
    # 1.125 may be meant as 1125.
    assume(not re.search(r": [1-9]\d{0,2}\.\d{3}$", text := yaml.safe_dump(given_settings), re.MULTILINE))
    choice = parse_settings(text.encode(), DEFAULTS, CAPS)
    for key, value in given_settings.items():
        assert getattr(choice, key) == value


def _can_be_trained(train_preset: str, resolution: int) -> bool:
    """By the model's own rules."""
    try:
        settings_of(train_preset, resolution)
    except OptionError:
        return False
    return True


def test_every_pair_of_preset_and_resolution_is_taken_exactly_if_it_can_be_trained() -> None:
    for preset in PRESETS:
        for resolution in RESOLUTIONS:
            content = f"preset: {preset}\nresolution: {resolution}".encode()
            outcome = choice_or_problems(content)
            possible = [r for r in RESOLUTIONS if _can_be_trained(PRESETS[preset].train_preset, r)]
            if isinstance(outcome, Choice):
                assert _can_be_trained(outcome.train_preset, resolution), (preset, resolution)
            else:
                assert resolution not in possible
                assert f"pictures of {', '.join(map(str, possible))} pixels" in outcome[0]


def test_the_trainers_presets_and_their_resolutions_are_the_models() -> None:
    for preset in PARAMETERS["Preset"].choices:
        assert [r for r in RESOLUTIONS if _can_be_trained(preset, r)] == list(resolutions_of(preset)), preset


def test_a_resolution_alone_must_suit_the_deployers_preset() -> None:
    with pytest.raises(SettingsError, match="the preset tiny makes pictures of 16, 32 pixels"):
        parse_settings(b"resolution: 256", default_choice("tiny"), CAPS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_of_a_line_has_its_words(language: str) -> None:
    assert set(words(language).line_troubles) == set(Trouble)


@pytest.mark.parametrize(
    ("instance_type", "max_hours", "times"),
    [
        ("ml.g5.xlarge", None, (36_000, 36_000)),  # the deployer's hours
        ("ml.g5.xlarge", 2.5, (9_000, 12_600)),  # the artist's, which are fewer; the job may take an hour more
        ("ml.g5.xlarge", 0.01, (36, 3_636)),
        ("ml.g5.xlarge", 9.5, (34_200, 36_000)),
        ("ml.g5.xlarge", 99.0, (36_000, 36_000)),
        ("ml.p4d.24xlarge", None, (5_000, 5_000)),  # what the money lasts for
        ("ml.p4d.24xlarge", 1.0, (3_600, 5_000)),
        ("ml.trial.large", None, (36_000, 36_000)),  # no price, no bound by it
    ],
)
def test_a_training_ends_with_the_first_of_hours_and_money(
    instance_type: str, max_hours: float | None, times: tuple[int, int]
) -> None:
    caps = Caps(36_000, {"ml.g5.xlarge": 1.41, "ml.p4d.24xlarge": 36.0, "ml.trial.large": 0.0}, 50)
    assert caps.times(instance_type, max_hours) == times


@quick
@given(
    st.integers(MIN_JOB_SECONDS, 432_000),
    st.floats(0, 1000),
    st.floats(0.01, 1_000_000),
    st.none() | st.floats(MIN_HOURS, 120),
)
def test_no_training_costs_more_than_the_deployer_allows(
    most_seconds: int, price: float, most_dollars: float, max_hours: float | None
) -> None:
    learning, job = Caps(most_seconds, {"machine": price}, most_dollars).times("machine", max_hours)
    assert 1 <= learning <= job <= most_seconds
    assert job == MIN_JOB_SECONDS or price * job / 3600 <= most_dollars * (1 + 1e-9)


@pytest.mark.parametrize(
    ("written", "language"),
    [("zh-CN", "zh-CN"), ("zh", "zh-CN"), ("zh_CN", "zh-CN"), ("'ZH-cn'", "zh-CN"), ("EN", "en"), ("de-DE", "de")],
)
def test_a_language_may_be_written_as_people_know_it(written: str, language: str) -> None:
    assert parse_settings(f"language: {written}".encode(), DEFAULTS, CAPS).language == language


def test_a_mistake_is_told_in_chinese_to_who_writes_chinese() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(b"language: zh_CN\nkimgs: 5", DEFAULTS, CAPS)
    assert caught.value.problems == ["settings.yaml 第 2 行：没有“kimgs”这项设置。您是指“kimg”吗？"]
