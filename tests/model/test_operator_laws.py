"""The operators do what their definitions say, and obey the laws of linear filters.

Everything in float64, so that a law holds to the last digits and a slip cannot hide in rounding.
"""

from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from stylegan2.model import ops

close = torch.testing.assert_close


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def seeded() -> st.SearchStrategy[int]:
    """A seed for the numbers; Hypothesis itself draws the shapes."""
    return st.integers(0, 2**32 - 1).map(lambda seed: (torch.manual_seed(seed), seed)[1])


# Resampling by its definition -----------------------------------------------------------------------------------------


@st.composite
def resamplings(draw: st.DrawFn, *, lowest: int = -2) -> dict[str, Any]:
    """A picture, a filter without symmetry, and arguments for `upfirdn` that leave at least one pixel.

    Padding is at least `lowest`; what is cropped leaves at least one pixel of the picture.
    """
    draw(seeded())
    size, taps, padding = {}, {}, []
    up = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    for axis, factor in zip("xy", up, strict=True):
        size[axis], taps[axis] = draw(st.integers(1, 5)), draw(st.integers(1, 5))
        length = (size[axis] - 1) * factor
        before = draw(st.integers(max(lowest, -length), 4))
        after = draw(st.integers(max(lowest, -length - min(before, 0)), 4))
        missing = taps[axis] - (length + factor + before + after)  # so that the filter fits in once
        padding += [before, after + max(missing, 0)]
    return {
        "x": numbers(2, 2, size["y"], size["x"]),
        "kernel": numbers(taps["y"], taps["x"]),
        "up": up,
        "down": (draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        "padding": tuple(padding),
        "gain": draw(st.sampled_from([1.0, 4.0, 0.5])),
        "flip": draw(st.booleans()),
    }


def by_definition(
    x: Tensor,
    kernel: Tensor,
    *,
    up: tuple[int, int] = (1, 1),
    down: tuple[int, int] = (1, 1),
    padding: tuple[int, ...] = (0, 0, 0, 0),
    gain: float = 1.0,
    flip: bool = False,
) -> Tensor:
    """Zeros between the samples, padding or cropping, the filter at every place where it fits, every n-th result."""
    (up_x, up_y), (down_x, down_y), (left, right, top, bottom) = up, down, padding
    height, width = x.shape[2] * up_y, x.shape[3] * up_x
    canvas = x.new_zeros(*x.shape[:2], height + 8 + 16, width + 8 + 16)  # room for every padding of `resamplings`
    canvas[:, :, 8 : 8 + height : up_y, 8 : 8 + width : up_x] = x
    canvas = canvas[:, :, 8 - top : 8 + height + bottom, 8 - left : 8 + width + right]
    correlated = kernel if flip else kernel.flip([0, 1])
    rows, columns = canvas.shape[2] - kernel.shape[0] + 1, canvas.shape[3] - kernel.shape[1] + 1
    result = x.new_zeros(*x.shape[:2], rows, columns)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            result += correlated[i, j] * canvas[:, :, i : i + rows, j : j + columns]
    return result[:, :, ::down_y, ::down_x] * gain


@settings(max_examples=60, deadline=None)
@given(arguments=resamplings())
def test_upfirdn_is_its_definition(arguments: dict[str, Any]) -> None:
    close(ops.upfirdn(**arguments), by_definition(**arguments))


@settings(max_examples=20, deadline=None)
@given(arguments=resamplings(lowest=0))
def test_the_adjoint_of_upfirdn_is_upfirdn_with_the_factors_exchanged_and_the_filter_mirrored(
    arguments: dict[str, Any],
) -> None:
    """<upfirdn(x), y> == <x, upfirdn'(y)>: what backpropagation through it does is the same operation again."""
    x, kernel, up, down = (arguments[name] for name in ("x", "kernel", "up", "down"))
    result = ops.upfirdn(**arguments)
    y = torch.randn_like(result)
    padding: list[int] = []
    for axis, taps, size in ((0, kernel.shape[1], 3), (1, kernel.shape[0], 2)):
        before = taps - 1 - arguments["padding"][2 * axis]
        assume(before >= -(y.shape[size] - 1) * down[axis])  # otherwise not one sample of y would be left
        surplus = x.shape[size] * up[axis] - y.shape[size] * down[axis]
        padding += [before, surplus + taps - 1 - before]
    exchanged = {"up": down, "down": up, "padding": tuple(padding), "flip": not arguments["flip"]}
    adjoint = ops.upfirdn(y, kernel, **exchanged, gain=arguments["gain"])
    assert adjoint.shape == x.shape
    close((result * y).sum(), (x * adjoint).sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(arguments=resamplings(), a=st.floats(-3, 3), b=st.floats(-3, 3))
def test_upfirdn_is_linear_in_the_picture_and_in_the_filter(arguments: dict[str, Any], a: float, b: float) -> None:
    for name in ("x", "kernel"):
        first, second = arguments[name], torch.randn_like(arguments[name])
        parts = (ops.upfirdn(**{**arguments, name: part}) for part in (first, second))
        close(ops.upfirdn(**{**arguments, name: a * first + b * second}), a * next(parts) + b * next(parts))


@settings(max_examples=20, deadline=None)
@given(arguments=resamplings(lowest=0), steps=st.tuples(st.integers(-1, 1), st.integers(-1, 1)))
def test_a_shifted_picture_gives_a_shifted_result(arguments: dict[str, Any], steps: tuple[int, int]) -> None:
    """By `down` pixels before, by `up` pixels after; far from the borders, where nothing comes in."""
    x, (up_x, up_y), (down_x, down_y) = F.pad(arguments["x"], [12] * 4), arguments["up"], arguments["down"]
    result = ops.upfirdn(**{**arguments, "x": x})
    shifted = ops.upfirdn(**{**arguments, "x": x.roll((steps[0] * down_y, steps[1] * down_x), (2, 3))})
    close(shifted, result.roll((steps[0] * up_y, steps[1] * up_x), (2, 3)))


@settings(max_examples=20, deadline=None)
@given(seed=seeded(), height=st.integers(1, 4), width=st.integers(1, 4), taps=st.integers(2, 6))
def test_resampling_keeps_the_size_it_promises_whatever_the_filter(
    seed: int, height: int, width: int, taps: int
) -> None:
    x, kernel = numbers(1, 3, 2 * height, 2 * width), numbers(taps, taps)
    assert ops.upsample(x, kernel).shape == (1, 3, 4 * height, 4 * width)
    assert ops.downsample(x, kernel).shape == (1, 3, height, width)
    assert ops.blur(x, kernel).shape == x.shape


# Convolutions ---------------------------------------------------------------------------------------------------------


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """A picture of even sides, weights [O, I, k, k] and a low-pass filter of an even number of taps."""
    draw(seeded())
    height, width = draw(st.integers(1, 4)) * 2, draw(st.integers(1, 4)) * 2
    outputs, inputs, size = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 3, 5]))
    taps = draw(st.sampled_from([2, 4, 6]))
    return numbers(2, inputs, height, width), numbers(outputs, inputs, size, size), numbers(taps, taps)


