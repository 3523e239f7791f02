"""How a training is computed: number formats, memory layout, compiled networks, loader threads.

None of it changes what is learned, beyond rounding.

Mixed precision follows StyleGAN2-ADA (arXiv:2006.06676, appendix on implementation): the four highest resolutions of
both networks compute in 16 bits, everything else, the weights and the optimisers stay in float32. In float16 the
outputs of the convolutions are clamped, which belongs to the network and is stored with it; bfloat16 has the range of
float32 and needs no clamp. On a CPU 16 bits are allowed, so that such a training can be tried and tested anywhere, but
without special units (AMX, AVX512-BF16) they are many times slower than float32: 1/16 of the speed was measured.

Compilation takes the two main phases only: the regularisers differentiate twice, which compiled modules cannot.
"""

import importlib.util
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from stylegan2.base.host_memory import keep_freed_memory
from stylegan2.model.networks import Discriminator, DiscriminatorBlock, Generator, SynthesisBlock, SynthesisLayer
from stylegan2.options.words import Compilation, Precision

LOW_PRECISION_RESOLUTIONS = 4
FP16_CLAMP = 256.0
_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Performance:
    """How to compute. Made by `resolve_performance`."""

    precision: Precision
    channels_last: bool
    """Whether weights lie in memory in torch.channels_last."""
    compilation: Compilation
    """`on`, `off`, or `auto`: on, but where it fails the training goes on without."""
    workers: int
    """Threads that decode images, where the data set is too large to be kept decoded."""
    fit_batch_gpu: bool
    """Whether the micro-batches are made as large as memory allows when the training begins."""

    @property
    def conv_clamp(self) -> float | None:
        """The `conv_clamp` of both networks."""
        return FP16_CLAMP if self.precision == "fp16" else None


def resolve_performance(
    device: str,
    *,
    precision: Literal["auto"] | Precision,
    channels_last: Literal["auto", "on", "off"],
    compilation: Compilation,
    workers: int,
    fit_batch_gpu: bool,
) -> Performance:
    """Decide what `auto` means on this device ("cpu" or "cuda").

    A GPU gets fp16 as the original does, and with it channels last, as tensor cores want them. A CPU convolves
    faster with channels last: a quarter less time for a whole iteration at 64 px.
    """
    on_gpu = device == "cuda"
    if precision == "auto":
        precision = "fp16" if on_gpu else "fp32"
    if channels_last == "auto":
        channels_last = "on" if not on_gpu or precision != "fp32" else "off"
    if compilation == "auto" and not (on_gpu and can_compile_for_gpu()):
        compilation = "off"
    return Performance(
        precision=precision,
        channels_last=channels_last == "on",
        compilation=compilation,
        workers=workers,
        fit_batch_gpu=fit_batch_gpu,
    )


def can_compile_for_gpu() -> bool:
    """Return whether torch.compile finds what it needs for a GPU: Triton, and a C compiler for Triton's launchers."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return compiler is not None and importlib.util.find_spec("triton") is not None


def performance_remarks(device: str, performance: Performance) -> list[str]:
    """Return what a person should know about these choices on this device, one sentence each."""
    found = []
    if device == "cpu" and performance.precision != "fp32":
        found.append(f"precision: without special units, {performance.precision} makes a CPU many times slower")
    if device == "cuda" and performance.compilation == "off" and not can_compile_for_gpu():
        found.append("compile: off, because Triton or a C compiler is missing here; with both, training is faster")
    return found


def use_precision(network: Generator | Discriminator, precision: Precision) -> None:
    """Let the highest four resolutions compute in 16 bits; the lowest, 4x4, never does."""
    blocks = [part for part in network.modules() if isinstance(part, SynthesisBlock | DiscriminatorBlock)]
    if isinstance(network, Generator):
        blocks = blocks[:0:-1]  # the highest resolution first, as in the discriminator, and without the lowest
    for index, block in enumerate(blocks):
        block.compute_dtype = _DTYPES[precision] if index < LOW_PRECISION_RESOLUTIONS else torch.float32


def to_channels_last(network: nn.Module) -> None:
    """Lay the weights of the convolutions out in torch.channels_last, and the images that they read."""
    for part in network.modules():
        if isinstance(part, DiscriminatorBlock):
            part.memory_format = torch.channels_last
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def prepare_for_inference(network: nn.Module) -> None:
    """Prepare a network for a CPU whose weights do not change any more.

    What depends on the weights alone is computed once. They get channels last; those that are used transposed are
    copied at each use unless they lie in memory like that.
    """
    to_channels_last(network)
    for part in network.modules():
        if isinstance(part, SynthesisLayer):
            part.energy = part.weight.square().sum(dim=[2, 3])
            if part.up:
                turned = part.weight.transpose(0, 1).contiguous(memory_format=torch.channels_last)
                part.weight.data = turned.transpose(0, 1)


def move_to_device(networks: Sequence[nn.Module], device: str) -> None:
    """Move networks that draw to their device; for a CPU they are finished, and the memory they compute with is kept.

    Raises RuntimeError or AssertionError, with either of which torch says that there is no such device.
    """
    for network in networks:
        network.to(device)
    if torch.device(device).type == "cpu":
        keep_freed_memory()
        for network in networks:
            prepare_for_inference(network)


def compiled_network(network: nn.Module, compilation: Compilation) -> Callable[..., Tensor]:
    """Return the same function, compiled when it is first called; the network itself for `off`.

    Parameters are shared. With `auto`, what cannot be compiled is said and computed without.
    """
    if compilation == "off":
        return network
    fast: Callable[..., Tensor] = torch.compile(network, dynamic=False)
    if compilation == "on":
        return fast

    def call(*arguments: Any) -> Tensor:
        nonlocal fast
        try:
            return fast(*arguments)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = str(error).strip().partition("\n")[0]
            _log.warning("compile: %s cannot be compiled and goes on as it is: %s", type(network).__name__, reason)
            fast = network
            result: Tensor = network(*arguments)
            return result

    return call
