"""Depthwise convolution with a filter that does not learn.

PyTorch's own convolution keeps its input for the filter's gradient, and when it is differentiated twice, as the
regularisers do, it computes that gradient one channel after the other, whether anybody wants it or not: hundreds of
small convolutions. Here, the derivative of a filter is the transposed filter, and the derivative of that the filter.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

Pair = tuple[int, int]
"""Two numbers, along y and x."""


def filter_channels(x: Tensor, kernel: Tensor, stride: Pair, padding: Pair) -> Tensor:
    """Correlate every channel of `[N, C, H, W]` with the kernel `[h, w]`, which gets no gradient."""
    weight = kernel.to(x.dtype).expand(x.shape[1], 1, *kernel.shape)
    if torch.compiler.is_compiling() or not (x.requires_grad and torch.is_grad_enabled()):
        return F.conv2d(x, weight, stride=stride, padding=padding, groups=x.shape[1])
    filtered: Tensor = _Filter.apply(x, weight, stride, padding)  # type: ignore[no-untyped-call]
    return filtered


class _Filter(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.arguments = x.shape, _format_of(x), stride, padding
        return F.conv2d(x, weight, stride=stride, padding=padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (weight,) = ctx.saved_tensors
        transposed = _Transposed.apply(gradient, weight, *ctx.arguments)  # type: ignore[no-untyped-call]
        return transposed, None, None, None


class _Transposed(Function):
    @staticmethod
    def forward(
        ctx: Any, y: Tensor, weight: Tensor, shape: torch.Size, memory: torch.memory_format, stride: Pair, padding: Pair
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.arguments = stride, padding
        # Only its shape and layout are looked at: the gradient of the input does not depend on the input.
        x = torch.empty(shape, dtype=y.dtype, device=y.device, memory_format=memory)
        gradient: Tensor = torch.ops.aten.convolution_backward(
            y, x, weight, None, stride, padding, (1, 1), False, (0, 0), shape[1], (True, False, False)
        )[0]
        return gradient

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (weight,) = ctx.saved_tensors
        filtered = _Filter.apply(gradient, weight, *ctx.arguments)  # type: ignore[no-untyped-call]
        return filtered, None, None, None, None, None


def _format_of(x: Tensor) -> torch.memory_format:
    innermost = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if innermost else torch.contiguous_format
