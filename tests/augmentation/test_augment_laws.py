"""What each augmentation means, with the random numbers chosen by the test, and the laws that they all obey."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stylegan2.augmentation import augment
from stylegan2.augmentation.augment import AugmentPipe
from stylegan2.augmentation.geometry import rotation, scaling, translation, warp
from stylegan2.options.words import BLIT, COLOR, GEOMETRY, PIPES

close = torch.testing.assert_close
CPU = torch.device("cpu")
FLOATS = st.floats(-2, 2, width=32)
FRACTIONS = st.floats(0, 1, width=32, exclude_max=True)


class Draws:
    """The numbers that the test names, `others` for what it does not; every operation is chosen.

    A number, a tuple of x and y, a tensor, or a list of the answers to successive questions.
    """

    def __init__(self, others: float = 0.3, **numbers: Any) -> None:
        self.others, self.numbers = others, numbers

    def uniform(self, name: str, *shape: int, device: torch.device) -> Tensor:
        number = self.numbers.get(name, self.others)
        if isinstance(number, list):
            number = number.pop(0)
        return torch.as_tensor(number, dtype=torch.float32).expand(shape)

    normal = uniform

    def chosen(self, name: str, n: int, p: float, *, device: torch.device) -> Tensor:
        return torch.ones(n, dtype=torch.bool)


def apply(images: Tensor, *operations: str, **numbers: Any) -> Tensor:
    return AugmentPipe(operations, p=1, draws=Draws(**numbers))(images)


def smooth(height: int, width: int) -> Tensor:
    """Two pictures of three waves each, so long that resampling hardly changes them, and unlike their mirror images."""
    y = torch.arange(height)[:, None] / (height - 1) * math.pi
    x = torch.arange(width)[None, :] / (width - 1) * math.pi
    waves = [y.cos() + 0 * x, x.cos() + 0 * y, (y + 2).cos() * x.cos(), (2 * x).cos() * y.cos()]
    colours = torch.tensor([[0.5, 0.1, 0.3, -0.2], [-0.2, 0.4, 0.2, 0.2], [0.1, -0.3, 0.1, 0.4]])
    return torch.einsum("ic,chw->ihw", colours, torch.stack(waves)).repeat(2, 1, 1, 1) * torch.tensor(
        [1.0, -0.5]
    ).reshape(2, 1, 1, 1)


def rough(n: int = 2, channels: int = 3, height: int = 12, width: int = 16) -> Tensor:
    return torch.randn(n, channels, height, width, generator=torch.Generator().manual_seed(5))


# Geometry -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flip", [False, True])
def test_xflip_mirrors_left_and_right(flip: bool) -> None:
    """Nearly: half of the filter's delay falls between two samples and is interpolated."""
    images = smooth(24, 32)
    expected = images.flip(3) if flip else images
    close(apply(images, "xflip", xflip=0.5 if flip else 0.49), expected, rtol=0, atol=0.02)


@pytest.mark.parametrize("turns", range(4))
def test_rotate90_turns_by_quarters(turns: int) -> None:
    images = smooth(32, 32)
    expected = torch.rot90(images, turns, (2, 3))
    close(apply(images, "rotate90", rotate90=turns / 4 + 0.1), expected, rtol=0, atol=0.02)


@settings(max_examples=15, deadline=None)
@given(x=st.integers(-2, 2), y=st.integers(-2, 2))
def test_xint_shifts_by_whole_pixels_and_mirrors_what_comes_in(x: int, y: int) -> None:
    """To the last digit, even of noise: the wavelet's filters are each other's inverse at whole pixels."""
    images = rough(height=16, width=24)
    numbers = (x / 24 / augment.XINT_MAX + 1) / 2, (y / 16 / augment.XINT_MAX + 1) / 2
    padded = F.pad(images, [4] * 4, mode="reflect")
    shifted = padded[:, :, 4 - y : 20 - y, 4 - x : 28 - x]
    close(apply(images, "xint", xint=numbers), shifted, rtol=0, atol=2e-5)


