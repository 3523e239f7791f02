"""The few tensor operations that StyleGAN2 needs beyond PyTorch's own, as plain differentiable PyTorch.

Nothing here is compiled when a job starts, and everything can be differentiated twice, which the lazy
regularisers need. Images and features are `[N, C, H, W]`.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.model.fixed_filter import filter_channels

LRELU_SLOPE = 0.2
LRELU_GAIN = math.sqrt(2)
"""Restores unit variance after a leaky ReLU (He initialisation, arXiv:1502.01852)."""


def make_filter(taps: Sequence[float] = (1, 3, 3, 1)) -> Tensor:
    """Return the separable low-pass filter `taps x taps`, of sum 1 (binomial by default, StyleGAN2 section 2)."""
    row = torch.tensor(taps, dtype=torch.float32)
    kernel = torch.outer(row, row)
    return kernel / kernel.sum()


def upfirdn(
    x: Tensor,
    kernel: Tensor,
    *,
    up: int | tuple[int, int] = 1,
    down: int | tuple[int, int] = 1,
    padding: int | tuple[int, int, int, int] = 0,
    gain: float = 1.0,
    flip: bool = False,
) -> Tensor:
    """Insert zeros, pad, filter and drop samples, as one depthwise (transposed) convolution.

    Up- and downsampling factors are `(x, y)`; `padding` is `(left, right, top, bottom)` in samples of the
    zero-inserted image, and negative values crop. The filter is convolved (mirrored), or with `flip` correlated.
    """
    up_x, up_y = (up, up) if isinstance(up, int) else up
    down_x, down_y = (down, down) if isinstance(down, int) else down
    left, right, top, bottom = (padding,) * 4 if isinstance(padding, int) else padding
    channels = x.shape[1]
    height, width = kernel.shape

    if up_x == 1 and up_y == 1:
        correlated = (kernel if flip else kernel.flip([0, 1])) * gain
        if left == right and top == bottom and min(left, top) >= 0:
            return filter_channels(x, correlated, (down_y, down_x), (top, left))
        return filter_channels(F.pad(x, [left, right, top, bottom]), correlated, (down_y, down_x), (0, 0))

    # A transposed convolution with stride is zero insertion followed by the full (mirrored) convolution, without the
    # zeros after the last sample. What `padding` asks for is a window of that: crop, or pad where it reaches beyond.
    mirrored = kernel.flip([0, 1]) if flip else kernel
    weight = (mirrored * gain).to(x.dtype).expand(channels, 1, height, width)
    crop_left, crop_right = width - 1 - left, width - up_x - right
    crop_top, crop_bottom = height - 1 - top, height - up_y - bottom
    if crop_left == crop_right >= 0 and crop_top == crop_bottom >= 0:
        x = F.conv_transpose2d(x, weight, stride=(up_y, up_x), padding=(crop_top, crop_left), groups=channels)
    else:
        x = F.conv_transpose2d(x, weight, stride=(up_y, up_x), groups=channels)
        x = F.pad(x, [-crop_left, -crop_right, -crop_top, -crop_bottom])
    return x if down_x == down_y == 1 else x[:, :, ::down_y, ::down_x]


def _centred(size: int, up: int, down: int) -> tuple[int, int]:
    """Padding before and after that keeps the image's centre in place when a filter of `size` taps resamples it."""
    if up > 1:
        return (size + up - 1) // 2, (size - up) // 2
    if down > 1:
        return (size - down + 1) // 2, (size - down) // 2
    return size // 2, (size - 1) // 2


def upsample(x: Tensor, kernel: Tensor, *, flip: bool = False) -> Tensor:
    """Twice the size, filtered, with the brightness kept."""
    padding = _centred(kernel.shape[1], 2, 1) + _centred(kernel.shape[0], 2, 1)
    return upfirdn(x, kernel, up=2, padding=padding, gain=4, flip=flip)


def downsample(x: Tensor, kernel: Tensor, *, flip: bool = False) -> Tensor:
    """Half the size, filtered first."""
    padding = _centred(kernel.shape[1], 1, 2) + _centred(kernel.shape[0], 1, 2)
    return upfirdn(x, kernel, down=2, padding=padding, flip=flip)


def blur(x: Tensor, kernel: Tensor) -> Tensor:
    """Filter images without a change of their size."""
    return upfirdn(x, kernel, padding=_centred(kernel.shape[1], 1, 1) + _centred(kernel.shape[0], 1, 1))


