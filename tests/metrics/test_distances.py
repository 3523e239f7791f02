"""The formulas against closed forms of Gaussians and against independent computations."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylegan2.base.errors import OptionError
from stylegan2.metrics.distances import (
    Moments,
    frechet_distance,
    inception_score,
    kernel_distance,
    matrix_root,
    moments_of,
    precision_recall,
)


def gaussian(count, mean, covariance, seed=0):
    """Rows that have exactly this mean and covariance, not only in the limit."""
    rows = np.random.RandomState(seed).randn(count, len(mean))
    rows -= rows.mean(axis=0)
    whitened = rows @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(rows.T)))).T
    return whitened @ np.linalg.cholesky(np.asarray(covariance)).T + np.asarray(mean)


def random_covariance(size, seed):
    factor = np.random.RandomState(seed).randn(size, size)
    return factor @ factor.T + 0.1 * np.eye(size)


class TestMoments:
    @given(st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(0, 1000))
    def test_rows_in_parts_have_the_moments_of_all_together(self, sizes, seed):
        rows = (np.random.RandomState(seed).randn(sum(sizes) + 1, 3) + 1000).astype(np.float32)
        moments = Moments(3)
        for part in np.split(rows, np.cumsum(sizes)):
            moments.add(part)
        np.testing.assert_allclose(moments.mean, rows.astype(np.float64).mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(moments.covariance, np.cov(rows.astype(np.float64).T), rtol=1e-8, atol=1e-10)

    def test_one_row_has_no_covariance(self):
        with pytest.raises(OptionError, match="num: a covariance needs at least 2"):
            _ = moments_of(np.zeros((1, 3), np.float32)).covariance


class TestFrechet:
    def test_in_one_dimension_it_is_the_difference_of_means_and_of_deviations(self):
        a, b = gaussian(500, [1.0], [[4.0]]), gaussian(700, [4.0], [[25.0]], seed=1)
        assert frechet_distance(moments_of(a), moments_of(b)) == pytest.approx((1 - 4) ** 2 + (2 - 5) ** 2)

    def test_of_commuting_covariances_it_is_the_distance_of_their_roots(self):
        turn = np.linalg.qr(np.random.RandomState(3).randn(4, 4))[0]
        first, second = np.array([1.0, 4.0, 9.0, 0.25]), np.array([2.25, 1.0, 0.01, 16.0])
        a = gaussian(300, np.zeros(4), turn @ np.diag(first) @ turn.T)
        b = gaussian(300, np.ones(4), turn @ np.diag(second) @ turn.T, seed=1)
        expected = 4 + np.square(np.sqrt(first) - np.sqrt(second)).sum()
        assert frechet_distance(moments_of(a), moments_of(b)) == pytest.approx(expected, rel=1e-6)

    def test_of_any_covariances_it_agrees_with_the_roots_of_the_plain_products_eigenvalues(self):
        one, other = random_covariance(6, 1), random_covariance(6, 2)
        a, b = gaussian(100, np.arange(6.0), one), gaussian(100, np.zeros(6), other, seed=1)
        root_trace = np.sqrt(np.linalg.eigvals(one @ other).real).sum()
        expected = np.square(np.arange(6.0)).sum() + np.trace(one) + np.trace(other) - 2 * root_trace
        assert frechet_distance(moments_of(a), moments_of(b)) == pytest.approx(expected, rel=1e-6)

    def test_a_set_is_at_no_distance_from_itself_and_sides_may_be_changed(self):
        a, b = (np.random.RandomState(seed).randn(20, 30).astype(np.float32) * 5 for seed in (0, 1))  # rank-deficient
        one, other = moments_of(a), moments_of(b)
        assert frechet_distance(one, one) == pytest.approx(0, abs=1e-4)
        assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one), rel=1e-5)

    @pytest.mark.parametrize("broken", [math.nan, math.inf])
    def test_rows_that_are_not_finite_give_not_a_number(self, broken):
        rows = np.random.RandomState(0).randn(20, 3).astype(np.float32)
        spoiled = rows.copy()
        spoiled[4, 1] = broken
        assert math.isnan(frechet_distance(moments_of(rows), moments_of(spoiled)))

    @given(st.integers(1, 8), st.integers(0, 100))
    def test_the_root_of_a_matrix_squares_to_it(self, size, seed):
        matrix = random_covariance(size, seed)
        root = matrix_root(matrix)
        np.testing.assert_allclose(root @ root, matrix, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(root, root.T, atol=1e-10)


class TestKernel:
    def test_of_whole_sets_it_is_the_sum_over_all_pairs(self):
        real, fake = (np.random.RandomState(seed).randn(7, 3).astype(np.float32) for seed in (1, 2))

        def kernel(x, y):
            return (float(np.dot(x.astype(np.float64), y)) / 3 + 1) ** 3

        within = sum(kernel(rows[i], rows[j]) for rows in (real, fake) for i, j in itertools.permutations(range(7), 2))
        across = sum(kernel(x, y) for x in real for y in fake)
        assert kernel_distance(real, fake, subsets=3) == pytest.approx(within / 42 - 2 * across / 49, rel=1e-9)

    def test_of_two_gaussians_it_tends_to_the_closed_form(self):
        """E k(x, x') of N(m, 1) and N(m', 1): with u = x x' it is E (u + 1)^3, whose moments are known."""
        rng = np.random.RandomState(0)
        real, fake = rng.randn(20_000, 1).astype(np.float32), (rng.randn(20_000, 1) + 1).astype(np.float32)

        def expected(first, second):
            moments = [(1, m, m**2 + 1, m**3 + 3 * m) for m in (first, second)]
            products = [a * b for a, b in zip(*moments, strict=True)]
            return sum(weight * product for weight, product in zip((1, 3, 3, 1), products, strict=True))

        closed = expected(0, 0) + expected(1, 1) - 2 * expected(0, 1)
        assert kernel_distance(real, fake, subsets=50) == pytest.approx(closed, rel=0.05)

    def test_of_one_distribution_it_is_unbiased_so_it_is_near_zero_on_either_side(self):
        rng = np.random.RandomState(5)
        values = [kernel_distance(*rng.randn(2, 50, 4).astype(np.float32), subsets=1, seed=seed) for seed in range(200)]
        assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(200)
        assert min(values) < 0 < max(values)

    def test_one_picture_is_too_few(self):
        with pytest.raises(OptionError, match="num: a kernel distance"):
            kernel_distance(np.zeros((1, 2), np.float32), np.zeros((5, 2), np.float32))


