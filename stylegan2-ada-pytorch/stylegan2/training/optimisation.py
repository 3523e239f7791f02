"""Optimisers corrected for lazy regularisation, and the moving average of the generator."""

from collections.abc import Iterable

import torch
from torch import nn

from stylegan2.training.distributed import ALONE, ProcessGroup

BETA_2 = 0.99


def lazy_adam(parameters: Iterable[nn.Parameter], learning_rate: float, interval: int | None) -> torch.optim.Adam:
    """Adam for a network with a regulariser every `interval` iterations (None: no regulariser).

    The regulariser's extra step makes `interval + 1` steps out of `interval`; learning rate and decay are corrected so
    that the whole moves as if each iteration had one step (StyleGAN2 appendix B, "lazy regularization").
    """
    share = 1.0 if interval is None else interval / (interval + 1)
    return torch.optim.Adam(parameters, lr=learning_rate * share, betas=(0.0, BETA_2**share), eps=1e-8, fused=True)


def optimiser_step(optimiser: torch.optim.Adam, *, group: ProcessGroup = ALONE, tame: bool = False) -> None:
    """Take one step with the gradients that are there, in all processes together, and clear them.

    With `tame`, not-a-number becomes 0 and the infinite becomes 1e5: in float16 a gradient overflows now and then, and
    one lost number does no harm. Otherwise such numbers are a sign of divergence and are left to be found.

    A parameter that a regulariser does not reach counts as having gradient zero, so that Adam's statistics of all
    parameters have the same age.
    """
    parameters = [parameter for part in optimiser.param_groups for parameter in part["params"]]
    group.add_up([parameter.grad for parameter in parameters if parameter.grad is not None])
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        elif tame:
            torch.nan_to_num(parameter.grad, nan=0.0, posinf=1e5, neginf=-1e5, out=parameter.grad)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def ema_beta(batch: int, ema_kimg: float, images_seen: int, rampup: float | None) -> float:
    """Return how much of the average is kept in an iteration of `batch` images, after `images_seen` of them.

    `ema_kimg` is the half-life of the average in thousands of images; with `rampup`, it is at most this fraction of
    the training so far, so that the noise of the beginning is soon forgotten.
    """
    half_life = ema_kimg * 1000
    if rampup is not None:
        half_life = min(half_life, images_seen * rampup)
    return float(0.5 ** (batch / max(half_life, 1e-8)))


@torch.no_grad()
def update_ema(average: nn.Module, network: nn.Module, beta: float) -> None:
    """Move the average's parameters towards the network's, and copy the buffers."""
    for mean, current in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(current, 1 - beta)
    for kept, copied in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(copied)
