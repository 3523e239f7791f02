"""`options: gamma=10 augpipe=bg` of settings.yaml: options of the trainer, of which the deployer allows some."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from contract.train_options import TRAIN_OPTIONS, Clash, TrainOption, Value, first_clash, options_text
from workshop.dataset.plain_values import AMBIGUOUS, NUMBER, WHOLE
from workshop.words import Words


@dataclass(frozen=True)
class OptionFault:
    """What is wrong with a line of options: with the one of this name, if it has one, and this text as its value."""

    kind: Literal["none", "form", "unknown", "twice", "ambiguous", "value", "clash"]
    name: str = ""
    text: str = ""
    clash: Clash | None = None
    allowed: Collection[str] = ()


def read_options(text: str, allowed: Collection[str]) -> str | OptionFault:
    """The options that a line chooses, as the JSON that the pipeline takes, or the first fault."""
    if not allowed:
        return OptionFault("none")
    options: dict[str, Value] = {}
    for pair in text.split():
        name, equals, written = pair.partition("=")
        if not (name and equals and written):
            return OptionFault("form")
        if name not in allowed:
            return OptionFault("unknown", name, allowed=allowed)
        if name in options:
            return OptionFault("twice", name)
        if AMBIGUOUS.fullmatch(written):
            return OptionFault("ambiguous", name)
        value = _read(TRAIN_OPTIONS[name], written)
        if value is None:
            return OptionFault("value", name, written)
        options[name] = value
    clash = first_clash(options)
    return options_text(options) if clash is None else OptionFault("clash", clash=clash)


def _read(option: TrainOption, written: str) -> Value | None:
    value: Value | None = written
    if NUMBER.fullmatch(written):
        value = int(written) if WHOLE.fullmatch(written) else float(written)
    return value if option.allows(value) else None


def option_allowed(say: Words, name: str) -> str:
    """What an option may be, in words that go on after "must be"."""
    option = TRAIN_OPTIONS[name]
    if option.takes == "word":
        return say.allowed_one_of.format(values=say.listing(option.words))
    bounds = {"low": f"{option.low:g}", "high": f"{option.high:g}"}
    is_bounded, is_whole = option.high < math.inf, option.takes == "whole"
    if is_bounded:
        phrase = say.allowed_whole if is_whole else say.allowed_number
    else:
        phrase = say.allowed_above if option.above_low else say.allowed_whole_from if is_whole else say.allowed_from
    number = phrase.format(**bounds)
    return say.allowed_or.format(number=number, words=say.listing(option.words)) if option.words else number
