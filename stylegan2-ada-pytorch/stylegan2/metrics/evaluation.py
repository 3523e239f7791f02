"""The metrics by name, of one network and one data set.

What several metrics need is computed once: the rows of features of the reals and of the fakes, per kind of features.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import LoadedNetwork
from stylegan2.metrics.distances import (
    Moments,
    Rows,
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall,
)
from stylegan2.metrics.features import Detector, DiscriminatorStatistics, Features, RandomFeatures
from stylegan2.metrics.images import generated_images, latents, real_images
from stylegan2.metrics.path_length import Sampling, Space, path_length

Results = dict[str, float]


@dataclass(frozen=True)
class Measured:
    """One metric's results."""

    metric: str
    results: Results
    seconds: float
    """Without what an earlier metric had already computed."""


@dataclass
class _Side:
    """The features of the reals or of the fakes: moments of all, and rows of at most `num`."""

    moments: Moments
    rows: Rows


class Evaluation:
    """Computes metrics; see METRICS for their names."""

    def __init__(
        self,
        network: LoadedNetwork,
        dataset: ImageDataset | None,
        detector: Detector | None,
        *,
        num: int,
        batch: int,
        seed: int = 0,
    ) -> None:
        """Compare `num` generated images with all of the data set; metrics of rows take `num` of these, by chance."""
        if num < 2:
            raise OptionError(f"num: must be at least 2, not {num}")
        self.network, self.dataset, self.num, self.batch, self.seed = network, dataset, num, batch, seed
        self._detector = detector
        self._sides: dict[tuple[str, str], _Side] = {}

    @property
    def device(self) -> torch.device:
        return self.network.G_ema.mapping.w_avg.device

    def measure(self, metrics: Sequence[str]) -> Iterator[Measured]:
        """Compute the metrics one after the other. What is missing for any of them is said before the first.

        Raises OptionError, DetectorError or DatasetError.
        """
        for name in metrics:
            if name not in METRICS:
                raise OptionError(f"metrics: must be of {', '.join(METRICS)}, not {name!r}")
            metric = METRICS[name]
            if metric.needs_detector and self._detector is None:
                raise OptionError(f"detector: {name} needs one; without, there are {', '.join(WITHOUT_DETECTOR)}")
            if metric.needs_data and self.dataset is None:
                raise OptionError(f"data: {name} compares with a data set")
        self._check_data()
        return self._measure(metrics)

    def _measure(self, metrics: Sequence[str]) -> Iterator[Measured]:
        for name in metrics:
            started = time.monotonic()
            results = METRICS[name].compute(self)
            yield Measured(name, results, time.monotonic() - started)

    def _check_data(self) -> None:
        generator, data = self.network.G_ema, self.dataset
        if data is None:
            return
        wanted = (generator.img_height, generator.img_width, generator.img_channels)
        if (data.height, data.width, data.channels) != wanted:
            raise OptionError(
                f"data: the pictures are {data.height} x {data.width} with {data.channels} channels, but the network's "
                f"are {wanted[0]} x {wanted[1]} with {wanted[2]}"
            )

    @property
    def detector(self) -> Detector:
        if self._detector is None:
            raise OptionError("detector: none was given")
        return self._detector

    def side(self, kind: str, features: Features, which: str) -> _Side:
        """Return the features of one kind of the `real` or the `fake` images."""
        key = kind, which
        if key not in self._sides:
            images = self._reals() if which == "real" else self._fakes()
            self._sides[key] = _look_at(features, images, self.num)
        return self._sides[key]

    def latents(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Draw twice `num` latents, for pairs."""
        generator = self.network.G_ema
        return latents(generator, self.dataset, batch=2 * self.batch, count=2 * self.num, seed=self.seed)

    def _reals(self) -> Iterator[Tensor]:
        if self.dataset is None:
            raise OptionError("data: none was given")
        return real_images(self.dataset, self.device, batch=self.batch, count=len(self.dataset), seed=self.seed)

    def _fakes(self) -> Iterator[Tensor]:
        return generated_images(self.network.G_ema, self.dataset, batch=self.batch, count=self.num, seed=self.seed)


def _look_at(features: Features, images: Iterator[Tensor], keep: int) -> _Side:
    moments: Moments | None = None
    kept: list[Rows] = []
    count = 0
    for part in images:
        rows: Rows = features(part).cpu().numpy()
        moments = moments or Moments(rows.shape[1])
        moments.add(rows)
        if count < keep:
            kept.append(rows[: keep - count])
            count += len(kept[-1])
    if moments is None:
        raise OptionError("num: there are no pictures to look at")
    return _Side(moments, np.concatenate(kept))


@dataclass(frozen=True)
class Metric:
    """How a metric is computed, and what for."""

    summary: str
    compute: Callable[[Evaluation], Results]
    needs_detector: bool = True
    needs_data: bool = True


def _frechet(name: str, kind: str, features: Callable[[Evaluation], Features]) -> Callable[[Evaluation], Results]:
    def compute(evaluation: Evaluation) -> Results:
        real, fake = (evaluation.side(kind, features(evaluation), which) for which in ("real", "fake"))
        return {name: frechet_distance(real.moments, fake.moments)}

    return compute


def _kid(evaluation: Evaluation) -> Results:
    real, fake = (evaluation.side("detector", evaluation.detector.features, which) for which in ("real", "fake"))
    return {"kid": kernel_distance(real.rows, fake.rows, seed=evaluation.seed)}


def _pr(evaluation: Evaluation) -> Results:
    real, fake = (evaluation.side("detector", evaluation.detector.features, which) for which in ("real", "fake"))
    return asdict(precision_recall(real.rows, fake.rows))


def _is(evaluation: Evaluation) -> Results:
    fake = evaluation.side("classes", evaluation.detector.probabilities, "fake")
    score = inception_score(fake.rows)
    return {"is_mean": score.mean, "is_std": score.deviation}


def _ppl(space: Space, sampling: Sampling) -> Callable[[Evaluation], Results]:
    def compute(evaluation: Evaluation) -> Results:
        length = path_length(
            evaluation.network.G_ema,
            evaluation.latents(),
            evaluation.detector.perceptual,
            space=space,
            sampling=sampling,
            seed=evaluation.seed,
        )
        name = f"ppl_{space}{sampling}"
        return {name: length.mean, f"{name}_trimmed": length.trimmed}

    return compute


METRICS: dict[str, Metric] = {
    "frechet_random": Metric(
        "Frechet distance on fixed random features; no FID",
        _frechet("frechet_random", "random", lambda evaluation: RandomFeatures()),
        needs_detector=False,
    ),
    "frechet_discriminator": Metric(
        "Frechet distance on the network's own discriminator; no FID",
        _frechet(
            "frechet_discriminator", "discriminator", lambda evaluation: DiscriminatorStatistics(evaluation.network.D)
        ),
        needs_detector=False,
    ),
    "fid": Metric(
        "Frechet distance on the detector's features",
        _frechet("fid", "detector", lambda evaluation: evaluation.detector.features),
    ),
    "kid": Metric("kernel distance", _kid),
    "pr": Metric("precision and recall", _pr),
    "is": Metric("inception score", _is, needs_data=False),
    "ppl_zfull": Metric("path length in Z, anywhere", _ppl("z", "full"), needs_data=False),
    "ppl_wfull": Metric("path length in W, anywhere", _ppl("w", "full"), needs_data=False),
    "ppl_zend": Metric("path length in Z, at the ends", _ppl("z", "end"), needs_data=False),
    "ppl_wend": Metric("path length in W, at the ends", _ppl("w", "end"), needs_data=False),
}

WITHOUT_DETECTOR = tuple(name for name, metric in METRICS.items() if not metric.needs_detector)
