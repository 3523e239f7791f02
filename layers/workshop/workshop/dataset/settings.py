"""settings.yaml: what an artist may choose, within which bounds, and what a preset stands for.

An allow-list: whoever can drop an image can change this file, and some of these numbers cost money.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from contract.pipeline import PARAMETERS, Parameter, resolutions_of
from workshop.dataset.settings_lines import BadLine, Setting, read_lines
from workshop.platform.errors import SettingsError
from workshop.platform.telemetry import logger
from workshop.words import FALLBACK_LANGUAGE, Words, words

MAX_SETTINGS_BYTES = 4_096
MAX_PROBLEMS = 20  # that one mail tells
LANGUAGES = ("en", "de")
MAX_PROJECTION_TARGETS = 16
MIN_HOURS = 0.01
# What a job may take beyond the hours that it is to learn: to start, to fetch the images, to save and to upload.
_BESIDES_LEARNING_SECONDS = 3600
# Resolutions for which the paper gives a configuration of its own.
_PAPER_RESOLUTIONS = (256, 512, 1024)
MIN_JOB_SECONDS, _ = map(int, PARAMETERS["MaxTrainSeconds"].bounds)


@dataclass(frozen=True)
class Preset:
    """What a people's preset stands for: the trainer's preset, the image size, thousands of images shown."""

    train_preset: str
    resolution: int
    kimg: float


PRESETS: Mapping[str, Preset] = {
    "laptop": Preset("laptop", 32, 8),
    "tiny": Preset("tiny", 16, 0.5),
    "sketch": Preset("auto", 128, 400),
    "balanced": Preset("auto", 256, 2000),
    "best": Preset("paper256", 256, 10_000),
}


@dataclass(frozen=True)
class Choice:
    """What a run is asked for: settings.yaml over its preset over the defaults."""

    preset: str
    train_preset: str
    resolution: int
    kimg: float
    mirror: bool = False
    seed: int = 0
    inference_mode: str = "all"
    network: str = "best"  # that draws
    projection_targets: int = 4  # of the dataset's own images, where inference/<dataset>/ is empty
    language: str = FALLBACK_LANGUAGE  # of the notices
    max_hours: float | None = None  # of learning; None: as long as the deployer lets a training take
    instance_type: str | None = None  # that trains; None: the deployer's choice

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    @property
    def projects(self) -> bool:
        """Whether the run looks for the projection targets in the network."""
        return self.inference_mode in ("all", "project")


@dataclass(frozen=True)
class Caps:
    """What no settings file can exceed: the deployer's. `prices`: each instance type that may train, with its price in
    dollars per hour (0: not known); `max_run_cost`: dollars that the training of one run may cost."""

    max_train_seconds: int
    prices: Mapping[str, float]
    max_run_cost: float

    def job_seconds(self, instance_type: str, machines: int = 1) -> int:
        """The longest training job: the deployer's maximum, or what the money lasts for on so many machines."""
        limits: list[float] = [self.max_train_seconds]
        if price := self.prices.get(instance_type, 0.0) * machines:
            limits.append(self.max_run_cost / price * 3600)
        return int(min(limits))

    def times(self, instance_type: str, max_hours: float | None, machines: int = 1) -> tuple[int, int]:
        """How long a training may learn, and how long its job may take, in seconds: what the artist asks for, within
        what the deployer allows. Its job is never ended while it learns: it ends by itself before."""
        allowed = max(MIN_JOB_SECONDS, self.job_seconds(instance_type, machines))
        learning = allowed if max_hours is None else min(allowed, max(1, int(max_hours * 3600)))
        return learning, min(allowed, learning + _BESIDES_LEARNING_SECONDS)


