"""The pipeline's steps and its parameters, each once.

`pipeline_builder` makes the definition of them; start_run, `operations rerun` and a start by hand check values with
them; an artist's settings and the jobs take their bounds from them. The service itself checks no more than a
parameter's type, and the containers refuse a wrong value only when their machines are paid for.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from contract.names import (
    DATASET_NAME,
    DATASET_WORDS,
    FALLBACK_LANGUAGE,
    FINGERPRINT,
    FINGERPRINT_WORDS,
    LANGUAGES,
    printable,
)
from contract.train_options import NO_OPTIONS, OPTIONS_WORDS, why_options_refused


class Step(StrEnum):
    """The steps' names, in their order."""

    PREPARE = "Prepare"
    ENOUGH_IMAGES = "EnoughImages"
    TOO_FEW_IMAGES = "TooFewImages"  # ends the run instead of those that follow
    TRAIN = "Train"
    INFER = "Infer"
    NOTIFY = "Notify"


# What runs when only new images are wanted: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html
STEPS_WITHOUT_TRAINING = (Step.INFER, Step.NOTIFY)

# What step TooFewImages says, before and after the number that is needed; mails say it in the language of their reader.
TOO_FEW_IMAGES = ("Too few good images: at least ", " are needed.")

MAX_VALUE_CHARS = 1024  # PipelineParameter.Value
RESOLUTIONS = (16, 32, 64, 128, 256, 512, 1024)
# Of those presets of the trainer that are not made for every resolution.
_RESOLUTIONS_OF = {"laptop": (16, 32, 64, 128), "tiny": (16, 32)}

# What PictureSize is without a shape of its own: as wide and as high as Resolution says.
SQUARE = "square"
LONGEST_SIDE = 2048  # px; the sheets of samples of larger pictures could not be shown any more
# A network's picture is its smallest stage, doubled some times: so many pixels wide and high.
_BASE_SIDES = range(4, 17)
ALL_CLASSES = "all"
# What InferenceSeeds is where pictures are made of the training's Seed and those that follow.
OWN_SEEDS = "own"
LARGEST_SEED = 2**32 - 1
_MOST_DRAWN = 1000  # seeds that follow the first
# What Labels is where the names of the sub-folders are classes.
OF_FOLDERS = "folders"