def conv_down(x: Tensor, weight: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """Low-pass filter, then convolve (odd kernel, correlation) with stride 2: half the size without aliasing."""
    size = weight.shape[2]
    if size == 1:
        # A pointwise convolution commutes with dropping samples, so the filter itself can take the stride.
        return F.conv2d(downsample(x, kernel), weight, bias)
    before, after = (margin + size // 2 for margin in _centred(kernel.shape[0], 1, 2))
    return F.conv2d(upfirdn(x, kernel, padding=(before, after, before, after)), weight, bias, stride=2)


def conv_up(x: Tensor, weight: Tensor, kernel: Tensor) -> Tensor:
    """Insert zeros, convolve (odd kernel, stored mirrored), low-pass filter: twice the size."""
    size = weight.shape[2]
    if size == 1:
        return upsample(F.conv2d(x, weight), kernel)
    x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    before, after = (margin - size // 2 for margin in _centred(kernel.shape[0], 2, 1))
    # The transposed convolution has no zeros after its last sample, which is one sample less on that side.
    return upfirdn(x, kernel, padding=(before, after + 1, before, after + 1), gain=4)


def bias_act(
    x: Tensor,
    bias: Tensor | None = None,
    *,
    lrelu: bool = True,
    gain: float | None = None,
    clamp: float | None = None,
) -> Tensor:
    """Add a bias per channel (dimension 1), apply leaky ReLU or nothing, scale (default: keep unit variance), clamp."""
    if bias is not None:
        x = x + bias.reshape([1, -1] + [1] * (x.ndim - 2))
    if lrelu:
        x = F.leaky_relu(x, LRELU_SLOPE)
    scale = (LRELU_GAIN if lrelu else 1.0) if gain is None else gain
    if scale != 1:
        x = x * scale
    return x if clamp is None else x.clamp(-clamp, clamp)


def modulated_conv(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    *,
    demodulate: bool = True,
    kernel: Tensor | None = None,
    gain: float = 1.0,
) -> Tensor:
    """Convolution with input channels scaled per sample and the output's variance restored (StyleGAN2 section 2.2).

    x `[N, I, H, W]`, weight `[O, I, k, k]`, styles `[N, I]` -> `[N, O, H, W]`, or twice the size with `kernel`, the
    low-pass filter of the upsampling. The demodulation factor of sample n and output o is
    `1 / sqrt(sum_i styles[n,i]^2 * sum_k weight[o,i,k]^2)`: a matrix product, so no weight is built per sample.

    Images may be of a lower precision than weight and styles: it is theirs that the convolution takes. In float16,
    whose largest number is 65504, weight and styles are first scaled down, which the demodulation undoes
    (arXiv:2006.06676, appendix on mixed precision).
    """
    if demodulate and x.dtype == torch.float16:
        weight = weight / (weight.abs().amax(dim=[1, 2, 3], keepdim=True) * math.sqrt(weight[0].numel()))
        styles = styles / styles.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
    x = x * styles.to(x.dtype)[:, :, None, None]
    rounded = weight.to(x.dtype)
    x = F.conv2d(x, rounded, padding=weight.shape[2] // 2) if kernel is None else conv_up(x, rounded, kernel)
    if not demodulate:
        return x if gain == 1 else x * gain
    energy = styles.square() @ weight.square().sum(dim=[2, 3]).t()
    return x * ((energy + 1e-8).rsqrt() * gain).to(x.dtype)[:, :, None, None]


def minibatch_stddev(x: Tensor, group_size: int, channels: int = 1) -> Tensor:
    """Append the features' standard deviation over groups of samples as extra channels (arXiv:1710.10196 section 3).

    Sample n belongs to the group of n modulo (N / group). Where the batch is no multiple of `group_size`, the largest
    smaller group that divides it is taken.
    """
    n, c, height, width = x.shape
    group = next(size for size in range(min(group_size, n), 0, -1) if n % size == 0)
    grouped = x.reshape(group, n // group, channels, c // channels, height, width)
    variance = (grouped - grouped.mean(dim=0)).square().mean(dim=0)
    spread = (variance + 1e-8).sqrt().mean(dim=[2, 3, 4])
    planes = spread.repeat(group, 1)[:, :, None, None].expand(n, channels, height, width)
    return torch.cat([x, planes], dim=1)


def normalize_2nd_moment(x: Tensor) -> Tensor:
    """Scale each row to a mean square of 1."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
