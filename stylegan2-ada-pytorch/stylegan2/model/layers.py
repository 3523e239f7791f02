"""What both networks are made of: layers with equalised learning rate, and the number of their channels.

The gain of the leaky ReLU is folded into what comes before it: `g * lrelu(x) == lrelu(g * x)` for `g > 0`, and scaling
a small weight is cheaper than scaling an image.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan2.base.errors import OptionError
from stylegan2.base.image_size import LARGEST_BASE, nominal_base
from stylegan2.model.ops import LRELU_GAIN, LRELU_SLOPE, conv_down, make_filter


class Linear(nn.Module):
    """Fully connected layer with equalised learning rate. `bias=None` leaves the bias out."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        lrelu: bool = False,
        bias: float | None = 0.0,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = None if bias is None else nn.Parameter(torch.full([out_features], bias / lr_multiplier))
        self.lrelu = lrelu
        gain = lr_multiplier * (LRELU_GAIN if lrelu else 1.0)
        self.weight_gain = gain / math.sqrt(in_features)
        self.bias_gain = gain

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias * self.bias_gain
        x = F.linear(x, self.weight * self.weight_gain, bias)
        return F.leaky_relu(x, LRELU_SLOPE) if self.lrelu else x


class Conv(nn.Module):
    """Convolution with equalised learning rate; bias and leaky ReLU, or neither; with `down` to half the size."""

    resample_filter: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        activate: bool = True,
        down: bool = False,
        gain: float = 1.0,
        conv_clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if activate else None
        self.register_buffer("resample_filter", make_filter(), persistent=False)
        self.down = down
        self.bias_gain = gain * (LRELU_GAIN if activate else 1.0)
        self.weight_gain = self.bias_gain / math.sqrt(in_channels * kernel_size**2)
        self.clamp = None if conv_clamp is None else conv_clamp * gain

    def forward(self, x: Tensor) -> Tensor:
        weight = (self.weight * self.weight_gain).to(x.dtype)
        bias = None if self.bias is None else (self.bias * self.bias_gain).to(x.dtype)
        if self.down:
            x = conv_down(x, weight, self.resample_filter, bias)
        else:
            x = F.conv2d(x, weight, bias, padding=weight.shape[2] // 2)
        if bias is not None:
            x = F.leaky_relu(x, LRELU_SLOPE)
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


def sizes_of(img_resolution: int, base_height: int, base_width: int, doublings: int) -> dict[int, tuple[int, int]]:
    """Resolution -> (height, width): the base (4: 4x4), then always twice as much, up to the image's.

    Refuses what is no power of two, or leaves fewer than so many doublings.
    """
    for name, side in (("base_height", base_height), ("base_width", base_width)):
        if not 1 <= side <= LARGEST_BASE:
            raise OptionError(f"{name}: must be from 1 to {LARGEST_BASE}, not {side}")
    base = nominal_base(base_height, base_width)
    if img_resolution < base << doublings or img_resolution & (img_resolution - 1):
        raise OptionError(f"img_resolution: must be a power of two from {base << doublings} up, not {img_resolution}")
    scales = [2**power for power in range((img_resolution // base).bit_length())]
    return {base * scale: (base_height * scale, base_width * scale) for scale in scales}


def channels_at(resolution: int, channel_base: int, channel_max: int) -> int:
    """Return how many feature channels a resolution has: fewer the larger it is."""
    channels = min(channel_base // resolution, channel_max)
    if channels < 1:
        raise OptionError(f"channel_base: {channel_base} leaves no channels at {resolution}x{resolution}")
    return channels
