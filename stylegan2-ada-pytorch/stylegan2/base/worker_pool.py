"""Apply a function to many items in worker processes, in order, whatever an item does to its process.

An item that crashes its process, or takes more time or memory than it may, costs only itself: what stands in the place
of its result says which it was, a new process takes over, and the other items have their results.

    map_in_order      the results, one after the other
    Limits            what an item may take
    WorkerCrashed     in the place of a result: the process was killed
    ├── OutOfTime     ... because the item took too long
    └── OutOfMemory   ... or wanted too much memory
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_TASKS_PER_WORKER = 2  # one in work and one waiting
_WORTH_A_WORKER = 100  # items; another process takes about as long to start as the work on so many small images
_STARTING = threading.Lock()
_OUT_OF_MEMORY = 71  # exit status of a worker; EX_OSERR of sysexits.h


@dataclass(frozen=True)
class WorkerLimits:
    """What an item may take. Not the clock's time: on a busy machine that says nothing about the item."""

    cpu_seconds: float
    """Processor seconds that the process may take for one item, in the program and in the system."""
    memory_bytes: int
    """Bytes of address space that it may take, beyond what the process has at its start. Kept on Linux only."""


class WorkerCrashed:
    """Stands for the result of an item whose process was killed."""


class OutOfTime(WorkerCrashed):
    """The item took more of the processor's time than it may."""


class OutOfMemory(WorkerCrashed):
    """The item wanted more memory than it may have."""