def test_scale_makes_the_picture_larger_by_its_factor() -> None:
    """Twice the size: every second pixel of the result, from the middle, is a pixel of the picture."""
    images = smooth(32, 32)
    larger = apply(images, "scale", scale=1 / augment.SCALE_STD)
    small = F.interpolate(images[:, :, 8:24, 8:24], scale_factor=2, mode="bicubic")
    close(larger[:, :, 6:-6, 6:-6], small[:, :, 6:-6, 6:-6], rtol=0, atol=0.02)


def test_aniso_stretches_one_side_by_what_it_squeezes_the_other() -> None:
    images = smooth(32, 32)
    wide = apply(images, "aniso", aniso=0.7)
    high = apply(images.transpose(2, 3), "aniso", aniso=-0.7).transpose(2, 3)
    close(wide, high, rtol=0, atol=1e-4)
    assert (wide - images).abs().max() > 0.05


def test_rotations_add_up() -> None:
    """The turns before and after stretching are one turn where nothing stretches."""
    images = smooth(32, 32)
    one = apply(images, "rotate", rotate=0.5 + 0.15, rotate_after=0.5)
    two = apply(images, "rotate", rotate=0.5 + 0.1, rotate_after=0.5 + 0.05)
    close(one, two, rtol=0, atol=1e-4)
    quarter = apply(images, "rotate", rotate=0.75, rotate_after=0.5)
    close(quarter, apply(images, "rotate90", rotate90=0.3), rtol=0, atol=1e-4)


def test_xfrac_by_a_whole_pixel_is_xint() -> None:
    images = rough(height=16, width=16)
    moved = apply(images, "xfrac", xfrac=(2 / 16 / augment.XFRAC_STD, -1 / 16 / augment.XFRAC_STD))
    close(moved, apply(images, "xint", xint=(1.0, (-1 / 16 / augment.XINT_MAX + 1) / 2)), rtol=0, atol=2e-5)


@st.composite
def placements(draw: st.DrawFn) -> Tensor:
    """Turned, stretched and moved by so little that the mirrored border suffices: inverse matrices `[1, 3, 3]`."""
    numbers = [
        torch.tensor([draw(st.floats(low, high, width=32))]) for low, high in [(-3, 3), (0.875, 1.125), (0.875, 1.125)]
    ]
    x, y = (torch.tensor([draw(st.floats(-1, 1, width=32))]) for _ in "xy")
    return rotation(numbers[0]) @ scaling(*numbers[1:]) @ translation(x, y)


