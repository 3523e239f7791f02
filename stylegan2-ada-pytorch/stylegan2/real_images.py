"""The stream of real pictures that a training sees."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from stylegan2.dataset import ImageDataset, InfiniteSampler

IN_MEMORY_BYTES = 512 << 20
"""Decoded data sets up to this size are kept in the device's memory."""
BATCHES_AHEAD = 8


def real_batches(
    dataset: ImageDataset, batch: int, *, seed: int, start: int, device: torch.device, workers: int = 4
) -> Generator[Tensor, None, None]:
    """Batches `[batch, C, R, R]`, float32 from -1 to 1, without end.

    Their order depends on the seed only, and `start` is how many pictures were already used. A small data set is
    decoded once; of a large one, `workers` threads decode the next batches meanwhile. Close the generator to end them.
    """
    order = iter(InfiniteSampler(len(dataset), seed=seed, start=start))
    batches_of_indices = iter(lambda: list(islice(order, batch)), [])
    bytes_decoded = len(dataset) * dataset.channels * dataset.resolution**2
    source = _from_memory if bytes_decoded <= IN_MEMORY_BYTES else _decoded_ahead
    for pictures in source(dataset, batches_of_indices, device, workers):
        yield pictures.to(torch.float32) / 127.5 - 1


def decode(dataset: ImageDataset, indices: list[int]) -> Tensor:
    """The pictures at the indices, bytes `[N, C, R, R]`."""
    return torch.from_numpy(np.stack([dataset[index] for index in indices]))


def _from_memory(
    dataset: ImageDataset, batches_of_indices: Iterator[list[int]], device: torch.device, workers: int
) -> Iterator[Tensor]:
    pictures = decode(dataset, list(range(len(dataset)))).to(device)
    for indices in batches_of_indices:
        yield pictures[torch.tensor(indices, device=device)]


def _decoded_ahead(
    dataset: ImageDataset, batches_of_indices: Iterator[list[int]], device: torch.device, workers: int
) -> Iterator[Tensor]:
    pending: deque[Future[Tensor]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as threads:
        for indices in batches_of_indices:
            pending.append(threads.submit(decode, dataset, indices))
            if len(pending) == BATCHES_AHEAD:
                yield pending.popleft().result().to(device)
