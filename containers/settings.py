"""Named strings from outside (hyperparameters, environment variables) read as typed, bounded values.

SageMaker hands every hyperparameter and every environment variable over as text. Each reader below either returns
a value of the promised type and range or raises `SettingError`, whose message names the key, says what is allowed
and shows what was found.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from containers.errors import SettingError
from contract.names import DATASET_NAME
from contract.pipeline import PARAMETERS, PictureSize, class_names, picture_size

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class NamedStrings:
    """A set of named strings and what to call one of them in a message ("hyperparameter", "environment variable")."""

    kind: str
    values: Mapping[str, str]

    def text(self, key: str, pattern: re.Pattern[str], example: str, default: str | None = None) -> str:
        """The value, which must match `pattern` as a whole."""
        value = self._value(key, default)
        if not pattern.fullmatch(value):
            raise self.refusal(key, f"like {example!r}", value)
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """The value, which must be one of `allowed`."""
        value = self._value(key, default)
        if value not in allowed:
            raise self.refusal(key, "one of " + ", ".join(allowed), value)
        return value

    def integer(self, key: str, low: float, high: float, default: int | None = None) -> int:
        """A whole number in `low`..`high`, both included."""
        value = self._value(key, None if default is None else str(default))
        if not _INTEGER.fullmatch(value) or not low <= int(value) <= high:
            raise self.refusal(key, f"a whole number from {low} to {high}", value)
        return int(value)

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A finite number in `low`..`high`, both included."""
        value = self._value(key, None if default is None else repr(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:
            raise self.refusal(key, f"a number from {low:g} to {high:g}", value)
        return number

    def flag(self, key: str, default: bool | None = None) -> bool:
        """`true` or `false`, or 1 or 0; capitals do not matter, because SageMaker's SDKs disagree about them."""
        value = self._value(key, None if default is None else str(default))
        if value.lower() not in _TRUTHS:
            raise self.refusal(key, "true or false", value)
        return _TRUTHS[value.lower()]

    def dataset(self, key: str) -> str:
        """A dataset's name: lower case letters, digits and inner hyphens, at most 63 characters."""
        return self.text(key, DATASET_NAME, "my-faces")

    def resolution(self, key: str) -> int:
        """What the presets go by: of square training images the side in pixels."""
        return int(self.choice(key, PARAMETERS["Resolution"].choices))

    def parameter(self, key: str, name: str) -> str:
        """The value, which must be one that the pipeline's parameter `name` may have; its default if it is missing."""
        parameter = PARAMETERS[name]
        value = self._value(key, parameter.default)
        if not parameter.accepts(value):
            raise self.refusal(key, parameter.must_be, value)
        return value

    def picture_size(self, key: str, resolution: int) -> PictureSize:
        """The pictures' width and height, which must be of this resolution."""
        value = self.parameter(key, "PictureSize")
        size = picture_size(value, resolution)
        if size is None:
            raise self.refusal(key, f"a size whose resolution is {resolution}", value)
        return size

    def classes(self, key: str) -> tuple[str, ...]:
        """Names or numbers of classes; none for all."""
        return class_names(self.parameter(key, "InferenceClasses"))

    def uri(self, key: str) -> str:
        """An address in S3."""
        return self.parameter(key, "WarmStartModel")

    def refuse_others(self, known: Collection[str]) -> None:
        """Raise for the first key that nobody reads: a misspelt setting must not be ignored in silence."""
        # Keys "sagemaker_..." are put there by SageMaker's own SDKs.
        for key in sorted(self.values):
            if key not in known and not key.startswith("sagemaker_"):
                raise SettingError(f"{self.kind} {_shown(key)} is not known; known are: {', '.join(sorted(known))}.")

    def _value(self, key: str, default: str | None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise SettingError(f"{self.kind} {key!r} is missing.")
        return value

    def refusal(self, key: str, wanted: str, value: str) -> SettingError:
        """The error for a value that is not what it must be."""
        return SettingError(f"{self.kind} {key!r} must be {wanted}, but it is {_shown(value)}.")


def _shown(value: str) -> str:
    return ascii(value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "...")
