"""How far apart two sets of images are, judged by their features: rows of numbers, one per image.

    frechet_distance    FID's formula (arXiv:1706.08500, equation 6)
    kernel_distance     KID's: the unbiased MMD^2 of a cubic kernel (arXiv:1801.01401, section 4)
    precision_recall    the k-nearest-neighbour manifolds of arXiv:1904.06991 (equations 1 and 2)
    inception_score     exp of the mutual information of image and class (arXiv:1606.03498, section 4)

Which features they are given makes an FID of a Frechet distance; see features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.errors import OptionError

Rows = NDArray[np.float32]
"""The features of N images, [N, F]."""
Matrix = NDArray[np.float64]

_CHUNK = 2048  # rows compared at once with as many others: 32 MiB


class Moments:
    """Mean and covariance of rows that come in parts, exact also where the mean is far from zero."""

    def __init__(self, features: int) -> None:
        self.count = 0
        self.mean = np.zeros(features)
        self._scatter = np.zeros((features, features))

    def add(self, rows: Rows) -> None:
        """Take in more rows [N, F]; parts are merged as in Chan, Golub and LeVeque's pairwise algorithm (1979)."""
        part, total = rows.astype(np.float64), self.count + len(rows)
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite stays so, and is seen at the end
            mean = part.mean(axis=0)
            centred, step = part - mean, mean - self.mean
            self._scatter += centred.T @ centred + np.outer(step, step) * (self.count * len(part) / total)
            self.mean = self.mean + step * (len(part) / total)
        self.count = total

    @property
    def covariance(self) -> Matrix:
        """The unbiased covariance [F, F]. Raises OptionError for fewer than two rows."""
        if self.count < 2:
            raise OptionError(f"num: a covariance needs at least 2 pictures, not {self.count}")
        return self._scatter / (self.count - 1)


def moments_of(rows: Rows) -> Moments:
    """Return the moments of rows that are all there."""
    moments = Moments(rows.shape[1])
    moments.add(rows)
    return moments


def frechet_distance(first: Moments, second: Moments) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2), the squared 2-Wasserstein distance of two Gaussians.

    S1 S2 has the eigenvalues of the symmetric S1^1/2 S2 S1^1/2, so the trace of its root is the sum of their roots.
    Not-a-number if the rows were not finite.
    """
    covariances = first.covariance, second.covariance
    if not all(np.isfinite(covariance).all() for covariance in covariances):
        return float("nan")
    root = matrix_root(covariances[0])
    product = root @ covariances[1] @ root
    eigenvalues = np.linalg.eigvalsh((product + product.T) / 2)
    traces = np.trace(covariances[0]) + np.trace(covariances[1])
    distance = np.square(first.mean - second.mean).sum() + traces - 2 * np.sqrt(eigenvalues.clip(min=0)).sum()
    return max(float(distance), 0.0)  # rounding may carry it below


def matrix_root(matrix: Matrix) -> Matrix:
    """Return the symmetric positive root of a symmetric positive semi-definite matrix."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    root: Matrix = (vectors * np.sqrt(eigenvalues.clip(min=0))) @ vectors.T
    return root


def kernel_distance(real: Rows, fake: Rows, *, subsets: int = 100, size: int = 1000, seed: int = 0) -> float:
    """Return the mean of the unbiased MMD^2 over random subsets, kernel (x . y / F + 1)^3; it may be negative."""
    size = min(size, len(real), len(fake))
    if size < 2:
        raise OptionError(f"num: a kernel distance needs at least 2 pictures of each kind, not {size}")
    dice = np.random.RandomState(seed)
    total = 0.0
    for _ in range(subsets):
        x = real[dice.choice(len(real), size, replace=False)].astype(np.float64)
        y = fake[dice.choice(len(fake), size, replace=False)].astype(np.float64)
        within = _kernel(x, x) + _kernel(y, y)
        np.fill_diagonal(within, 0)
        total += float(within.sum() / (size * (size - 1)) - 2 * _kernel(x, y).mean())
    return total / subsets


def _kernel(x: Matrix, y: Matrix) -> Matrix:
    values: Matrix = (x @ y.T / x.shape[1] + 1) ** 3
    return values


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision and recall, between 0 and 1 each."""

    precision: float
    """How many of the fakes lie among the reals."""
    recall: float
    """How many of the reals lie among the fakes."""


def precision_recall(real: Rows, fake: Rows, *, neighbours: int = 3) -> PrecisionRecall:
    """A row lies among others if, of one of them at least, it is no farther than that one's k-th nearest other."""
    if min(len(real), len(fake)) <= neighbours:
        raise OptionError(f"num: precision and recall need more than {neighbours} pictures of each kind")
    return PrecisionRecall(_share_among(fake, real, neighbours), _share_among(real, fake, neighbours))


def _share_among(rows: Rows, others: Rows, neighbours: int) -> float:
    radii = [_distance_of_nearest(part, others, neighbours) for part in _parts(others)]
    among = []
    for part in _parts(rows):
        found = np.zeros(len(part), dtype=bool)
        for other, radius in zip(_parts(others), radii, strict=True):
            found |= (_squared_distances(part, other) <= radius).any(axis=1)
        among.append(found)
    return float(np.concatenate(among).mean())


def _distance_of_nearest(rows: Rows, everyone: Rows, neighbours: int) -> Matrix:
    """Return the squared distances [N] to the k-th nearest of the others; at place 0 is the row itself."""
    nearest = np.full((len(rows), neighbours + 1), np.inf)
    for part in _parts(everyone):
        candidates = np.concatenate([nearest, _squared_distances(rows, part)], axis=1)
        nearest = np.partition(candidates, neighbours, axis=1)[:, : neighbours + 1]
    farthest: Matrix = nearest.max(axis=1)
    return farthest


def _parts(rows: Rows) -> list[Rows]:
    return [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]


def _squared_distances(x: Rows, y: Rows) -> Matrix:
    left, right = x.astype(np.float64), y.astype(np.float64)
    squares = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1) - 2 * left @ right.T
    distances: Matrix = squares.clip(min=0)
    return distances


@dataclass(frozen=True)
class InceptionScore:
    """The score, from 1 (all alike or undecided) to the number of classes."""

    mean: float
    deviation: float
    """Standard deviation between the parts."""


def inception_score(probabilities: Rows, *, parts: int = 10) -> InceptionScore:
    """Return exp(E_x KL(p(y|x) || p(y))) of each part, given p(y|x) [N, classes] of generated images."""
    if len(probabilities) < parts:
        raise OptionError(f"num: the inception score needs at least {parts} pictures, not {len(probabilities)}")
    rows = probabilities.astype(np.float64)
    if rows.min() < 0 or not np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        raise OptionError("detector: its classes are no probabilities; the inception score needs them after a softmax")
    scores = []
    for part in np.array_split(rows, parts):
        tiny = np.finfo(np.float64).tiny  # p log p is 0 at 0
        divergence = part * (np.log(part.clip(min=tiny)) - np.log(part.mean(axis=0).clip(min=tiny)))
        scores.append(np.exp(divergence.sum(axis=1).mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))
