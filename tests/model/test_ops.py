"""The operators give the golden numbers, and have the properties that the networks rely on."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stylegan2.model import ops
from tests.goldens.arrays import Golden, close

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("up2", "filter_1331", {"up": 2, "padding": (2, 1, 2, 1), "gain": 4}),
    ("down2", "filter_1331", {"down": 2, "padding": (1, 1, 1, 1)}),
    ("filt", "filter_1331", {"padding": (1, 2, 1, 2)}),
    ("flip", "filter_asym", {"padding": (1, 2, 1, 2), "flip": True}),
    ("up2down3", "filter_asym", {"up": 2, "down": 3, "padding": (3, 4, 2, 1)}),
    ("crop", "filter_asym", {"padding": (-1, -2, -1, 0)}),
    ("asym", "filter_asym", {"up": (2, 1), "down": (1, 2), "padding": (1, 0, 2, 3), "gain": 1.5}),
]


@pytest.mark.parametrize(("name", "kernel", "arguments"), CASES, ids=[case[0] for case in CASES])
def test_upfirdn_gives_the_golden_numbers(
    golden: Callable[[str], Golden], name: str, kernel: str, arguments: dict[str, Any]
) -> None:
    g = golden("ops")
    close(ops.upfirdn(g["x"], g[kernel], **arguments), g[f"upfirdn2d_{name}"])


def test_resampling_of_pictures_gives_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    binomial, sym6 = g["filter_1331"], torch.outer(g["filter_sym6"], g["filter_sym6"])
    close(ops.make_filter(), binomial)
    close(ops.upsample(g["x"], binomial), g["upsample2d"])
    close(ops.downsample(g["x"], binomial), g["downsample2d"])
    close(ops.blur(g["x"], binomial), g["filter2d"])
    close(ops.upsample(g["x"], sym6), g["upsample2d_sym6"])
    close(ops.downsample(g["x"], sym6, flip=True), g["downsample2d_sym6_flip"])


def test_resampling_convolutions_give_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    x, weight, kernel = g["mc_x"], g["mc_w"], g["filter_1331"]
    close(ops.conv_down(x, weight, kernel), g["cr_down2_k3"])
    close(ops.conv_down(x, weight[:, :, :1, :1], kernel), g["cr_down2_k1"])
    close(ops.conv_up(x, weight, kernel), g["cr_up2_k3"])
    close(ops.conv_up(x, weight[:, :, :1, :1], kernel), g["cr_up2_k1"])


def test_modulated_convolution_gives_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    x, weight, styles = g["mc_x"], g["mc_w"], g["mc_s"]
    close(ops.modulated_conv(x, weight, styles), g["mc_demod"])
    close(ops.modulated_conv(x, weight, styles, demodulate=False), g["mc_nodemod"])
    close(ops.modulated_conv(x, weight, styles) + g["mc_noise8"], g["mc_demod_noise"])
    for name in ("mc_up2", "mc_up2_unfused"):
        close(ops.modulated_conv(x, weight, styles, kernel=g["filter_1331"]), g[name])
    close(ops.modulated_conv(x, weight, styles, gain=3.0), g["mc_demod"] * 3)


def test_bias_and_activation_give_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    close(ops.bias_act(g["ba_x"], g["ba_b"]), g["ba_lrelu"])
    close(ops.bias_act(g["ba_x"], g["ba_b"], lrelu=False), g["ba_linear"])
    close(ops.bias_act(g["ba_x"], g["ba_b"], gain=0.5, clamp=0.7), g["ba_lrelu_gain0.5_clamp0.7"])


@pytest.mark.parametrize(("group", "channels", "name"), [(2, 1, "g2"), (4, 1, "g4"), (8, 1, "g8"), (4, 2, "g4_f2")])
def test_minibatch_stddev_gives_the_golden_numbers(
    golden: Callable[[str], Golden], group: int, channels: int, name: str
) -> None:
    g = golden("ops")
    close(ops.minibatch_stddev(g["mbstd_x"], group, channels), g[f"mbstd_{name}"])


def test_minibatch_stddev_of_a_batch_that_no_group_divides_takes_the_largest_group_that_does() -> None:
    x = torch.randn(6, 3, 4, 4)
    close(ops.minibatch_stddev(x, 4), ops.minibatch_stddev(x, 3))
    assert ops.minibatch_stddev(x[:1], 4).shape == (1, 4, 4, 4)


def test_second_moment_is_normalised(golden: Callable[[str], Golden]) -> None:
    g = golden("ops")
    close(ops.normalize_2nd_moment(g["norm2_x"]), g["norm2_y"])


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(2, 7),
    width=st.integers(2, 7),
    half=st.lists(st.tuples(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32)), min_size=1, max_size=3),
)
def test_downsampling_is_the_adjoint_of_upsampling(height: int, width: int, half: list[tuple[float, float]]) -> None:
    """<up(x), y> == <x, down(y)> when both use one filter, once mirrored; the gain of 4 belongs to upsampling."""
    taps = [tap for pair in half for tap in pair]
    kernel = torch.outer(torch.tensor(taps), torch.arange(1.0, len(taps) + 1)).double()
    x = torch.randn(1, 2, height, width, dtype=torch.float64)
    y = torch.randn(1, 2, 2 * height, 2 * width, dtype=torch.float64)
    left = (ops.upsample(x, kernel) * y).sum()
    right = (x * ops.downsample(y, kernel, flip=True)).sum() * 4
    torch.testing.assert_close(left, right)


def test_constant_pictures_keep_their_brightness_away_from_the_border() -> None:
    flat = torch.ones(1, 1, 8, 8)
    kernel = ops.make_filter()
    close(ops.upsample(flat, kernel)[:, :, 2:-2, 2:-2], torch.ones(1, 1, 12, 12))
    close(ops.downsample(flat, kernel)[:, :, 1:-1, 1:-1], torch.ones(1, 1, 2, 2))
