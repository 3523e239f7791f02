"""The processes that train one network together, on several GPUs and several machines.

Every process holds the whole network and does some of the micro-batches of each batch; their gradients are added up,
and all take the same step. What a process computes in a micro-batch depends on that alone, so the result does not
depend on how many processes share them, up to the order in which gradients are added.

`torchrun` starts the processes and tells each its place by environment variables (RANK, LOCAL_RANK, WORLD_SIZE,
MASTER_ADDR, MASTER_PORT). Tensors on GPUs travel through NCCL, those on the CPU through gloo.

A process that is gone is noticed at once where gloo waits for it, which every process does before every iteration; one
that hangs, after `PATIENCE`. Both raise PeerLostError. A process that waits inside a CUDA call for another that is gone
is ended by NCCL's watchdog after the same time (PyTorch documentation, "Distributed communication package").
"""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from stylegan2.base.errors import OptionError, PeerLostError

PATIENCE = timedelta(minutes=20)
"""How long a process waits for the others: longer than the first one takes to judge and to save a network."""

Result = TypeVar("Result")


class ProcessGroup:
    """This process's place among `size` processes; `rank` counts from 0. One alone needs no connection."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def is_main_process(self) -> bool:
        """Whether this process writes the files: exactly one does."""
        return self.rank == 0

    def micro_batches(self, count: int) -> range:
        """Return which of a batch's micro-batches, numbered from 0, this process does. `size` divides their count."""
        return range(self.rank, count, self.size)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace every tensor by the sum of those of all processes, which have the same shapes in the same order."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        _answered(lambda: dist.all_reduce(flat))
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        torch._foreach_copy_(
            list(tensors), [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]
        )

    def gather(self, rows: Tensor) -> Tensor:
        """Put what all processes know of their micro-batches together: `[n, ...]` of each -> `[n * size, ...]` in the
        micro-batches' order."""
        if self.size == 1:
            return rows
        everyone = [torch.empty_like(rows) for _ in range(self.size)]
        _answered(lambda: dist.all_gather(everyone, rows.contiguous()))
        return torch.stack(everyone, dim=1).flatten(0, 1)

    def largest(self, number: int) -> int:
        """Return the largest of all processes' numbers. Computed on the CPU: no GPU is waited for."""
        return self._reduced(number, dist.ReduceOp.MAX)

    def smallest(self, number: int) -> int:
        """Return the smallest of all processes' numbers."""
        return self._reduced(number, dist.ReduceOp.MIN)

    def _reduced(self, number: int, how: Any) -> int:
        if self.size == 1:
            return number
        value = torch.tensor(number, dtype=torch.int64)
        _answered(lambda: dist.all_reduce(value, how))
        return int(value)

    def from_main_process(self, state: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the first process's checkpoint, whatever this process has found. Tensors, numbers and strings only."""
        if self.size == 1:
            return state
        content = io.BytesIO()
        if self.is_main_process:
            torch.save(state, content)
        length = self.largest(content.getbuffer().nbytes)
        packed = torch.empty(length, dtype=torch.uint8)
        if self.is_main_process:
            packed.copy_(torch.frombuffer(content.getbuffer(), dtype=torch.uint8))
        _answered(lambda: dist.broadcast(packed, src=0))
        received: dict[str, Any] | None = torch.load(io.BytesIO(packed.numpy().tobytes()), weights_only=True)
        return received

    def refuse_different(self, fingerprint: bytes) -> None:
        """Raise OptionError, in every process, if not all have the same fingerprint, of 32 bytes."""
        own = torch.frombuffer(bytearray(fingerprint), dtype=torch.uint8)
        everyone = self.gather(own[None])
        if self.size > 1 and (different := (everyone != everyone[0]).any(dim=1)).any():
            ranks = ", ".join(str(rank) for rank in different.nonzero().flatten().tolist())
            raise OptionError(
                f"processes: {ranks} of 0 to {self.size - 1} has other options or another data set than 0; "
                f"give all of them the same command and the same pictures"
            )


ALONE = ProcessGroup()


@contextmanager
def connected_processes(device: str = "auto", patience: timedelta = PATIENCE) -> Iterator[ProcessGroup]:
    """Connect with the other processes that `torchrun` has started, if it has; otherwise this one is alone.

    With `device` "cuda", or "auto" where there are GPUs, each process of a machine takes a GPU of its own.
    Raises OptionError if there are too few or a variable is no number, PeerLostError if the others do not come.
    """
    size = _number("WORLD_SIZE", 1)
    if size == 1:
        yield ALONE
        return
    rank, local_rank = _number("RANK", 0), _number("LOCAL_RANK", 0)
    backend = "gloo"
    if device != "cpu" and torch.cuda.is_available():
        if local_rank >= torch.cuda.device_count():
            raise OptionError(
                f"processes: number {local_rank} of this machine has no GPU, there are {torch.cuda.device_count()}; "
                f"start as many processes as GPUs"
            )
        torch.cuda.set_device(local_rank)
        backend = "cpu:gloo,cuda:nccl"
    # Optimisers import it when they are first used. Imported while there is a group, it keeps the group and its threads
    # alive after their end, and a thread that lets go of a tensor while the interpreter ends aborts the process
    # (torch 2.13; pytorch issue 190489).
    import_module("torch._dynamo")

    try:
        dist.init_process_group(backend, rank=rank, world_size=size, timeout=patience)
    except (RuntimeError, ValueError) as error:
        raise PeerLostError(
            f"process {rank} of {size} cannot connect with the others at {os.environ.get('MASTER_ADDR')}:"
            f"{os.environ.get('MASTER_PORT')}: {_first_line(error)}"
        ) from error
    yield ProcessGroup(rank, size)
    # Only after a good end: in a bad one, the others may never come, and the end of the process closes everything.
    dist.destroy_process_group()


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdecimal():
        raise OptionError(f"processes: the environment variable {variable} must be a number, not {text!r}")
    return int(text)


def _answered(collective: Callable[[], Result]) -> Result:
    """Do what needs the others. Raises PeerLostError if one of them is gone."""
    try:
        return collective()
    except RuntimeError as error:
        raise PeerLostError(
            f"another of the {dist.get_world_size()} processes of this training ended or hangs ({_first_line(error)}); "
            f"its own message says why. Everything up to the last checkpoint is kept: start all again to go on there"
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
