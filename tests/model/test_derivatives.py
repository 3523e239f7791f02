"""Derivatives, first and second, of operators and regularisers are those of finite differences. In float64."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylegan2.model import ops
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.training.loss import path_lengths, r1_penalty
from tests.model.test_operator_laws import close, numbers

BINOMIAL = ops.make_filter().double()

# Operators ------------------------------------------------------------------------------------------------------------

ASYMMETRIC = torch.tensor([[1.0, 2.0, -1.0], [0.5, 3.0, 1.0]], dtype=torch.float64)
DIFFERENTIABLE: dict[str, tuple[Callable[..., Tensor], list[tuple[int, ...]]]] = {
    "upfirdn": (
        lambda x: ops.upfirdn(x, ASYMMETRIC, up=(2, 3), down=(3, 2), padding=(2, -1, 0, 3), gain=1.5),
        [(1, 2, 2, 3)],
    ),
    "upfirdn without up": (lambda x: ops.upfirdn(x, ASYMMETRIC, down=(1, 2), padding=(1, 0, 1, 1)), [(1, 2, 3, 2)]),
    "upsample": (lambda x: ops.upsample(x, BINOMIAL), [(1, 2, 2, 3)]),
    "downsample": (lambda x: ops.downsample(x, BINOMIAL), [(1, 2, 4, 2)]),
    "conv_down": (lambda x, w, b: ops.conv_down(x, w, BINOMIAL, b), [(1, 2, 4, 2), (2, 2, 3, 3), (2,)]),
    "conv_down pointwise": (lambda x, w: ops.conv_down(x, w, BINOMIAL), [(1, 2, 4, 2), (2, 2, 1, 1)]),
    "conv_up": (lambda x, w: ops.conv_up(x, w, BINOMIAL), [(1, 2, 2, 1), (2, 2, 3, 3)]),
    "conv_up pointwise": (lambda x, w: ops.conv_up(x, w, BINOMIAL), [(1, 2, 2, 1), (2, 2, 1, 1)]),
    "modulated_conv": (ops.modulated_conv, [(2, 2, 2, 3), (2, 2, 3, 3), (2, 2)]),
    "modulated_conv up": (
        lambda x, w, s: ops.modulated_conv(x, w, s, kernel=BINOMIAL),
        [(2, 2, 2, 1), (1, 2, 3, 3), (2, 2)],
    ),
    "modulated_conv to colours": (
        lambda x, w, s: ops.modulated_conv(x, w, s, demodulate=False),
        [(2, 2, 2, 2), (3, 2, 1, 1), (2, 2)],
    ),
    "minibatch_stddev": (lambda x: ops.minibatch_stddev(x, 2, 2), [(4, 2, 1, 2)]),
    "bias_act": (lambda x, b: ops.bias_act(x, b, clamp=1.7), [(2, 2, 2, 2), (2,)]),
    "normalize_2nd_moment": (ops.normalize_2nd_moment, [(2, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_first_and_second_derivatives_are_those_of_finite_differences(name: str) -> None:
    torch.manual_seed(1)
    function, shapes = DIFFERENTIABLE[name]
    inputs = [numbers(*shape).requires_grad_(True) for shape in shapes]
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


# Regularisers ---------------------------------------------------------------------------------------------------------


def along(parameters: list[Tensor], function: Callable[[], Tensor]) -> tuple[float, float]:
    """The derivative of `function` along a random direction of the parameters: by its gradient, by differences."""
    directions = [torch.randn_like(parameter) for parameter in parameters]
    gradients = torch.autograd.grad(function(), parameters, allow_unused=True)
    by_gradient = sum(
        float((gradient * direction).sum())
        for gradient, direction in zip(gradients, directions, strict=True)
        if gradient is not None
    )
    step, values = 1e-6, []
    for sign in (1, -2):  # one step forward, then two back
        with torch.no_grad():
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter += sign * step * direction
        values.append(float(function().detach()))
    return by_gradient, (values[0] - values[1]) / (2 * step)


@pytest.fixture
def discriminator() -> Discriminator:
    torch.manual_seed(2)
    return Discriminator(0, 8, 1, channel_base=32, channel_max=4, mbstd_group_size=2).double()


@pytest.fixture
def generator() -> Generator:
    torch.manual_seed(3)
    return Generator(4, 0, 4, 8, 1, mapping_layers=1, channel_base=32, channel_max=4).double()


def test_r1_is_the_squared_slope_of_the_logits_by_finite_differences(discriminator: Discriminator) -> None:
    images, step = numbers(2, 1, 8, 8), 1e-5
    slopes = torch.zeros(2, 64, dtype=torch.float64)
    with torch.no_grad():
        for n in range(2):
            for pixel in range(64):
                shift = torch.zeros_like(images)
                shift[n].flatten()[pixel] = step
                higher, lower = (float(discriminator(images + sign * shift).sum()) for sign in (1, -1))
                slopes[n, pixel] = (higher - lower) / (2 * step)
    images.requires_grad_(True)
    close(r1_penalty(discriminator(images), images), slopes.square().sum(dim=1), rtol=1e-6, atol=1e-9)


def test_the_gradient_of_r1_is_that_of_finite_differences(discriminator: Discriminator) -> None:
    images = numbers(4, 1, 8, 8).requires_grad_(True)
    ours, differences = along(
        list(discriminator.parameters()), lambda: r1_penalty(discriminator(images), images).mean()
    )
    assert ours == pytest.approx(differences, rel=1e-5)
    assert abs(ours) > 1e-3


def test_path_lengths_are_how_far_pictures_move_by_finite_differences(generator: Generator) -> None:
    ws, step = generator.mapping(numbers(2, 4)).detach().requires_grad_(True), 1e-5
    noise = numbers(2, 1, 8, 8)
    slopes = torch.zeros_like(ws)
    with torch.no_grad():
        for layer in range(ws.shape[1]):
            for feature in range(4):
                shift = torch.zeros_like(ws)
                shift[:, layer, feature] = step
                higher, lower = (generator.synthesis(ws + sign * shift, "none") for sign in (1, -1))
                slopes[:, layer, feature] = ((higher - lower) * noise / 8).sum(dim=[1, 2, 3]) / (2 * step)
    expected = slopes.square().sum(dim=2).mean(dim=1).sqrt()
    close(path_lengths(generator.synthesis(ws, "none"), ws, noise), expected, rtol=1e-6, atol=1e-9)


def test_the_gradient_of_the_path_lengths_is_that_of_finite_differences(generator: Generator) -> None:
    z, noise = numbers(3, 4), numbers(3, 1, 8, 8)

    def penalty() -> Tensor:
        ws = generator.mapping(z)
        lengths = path_lengths(generator.synthesis(ws, "none"), ws, noise)
        return (lengths - 0.3).square().mean()

    ours, differences = along(list(generator.parameters()), penalty)
    assert ours == pytest.approx(differences, rel=1e-5)
    assert abs(ours) > 1e-3
