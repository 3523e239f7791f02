"""What each parameter of the pipeline may be: one table, which the artists' settings and the operators' overrides are
checked against, and with which the tests compare the pipeline's definition, the containers and the model.

Needs nothing but the standard library. The service itself checks no more than a parameter's type, and the containers
refuse a wrong value only when their machines are paid for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

MAX_CHARS = 1024  # PipelineParameter.Value
RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
INFERENCE_MODES = ("all", "generate", "mix", "project")
MIN_KIMG, MAX_KIMG = 0.1, 25_000.0
MAX_SEED = 2**31 - 1  # a run draws from the thousand seeds that follow, too, and none may exceed 32 bits
TRAIN_PRESETS = ("auto", "stylegan2", "paper256", "paper512", "paper1024", "cifar", "laptop", "tiny")
# Of those presets that are not made for every resolution.
_RESOLUTIONS_OF = {"laptop": (16, 32, 64, 128), "tiny": (16, 32)}

_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")


@dataclass(frozen=True)
class Parameter:
    """What a value, always a text, must be (in words, and as a test), and what it is where none is given (None: it must
    be given). A fixed one says which run this is and where its files are: no rerun can change it."""

    kind: Literal["Integer", "Float", "String"]  # of the definition
    must_be: str
    fits: Callable[[str], bool]
    default: str | None = None
    is_fixed: bool = False

    def accepts(self, text: str) -> bool:
        """Whether a run may be given this value."""
        return 0 < len(text) <= MAX_CHARS and self.fits(text)


def resolutions_of(train_preset: str) -> tuple[int, ...]:
    """The resolutions (side in pixels) that a preset of the trainer can train."""
    return _RESOLUTIONS_OF.get(train_preset, RESOLUTIONS)


def _whole(low: int, high: int, default: str | None = None) -> Parameter:
    words = f"a whole number from {low} to {high}" if low < high else str(low)
    return Parameter("Integer", words, lambda text: bool(_WHOLE.fullmatch(text)) and low <= int(text) <= high, default)


def _number(low: float, high: float, default: str | None = None) -> Parameter:
    words = f"a number from {low:g} to {high:g}"
    return Parameter("Float", words, lambda text: bool(_NUMBER.fullmatch(text)) and low <= float(text) <= high, default)


def _one_of(*choices: str, kind: Literal["Integer", "String"] = "String", default: str | None = None) -> Parameter:
    return Parameter(kind, f"one of {', '.join(choices)}", choices.__contains__, default)


def _like(pattern: str, words: str, default: str | None = None, *, is_fixed: bool = False) -> Parameter:
    matcher = re.compile(pattern)
    return Parameter("String", words, lambda text: matcher.fullmatch(text) is not None, default, is_fixed)


def _uri(*, is_fixed: bool = False) -> Parameter:
    # Keys may have any character that can be seen.
    pattern = r"s3://[a-z0-9.-]{1,63}/[^\x00-\x20\x7f-\xa0\u2028\u2029]*"
    return _like(pattern, "an address like s3://bucket/folder/", is_fixed=is_fixed)


def _image() -> Parameter:
    return _like(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}", "the URI of a container image, like registry/workshop:1")


def _machine(default: str) -> Parameter:
    return _like(r"ml\.[a-z0-9-]{1,30}\.[a-z0-9-]{1,30}", "an instance type like ml.g5.xlarge", default)


PARAMETERS: Mapping[str, Parameter] = {
    # What is trained.
    "Dataset": _like(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a dataset's name", is_fixed=True),
    "Fingerprint": _like(r"[0-9a-f]{64}", "64 hex digits", is_fixed=True),
    "ProcessInput": _uri(is_fixed=True),
    "MinImages": _whole(1, 1_000_000, "20"),
    # Preparation, on one machine: each further one would do the same work again, and refuses to.
    "ProcessImage": _image(),
    "ProcessInstanceCount": _whole(1, 1, "1"),
    "ProcessInstanceType": _machine("ml.m5.xlarge"),
    # Training.
    "TrainImage": _image(),
    "TrainInstanceCount": _whole(1, 100, "1"),
    "TrainInstanceType": _machine("ml.g5.xlarge"),
    "TrainCheckpointPath": _uri(is_fixed=True),
    "TrainOutputPath": _uri(is_fixed=True),
    "WarmStartModel": _uri(),
    # Pictures, on one machine for the same reason.
    "InferenceImage": _image(),
    "InferenceCodePath": _uri(),
    "InferenceImagePath": _uri(),
    "InferenceInstanceCount": _whole(1, 1, "1"),
    "InferenceInstanceType": _machine("ml.m5.xlarge"),
    "InferenceMode": _one_of(*INFERENCE_MODES, default="all"),
    # How it is trained.
    "Preset": _one_of(*TRAIN_PRESETS, default="auto"),
    "Kimg": _number(MIN_KIMG, MAX_KIMG, "1000"),
    "Resolution": _one_of(*map(str, RESOLUTIONS), kind="Integer", default="256"),
    "Mirror": _one_of("true", "false", default="false"),
    "Seed": _whole(0, MAX_SEED, "0"),
    # Limits, in seconds: less is too short to start and save, more than the service lets a training job run.
    "MaxTrainSeconds": _whole(60, 432_000, "86400"),
    "MaxProcessSeconds": _whole(60, 432_000, "7200"),
}
OPEN_PARAMETERS = tuple(name for name, parameter in PARAMETERS.items() if not parameter.is_fixed)