_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?((0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?|\.[0-9]{1,20})")
# To some, 25.000 is 25, to others 25 thousand.
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+")
_TRUTHS = {
    spelled: truth
    for word, truth in {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.items()
    for spelled in (word, word.title(), word.upper())
}


@dataclass(frozen=True)
class _Rule:
    """What a setting may be, in any language, and how its text is read: None for what is not allowed."""

    allowed: Callable[[Words], str]
    read: Callable[[str], object]
    is_text: bool = False  # may be quoted
    is_number: bool = False  # may have decimals


def _one_of(values: Collection[str]) -> _Rule:
    listed = ", ".join(values)
    return _Rule(
        lambda say: say.allowed_one_of.format(values=listed), lambda text: text if text in values else None, True
    )


def _one_number_of(values: Collection[str]) -> _Rule:
    listed = ", ".join(values)
    return _Rule(
        lambda say: say.allowed_one_of.format(values=listed), lambda text: int(text) if text in values else None
    )


def _truth() -> _Rule:
    return _Rule(lambda say: say.allowed_truth, _TRUTHS.get)


def _whole(low: float, high: float) -> _Rule:
    def read(text: str) -> int | None:
        return number if _WHOLE.fullmatch(text) and low <= (number := int(text)) <= high else None

    return _Rule(lambda say: say.allowed_whole.format(low=low, high=high), read)


def _number(low: float, high: float) -> _Rule:
    def read(text: str) -> float | None:
        is_plain = _NUMBER.fullmatch(text) and not _AMBIGUOUS.fullmatch(text)
        return number if is_plain and low <= (number := float(text)) <= high else None

    # Bounds are shown as they have to be typed.
    bounds = {"low": f"{low:g}", "high": f"{high:g}"}
    return _Rule(lambda say: say.allowed_number.format(**bounds), read, is_number=True)


_FED = {parameter.setting: parameter for parameter in PARAMETERS.values() if parameter.setting is not None}


def _rule_of(parameter: Parameter) -> _Rule:
    """What a setting may be that becomes a parameter of the pipeline as it is."""
    match parameter.kind, parameter.choices:
        case "Integer", ():
            return _whole(*parameter.bounds)
        case "Float", ():
            return _number(*parameter.bounds)
        case "Integer", choices:
            return _one_number_of(choices)
        case _, ("true", "false"):
            return _truth()
    return _one_of(parameter.choices)


def rules(caps: Caps) -> Mapping[str, _Rule]:
    """Every key of settings.yaml, with what is allowed in this installation."""
    return {
        "preset": _one_of(PRESETS),
        **{key: _rule_of(_FED[key]) for key in ("kimg", "resolution", "mirror", "seed", "inference_mode", "network")},
        "projection_targets": _whole(1, MAX_PROJECTION_TARGETS),
        "language": _one_of(LANGUAGES),
        # In hundredths of an hour, rounded down: what a mail says is allowed can be typed.
        "max_hours": _number(MIN_HOURS, max(MIN_HOURS, caps.max_train_seconds // 36 / 100)),
        "instance_type": _one_of(caps.prices),
    }


def default_choice(preset: str, kimg: float | None = None, language: str = FALLBACK_LANGUAGE) -> Choice:
    """The choice without a settings file; `kimg` replaces the preset's."""
    what = PRESETS[preset]
    kimg = float(what.kimg if kimg is None else kimg)
    return Choice(preset, what.train_preset, what.resolution, kimg, language=language)


def parse_settings(content: bytes, defaults: Choice, caps: Caps) -> Choice:
    """The choice that a settings file makes, whatever bytes it has. Raises SettingsError with the first faults that
    were found, in the language that the file names, or else the default one."""
    try:
        return _parse(content, defaults, caps)
    except SettingsError:
        raise
    except Exception as error:  # the one place where a stranger's text meets the program: never neither run nor mail
        logger.exception("settings.yaml broke its reader")
        say = words(defaults.language)
        raise SettingsError([say.settings_unreadable], defaults.language) from error


def _parse(content: bytes, defaults: Choice, caps: Caps) -> Choice:
    lines = list(read_lines(_text_of(content, defaults.language)))
    known = rules(caps)
    language = _language_of(lines, known["language"]) or defaults.language
    say = words(language)
    given: dict[str, Any] = {}
    problems = list(islice(_problems(say, known, lines, given), MAX_PROBLEMS + 1))
    if len(problems) > MAX_PROBLEMS:
        problems[MAX_PROBLEMS:] = [say.settings_more]
    if problems:
        raise SettingsError(problems, language)
    preset = given.pop("preset", None)
    choice = defaults if preset is None else default_choice(preset, language=language)
    choice = replace(choice, **given)
    choice = replace(choice, train_preset=_train_preset(choice))
    possible = resolutions_of(choice.train_preset)
    if choice.resolution not in possible:
        line = max(line.line for line in lines if isinstance(line, Setting) and line.key in {"preset", "resolution"})
        values = ", ".join(map(str, possible))
        problem = say.setting_pair.format(line=line, preset=choice.preset, values=values, resolution=choice.resolution)
        raise SettingsError([problem], language)
    return choice


def _train_preset(choice: Choice) -> str:
    if choice.preset != "best":
        return choice.train_preset
    return f"paper{choice.resolution}" if choice.resolution in _PAPER_RESOLUTIONS else "auto"


def _text_of(content: bytes, language: str) -> str:
    say = words(language)
    if len(content) > MAX_SETTINGS_BYTES:
        raise SettingsError([say.settings_too_large.format(limit=say.number(MAX_SETTINGS_BYTES))], language)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError([say.settings_no_text], language) from error
    # What word processors write, TextEdit among them.
    if text.startswith(("{\\rtf", "PK\x03\x04")):
        raise SettingsError([say.settings_no_text], language)
    return text


def _language_of(lines: Collection[Setting | BadLine], rule: _Rule) -> str | None:
    """The language, if the file names one."""
    named = [line for line in lines if isinstance(line, Setting) and line.key == "language"]
    language = _read(rule, named[0]) if len(named) == 1 else None
    return language if isinstance(language, str) else None


def _problems(
    say: Words, known: Mapping[str, _Rule], lines: Collection[Setting | BadLine], given: dict[str, Any]
) -> Iterator[str]:
    """A sentence for each fault, in the order of the lines; what is right gets into `given`.

    Who reads the mail need not be the one who wrote the file, and a mail program makes a link of whatever looks like
    one: nothing is repeated but letters, and numbers too short for a telephone.
    """
    seen: dict[str, int] = {}
    for line in lines:
        if isinstance(line, BadLine):
            yield say.line_troubles[line.trouble].format(line=line.line, sign=line.sign)
        elif line.key not in known:
            yield _unknown(say, known, line)
        elif line.key in seen:
            yield say.setting_twice.format(line=line.line, key=line.key, first=seen[line.key])
        else:
            seen[line.key] = line.line
            rule = known[line.key]
            value = _read(rule, line)
            if value is not None:
                given[line.key] = value
            else:
                yield _wrong(say, rule, line)


def _read(rule: _Rule, setting: Setting) -> object:
    if setting.text is None or (setting.is_quoted and not rule.is_text):
        return None
    return rule.read(setting.text)


_KEY_TO_REPEAT = re.compile(r"[A-Za-z_-]{1,30}")
_NUMBER_TO_REPEAT = re.compile(r"-?[0-9]{1,6}([.,:_][0-9]{1,3})?")
_WORD_TO_REPEAT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")


def _unknown(say: Words, known: Mapping[str, _Rule], setting: Setting) -> str:
    near = difflib.get_close_matches(setting.key[:40].lower(), known, n=1)
    hint = say.setting_did_you_mean.format(near=near[0]) if near else say.setting_all.format(keys=", ".join(known))
    if _KEY_TO_REPEAT.fullmatch(setting.key):
        return say.setting_unknown.format(line=setting.line, key=setting.key, hint=hint)
    return say.setting_unknown_line.format(line=setting.line, hint=hint)


def _wrong(say: Words, rule: _Rule, setting: Setting) -> str:
    if rule.is_number and not setting.is_quoted and _AMBIGUOUS.fullmatch(setting.text or ""):
        return say.setting_ambiguous.format(line=setting.line, key=setting.key)
    allowed, shown = rule.allowed(say), _shown(say, setting)
    return say.setting_wrong.format(line=setting.line, key=setting.key, allowed=allowed, shown=shown)


def _shown(say: Words, setting: Setting) -> str:
    if setting.text is None:
        return say.shown_nothing
    if _NUMBER_TO_REPEAT.fullmatch(setting.text) and not setting.is_quoted:
        return setting.text
    if _NUMBER_TO_REPEAT.fullmatch(setting.text) or _WORD_TO_REPEAT.fullmatch(setting.text):
        return say.shown_text.format(text=setting.text)
    return say.shown_large if setting.text.lstrip("-").isdecimal() else say.shown_other
