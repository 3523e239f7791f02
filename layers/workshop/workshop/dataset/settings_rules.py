"""What a setting may be: how its text is read, and the words for what is allowed.

A reader returns None for what is not allowed.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from contract.names import LANGUAGES, language_of
from contract.pipeline import PARAMETERS, Parameter
from workshop.dataset.plain_values import AMBIGUOUS, NUMBER, TRUTHS, WHOLE
from workshop.dataset.train_options import OptionFault, read_options
from workshop.words import Words


@dataclass(frozen=True)
class Rule:
    """What a setting may be, in any language, and how its text is read: None for what is not allowed."""

    allowed: Callable[[Words], str]
    read: Callable[[str], object]
    is_text: bool = False  # may be quoted
    judge: Callable[[str], str | OptionFault] | None = None  # says more of what was not read
    # The same for a form.
    kind: Literal["choice", "whole", "number", "truth", "text"] = "text"
    choices: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None

    @property
    def is_number(self) -> bool:
        """Whether it may have decimals."""
        return self.kind == "number"


def _choice(values: Collection[str], read: Callable[[str], object], *, is_text: bool = True) -> Rule:
    def allowed(say: Words) -> str:
        return say.allowed_one_of.format(values=say.listing(values))

    return Rule(allowed, read, is_text, kind="choice", choices=tuple(values))


def one_of(values: Collection[str]) -> Rule:
    return _choice(values, lambda text: text if text in values else None)


def one_number_of(values: Collection[str]) -> Rule:
    return _choice(values, lambda text: int(text) if text in values else None, is_text=False)


def one_language() -> Rule:
    return _choice(LANGUAGES, language_of)


def truth() -> Rule:
    return Rule(lambda say: say.allowed_truth, TRUTHS.get, kind="truth")


def whole(low: float, high: float) -> Rule:
    def read(text: str) -> int | None:
        return found if WHOLE.fullmatch(text) and low <= (found := int(text)) <= high else None

    return Rule(lambda say: say.allowed_whole.format(low=low, high=high), read, kind="whole", bounds=(low, high))


def number(low: float, high: float) -> Rule:
    def read(text: str) -> float | None:
        is_plain = NUMBER.fullmatch(text) and not AMBIGUOUS.fullmatch(text)
        return found if is_plain and low <= (found := float(text)) <= high else None

    # Bounds are shown as they have to be typed.
    shown = {"low": f"{low:g}", "high": f"{high:g}"}
    return Rule(lambda say: say.allowed_number.format(**shown), read, kind="number", bounds=(low, high))


def options(allowed: Collection[str]) -> Rule:
    def judge(text: str) -> str | OptionFault:
        return read_options(text, allowed)

    def read(text: str) -> str | None:
        return judged if isinstance(judged := judge(text), str) else None

    return Rule(lambda say: say.allowed_options, read, is_text=True, judge=judge)


_COLOURS = {"white": "ffffff", "black": "000000", "grey": "808080", "gray": "808080"}
_ASPECT = re.compile(r"([1-9][0-9]?):([1-9][0-9]?)")


def aspect() -> Rule:
    def read(text: str) -> tuple[int, int] | None:
        found = _ASPECT.fullmatch(text)
        return (int(found[1]), int(found[2])) if found else None

    return Rule(lambda say: say.allowed_aspect, read, is_text=True)


def colour() -> Rule:
    def read(text: str) -> str | None:
        name = text.lower().removeprefix("#")
        return _COLOURS.get(name, name) if name in _COLOURS or re.fullmatch(r"[0-9a-f]{6}", name) else None

    return Rule(lambda say: say.allowed_colour, read, is_text=True)


def classes() -> Rule:
    parameter = PARAMETERS["InferenceClasses"]
    return Rule(lambda say: say.allowed_classes, lambda text: text if parameter.accepts(text) else None, is_text=True)


FED = {parameter.setting: parameter for parameter in PARAMETERS.values() if parameter.setting is not None}


def of_parameter(parameter: Parameter) -> Rule:
    """What a setting may be that becomes a parameter of the pipeline as it is."""
    match parameter.kind, parameter.choices:
        case "Integer", ():
            return whole(*parameter.bounds)
        case "Float", ():
            return number(*parameter.bounds)
        case "Integer", choices:
            return one_number_of(choices)
        case _, ("true", "false"):
            return truth()
    return one_of(parameter.choices)
