"""settings.yaml: what an artist may choose, within which bounds, and what a preset stands for.

An allow-list: whoever can drop an image can change this file, and some of these numbers cost money.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from contract.names import FALLBACK_LANGUAGE
from contract.pipeline import (
    ALL_CLASSES,
    LONGEST_SIDE,
    OF_FOLDERS,
    PARAMETERS,
    SQUARE,
    resolutions_of,
)
from contract.train_options import NO_OPTIONS
from workshop.dataset.plain_values import AMBIGUOUS
from workshop.dataset.settings_lines import BadLine, Setting, read_lines
from workshop.dataset.settings_rules import (
    FED,
    Rule,
    aspect,
    classes,
    colour,
    number,
    of_parameter,
    one_language,
    one_of,
    options,
    truth,
    whole,
)
from workshop.dataset.shape import chosen_size
from workshop.dataset.train_options import OptionFault, option_allowed
from workshop.platform.errors import SettingsError
from workshop.platform.telemetry import logger
from workshop.words import Words, words

MAX_SETTINGS_BYTES = 4_096
MAX_PROBLEMS = 20  # that one mail tells
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
    size: str = SQUARE  # the pipeline's PictureSize
    fit: str | None = None  # how images of another shape fit; None: the pipeline's default, as of the next two
    background: str | None = None
    labels: str | None = None
    classes: str = ALL_CLASSES  # of which pictures are made
    mirror: bool = False
    seed: int = 0
    inference_mode: str = "all"
    network: str = "best"  # that draws
    projection_targets: int = 4  # of the dataset's own images, where inference/<dataset>/ is empty
    previews: bool = False  # whether a mail shows what the training has learned early
    language: str = FALLBACK_LANGUAGE  # of the notices
    max_hours: float | None = None  # of learning; None: as long as the deployer lets a training take
    instance_type: str | None = None  # that trains; None: the deployer's choice
    options: str = NO_OPTIONS  # of the trainer, as JSON

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    @property
    def has_classes(self) -> bool:
        """Whether the names of the sub-folders are classes."""
        return self.labels == OF_FOLDERS

    @property
    def projects(self) -> bool:
        """Whether the run looks for the projection targets in the network."""
        return self.inference_mode in ("all", "project")


@dataclass(frozen=True)
class Caps:
    """What no settings file can exceed: the deployer's. `prices`: each instance type that may train, with its price in
    dollars per hour (0: not known), or, of the `unpriced` ones, with more than it can be; `max_run_cost`: dollars that
    the training of one run may cost; `train_options`: of the trainer's options, those that an artist may choose."""

    max_train_seconds: int
    prices: Mapping[str, float]
    max_run_cost: float
    train_options: Sequence[str] = ()
    unpriced: frozenset[str] = frozenset()

    def price(self, instance_type: str) -> float:
        """Dollars per hour, as far as they can be told; 0: not known."""
        return 0.0 if instance_type in self.unpriced else self.prices.get(instance_type, 0.0)

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


