"""The stream of real images that a training sees."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from stylegan2.data.dataset import ImageDataset, InfiniteSampler

IN_MEMORY_BYTES = 128 << 20
"""Decoded data sets up to this size are kept in the device's memory, through which they take as much of the host's."""
BATCHES_AHEAD = 8

Batch = tuple[Tensor, Tensor | None]
"""Images `[N, C, H, W]`, float32 from -1 to 1, and their labels `[N, label_size]`, None where there are none."""
Batches = Generator[Batch, None, None]


def real_batches(
    dataset: ImageDataset,
    batch: int,
    *,
    seed: int,
    start: int,
    device: torch.device,
    workers: int = 4,
    places: Sequence[slice] = (slice(None),),
) -> Batches:
    """Batches without end, or of each batch only some `places`.

    Their order depends on the seed only, and `start` is how many images were already used. A small data set is
    decoded once; of a large one, `workers` threads decode the next batches meanwhile. Close the generator to end them.
    """
    order = iter(InfiniteSampler(len(dataset), seed=seed, start=start))
    whole_batches = iter(lambda: list(islice(order, batch)), [])
    batches_of_indices = ([index for some in places for index in whole[some]] for whole in whole_batches)
    bytes_decoded = len(dataset) * dataset.channels * dataset.height * dataset.width
    source = _from_memory if bytes_decoded <= IN_MEMORY_BYTES else _decoded_ahead
    for indices, pixels in source(dataset, batches_of_indices, device, workers):
        labels = None
        if dataset.label_size:
            labels = torch.from_numpy(dataset.labels(indices)).to(device)
        # Bytes travel to the device, a quarter of what floats would be, in the order in which they lie in the files.
        images = pixels.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
        yield images.div_(127.5).sub_(1), labels


def decode_images(dataset: ImageDataset, indices: list[int]) -> Tensor:
    """Return the images at the indices, bytes `[N, C, H, W]`."""
    return torch.from_numpy(dataset.read(indices)).permute(0, 3, 1, 2)


def _from_memory(
    dataset: ImageDataset, batches_of_indices: Iterator[list[int]], device: torch.device, workers: int
) -> Iterator[tuple[list[int], Tensor]]:
    everything = range(len(dataset))
    parts = np.array_split(np.arange(len(dataset)), workers)
    pixels = torch.empty((len(everything), dataset.height, dataset.width, dataset.channels), dtype=torch.uint8)
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as threads:
        places = [slice(part[0], part[-1] + 1) for part in parts if len(part)]
        done = [threads.submit(dataset.read, everything[place], pixels[place].numpy()) for place in places]
        for future in done:
            future.result()
    pixels = pixels.to(device)
    for indices in batches_of_indices:
        yield indices, pixels[torch.tensor(indices, device=device)]


def _decoded_ahead(
    dataset: ImageDataset, batches_of_indices: Iterator[list[int]], device: torch.device, workers: int
) -> Iterator[tuple[list[int], Tensor]]:
    """Batches on the device. A batch is valid until the next one is asked for: its memory is used again."""
    pending: deque[tuple[list[int], _Room, Future[None]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as threads:
        try:
            for indices in batches_of_indices:
                if len(pending) < BATCHES_AHEAD:
                    room = _Room(dataset, len(indices), device)
                else:
                    ready, room, future = pending.popleft()
                    future.result()
                    yield ready, room.on_device()
                pending.append((indices, room, threads.submit(room.fill, dataset, indices)))
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


class _Room:
    """Memory for one batch of bytes `[N, H, W, C]`, used over and over; pinned where a GPU can read it by itself."""

    def __init__(self, dataset: ImageDataset, batch: int, device: torch.device) -> None:
        self._device = device
        shape = (batch, dataset.height, dataset.width, dataset.channels)
        self._bytes = torch.empty(shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
        self._copied: torch.cuda.Event | None = None

    def fill(self, dataset: ImageDataset, indices: list[int]) -> None:
        """Decode the images into it, once the GPU has fetched the last ones."""
        if self._copied is not None:
            self._copied.synchronize()
        dataset.read(indices, self._bytes.numpy())

    def on_device(self) -> Tensor:
        """Return the batch where it is needed. The copy to a GPU goes on in the background."""
        if self._device.type != "cuda":
            return self._bytes
        pixels = self._bytes.to(self._device, non_blocking=True)
        self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._copied.record(torch.cuda.current_stream(self._device))
        return pixels
