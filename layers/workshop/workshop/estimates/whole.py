"""The estimate of a whole run: Prepare, training, Infer, and the starts of their jobs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from contract.pipeline import PARAMETERS, picture_size
from workshop.estimates.learned import Learned
from workshop.estimates.prices import PriceList, price_list
from workshop.estimates.speeds import Basis, Figure, SpeedTable, speed_table

# Infer leaves some of its time for its own start, the page, and the copies (containers.infer.step).
_SHARE_OF_INFER = 0.8
# Of Prepare, whose table is a guess; and a machine with the table's two cores, for one that it does not know.
_CAUTION, _SMALL_MACHINE = 5.0, "ml.m5.large"
# A training that needs hardly more than its limit is as good as done; an estimate is not more exact than this anyway.
_NEARLY_ALL = 0.98


@dataclass(frozen=True)
class Work:
    """What a run has to do: so many images of `size` bytes together are prepared, so many of the targets found. A run
    that does not train prepares nothing either. `done_kimg` of the training are in the checkpoint that it goes on
    from."""

    trains: bool
    images: int
    size: int
    targets: int
    done_kimg: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """What a run will take, in seconds, and cost, in dollars.

    `training` is all of it that is left, even beyond `limit`, which it may learn at most; None: nobody can say.
    `beside` is all else, with the jobs' starts: `factor` times what the table says, as earlier runs have shown.
    `beside_cost` is None where a price is not known. `done` is the share of its length that an earlier run has learned.
    """

    training: float | None
    limit: float
    beside: float
    beside_cost: float | None
    basis: Basis
    factor: float = 1.0
    done: float = 0.0

    @property
    def training_seconds(self) -> float | None:
        """How long it will train, within its limit."""
        return None if self.training is None else min(self.training, self.limit)

    @property
    def seconds(self) -> float | None:
        """How long the whole run will take."""
        return None if self.training_seconds is None else self.training_seconds + self.beside

    def cost(self, hourly_price: float) -> float | None:
        """Dollars for the training on machines of this price an hour, and for all else as far as that is known; None if
        nobody can say."""
        if not hourly_price or self.training_seconds is None:
            return None
        return hourly_price * self.training_seconds / 3600 + (self.beside_cost or 0)

    @property
    def share_done(self) -> float:
        """Which share of the training's length its limit allows: 1 for all of it, or if nobody can say."""
        if self.training is None or self.limit >= self.training * _NEARLY_ALL:
            return 1.0
        return self.done + (1 - self.done) * self.limit / self.training

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> "Estimate | None":
        """None for a run of before there were estimates."""
        if not text:
            return None
        values = json.loads(text)
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**known | {"basis": Basis(values["basis"])})


def estimate_run(
    parameters: Mapping[str, str],
    work: Work,
    learned: Learned,
    region: str,
    speeds: SpeedTable | None = None,
    prices: PriceList | None = None,
) -> Estimate:
    """The estimate of a run with these parameters of the pipeline; those that are not given have their defaults."""
    speeds, prices = speeds or speed_table(), prices or price_list()
    given = {name: parameters.get(name) or parameter.default or "" for name, parameter in PARAMETERS.items()}
    preset, resolution = given["Preset"], int(given["Resolution"])
    squares = _pixels_in_squares(given["PictureSize"], resolution)
    drawing = speeds.drawing(
        given["InferenceInstanceType"], preset, resolution, given["InferenceMode"], work.targets
    ) or Figure(0.0, Basis.GUESS)
    drawing = Figure(min(drawing.seconds * squares, _SHARE_OF_INFER * float(given["MaxProcessSeconds"])), drawing.basis)
    busy = {"InferenceInstanceType": drawing.seconds}
    training: Figure | None = Figure(0.0, Basis.GUESS)
    if work.trains:
        preparing = speeds.preparing(given["ProcessInstanceType"], work.images, work.size)
        busy |= {"ProcessInstanceType": 0.0 if preparing is None else preparing.seconds, "TrainInstanceType": 0.0}
        training = _training(given, squares, learned, speeds)
    starts = {name: speeds.starting(given[name]).seconds for name in busy}
    beside = sum(busy.values()) + sum(starts.values())
    basis = Basis.GUESS if training is None or training.seconds < beside else training.basis
    factor = 1.0
    if learned.beside is not None:
        factor = learned.beside
        basis = Basis.GUESS if training is None else training.basis
    done = min(work.done_kimg / float(given["Kimg"]), 1.0) if work.trains else 0.0
    seconds = None if training is None else training.seconds * (1 - done)
    limit = min(float(given["TrainSeconds"]), float(given["MaxTrainSeconds"]))
    return Estimate(seconds, limit, beside * factor, _cost(busy, given, region, prices), basis, factor, done)


def process_seconds(machine: str, images: int, size: int) -> int:
    """How long a processing job may take at most that prepares so many images of `size` bytes together: the pipeline's
    default, or several times what they should take. What they are is known only when they are opened."""
    allowed = PARAMETERS["MaxProcessSeconds"]
    speeds = speed_table()
    expected = speeds.preparing(machine, images, size) or speeds.preparing(_SMALL_MACHINE, images, size)
    seconds = 0.0 if expected is None else _CAUTION * expected.seconds
    return int(min(max(float(allowed.default or 0), seconds), allowed.bounds[1]))


def _pixels_in_squares(size: str, resolution: int) -> float:
    """How many squares of the resolution, which the table is about, a picture has the pixels of."""
    found = picture_size(size, resolution)
    return 1.0 if found is None else found.width * found.height / resolution**2


def _training(given: Mapping[str, str], squares: float, learned: Learned, speeds: SpeedTable) -> Figure | None:
    kimg = float(given["Kimg"])
    if learned.sec_per_kimg is not None:
        return Figure(learned.sec_per_kimg * kimg, Basis.OWN)
    machine, machines = given["TrainInstanceType"], int(given["TrainInstanceCount"])
    speed = speeds.training(machine, machines, given["Preset"], int(given["Resolution"]))
    if speed is None:
        return None
    return Figure(speed.seconds * squares * kimg, speed.basis if squares == 1 else Basis.GUESS)


def _cost(busy: Mapping[str, float], given: Mapping[str, str], region: str, prices: PriceList) -> float | None:
    """What the jobs beside the training cost; None if a price is not known. Their starts are not billed."""
    costs = []
    for name, seconds in busy.items():
        if name != "TrainInstanceType":
            price = prices.price(region, given[name])
            costs.append(None if price is None else price * seconds / 3600)
    return None if None in costs else sum(cost for cost in costs if cost is not None)
