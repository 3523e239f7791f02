"""A plain implementation of the papers' formulas, as the yardstick for the one that is shipped.

It computes with the shipped networks' parameters what arXiv:1912.04958 and arXiv:2006.06676 write down, step by step
and without any short cut: weights modulated and normalised per sample, up- and downsampling by inserting zeros,
padding, filtering and dropping samples in turn, gains and clamps as passes of their own, an optimiser step that mends
gradients that are not finite. tests/model/test_plain_yardstick.py shows that both compute the same.
"""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan2.model.layers import Conv, Linear
from stylegan2.model.networks import Discriminator, Generator, SynthesisLayer, ToRGB

GAIN = math.sqrt(2)
CLAMP = 256.0


def resampled(
    x: Tensor,
    kernel: Tensor,
    *,
    up: tuple[int, int] = (1, 1),
    down: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    gain: float = 1,
    flip: bool = False,
) -> Tensor:
    """Insert zeros, pad or crop, convolve each channel (correlate with `flip`), drop samples: one after the other.

    Factors are (x, y), `padding` is (left, right, top, bottom).
    """
    n, c, h, w = x.shape
    x = F.pad(x.reshape(n, c, h, 1, w, 1), [0, up[0] - 1, 0, 0, 0, up[1] - 1]).reshape(n, c, h * up[1], w * up[0])
    x = F.pad(x, list(padding))
    weight = (kernel if flip else kernel.flip([0, 1])) * gain
    x = F.conv2d(x, weight[None, None].repeat(c, 1, 1, 1), groups=c)
    return x[:, :, :: down[1], :: down[0]]


def filtered(
    x: Tensor, kernel: Tensor, up: int = 1, down: int = 1, pad: tuple[int, int] = (0, 0), gain: float = 1
) -> Tensor:
    """The same for both axes, with `pad` samples before and after."""
    return resampled(x, kernel, up=(up, up), down=(down, down), padding=pad + pad, gain=gain)


def activated(
    x: Tensor, bias: Tensor | None, lrelu: bool = True, gain: float | None = None, clamp: float | None = CLAMP
) -> Tensor:
    """Bias, leaky ReLU, gain, clamp: one after the other."""
    if bias is not None:
        x = x + bias.reshape([1, -1] + [1] * (x.ndim - 2))
    x = F.leaky_relu(x, 0.2) if lrelu else x
    x = x * ((GAIN if lrelu else 1.0) if gain is None else gain)
    return x if clamp is None else x.clamp(-clamp, clamp)


def linear(layer: Linear, x: Tensor) -> Tensor:
    """A fully connected layer with equalised learning rate."""
    gain = layer.weight_gain / (GAIN if layer.lrelu else 1.0)
    bias_gain = layer.bias_gain / (GAIN if layer.lrelu else 1.0)
    bias = None if layer.bias is None else layer.bias * bias_gain
    return activated(x.matmul((layer.weight * gain).t()), bias, layer.lrelu, clamp=None)