def usable_cpus() -> int:
    """Return how many CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_workers(items: int, limits: WorkerLimits | None = None) -> int:
    """Return how many processes are worth their start for so many items, and have room if all take what they may."""
    workers = min(usable_cpus(), items // _WORTH_A_WORKER)
    if limits is not None:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        workers = min(workers, machine // limits.memory_bytes)
    return max(workers, 1)


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    items_per_task: int = 8,
    limits: WorkerLimits | None = None,
) -> Iterator[Result | WorkerCrashed]:
    """Yield ``function(item)`` for every item, in the order of the items.

    Only ``items_under_way`` are ever begun and not yet fetched, however slowly. What the function raises is raised.

    Args:
        function: importable by name from its module, as are its arguments and results. Not from one that starts
            threads when it is imported (torch does): the processes are forked from one that has imported it.
        workers: processes; None takes all usable CPUs, or fewer if there is little to do or little memory.
        items_per_task: how many go to a process at a time; fewer where results are large.
        limits: what each item may take; None: anything.
    """
    count = choose_workers(len(items), limits) if workers is None else workers
    starts = range(0, len(items), items_per_task)
    tasks: deque[_Task[Item, Result]] = deque(_Task(items[start : start + items_per_task]) for start in starts)
    running: deque[_Task[Item, Result]] = deque()
    pool: _Pool[Item, Result] = _Pool(function, limits)
    try:
        while tasks or running:
            while tasks and len(running) < _TASKS_PER_WORKER * count:
                running.append(tasks.popleft())
                pool.give(running[-1], count)
            yield from running[0].take_results()
            if running[0].is_fetched:
                running.popleft()
            else:
                pool.receive()
    finally:
        pool.end()


def items_under_way(workers: int, items_per_task: int) -> int:
    """Return how many items ``map_in_order`` has begun at most, counting from the oldest that is not fetched yet."""
    return _TASKS_PER_WORKER * workers * items_per_task


@dataclass
class _Task(Generic[Item, Result]):
    """Some items, and what came of the first of them."""

    items: Sequence[Item]
    results: list[Result | WorkerCrashed] = field(default_factory=list)
    fetched: int = 0
    is_second_try: bool = False
    """Number of the next item without a result."""

    @property
    def is_done(self) -> bool:
        return len(self.results) == len(self.items)

    @property
    def is_fetched(self) -> bool:
        return self.fetched == len(self.items)

    def add(self, result: Result | WorkerCrashed) -> None:
        self.results.append(result)
        self.is_second_try = False

    def take_results(self) -> Iterator[Result | WorkerCrashed]:
        while self.fetched < len(self.results):
            self.fetched += 1
            yield self.results[self.fetched - 1]


class _Pool(Generic[Item, Result]):
    """The worker processes, and which tasks each of them has."""

    def __init__(self, function: Callable[[Item], Result], limits: WorkerLimits | None) -> None:
        self._function, self._limits = function, limits
        self._workers: list[_Worker[Item, Result]] = []

    def give(self, task: _Task[Item, Result], most_workers: int) -> None:
        """Give a task to a new worker, or if there are enough to the one that has the least to do."""
        if len(self._workers) < most_workers:
            self._workers.append(_Worker(self._function, self._limits))
        min(self._workers, key=lambda worker: len(worker.tasks)).give(task)

    def receive(self) -> None:
        """Wait until there are results, and put them into their tasks. Raises what the function has raised."""
        answering = wait([worker.connection for worker in self._workers if worker.tasks])
        for worker in [worker for worker in self._workers if worker.connection in answering]:
            try:
                worker.receive()
            except (EOFError, ConnectionError):
                self._workers.remove(worker)
                self._workers.append(self._replacement(worker))

    def end(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.exit_status()

    def _replacement(self, dead: _Worker[Item, Result]) -> _Worker[Item, Result]:
        """Start a new worker for the tasks of a dead one, without the item that it died of."""
        status = dead.exit_status()
        if not dead.is_ready:
            raise RuntimeError(f"A worker process could not start; it ended with status {status}.")
        worst = dead.tasks[0]
        if status == -signal.SIGPROF:
            worst.add(OutOfTime())
        elif worst.is_second_try:
            worst.add(OutOfMemory() if status == _OUT_OF_MEMORY else WorkerCrashed())
        else:
            # Perhaps it died of what the items before had left behind, or for other programs' use of memory.
            worst.is_second_try = True
        worker: _Worker[Item, Result] = _Worker(self._function, self._limits)
        for task in dead.tasks:
            if not task.is_done:
                worker.give(task)
        return worker


class _Worker(Generic[Item, Result]):
    """One process. It answers item by item, so that it is known of which it died."""

    def __init__(self, function: Callable[[Item], Result], limits: WorkerLimits | None) -> None:
        # A forked child of a process with threads (torch starts some) may hang. "forkserver" forks from a process of
        # its own, which has none, within milliseconds; "spawn" takes a third of a second.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([function.__module__])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, function, limits), daemon=True)
        with _bare_program():
            self.process.start()
        theirs.close()
        self.is_ready = False
        self.tasks: deque[_Task[Item, Result]] = deque()

    def give(self, task: _Task[Item, Result]) -> None:
        self.tasks.append(task)
        with suppress(ConnectionError):  # then it is dead, which `receive` will find
            self.connection.send(task.items[len(task.results) :])

    def receive(self) -> None:
        """Put one result into its task. Raises EOFError or ConnectionError if the process is dead."""
        message = self.connection.recv()
        if not self.is_ready:
            self.is_ready = True
            return
        result, error = message
        if error is not None:
            raise error
        self.tasks[0].add(result)
        if self.tasks[0].is_done:
            self.tasks.popleft()

    def exit_status(self) -> int | None:
        """Wait for the end of a process that is dead or dying; negative: the signal that killed it."""
        self.connection.close()
        self.process.join()
        status = self.process.exitcode
        self.process.close()
        return status


@contextmanager
def _bare_program() -> Iterator[None]:
    """Let processes that are started here find our modules, and import no other of this program's (perhaps torch)."""
    with _STARTING:
        main, path = sys.modules["__main__"], os.environ.get("PYTHONPATH")
        sys.modules["__main__"] = types.ModuleType("__main__")
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # the server from which they fork is not told of sys.path
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if path is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = path


def _work(connection: Connection, function: Callable[[Item], Result], limits: WorkerLimits | None) -> None:
    """Apply the function, in a worker, to what comes, until nothing can come any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes, and the first one decides
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, also in the midst of a decoder
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _end_with_parent()
    if limits is not None:
        _limit_memory(limits.memory_bytes)
    connection.send("ready")
    while True:
        try:
            items = connection.recv()
        except EOFError:
            return
        for item in items:
            result, error = None, None
            if limits is not None:
                signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds)
            try:
                result = function(item)
            except MemoryError:
                os._exit(_OUT_OF_MEMORY)
            except Exception as raised:  # noqa: BLE001 - raised where the results are awaited
                error = raised
            signal.setitimer(signal.ITIMER_PROF, 0)
            connection.send((result, error))


def _limit_memory(more_bytes: int) -> None:
    if sys.platform != "linux":
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more_bytes
    _, highest = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if highest == resource.RLIM_INFINITY else min(limit, highest), highest)
    )


def _end_with_parent() -> None:
    """See to it that a worker ends when its parent is killed, or it would wait for work forever."""
    parent = multiprocessing.parent_process()

    def wait_for_end() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_end, daemon=True).start()
