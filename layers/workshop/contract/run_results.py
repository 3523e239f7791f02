"""report.json: what a run has made, in numbers. Infer writes it beside the page; the notices read it, and others.

It says more than stands here: what only its readers outside care for, `containers.infer.report` adds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from contract.documents import as_amount, as_count, as_text, parse_json, reading
from contract.layout import MADE_KINDS, PROJECTED
from contract.prepare_report import SetAside

# Of the targets that could not be used, which are named: more than a run projects.
MAX_SKIPPED = 200

_LONGEST_WORD = 40

Known = TypeVar("Known")


# Of a training's length, after which its own speed tells how long all of it takes.
ESTIMATED_AFTER = 0.02


@dataclass(frozen=True)
class TrainingOutcome:
    """How far the training came: `kimg` of `wanted_kimg` thousand images shown, in `seconds`, at `sec_per_kimg` (None:
    too short to tell). `ended` is the trainer's word for why (stylegan2.options.budget.Ending; "" is unknown).

    `estimated_seconds` is how long all of it would have taken by the speed that it had after ESTIMATED_AFTER of its
    length; None if it did not come so far.

    `trouble` is the trainer's word for what was the matter at the end (stylegan2.options.words.Trouble). `network` is
    the one that the pictures were drawn with (a choice of InferenceNetwork), from when the training had come to
    `network_kimg`. Scores are distances, of which less is better. None: nothing, or not known.
    """

    kimg: float
    wanted_kimg: float
    ended: str
    seconds: float
    sec_per_kimg: float | None = None
    estimated_seconds: float | None = None
    trouble: str | None = None
    network: str | None = None
    network_kimg: float | None = None
    network_score: float | None = None
    last_score: float | None = None

    @classmethod
    def of_ticks(cls, ticks: Sequence[tuple[float, float]], wanted_kimg: float, ended: str = "") -> "TrainingOutcome":
        """The outcome of a training whose statistics say (kimg, seconds since it began) at the end of every tick.

        The first tick is left out of the speed: compilers and caches have their work in it. So the estimate waits for a
        second one, where one is already more than ESTIMATED_AFTER.
        """
        kimg, seconds = ticks[-1] if ticks else (0.0, 0.0)
        beyond = (number for number, tick in enumerate(ticks) if tick[0] >= ESTIMATED_AFTER * wanted_kimg)
        early = next((number for number in beyond if number > 0), None)
        early_speed = None if early is None else _sec_per_kimg(ticks[: early + 1])
        estimated = None
        if early is not None and early_speed is not None:
            estimated = ticks[early][1] + max(wanted_kimg - ticks[early][0], 0.0) * early_speed
        return cls(kimg, wanted_kimg, ended, seconds, _sec_per_kimg(ticks), estimated)

    @property
    def is_complete(self) -> bool:
        return self.kimg >= self.wanted_kimg

    @property
    def seconds_left(self) -> float | None:
        """How long the rest would take; None if nobody can say."""
        if self.is_complete:
            return 0.0
        return None if self.sec_per_kimg is None else (self.wanted_kimg - self.kimg) * self.sec_per_kimg

    @classmethod
    def from_dict(cls, value: Any) -> "TrainingOutcome":
        """Raises KeyError, TypeError or ValueError. A training that is under way has drawn nothing yet."""
        return cls(
            kimg=as_amount(value["kimg"]),
            wanted_kimg=as_amount(value["wanted_kimg"]),
            ended=_as_word(value["ended"]),
            seconds=as_amount(value["seconds"]),
            sec_per_kimg=_if_known(as_amount, value["sec_per_kimg"]),
            estimated_seconds=_if_known(as_amount, value["estimated_seconds"]),
            trouble=_if_known(_as_word, value.get("trouble")),
            network=_if_known(_as_word, value.get("network")),
            network_kimg=_if_known(as_amount, value.get("network_kimg")),
            network_score=_if_known(as_amount, value.get("network_score")),
            last_score=_if_known(as_amount, value.get("last_score")),
        )


def _as_word(value: Any) -> str:
    return as_text(value)[:_LONGEST_WORD]


def _if_known(read: Callable[[Any], Known], value: Any) -> Known | None:
    return None if value is None else read(value)


@dataclass(frozen=True)
class RunResults:
    """How many images of each of MADE_KINDS were made, and how many of the listed targets were projected. The first of
    those that were not are named with their reason. `training` is None where another image has trained."""

    made: Mapping[str, int]
    targets_listed: int
    skipped_targets: Sequence[SetAside] = ()
    training: TrainingOutcome | None = None

    @property
    def projected(self) -> int:
        return self.made[PROJECTED]

    @property
    def made_count(self) -> int:
        """As the page counts them."""
        return sum(self.made.values())

    def as_dict(self) -> dict[str, Any]:
        skipped = self.targets_listed - self.projected
        return {
            "pictures": dict(self.made),
            "targets": {"listed": self.targets_listed, "projected": self.projected, "skipped": skipped},
            "skipped_targets": [one.as_dict() for one in self.skipped_targets[:MAX_SKIPPED]],
            "training": None if self.training is None else asdict(self.training),
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunResults":
        """Raises DocumentError with what is wrong."""
        with reading():
            value = parse_json(text)
            made = {kind: as_count(value["pictures"][kind]) for kind in MADE_KINDS}
            training = value.get("training")  # those of earlier releases have none
            return cls(
                made,
                as_count(value["targets"]["listed"]),
                tuple(map(SetAside.from_dict, value["skipped_targets"])),
                None if training is None else TrainingOutcome.from_dict(training),
            )


def _sec_per_kimg(ticks: Sequence[tuple[float, float]]) -> float | None:
    """The speed over all ticks but the first, or of that one if there is no other; None if nothing was measured."""
    if not ticks:
        return None
    begin, end = ticks[0] if len(ticks) > 1 else (0.0, 0.0), ticks[-1]
    kimg, seconds = end[0] - begin[0], end[1] - begin[1]
    return seconds / kimg if kimg > 0 and seconds > 0 else None
