"""Options of the trainer, chosen: from JSON and back, and a sentence for what does not fit."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.errors import RefusedOptions
from contract.names import printable
from contract.train_options.option import TRAIN_OPTIONS, Value

NO_OPTIONS = "{}"
OPTIONS_WORDS = 'options of train.py as JSON, like {"gamma": 10, "augpipe": "bg"}'
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Clash:
    """An option that is given, or missing, because another one is what it is: for it, the other has to be `word`."""

    name: str
    other: str
    word: str
    found: Value | None
    is_missing: bool

    @property
    def sentence(self) -> str:
        if self.is_missing:
            return f"{self.name} must be given with {self.other}={self.word}."
        return f"{self.name} is for {self.other}={self.word}, but {self.other} is {self.found}."


def read_options(text: str) -> dict[str, Value]:
    """The options that a JSON object chooses, by their names in the table.

    `-` in a name is taken for `_`, since a command line has both `--batch-gpu` and options without.

    Raises:
        RefusedOptions: says which option it is, and what is allowed.
    """
    try:
        chosen = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise RefusedOptions("it is nested too deeply.") from error
    except ValueError as error:
        raise RefusedOptions(f"it is not JSON: {printable(str(error), 100)}.") from error
    if not isinstance(chosen, dict):
        raise RefusedOptions("it is no JSON object.")
    options: dict[str, Value] = {}
    for given, value in chosen.items():
        name = given.replace("-", "_")
        if name not in TRAIN_OPTIONS:
            raise RefusedOptions(_unknown(name))
        if name in options:
            raise RefusedOptions(f"{name} stands there twice.")
        if not TRAIN_OPTIONS[name].allows(value):
            shown = printable(json.dumps(value), _LONGEST_SHOWN)
            raise RefusedOptions(f"{name} must be {TRAIN_OPTIONS[name].must_be}, not {shown}.")
        options[name] = value
    if (clash := first_clash(options)) is not None:
        raise RefusedOptions(clash.sentence)
    return options


def why_options_refused(text: str) -> str | None:
    """What is wrong with a JSON text of options, in a sentence; None if it is fine."""
    try:
        read_options(text)
    except RefusedOptions as refusal:
        return str(refusal)
    return None


def first_clash(options: Mapping[str, Value]) -> Clash | None:
    """Why these options, each of which is allowed, cannot be chosen together; None if they can."""
    for name, option in TRAIN_OPTIONS.items():
        if option.only_with is None:
            continue
        other, word = option.only_with
        found = options.get(other, TRAIN_OPTIONS[other].default)
        is_given = name in options
        if (is_given and found != word) or (option.needed and not is_given and found == word):
            return Clash(name, other, word, found, is_missing=not is_given)
    return None


def options_text(options: Mapping[str, Value]) -> str:
    """The JSON of chosen options: equal choices give equal texts."""
    return json.dumps(dict(options), sort_keys=True, separators=(",", ":"))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name[:40], TRAIN_OPTIONS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(TRAIN_OPTIONS)}."
    return (
        f"{printable(name, _LONGEST_SHOWN)!r} is not an option that can be given here. {hint} "
        "What has a parameter of its own, like Preset and Kimg, is given there."
    )


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedOptions(f"{printable(twice, _LONGEST_SHOWN)!r} stands there twice.")
    return found


def _refuse_constant(word: str) -> Any:
    raise RefusedOptions(f"{word} is no number of JSON.")