def centred(taps: int, extra: int) -> tuple[int, ...]:
    """Padding by which an even filter moves nothing when sizes are halved, and `extra` on every side."""
    return ((taps - 2) // 2 + extra,) * 4


@settings(max_examples=15, deadline=None)
@given(case=convolutions())
def test_conv_down_filters_then_correlates_at_every_second_pixel(case: tuple[Tensor, Tensor, Tensor]) -> None:
    x, weight, kernel = case
    blurred = by_definition(x, kernel, padding=centred(len(kernel), weight.shape[2] // 2))
    everywhere = F.conv2d(blurred, weight)
    bias = numbers(len(weight))
    close(ops.conv_down(x, weight, kernel, bias), everywhere[:, :, ::2, ::2] + bias[:, None, None])


@settings(max_examples=15, deadline=None)
@given(case=convolutions())
def test_conv_up_inserts_zeros_convolves_then_filters(case: tuple[Tensor, Tensor, Tensor]) -> None:
    x, weight, kernel = case
    height, width = 2 * x.shape[2], 2 * x.shape[3]
    beyond = 8  # what is computed beyond the border, for the filter to see
    padding = (beyond,) * 4
    spread = by_definition(x, torch.ones(1, 1, dtype=torch.float64), up=(2, 2), padding=padding)
    convolved = F.conv2d(spread, weight.flip([2, 3]), padding=weight.shape[2] // 2)
    taps = len(kernel)
    # The filter's centre lies between two samples; of these, the convention of upsampling takes the later one.
    filtered = by_definition(convolved, kernel, padding=(taps // 2, (taps - 2) // 2) * 2, gain=4)
    close(ops.conv_up(x, weight, kernel), filtered[:, :, beyond : beyond + height, beyond : beyond + width])


@settings(max_examples=15, deadline=None)
@given(case=convolutions())
def test_conv_down_is_the_adjoint_of_conv_up(case: tuple[Tensor, Tensor, Tensor]) -> None:
    """<up(x), y> == 4 <x, down(y)>, with inputs and outputs of the weights exchanged and the filter mirrored."""
    x, weight, kernel = case
    larger = ops.conv_up(x, weight, kernel)
    y = torch.randn_like(larger)
    smaller = ops.conv_down(y, weight.transpose(0, 1), kernel.flip([0, 1]))
    close((larger * y).sum(), 4 * (x * smaller).sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(case=convolutions())
def test_a_pointwise_kernel_is_a_larger_one_with_zeros_around_it(case: tuple[Tensor, Tensor, Tensor]) -> None:
    """The two take different ways through the code."""
    x, weight, kernel = case
    point = weight[:, :, :1, :1]
    for operator in (ops.conv_down, ops.conv_up):
        close(operator(x, point, kernel), operator(x, F.pad(point, [1] * 4), kernel))


@settings(max_examples=15, deadline=None)
@given(
    case=convolutions(),
    demodulate=st.booleans(),
    up=st.booleans(),
    gain=st.sampled_from([1.0, ops.LRELU_GAIN]),
)
def test_modulated_convolution_is_an_ordinary_one_with_weights_of_its_own_for_each_sample(
    case: tuple[Tensor, Tensor, Tensor], demodulate: bool, up: bool, gain: float
) -> None:
    x, weight, kernel = case
    styles = numbers(len(x), x.shape[1])
    expected = []
    for picture, style in zip(x, styles, strict=True):
        own = weight * style[None, :, None, None]
        if demodulate:
            own = own / (own.square().sum(dim=[1, 2, 3], keepdim=True) + 1e-8).sqrt()
        own, one = own * gain, picture[None]
        expected.append(ops.conv_up(one, own, kernel) if up else F.conv2d(one, own, padding=own.shape[2] // 2))
    result = ops.modulated_conv(x, weight, styles, demodulate=demodulate, kernel=kernel if up else None, gain=gain)
    close(result, torch.cat(expected), rtol=1e-9, atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(case=convolutions(), factor=st.floats(0.5, 10))
def test_demodulation_makes_the_scale_of_a_style_and_of_a_weight_immaterial(
    case: tuple[Tensor, Tensor, Tensor], factor: float
) -> None:
    x, weight, _ = case
    weight, styles = weight + weight.sign(), numbers(len(x), x.shape[1]).sign()  # nothing so small as the epsilon
    result = ops.modulated_conv(x, weight, styles)
    close(ops.modulated_conv(x, weight, styles * factor), result, rtol=1e-5, atol=1e-5)
    close(ops.modulated_conv(x, weight * factor, styles), result, rtol=1e-5, atol=1e-5)


# Minibatch standard deviation -----------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    seed=seeded(),
    count=st.integers(1, 8),
    group_size=st.integers(1, 9),
    planes=st.sampled_from([1, 2, 4]),
    side=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_minibatch_stddev_is_its_definition(
    seed: int, count: int, group_size: int, planes: int, side: tuple[int, int]
) -> None:
    x = numbers(count, 4, *side)
    group = max(size for size in range(1, min(group_size, count) + 1) if count % size == 0)
    result = ops.minibatch_stddev(x, group_size, planes)
    close(result[:, :4], x, rtol=0, atol=0)
    for n in range(count):
        members = [x[m] for m in range(count) if m % (count // group) == n % (count // group)]
        assert len(members) == group
        for plane in range(planes):
            channels = slice(plane * 4 // planes, (plane + 1) * 4 // planes)
            spread = (torch.stack(members)[:, channels].var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
            close(result[n, 4 + plane], spread.expand(side))


@settings(max_examples=15, deadline=None)
@given(seed=seeded(), groups=st.integers(1, 3), group=st.integers(1, 4), data=st.data())
def test_permutations_within_groups_and_of_groups_only_permute_the_result(
    seed: int, groups: int, group: int, data: st.DataObject
) -> None:
    """Sample n is member n // groups of group n % groups; nobody's number changes when groups stay together."""
    x = numbers(groups * group, 2, 2, 3)
    places = torch.arange(groups * group).reshape(group, groups)
    places = places[:, data.draw(st.permutations(range(groups)))]
    columns = [places[data.draw(st.permutations(range(group))), number] for number in range(groups)]
    order = torch.stack(columns, dim=1).flatten()
    close(ops.minibatch_stddev(x[order], group), ops.minibatch_stddev(x, group)[order])


def test_samples_that_change_groups_do_change_the_result() -> None:
    torch.manual_seed(0)
    x = numbers(4, 2, 2, 2)
    exchanged = ops.minibatch_stddev(x[[1, 0, 2, 3]], 2)[[1, 0, 2, 3]]
    assert (exchanged - ops.minibatch_stddev(x, 2)).abs().max() > 1e-3


@settings(max_examples=12, deadline=None)
@given(seed=seeded(), shift=st.floats(-10, 10), scale=st.floats(0.5, 10))
def test_the_spread_ignores_what_all_samples_share_and_grows_with_the_features(
    seed: int, shift: float, scale: float
) -> None:
    x = numbers(4, 2, 2, 3)
    spread = ops.minibatch_stddev(x, 4)[:, 2:]
    close(ops.minibatch_stddev(x + shift, 4)[:, 2:], spread)
    close(ops.minibatch_stddev(x * scale, 4)[:, 2:], spread * scale, rtol=1e-5, atol=1e-8)


# Bias and activation --------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(st.floats(-5, 5), min_size=1, max_size=8),
    bias=st.floats(-2, 2),
    lrelu=st.booleans(),
    gain=st.none() | st.floats(0.1, 3),
    clamp=st.none() | st.floats(0.1, 3),
)
def test_bias_and_activation_are_their_definition(
    values: list[float], bias: float, lrelu: bool, gain: float | None, clamp: float | None
) -> None:
    expected = []
    for value in values:
        y = value + bias
        y = 0.2 * y if lrelu and y < 0 else y
        y *= (2**0.5 if lrelu else 1) if gain is None else gain
        expected.append(y if clamp is None else min(max(y, -clamp), clamp))
    x = torch.tensor(values, dtype=torch.float64)[None, None, :, None]
    result = ops.bias_act(x, torch.tensor([bias], dtype=torch.float64), lrelu=lrelu, gain=gain, clamp=clamp)
    close(result.flatten(), torch.tensor(expected, dtype=torch.float64))