def rules(caps: Caps) -> Mapping[str, Rule]:
    """Every key of settings.yaml, with what is allowed in this installation."""
    return {
        "preset": one_of(PRESETS),
        **{
            key: of_parameter(FED[key]) for key in ("kimg", "resolution", "mirror", "seed", "inference_mode", "network")
        },
        "aspect": aspect(),
        "width": whole(1, LONGEST_SIDE),
        "height": whole(1, LONGEST_SIDE),
        "fit": of_parameter(FED["fit"]),
        "background": colour(),
        "labels": of_parameter(FED["labels"]),
        "classes": classes(),
        "projection_targets": whole(1, MAX_PROJECTION_TARGETS),
        "language": one_language(),
        "previews": truth(),
        # In hundredths of an hour, rounded down: what a mail says is allowed can be typed.
        "max_hours": number(MIN_HOURS, max(MIN_HOURS, caps.max_train_seconds // 36 / 100)),
        "instance_type": one_of(caps.prices),
        "options": options(caps.train_options),
    }


def default_choice(preset: str, kimg: float | None = None, language: str = FALLBACK_LANGUAGE) -> Choice:
    """The choice without a settings file; `kimg` replaces the preset's."""
    what = PRESETS[preset]
    kimg = float(what.kimg if kimg is None else kimg)
    return Choice(preset, what.train_preset, what.resolution, kimg, language=language)


def parse_settings(content: bytes, defaults: Choice, caps: Caps, told_in: str | None = None) -> Choice:
    """The choice that a settings file makes, whatever bytes it has. Raises SettingsError with the first faults that
    were found: in the language `told_in`, or else in the one that the file names, or else the default one."""
    try:
        return _parse(content, defaults, caps, told_in)
    except SettingsError:
        raise
    except Exception as error:  # the one place where a stranger's text meets the program: never neither run nor mail
        logger.exception("settings.yaml broke its reader")
        language = told_in or defaults.language
        say = words(language)
        raise SettingsError([say.settings_unreadable], language) from error


def _parse(content: bytes, defaults: Choice, caps: Caps, told_in: str | None) -> Choice:
    lines = list(read_lines(_text_of(content, told_in or defaults.language)))
    known = rules(caps)
    language = told_in or _language_of(lines, known["language"]) or defaults.language
    say = words(language)
    given: dict[str, Any] = {}
    problems = list(islice(_problems(say, known, lines, given), MAX_PROBLEMS + 1))
    if len(problems) > MAX_PROBLEMS:
        problems[MAX_PROBLEMS:] = [say.settings_more]
    if problems:
        raise SettingsError(problems, language)
    preset = given.pop("preset", None)
    choice = defaults if preset is None else default_choice(preset, language=defaults.language)
    at = {line.key: line.line for line in lines if isinstance(line, Setting)}
    if given.get("classes", ALL_CLASSES) != ALL_CLASSES and given.get("labels") != OF_FOLDERS:
        raise SettingsError([say.setting_classes.format(line=at["classes"])], language)
    size = chosen_size(say, given, at, given.pop("resolution", choice.resolution), language)
    for key in ("aspect", "width", "height"):
        given.pop(key, None)
    choice = replace(choice, **given, resolution=size.resolution, size=size.parameter)
    choice = replace(choice, train_preset=_train_preset(choice))
    possible = resolutions_of(choice.train_preset)
    if choice.resolution not in possible:
        line_number = max(at[key] for key in ("preset", "resolution", "width", "height") if key in at)
        shown = choice.resolution if size.is_square else f"{size.told} (~ {choice.resolution})"
        values = say.listing(map(str, possible))
        problem = say.setting_pair.format(line=line_number, preset=choice.preset, values=values, resolution=shown)
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


def _language_of(lines: Collection[Setting | BadLine], rule: Rule) -> str | None:
    """The language, if the file names one."""
    named = [line for line in lines if isinstance(line, Setting) and line.key == "language"]
    language = _read(rule, named[0]) if len(named) == 1 else None
    return language if isinstance(language, str) else None


def _problems(
    say: Words, known: Mapping[str, Rule], lines: Collection[Setting | BadLine], given: dict[str, Any]
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


def _read(rule: Rule, setting: Setting) -> object:
    if setting.text is None or (setting.is_quoted and not rule.is_text):
        return None
    return rule.read(setting.text)


_KEY_TO_REPEAT = re.compile(r"[A-Za-z_-]{1,30}")
_NUMBER_TO_REPEAT = re.compile(r"-?[0-9]{1,6}([.,:_][0-9]{1,3})?")
_WORD_TO_REPEAT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}")


def _unknown(say: Words, known: Mapping[str, Rule], setting: Setting) -> str:
    near = difflib.get_close_matches(setting.key[:40].lower(), known, n=1)
    hint = say.setting_did_you_mean.format(near=near[0]) if near else say.setting_all.format(keys=say.listing(known))
    if _KEY_TO_REPEAT.fullmatch(setting.key):
        return say.setting_unknown.format(line=setting.line, key=setting.key, hint=hint)
    return say.setting_unknown_line.format(line=setting.line, hint=hint)


def _wrong(say: Words, rule: Rule, setting: Setting) -> str:
    if rule.is_number and not setting.is_quoted and AMBIGUOUS.fullmatch(setting.text or ""):
        return say.setting_ambiguous.format(line=setting.line, key=setting.key)
    if rule.judge is not None and setting.text and isinstance(fault := rule.judge(setting.text), OptionFault):
        return _wrong_option(say, setting.line, fault)
    allowed, shown = rule.allowed(say), _shown(say, setting)
    return say.setting_wrong.format(line=setting.line, key=setting.key, allowed=allowed, shown=shown)


def _wrong_option(say: Words, line: int, fault: OptionFault) -> str:
    name = fault.name
    match fault.kind:
        case "value":
            allowed, shown = option_allowed(say, name), _shown(say, Setting(line, name, fault.text))
            return say.setting_wrong.format(line=line, key=name, allowed=allowed, shown=shown)
        case "ambiguous":
            return say.setting_ambiguous.format(line=line, key=name)
        case "unknown":
            shown = say.shown_text.format(text=name) if _KEY_TO_REPEAT.fullmatch(name) else say.shown_other
            return say.option_unknown.format(line=line, shown=shown, names=say.listing(fault.allowed))
        case "clash" if fault.clash is not None:
            clash = fault.clash
            phrase = say.option_missing if clash.is_missing else say.option_clash
            return phrase.format(line=line, name=clash.name, other=clash.other, word=clash.word, found=clash.found)
    return say.option_faults[fault.kind].format(line=line, name=name)


def _shown(say: Words, setting: Setting) -> str:
    if setting.text is None:
        return say.shown_nothing
    if _NUMBER_TO_REPEAT.fullmatch(setting.text) and not setting.is_quoted:
        return setting.text
    if _NUMBER_TO_REPEAT.fullmatch(setting.text) or _WORD_TO_REPEAT.fullmatch(setting.text):
        return say.shown_text.format(text=setting.text)
    return say.shown_large if setting.text.lstrip("-").isdecimal() else say.shown_other