@settings(max_examples=15, deadline=None)
@given(inverse=placements(), grey=FLOATS)
def test_a_plain_picture_stays_plain_wherever_it_is_moved(inverse: Tensor, grey: float) -> None:
    flat = torch.full([1, 1, 18, 16], grey)
    close(warp(flat, inverse), flat, rtol=0, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(inverse=placements(), factor=FLOATS, grey=FLOATS)
def test_moving_commutes_with_contrast_brightness_and_mixing(inverse: Tensor, factor: float, grey: float) -> None:
    first, second = rough(height=18).split(1)
    result = warp(factor * first + second + grey, inverse)
    close(result, factor * warp(first, inverse) + warp(second, inverse) + grey, rtol=0, atol=5e-5)


@settings(max_examples=12, deadline=None)
@given(inverse=placements(), order=st.permutations(range(3)))
def test_moving_treats_all_channels_alike(inverse: Tensor, order: list[int]) -> None:
    close(warp(rough(1)[:, order], inverse), warp(rough(1), inverse)[:, order], rtol=0, atol=0)


# Colours --------------------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(amount=FLOATS)
def test_brightness_adds_and_contrast_multiplies(amount: float) -> None:
    images = rough()
    close(apply(images, "brightness", brightness=amount), images + amount * 0.2)
    close(apply(images, "contrast", contrast=amount), images * 2 ** (amount * 0.5))


@pytest.mark.parametrize("channels", [1, 3])
def test_lumaflip_turns_light_into_dark_and_undoes_itself(channels: int) -> None:
    images = rough(channels=channels)
    flipped = apply(images, "lumaflip", lumaflip=0.5)
    close(flipped.mean(dim=1), -images.mean(dim=1))
    close(flipped - flipped.mean(dim=1, keepdim=True), images - images.mean(dim=1, keepdim=True))
    close(apply(flipped, "lumaflip", lumaflip=0.5), images)
    close(apply(images, "lumaflip", lumaflip=0.4), images)


@settings(max_examples=12, deadline=None)
@given(first=FRACTIONS, second=FRACTIONS)
def test_turns_of_the_hue_add_up_and_keep_luma_and_saturation(first: float, second: float) -> None:
    images = rough()
    turned = apply(images, "hue", hue=first)
    close(turned.mean(dim=1), images.mean(dim=1))
    close(turned.square().sum(dim=1), images.square().sum(dim=1), rtol=1e-4, atol=1e-4)
    close(apply(turned, "hue", hue=second), apply(images, "hue", hue=first + second - 0.5), rtol=1e-4, atol=1e-5)


def test_a_third_of_a_turn_of_the_hue_exchanges_the_colours() -> None:
    images = rough()
    close(apply(images, "hue", hue=0.5 + 1 / 3), images[:, [2, 0, 1]], rtol=1e-4, atol=1e-5)


@settings(max_examples=12, deadline=None)
@given(amount=FLOATS)
def test_saturation_scales_what_is_not_grey(amount: float) -> None:
    images = rough()
    luma = images.mean(dim=1, keepdim=True)
    close(apply(images, "saturation", saturation=amount), luma + (images - luma) * 2**amount, rtol=1e-4, atol=1e-5)
    close(apply(images, "saturation", saturation=0), images)


@pytest.mark.parametrize("operation", COLOR)
def test_grey_pictures_stay_grey_and_transparency_stays(operation: str) -> None:
    alpha = rough(channels=4)
    result = apply(alpha, operation)
    assert torch.equal(result[:, 3], alpha[:, 3])
    close(result[:, :3], apply(alpha[:, :3], operation), rtol=0, atol=0)
    grey = rough(channels=1)
    as_colours = apply(grey.repeat(1, 3, 1, 1), operation)
    close(as_colours, apply(grey, operation).repeat(1, 3, 1, 1), rtol=1e-4, atol=1e-5)


# Filter, noise, cutout ------------------------------------------------------------------------------------------------


def band_gains(octaves: list[float]) -> Tensor:
    """How much the filter amplifies each of the four bands, found from its response to a line."""
    bands = augment._band_filters(CPU)
    length = bands.shape[1]
    line = torch.zeros(1, 1, 3, 2 * length)
    line[..., length] = 1
    response = apply(line, "imgfilter", imgfilter=list(octaves))[0, 0, 1]
    start = length - length // 2
    # Along the line, where the picture is plain, the lowest band alone counts, so the response is gains[0] * gains.
    products = torch.linalg.lstsq(bands.t(), response[start : start + length, None]).solution.flatten()
    return products / products[0].sqrt()


@settings(max_examples=12, deadline=None)
@given(octaves=st.lists(FLOATS, min_size=4, max_size=4))
def test_the_filter_amplifies_every_band_by_its_own_octaves(octaves: list[float]) -> None:
    gains = band_gains(octaves)
    close((gains / gains[0]).log2(), torch.tensor(octaves) - octaves[0], rtol=0, atol=2e-3)


@settings(max_examples=12, deadline=None)
@given(band=st.integers(0, 3), octaves=FLOATS)
def test_amplifying_a_band_keeps_the_expected_power_of_natural_pictures(band: int, octaves: float) -> None:
    gains = band_gains([octaves if other == band else 0.0 for other in range(4)])
    assert float((torch.tensor(augment.FILTER_POWER) * gains.square()).sum()) == pytest.approx(1, abs=2e-3)


def test_the_filter_leaves_the_picture_alone_if_all_bands_keep_their_strength() -> None:
    close(apply(rough(), "imgfilter", imgfilter=0), rough(), rtol=0, atol=2e-5)


def test_noise_is_drawn_for_each_pixel_with_the_strength_of_its_picture() -> None:
    pixels = rough()
    noisy = apply(rough(), "noise", noise=torch.tensor([[-2.0], [0.0]]), noise_pixels=pixels)
    close(noisy[0], (rough() + 0.2 * pixels)[0])
    assert torch.equal(noisy[1], rough()[1])


@settings(max_examples=20, deadline=None)
@given(x=FRACTIONS, y=FRACTIONS)
def test_cutout_blanks_one_square_of_half_the_size_and_nothing_else(x: float, y: float) -> None:
    images = rough().abs() + 1
    result = apply(images, "cutout", cutout=(x, y))
    blank = result[0, 0] == 0
    rows, columns = blank.any(dim=1), blank.any(dim=0)
    assert torch.equal(blank, rows[:, None] & columns[None, :])  # a rectangle,
    for along, centre, size in ((rows, y, 12), (columns, x, 16)):
        inside = along.nonzero().flatten()
        assert len(inside) == inside[-1] - inside[0] + 1  # in one piece,
        visible = min(centre + 0.25, 1) - max(centre - 0.25, 0)
        assert abs(len(inside) - visible * size) <= 1  # of half the size, as far as it is in the picture,
        assert abs(float(inside.float().mean()) + 0.5 - (min(centre + 0.25, 1) + max(centre - 0.25, 0)) / 2 * size) <= 1
    assert torch.equal(result == 0, blank.expand_as(result))
    assert torch.equal(result[result != 0], images[result != 0])


# All of them ----------------------------------------------------------------------------------------------------------

EVERY = (*BLIT, *GEOMETRY, *COLOR, "imgfilter", "noise", "cutout")


@pytest.mark.parametrize("operation", EVERY)
def test_each_operation_changes_pictures_only_if_it_is_chosen(operation: str) -> None:
    images = rough()
    assert AugmentPipe((operation,), p=0, draws=Draws(0.8))(images) is images
    changed = apply(images, operation, others=0.8)
    assert changed.shape == images.shape
    assert (changed - images).flatten(1).abs().amax(dim=1).min() > 0.01


class EachItsOwn(Draws):
    """Different numbers for every picture of a batch, the same for the picture alone."""

    def __init__(self, places: list[int]) -> None:
        super().__init__()
        self.places, self.asked = places, 0

    def uniform(self, name: str, *shape: int, device: torch.device) -> Tensor:
        self.asked += 1
        numbers = torch.rand(4, *shape[1:], generator=torch.Generator().manual_seed(self.asked))
        return numbers[self.places]

    normal = uniform


@pytest.mark.parametrize("pipe", ["blit", "geom", "color", "filter", "noise", "cutout", "bgcfnc"])
def test_a_batch_is_augmented_as_each_of_its_pictures_alone(pipe: str) -> None:
    images = rough(4)
    together = AugmentPipe(PIPES[pipe], 1, EachItsOwn([0, 1, 2, 3]))(images)
    for n in range(4):
        alone = AugmentPipe(PIPES[pipe], 1, EachItsOwn([n]))(images[n : n + 1])
        close(together[n : n + 1], alone, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("operation", ["xflip", "rotate", "xfrac", *COLOR, "imgfilter", "noise", "cutout"])
def test_first_and_second_derivatives_are_those_of_finite_differences(operation: str) -> None:
    images = rough(1, *((3, 1, 2) if operation in COLOR else (1, 3, 4))).double().requires_grad_(True)

    def function(pictures: Tensor) -> Tensor:
        return apply(pictures, operation, others=0.7, rotate=0.55).sin()  # a second derivative that is not zero

    assert torch.autograd.gradcheck(function, images)
    assert torch.autograd.gradgradcheck(function, images)


def test_gradients_reach_every_pixel_through_the_whole_pipe() -> None:
    images = rough().requires_grad_(True)
    without_cutout = tuple(name for name in EVERY if name != "cutout")
    apply(images, *without_cutout, scale=-0.5, rotate=0.52, rotate_after=0.5, xfrac=0.1).square().sum().backward()
    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert images.grad.abs().min() > 0
