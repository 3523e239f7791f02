"""settings.yaml: what an artist may choose, within which bounds, and what a preset stands for.

An allow-list: whoever can drop a picture can change this file, and some of these numbers cost money.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import yaml

from workshop.errors import SettingsError
from workshop.names import printable

# Deeply nested YAML takes quadratic time to read: this keeps it under a second.
MAX_SETTINGS_BYTES = 4_096
RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
INFERENCE_MODES = ("all", "generate", "mix", "project")
MIN_KIMG, MAX_KIMG = 0.1, 25_000.0
MAX_SEED = 2**31 - 1
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

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class _Rule:
    allowed: str
    accepts: type | tuple[type, ...]

    def check(self, key: str, value: object) -> bool:
        # bool is an int in Python, but `seed: yes` is a mistake.
        if isinstance(value, bool) and self.accepts is not bool:
            return False
        return isinstance(value, self.accepts) and _in_bounds(key, value)


_RULES: Mapping[str, _Rule] = {
    "preset": _Rule("one of " + ", ".join(PRESETS), str),
    "kimg": _Rule(f"a number from {MIN_KIMG:g} to {MAX_KIMG:,.0f}", (int, float)),
    "resolution": _Rule("one of " + ", ".join(map(str, RESOLUTIONS)), int),
    "mirror": _Rule("true or false", bool),
    "seed": _Rule(f"a whole number from 0 to {MAX_SEED:,}", int),
    "inference_mode": _Rule("one of " + ", ".join(INFERENCE_MODES), str),
}


def default_choice(preset: str, kimg: float | None = None) -> Choice:
    """The choice without a settings file; `kimg` replaces the preset's."""
    what = PRESETS[preset]
    return Choice(preset, what.train_preset, what.resolution, float(what.kimg if kimg is None else kimg))


def parse_settings(content: bytes, defaults: Choice) -> Choice:
    """The choice that a settings file makes. Raises SettingsError with every fault that was found."""
    given = _load(content)
    problems = [problem for key, value in given.items() if (problem := _fault(key, value))]
    if problems:
        raise SettingsError(problems)
    preset = given.get("preset")
    choice = default_choice(preset) if isinstance(preset, str) else defaults
    overrides = {key: value for key, value in given.items() if key != "preset"}
    if "kimg" in overrides:
        overrides["kimg"] = float(overrides["kimg"])  # type: ignore[arg-type]  # checked by its rule
    choice = replace(choice, **overrides)  # type: ignore[arg-type]  # keys and types are those of _RULES
    return replace(choice, train_preset=_train_preset(choice))


def _train_preset(choice: Choice) -> str:
    if choice.preset != "best":
        return choice.train_preset
    return f"paper{choice.resolution}" if choice.resolution in _PAPER_RESOLUTIONS else "auto"


def _load(content: bytes) -> dict[str, object]:
    if len(content) > MAX_SETTINGS_BYTES:
        raise SettingsError([f"settings.yaml is larger than {MAX_SETTINGS_BYTES:,} bytes."])
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # ValueError: not UTF-8, or a number or date that YAML's own rules cannot read.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise SettingsError([f"settings.yaml is not readable as YAML{where}."]) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(["settings.yaml must consist of lines like `preset: sketch`."])
    return document


def _fault(key: object, value: object) -> str | None:
    rule = _RULES.get(key) if isinstance(key, str) else None
    if rule is None:
        shown = printable(key, 40)
        near = difflib.get_close_matches(shown.lower(), _RULES, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"You may set: {', '.join(_RULES)}."
        return f'settings.yaml: "{shown}" is not a setting. {hint}'
    if not rule.check(str(key), value):
        return f"settings.yaml: {key} must be {rule.allowed}, not {_shown(value)}."
    return None


def _in_bounds(key: str, value: object) -> bool:
    match key, value:
        case "preset", str():
            return value in PRESETS
        case "inference_mode", str():
            return value in INFERENCE_MODES
        case "resolution", int():
            return value in RESOLUTIONS
        case "seed", int():
            return 0 <= value <= MAX_SEED
        case "kimg", (int() | float()):
            return math.isfinite(value) and MIN_KIMG <= value <= MAX_KIMG
    return key == "mirror"


def _shown(value: object) -> str:
    # Never str() of a container: a few lines of YAML aliases can print as gigabytes.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "such a number"
    if isinstance(value, float):
        return str(value)
    if value is None:
        return "nothing"
    return f'"{printable(value, 40)}"' if isinstance(value, str) else f"a {type(value).__name__}"