class TestPrecisionRecall:
    def test_it_agrees_with_the_definition_written_out(self, monkeypatch):
        monkeypatch.setattr("stylegan2.metrics.distances._CHUNK", 7)  # several parts, the last one smaller
        rng = np.random.RandomState(0)
        real, fake = rng.randn(40, 2).astype(np.float32), (0.6 * rng.randn(33, 2) + 0.7).astype(np.float32)

        def share(rows, others):
            inside = 0
            for row in rows:
                for index, other in enumerate(others):
                    radius = sorted(np.linalg.norm(other - o) for i, o in enumerate(others) if i != index)[2]
                    if np.linalg.norm(row - other) <= radius:
                        inside += 1
                        break
            return inside / len(rows)

        found = precision_recall(real, fake)
        assert (found.precision, found.recall) == (share(fake, real), share(real, fake))
        assert 0 < found.recall < found.precision

    def test_fakes_of_one_mode_are_precise_but_recall_half(self):
        rng = np.random.RandomState(1)
        real = np.concatenate([rng.randn(100, 3), rng.randn(100, 3) + 50]).astype(np.float32)
        found = precision_recall(real, real[:100])
        assert (found.precision, found.recall) == (1.0, 0.5)

    def test_no_more_pictures_than_neighbours_are_too_few(self):
        with pytest.raises(OptionError, match="more than 3"):
            precision_recall(np.zeros((3, 2), np.float32), np.zeros((9, 2), np.float32))


class TestInceptionScore:
    def test_sure_and_evenly_spread_classes_score_their_number(self):
        score = inception_score(np.tile(np.eye(5, dtype=np.float32), (20, 1)))
        assert (score.mean, score.deviation) == (pytest.approx(5), pytest.approx(0, abs=1e-9))

    def test_undecided_classes_score_one(self):
        assert inception_score(np.full((30, 4), 0.25, np.float32)).mean == pytest.approx(1)

    def test_it_is_the_exponential_of_the_entropies_difference(self):
        p = np.random.RandomState(0).dirichlet([0.5] * 6, size=40).astype(np.float32)

        def entropy(q):
            return -(q * np.log(q)).sum(axis=-1)

        expected = math.exp(entropy(p.mean(axis=0, dtype=np.float64)) - entropy(p.astype(np.float64)).mean())
        assert inception_score(p, parts=1).mean == pytest.approx(expected, rel=1e-4)

    def test_what_is_no_probability_is_refused(self):
        with pytest.raises(OptionError, match="detector: its classes are no probabilities"):
            inception_score(np.random.RandomState(0).randn(20, 4).astype(np.float32))