def modulated(
    x: Tensor, weight: Tensor, styles: Tensor, kernel: Tensor | None, demodulate: bool = True, fused: bool = False
) -> Tensor:
    """Modulated convolution (StyleGAN2, equations 1 and 3).

    Each sample has weights of its own: `fused` convolves with them, as one grouped convolution; otherwise only their
    norms are taken from them, and the features are scaled before and after an ordinary convolution.
    """
    n, size = x.shape[0], weight.shape[2]
    own = weight[None] * styles[:, None, :, None, None]
    norms = (own.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt() if demodulate else torch.ones(n, weight.shape[0])
    if not fused:
        x = x * styles[:, :, None, None]
        x = F.conv2d(x, weight, padding=size // 2) if kernel is None else upsampled(x, weight.transpose(0, 1), kernel)
        return x * norms[:, :, None, None]
    own = own * norms[:, :, None, None, None]
    x = x.reshape(1, -1, *x.shape[2:])
    if kernel is None:
        x = F.conv2d(x, own.reshape(-1, *own.shape[2:]), padding=size // 2, groups=n)
    else:
        x = upsampled(x, own.transpose(1, 2).reshape(n * own.shape[2], own.shape[1], size, size), kernel, groups=n)
    return x.reshape(n, -1, *x.shape[2:])


def upsampled(x: Tensor, weight: Tensor, kernel: Tensor, groups: int = 1) -> Tensor:
    """Convolve to twice the size, then filter."""
    return filtered(F.conv_transpose2d(x, weight, stride=2, groups=groups), kernel, pad=(1, 1), gain=4)


def layer(part: SynthesisLayer, x: Tensor, w: Tensor, noise_mode: str, fused: bool) -> Tensor:
    """Modulated convolution, noise, bias, activation."""
    x = modulated(x, part.weight, linear(part.affine, w), part.resample_filter if part.up else None, fused=fused)
    if noise_mode == "random":
        x = x + torch.randn([x.shape[0], 1, *part.noise_const.shape]) * part.noise_strength
    elif noise_mode == "const":
        x = x + part.noise_const * part.noise_strength
    return activated(x, part.bias)


def torgb(part: ToRGB, x: Tensor, w: Tensor, fused: bool) -> Tensor:
    """The picture's contribution of one resolution."""
    styles = linear(part.affine, w) * part.weight_gain
    return activated(modulated(x, part.weight, styles, None, demodulate=False, fused=fused), part.bias, lrelu=False)


def mapping(G: Generator, z: Tensor) -> Tensor:
    """z -> ws."""
    x = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
    for index in range(G.mapping.num_layers):
        x = linear(G.mapping.get_submodule(f"fc{index}"), x)  # type: ignore[arg-type]
    return x[:, None].repeat(1, G.num_ws, 1)


def synthesis(G: Generator, ws: Tensor, noise_mode: str = "random", fused: bool = False) -> Tensor:
    """ws -> pictures."""
    x = img = None
    first = 0
    for resolution in G.synthesis.resolutions:
        block = G.synthesis.get_submodule(f"b{resolution}")
        if x is None:
            x = block.const[None].repeat(ws.shape[0], 1, 1, 1)
        else:
            x = layer(block.conv0, x, ws[:, first], noise_mode, fused)
            first += 1
        x = layer(block.conv1, x, ws[:, first], noise_mode, fused)
        if img is not None:
            img = filtered(img, block.resample_filter, up=2, pad=(2, 1), gain=4)
        rgb = torgb(block.torgb, x, ws[:, first + 1], fused)
        img = rgb if img is None else img + rgb
        first += 1
    assert img is not None  # noqa: S101 - a generator has at least one resolution
    return img


def convolved(part: Conv, x: Tensor, gain: float = 1.0) -> Tensor:
    """A layer of the discriminator; to half the size: filter, then convolve with stride 2."""
    weight = part.weight * (1 / math.sqrt(part.weight.shape[1] * part.weight.shape[2] ** 2))
    size = weight.shape[2]
    if part.down and size == 1:
        x = F.conv2d(filtered(x, part.resample_filter, down=2, pad=(1, 1)), weight)
    elif part.down:
        x = F.conv2d(filtered(x, part.resample_filter, pad=(2, 2)), weight, stride=2)
    else:
        x = F.conv2d(x, weight, padding=size // 2)
    is_active = part.bias is not None
    return activated(x, part.bias, is_active, gain=gain * (GAIN if is_active else 1.0), clamp=CLAMP * gain)


def discriminate(D: Discriminator, img: Tensor) -> Tensor:
    """Pictures -> logits (residual architecture, no labels)."""
    x = img
    for resolution in D.block_resolutions:
        block = D.get_submodule(f"b{resolution}")
        if block.reads_image:
            x = convolved(block.fromrgb, x)
        skip = convolved(block.skip, x, gain=math.sqrt(0.5))
        x = skip + convolved(block.conv1, convolved(block.conv0, x), gain=math.sqrt(0.5))
    end = D.get_submodule(f"b{D.base_resolution}")
    n, c, h, w = x.shape
    group = min(end.mbstd_group_size, n)
    y = x.reshape(group, -1, end.mbstd_channels, c // end.mbstd_channels, h, w)
    y = (((y - y.mean(dim=0)).square().mean(dim=0)) + 1e-8).sqrt().mean(dim=[2, 3, 4])
    y = y.reshape(-1, end.mbstd_channels, 1, 1).repeat(group, 1, h, w)
    x = convolved(end.conv, torch.cat([x, y], dim=1))
    return linear(end.out, linear(end.fc, x.flatten(1)))


def optimise(optimiser: torch.optim.Optimizer, parameters: Iterable[nn.Parameter]) -> None:
    """A step whose gradients are finite, each parameter by itself."""
    for parameter in parameters:
        if parameter.grad is not None:
            torch.nan_to_num(parameter.grad, nan=0, posinf=1e5, neginf=-1e5, out=parameter.grad)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


@torch.no_grad()
def average(mean: nn.Module, network: nn.Module, beta: float) -> None:
    """The moving average of the generator."""
    for old, new in zip(mean.parameters(), network.parameters(), strict=True):
        old.copy_(new.lerp(old, beta))
    for old, new in zip(mean.buffers(), network.buffers(), strict=True):
        old.copy_(new)
