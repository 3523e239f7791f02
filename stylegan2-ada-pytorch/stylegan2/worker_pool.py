"""Apply a function to many items in worker processes, in order, and survive an item that kills its process."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_TASKS_PER_WORKER = 2  # one in work and one waiting
_WORTH_A_WORKER = 100  # items; a process takes about as long to start as the work on so many small pictures


class WorkerCrashed:
    """Stands for the result of an item whose process was killed, by a crash or for its use of memory."""


def usable_cpus() -> int:
    """Return how many CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_workers(items: int) -> int:
    """Return how many processes are worth their start for so many items."""
    return min(usable_cpus(), items // _WORTH_A_WORKER)


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    items_per_task: int = 8,
) -> Iterator[Result | WorkerCrashed]:
    """Yield ``function(item)`` for every item, in the order of the items.

    Only ``items_under_way`` are ever begun and not yet fetched, however slowly. With one worker everything
    happens in this process, where a crash cannot be caught.

    Args:
        function: importable by name from its module, as are its arguments and results.
        workers: processes; None takes all usable CPUs, or fewer if there is little to do.
        items_per_task: how many go to a process at a time; fewer where results are large.
    """
    if workers is None:
        workers = choose_workers(len(items))
    if workers <= 1:
        yield from map(function, items)
        return

    tasks = deque(items[start : start + items_per_task] for start in range(0, len(items), items_per_task))
    running: deque[tuple[Sequence[Item], Future[list[Result]]]] = deque()
    pool = _new_pool(workers)
    try:
        while tasks or running:
            while tasks and len(running) < _TASKS_PER_WORKER * workers:
                task = tasks.popleft()
                running.append((task, pool.submit(_apply, function, task)))
            task, future = running.popleft()
            try:
                yield from future.result()
            except BrokenProcessPool:
                # One dead process ends the whole pool, and nobody knows which item it was. The oldest task is
                # taken item by item; the others go back and are tried again.
                tasks.extendleft(waiting for waiting, _ in reversed(running))
                running.clear()
                pool.shutdown()
                pool = _new_pool(workers)
                for item in task:
                    yield _apply_alone(function, item)
    finally:
        pool.shutdown(cancel_futures=True)


def items_under_way(workers: int, items_per_task: int) -> int:
    """Return how many items ``map_in_order`` has begun at most, counting from the oldest that is not fetched yet."""
    return _TASKS_PER_WORKER * workers * items_per_task


def _new_pool(workers: int) -> ProcessPoolExecutor:
    # "spawn": a forked child of a process with threads (torch starts some) may hang, and Python 3.12 warns of it.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """In a worker: see to it that it ends when its parent is killed, or it would wait for work forever."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _apply(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]


def _apply_alone(function: Callable[[Item], Result], item: Item) -> Result | WorkerCrashed:
    with _new_pool(1) as pool:
        try:
            return pool.submit(function, item).result()
        except BrokenProcessPool:
            return WorkerCrashed()
