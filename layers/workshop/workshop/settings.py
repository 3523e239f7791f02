"""settings.yaml: what an artist may choose, within which bounds, and what a preset stands for.

An allow-list: whoever can drop a picture can change this file, and some of these numbers cost money.
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import yaml

from workshop.errors import SettingsError
from workshop.names import printable
from workshop.words import FALLBACK_LANGUAGE, Words, words

# Deeply nested YAML takes quadratic time to read: this keeps it under a second.
MAX_SETTINGS_BYTES = 4_096
RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
INFERENCE_MODES = ("all", "generate", "mix", "project")
MIN_KIMG, MAX_KIMG = 0.1, 25_000.0
MAX_SEED = 2**31 - 1
LANGUAGES = ("en", "de")
MAX_PROJECTION_TARGETS = 16
# A training needs minutes to start and to save: less than this would only cost money.
MIN_HOURS = 0.1
# Resolutions for which the paper gives a configuration of its own.
_PAPER_RESOLUTIONS = (256, 512, 1024)


@dataclass(frozen=True)
class Preset:
    """What a people's preset stands for: the trainer's preset, the picture size, thousands of images shown."""

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
    projection_targets: int = 4  # of the dataset's own pictures, where inference/<dataset>/ is empty
    language: str = FALLBACK_LANGUAGE  # of the notices
    max_hours: float | None = None  # of training; None: the deployer's maximum
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

    def train_seconds(self, instance_type: str, max_hours: float | None) -> int:
        """The longest training: the least of the deployer's maximum, the artist's, and what the money lasts for."""
        limits: list[float] = [self.max_train_seconds]
        if max_hours is not None:
            limits.append(max_hours * 3600)
        if self.prices[instance_type]:
            limits.append(self.max_run_cost / self.prices[instance_type] * 3600)
        return max(1, int(min(limits)))  # SageMaker's least


@dataclass(frozen=True)
class _Rule:
    """What a setting may be, in any language and as a test of a value that has one of the types in `accepts`."""

    allowed: Callable[[Words], str]
    accepts: type | tuple[type, ...]
    in_bounds: Callable[[Any], bool]

    def check(self, value: object) -> bool:
        # bool is an int in Python, but `seed: yes` is a mistake.
        if isinstance(value, bool) and self.accepts is not bool:
            return False
        return isinstance(value, self.accepts) and self.in_bounds(value)


def _one_of(values: Collection[Any]) -> _Rule:
    types = tuple({type(value) for value in values})
    listed = ", ".join(map(str, values))
    return _Rule(lambda say: say.allowed_one_of.format(values=listed), types, lambda value: value in values)


def _whole(low: int, high: int) -> _Rule:
    return _Rule(lambda say: say.allowed_whole.format(low=low, high=high), int, lambda value: low <= value <= high)


def _number(low: float, high: float) -> _Rule:
    # Bounds are shown as YAML reads them: to it, 25.000 is 25 and 25,000 no number. Not-a-number compares as false.
    bounds = {"low": f"{low:g}", "high": f"{high:g}"}
    return _Rule(lambda say: say.allowed_number.format(**bounds), (int, float), lambda value: low <= value <= high)


def rules(caps: Caps) -> Mapping[str, _Rule]:
    """Every key of settings.yaml, with what is allowed in this installation."""
    return {
        "preset": _one_of(PRESETS),
        "kimg": _number(MIN_KIMG, MAX_KIMG),
        "resolution": _one_of(RESOLUTIONS),
        "mirror": _Rule(lambda say: say.allowed_truth, bool, lambda value: True),
        "seed": _whole(0, MAX_SEED),
        "inference_mode": _one_of(INFERENCE_MODES),
        "projection_targets": _whole(1, MAX_PROJECTION_TARGETS),
        "language": _one_of(LANGUAGES),
        "max_hours": _number(MIN_HOURS, max(MIN_HOURS, caps.max_train_seconds / 3600)),
        "instance_type": _one_of(caps.prices),
    }


def default_choice(preset: str, kimg: float | None = None, language: str = FALLBACK_LANGUAGE) -> Choice:
    """The choice without a settings file; `kimg` replaces the preset's."""
    what = PRESETS[preset]
    kimg = float(what.kimg if kimg is None else kimg)
    return Choice(preset, what.train_preset, what.resolution, kimg, language=language)


def parse_settings(content: bytes, defaults: Choice, caps: Caps) -> Choice:
    """The choice that a settings file makes. Raises SettingsError with every fault that was found, in the language
    that the file names, or else the default one."""
    given = _load(content, defaults.language)
    known = rules(caps)
    named = given.get("language")
    language = named if isinstance(named, str) and known["language"].check(named) else defaults.language
    problems = [problem for key, value in given.items() if (problem := _fault(words(language), known, key, value))]
    if problems:
        raise SettingsError(problems, language)
    preset = given.get("preset")
    choice = default_choice(preset, language=language) if isinstance(preset, str) else defaults
    overrides: dict[str, Any] = {key: value for key, value in given.items() if key != "preset"}
    for key in overrides.keys() & {"kimg", "max_hours"}:
        overrides[key] = float(overrides[key])
    choice = replace(choice, **overrides)
    return replace(choice, train_preset=_train_preset(choice))


def _train_preset(choice: Choice) -> str:
    if choice.preset != "best":
        return choice.train_preset
    return f"paper{choice.resolution}" if choice.resolution in _PAPER_RESOLUTIONS else "auto"


def _load(content: bytes, language: str) -> dict[str, object]:
    say = words(language)
    if len(content) > MAX_SETTINGS_BYTES:
        raise SettingsError([say.settings_too_large.format(limit=say.number(MAX_SETTINGS_BYTES))], language)
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # ValueError: not UTF-8, or a number or date that YAML's own rules cannot read.
        mark = getattr(error, "problem_mark", None)
        fault = say.settings_unreadable_line.format(line=mark.line + 1) if mark else say.settings_unreadable
        raise SettingsError([fault], language) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError([say.settings_not_lines], language)
    return document


def _fault(say: Words, known: Mapping[str, _Rule], key: object, value: object) -> str | None:
    rule = known.get(key) if isinstance(key, str) else None
    if rule is None:
        shown = printable(key, 40)
        near = difflib.get_close_matches(shown.lower(), known, n=1)
        hint = say.setting_did_you_mean.format(near=near[0]) if near else say.setting_all.format(keys=", ".join(known))
        return say.setting_unknown.format(key=shown, hint=hint)
    if not rule.check(value):
        return say.setting_wrong.format(key=key, allowed=rule.allowed(say), shown=_shown(say, value))
    return None


def _shown(say: Words, value: object) -> str:
    # Never str() of a container: a few lines of YAML aliases can print as gigabytes.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else say.shown_large
    if isinstance(value, float):
        return str(value)
    if value is None:
        return say.shown_nothing
    if isinstance(value, str):
        return say.shown_text.format(text=printable(value, 40))
    return say.shown_list if isinstance(value, list) else say.shown_other
