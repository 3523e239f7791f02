"""Networks without storage for their numbers: enough to compare names and shapes, and to be filled."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class MetaInit(TorchFunctionMode):
    """The numbers that a network begins with get a shape but no storage ("meta" tensors); its few constants are made.

    torch.device("meta") computes the constants, and even a division, with code that takes a second to import.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in (torch.randn, torch.zeros):
            return torch.empty(*args, device="meta")
        if func is torch.full:
            return torch.empty(args[0], device="meta")
        if func in (Tensor.div, Tensor.__truediv__) and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))