_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_SEEDS = re.compile(rf"{OWN_SEEDS}|(0|[1-9][0-9]{{0,9}})(,(0|[1-9][0-9]{{0,9}}))?")
_SIZE = re.compile(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class PictureSize:
    """A width and a height that the network can have, in pixels. `resolution` is what presets, costs and the network's
    own layers go by: the side of a square of at most as many pixels, one of RESOLUTIONS."""

    width: int
    height: int
    resolution: int

    @property
    def is_square(self) -> bool:
        """Whether Resolution alone says it all."""
        return self.width == self.height == self.resolution

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def parameter(self) -> str:
        """The value of the parameter PictureSize."""
        return SQUARE if self.is_square else str(self)

    @property
    def told(self) -> str:
        """As people read it."""
        return f"{self.width} x {self.height}"


@cache
def picture_sizes() -> Mapping[tuple[int, int], PictureSize]:
    """Every size that pictures may have, by width and height."""
    sizes = {}
    for base_width in _BASE_SIDES:
        for base_height in _BASE_SIDES:
            side = 1 << ((base_width * base_height).bit_length() - 1) // 2  # of the largest such square in the base
            for resolution in RESOLUTIONS:
                width, height = (base * resolution // side for base in (base_width, base_height))
                if resolution >= side and max(width, height) <= LONGEST_SIDE:
                    sizes[width, height] = PictureSize(width, height, resolution)
    return sizes


def picture_size(text: str, resolution: int) -> PictureSize | None:
    """The size that the parameters PictureSize and Resolution give together; None if there is none."""
    if text == SQUARE:
        return picture_sizes().get((resolution, resolution))
    found = _size_of(text)
    return found if found is not None and found.resolution == resolution else None


def resolution_of(text: str) -> int | None:
    """The resolution of a size like 384x256; None if pictures cannot be of that size."""
    found = _size_of(text)
    return None if found is None else found.resolution


def _size_of(text: str) -> PictureSize | None:
    size = _SIZE.fullmatch(text)
    return picture_sizes().get((int(size[1]), int(size[2]))) if size else None


def class_names(text: str) -> tuple[str, ...]:
    """The names or numbers that a list of classes holds; none for all of them. Systems write an é in two ways, and a
    class has its name in one of them (Unicode's NFC)."""
    names = unicodedata.normalize("NFC", text).split(",")
    return () if text.strip() == ALL_CLASSES else tuple(filter(None, map(str.strip, names)))


def inference_seeds(text: str) -> tuple[int, ...]:
    """The seeds that InferenceSeeds names: none, the first one to draw, or the two that are mixed with each other."""
    return () if text == OWN_SEEDS else tuple(map(int, text.split(",")))


@dataclass(frozen=True)
class Parameter:
    """What a value, always a text, may be, and what it is where none is given (None: it must be given).

    A number has `bounds`, both included; others have `choices`, or `words` and a `pattern`, or `fault`, which says what
    is wrong with a text where no pattern can, or both. A fixed parameter says which run this is and where its files
    are: no rerun can change it. `setting` is the key of settings.yaml that feeds it. `is_images_own`: the choices are
    those of our own image, and another one may have others. Another value of one that `decides_network` makes another
    training, which no checkpoint helps.
    """

    kind: Literal["Integer", "Float", "String"]  # of the definition
    default: str | None = None
    bounds: tuple[float, float] = (0, 0)
    choices: tuple[str, ...] = ()
    pattern: str = ""
    words: str = ""
    fault: Callable[[str], str | None] | None = None
    is_fixed: bool = False
    setting: str | None = None
    is_images_own: bool = False
    decides_network: bool = False

    @property
    def must_be(self) -> str:
        """What a value must be, in words that go on after "must be"."""
        low, high = self.bounds
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.words:
            return self.words
        if low == high:
            return f"{low}"
        return (
            f"a whole number from {low} to {high}" if self.kind == "Integer" else f"a number from {low:g} to {high:g}"
        )

    def accepts(self, text: str) -> bool:
        """Whether a run may be given this value."""
        low, high = self.bounds
        if not 0 < len(text) <= MAX_VALUE_CHARS:
            return False
        if self.choices:
            return text in self.choices
        if self.words:
            has_form = not self.pattern or re.fullmatch(self.pattern, text) is not None
            return has_form and (self.fault is None or self.fault(text) is None)
        grammar = _WHOLE if self.kind == "Integer" else _NUMBER
        return grammar.fullmatch(text) is not None and low <= float(text) <= high

    def refusal(self, text: str) -> str:
        """What a refused value must be and what it is, in words that go on after "must be"."""
        detail = self.fault(text) if self.fault is not None and 0 < len(text) <= MAX_VALUE_CHARS else None
        return f"{self.must_be}, not {printable(text, 60)!r}" + (f": {detail}" if detail else ".")


def _whole(low: int, high: int, default: str, **more: Any) -> Parameter:
    return Parameter("Integer", default, bounds=(low, high), **more)


def _number(low: float, high: float, default: str, *, setting: str | None = None) -> Parameter:
    return Parameter("Float", default, bounds=(low, high), setting=setting)


def _uri(**more: Any) -> Parameter:
    # Keys may have any character that can be seen.
    pattern = r"s3://[a-z0-9.-]{1,63}/[^\x00-\x20\x7f-\xa0\u2028\u2029]*"
    return Parameter("String", pattern=pattern, words="an address like s3://bucket/folder/", **more)


def _image(**more: Any) -> Parameter:
    pattern = r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}"
    return Parameter("String", pattern=pattern, words="the URI of a container image, like registry/workshop:1", **more)


def _machine(default: str) -> Parameter:
    pattern = r"ml\.[a-z0-9-]{1,30}\.[a-z0-9-]{1,30}"
    return Parameter("String", default, pattern=pattern, words="an instance type like ml.g5.xlarge")


def _size() -> Parameter:
    words = (
        f"{SQUARE}, or width and height like 384x256: each {_BASE_SIDES[0]} to {_BASE_SIDES[-1]} times the same power "
        f"of two, up to {LONGEST_SIDE}"
    )
    return Parameter(
        "String", SQUARE, pattern=rf"{SQUARE}|{_SIZE.pattern}", words=words, decides_network=True,
        fault=lambda text: None if text == SQUARE or resolution_of(text) else "no pictures have that size",
    )  # fmt: skip


def _colour() -> Parameter:
    words = "six hex digits like ffffff"
    return Parameter("String", "ffffff", pattern="[0-9a-f]{6}", words=words, setting="background", decides_network=True)


def _classes() -> Parameter:
    words = f"{ALL_CLASSES}, or names or numbers of classes with commas between them"
    return Parameter(
        "String", ALL_CLASSES, pattern=r"[^\n]+", words=words, setting="classes",
        fault=lambda text: None if text.isprintable() and text.strip(" ,") else "that names none",
    )  # fmt: skip


def _seeds() -> Parameter:
    words = f"{OWN_SEEDS}, a seed from which on pictures are made, or two seeds to mix, with a comma between them"
    return Parameter("String", OWN_SEEDS, pattern=_SEEDS.pattern, words=words, fault=_why_no_seeds)


def _why_no_seeds(text: str) -> str | None:
    if not _SEEDS.fullmatch(text):
        return None  # the words say it
    seeds = inference_seeds(text)
    largest = LARGEST_SEED if len(seeds) > 1 else LARGEST_SEED - _MOST_DRAWN
    return f"the largest is {largest}" if any(seed > largest for seed in seeds) else None


_TRAIN_PRESETS = ("auto", "stylegan2", "paper256", "paper512", "paper1024", "cifar", "laptop", "tiny")
_MODES = ("all", "generate", "mix", "project")

PARAMETERS: Mapping[str, Parameter] = {
    # What is trained.
    "Dataset": Parameter("String", pattern=DATASET_NAME.pattern, words=DATASET_WORDS, is_fixed=True),
    "Fingerprint": Parameter("String", pattern=FINGERPRINT.pattern, words=FINGERPRINT_WORDS, is_fixed=True),
    "ProcessInput": _uri(is_fixed=True),  # the snapshot's record, one JSON object
    "MinImages": _whole(1, 1_000_000, "20"),
    # Preparation, on one machine: each further one would do the same work again, and refuses to.
    "ProcessImage": _image(decides_network=True),
    "ProcessInstanceCount": _whole(1, 1, "1"),
    "ProcessInstanceType": _machine("ml.m5.xlarge"),
    # Training.
    "TrainImage": _image(decides_network=True),
    "TrainInstanceCount": _whole(1, 100, "1"),
    "TrainInstanceType": _machine("ml.g5.xlarge"),
    "TrainCheckpointPath": _uri(is_fixed=True),  # a prefix of this training's own
    "TrainOutputPath": _uri(is_fixed=True),  # the folder of the dataset's runs
    "WarmStartModel": _uri(decides_network=True),  # the prefix of a base network
    # Images, on one machine for the same reason. A CPU makes a run's images in minutes (benchmarks/projecting.py), and
    # a GPU costs six times as much an hour.
    "InferenceImage": _image(),
    "InferenceCodePath": _uri(),
    "InferenceImagePath": _uri(),  # the record of the images to project
    "InferenceInstanceCount": _whole(1, 1, "1"),
    "InferenceInstanceType": _machine("ml.m5.xlarge"),
    "InferenceMode": Parameter("String", "all", choices=_MODES, setting="inference_mode"),
    "InferenceClasses": _classes(),  # of a network that was trained with Labels
    "InferenceSeeds": _seeds(),
    "InferenceNetwork": Parameter("String", "best", choices=("best", "last"), setting="network"),  # which one draws
    "Language": Parameter("String", FALLBACK_LANGUAGE, choices=LANGUAGES, setting="language"),  # of page and mails
    # How it is trained.
    "Preset": Parameter("String", "auto", choices=_TRAIN_PRESETS, is_images_own=True, decides_network=True),
    "Kimg": _number(0.1, 25_000, "1000", setting="kimg"),  # thousands of images shown to the discriminator
    "Resolution": Parameter(  # side, px
        "Integer", "256", choices=tuple(map(str, RESOLUTIONS)), setting="resolution", decides_network=True
    ),
    "Mirror": Parameter("String", "false", choices=("true", "false"), setting="mirror", decides_network=True),
    # What it is trained on: of what shape the pictures are (without one, a square of Resolution), how images of another
    # shape fit, the colour under what is transparent and beside what does not fill it, and what the classes are.
    "PictureSize": _size(),
    "Fit": Parameter("String", "crop", choices=("crop", "letterbox"), setting="fit", decides_network=True),
    "Background": _colour(),
    "Labels": Parameter("String", "none", choices=("none", OF_FOLDERS), setting="labels", decides_network=True),
    # A run draws from the thousand seeds that follow, too, and none may exceed 32 bits.
    "Seed": _whole(0, 2**31 - 1, "0", setting="seed", decides_network=True),
    "TrainOptions": Parameter(
        "String", NO_OPTIONS, fault=why_options_refused, words=OPTIONS_WORDS, setting="options", decides_network=True
    ),
    # Disks, in GB, of which start_run computes how large they must be (contract.capacity.volumes). The most that a
    # processing job may have, and that a general purpose volume can be. Machines with a disk of their own ignore them.
    "ProcessVolumeGB": _whole(1, 16_384, "30"),
    "TrainVolumeGB": _whole(1, 16_384, "30"),
    "InferenceVolumeGB": _whole(1, 16_384, "30"),
    # A training ends early when so many snapshots of it have brought nothing better. 0: it goes on.
    "Patience": _whole(0, 1_000_000, "50"),
    # How long it learns at most, in seconds; it ends well then, and pictures are made with what it has learned.
    "TrainSeconds": _whole(1, 432_000, "432000"),
    # Limits of the jobs, in seconds: less is too short to start, learn something and save, more than the service lets a
    # training job run. A training ends by itself before its job is ended.
    "MaxTrainSeconds": _whole(600, 432_000, "86400"),
    "MaxProcessSeconds": _whole(60, 432_000, "7200"),
}
OPEN_PARAMETERS = tuple(name for name, parameter in PARAMETERS.items() if not parameter.is_fixed)


def why_refused(name: str, text: str) -> str | None:
    """Why a rerun may not be given this value of this parameter, in a sentence; None if it may."""
    parameter = PARAMETERS.get(name)
    if parameter is None:
        return f"{printable(name, 80)!r} is not a parameter. Known: {', '.join(sorted(OPEN_PARAMETERS))}."
    if parameter.is_fixed:
        return f"The parameter {name} says which run this is and cannot be replaced."
    if not parameter.accepts(text):
        return f"The parameter {name} must be {parameter.refusal(text)}"
    return None


def resolutions_of(train_preset: str) -> tuple[int, ...]:
    """The resolutions (side in pixels) that a preset of the trainer can train."""
    return _RESOLUTIONS_OF.get(train_preset, RESOLUTIONS)
