"""Path lengths against a generator whose pictures are known functions of its latents."""

import math

import pytest
import torch
from torch import nn

from stylegan2.metrics.path_length import path_length, slerp


class Mapping(nn.Module):
    def forward(self, z, c):
        return (z if c is None else z * c)[:, None]


class Linear(nn.Module):
    """Three pixels that are a fixed linear map of w; so the length of a lerp is |A (w2 - w1)|^2 at every t."""

    matrix = torch.tensor([[1.0, 2.0, 0.0, -1.0], [0.5, 0.0, 3.0, 1.0], [0.0, 1.0, 1.0, 1.0]], dtype=torch.float64)

    def __init__(self):
        super().__init__()
        self.mapping = Mapping()

    def synthesis(self, ws, noise_mode):
        assert noise_mode == "const"
        return ws[:, 0] @ self.matrix.T


def pairs(count, labels=None):
    z = torch.randn(2 * count, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return [(z, labels)]


@pytest.mark.parametrize("sampling", ["full", "end"])
def test_in_w_a_linear_generators_paths_are_as_long_as_the_difference_of_their_ends(sampling):
    ((z, _),) = pairs(50)
    expected = ((z[50:] - z[:50]) @ Linear.matrix.T).square().sum(dim=1).mean()
    found = path_length(Linear(), iter(pairs(50)), lambda images: images, space="w", sampling=sampling)
    assert found.mean == pytest.approx(float(expected), rel=1e-5)


def test_in_z_the_paths_are_arcs_of_the_unit_circle():
    """The identity as generator: the speed along the great circle is the angle, at every t."""
    ((z, _),) = pairs(50)
    directions = z / z.norm(dim=1, keepdim=True)
    angles = (directions[:50] * directions[50:]).sum(dim=1).acos()
    generator = Linear()
    generator.synthesis = lambda ws, noise_mode: ws[:, 0]
    found = path_length(generator, iter(pairs(50)), lambda images: images, space="z", sampling="full")
    assert found.mean == pytest.approx(float(angles.square().mean()), rel=1e-5)


def test_the_trimmed_mean_leaves_out_the_extremes():
    ((z, _),) = pairs(200)
    z[0] *= 1000
    found = path_length(Linear(), iter([(z, None)]), lambda images: images, space="w", sampling="end")
    assert found.mean > 100 * found.trimmed
    lengths = ((z[200:] - z[:200]) @ Linear.matrix.T).square().sum(dim=1).sort().values
    assert found.trimmed == pytest.approx(float(lengths[2:-2].mean()), rel=1e-4)


def test_a_pair_has_the_labels_of_its_first():
    labels = torch.cat([torch.full((50, 4), 2.0), torch.full((50, 4), 9.0)]).double()
    plain = path_length(Linear(), iter(pairs(50)), lambda images: images, space="w", sampling="end")
    found = path_length(Linear(), iter(pairs(50, labels)), lambda images: images, space="w", sampling="end")
    assert found.mean == pytest.approx(4 * plain.mean, rel=1e-6)


def test_slerp_keeps_unit_length_and_even_speed():
    a, b = torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([[0.0, 5.0, 0.0]])
    for part in (0.0, 0.25, 1.0):
        point = slerp(a, b, torch.tensor([[part]]))
        expected = torch.tensor([[math.cos(part * math.pi / 2), math.sin(part * math.pi / 2), 0.0]])
        torch.testing.assert_close(point, expected)
