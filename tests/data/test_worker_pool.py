"""Worker processes give every item its result, or say what it did to its process, and end with their parent."""

import importlib
import itertools
import operator
import os
import select
import signal
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from stylegan2.base import worker_pool
from stylegan2.base.worker_pool import OutOfMemory, OutOfTime, WorkerCrashed, WorkerLimits, choose_workers, map_in_order
from tests.patience import HARD_END

LIMITS = WorkerLimits(cpu_seconds=HARD_END, memory_bytes=200 << 20)
IMPATIENT = replace(LIMITS, cpu_seconds=0.5)

DEEDS = """
import os, signal, sys

def take_time(share):
    # So much of what an item may take, of the time by which it is limited: the same on every machine.
    limit = signal.getitimer(signal.ITIMER_PROF)[0]
    while signal.getitimer(signal.ITIMER_PROF)[0] > (1 - share) * limit:
        pass

def take_memory(size):
    return len(bytes(size))

def die_once(trace):
    if not trace.exists():
        trace.touch()
        os.kill(os.getpid(), signal.SIGKILL)

def leave_a_trace(folder, number):
    (folder / str(number)).touch()
    return number

def file_of_the_main_module():
    return getattr(sys.modules["__main__"], "__file__", None)
"""


@pytest.fixture
def deeds(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that worker processes can import, which they cannot this one."""
    folder = tmp_path_factory.mktemp("importable")
    (folder / "deeds_of_workers.py").write_text(DEEDS)
    monkeypatch.syspath_prepend(folder)
    return importlib.import_module("deeds_of_workers")


def ok(number: int) -> partial:
    return partial(abs, -number)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("deed", "limits", "told"),
    [
        pytest.param(partial(os._exit, 9), LIMITS, WorkerCrashed, id="dies"),  # as a decoder's crash would
        pytest.param(partial(sum, itertools.repeat(0)), IMPATIENT, OutOfTime, id="never ends"),  # in C, as a decoder
        pytest.param(partial(bytearray, 300 << 20), LIMITS, OutOfMemory, id="wants memory"),
    ],
)
def test_a_bad_item_costs_only_itself_wherever_it_stands(workers, deed, limits, told):
    items = [ok(number) for number in range(12)]
    bad = [0, 5, 6, 11]
    for place in bad:
        items[place] = deed
    results = list(map_in_order(operator.call, items, workers=workers, items_per_task=4, limits=limits))
    assert [type(results[place]) for place in bad] == [told] * len(bad)
    assert [results[i] for i in range(12) if i not in bad] == [i for i in range(12) if i not in bad]


def test_what_an_item_takes_counts_by_itself(deeds):
    """None of these alone takes what all of them together do."""
    task = [partial(deeds.take_time, 0.4)] * 4 + [partial(deeds.take_memory, 150 << 20)] * 3
    results = list(map_in_order(operator.call, task, workers=1, items_per_task=100, limits=IMPATIENT))
    assert not [result for result in results if isinstance(result, WorkerCrashed)]


def test_waiting_takes_no_time_of_the_processor():
    """So a busy machine sets no good picture aside."""
    wait_a_second = partial(select.select, [], [], [], 1.0)
    assert list(map_in_order(operator.call, [wait_a_second], limits=IMPATIENT)) == [([], [], [])]


def test_an_item_that_died_of_what_others_had_left_behind_is_tried_again(tmp_path, deeds):
    items = [partial(deeds.die_once, tmp_path / "been here"), ok(1)]
    assert list(map_in_order(operator.call, items, limits=LIMITS)) == [None, 1]


def test_an_error_of_the_function_is_raised_where_the_results_are_awaited():
    results = map_in_order(operator.call, [ok(1), partial(int, "x"), ok(2)], limits=LIMITS)
    assert next(results) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)


def test_processes_that_cannot_start_are_an_error_and_no_endless_loop(monkeypatch):
    monkeypatch.setattr(worker_pool, "_work", os._exit)  # with what it is given, which is no number
    with pytest.raises(RuntimeError, match="could not start"):
        list(map_in_order(operator.call, [ok(1)], limits=LIMITS))


def test_no_process_is_left_behind_when_nobody_wants_the_rest():
    results = map_in_order(operator.call, [os.getpid, *map(ok, range(100))], workers=1, limits=LIMITS)
    worker = os.pidfd_open(next(results))
    try:
        results.close()
        assert select.select([worker], [], [], HARD_END)[0]
    finally:
        os.close(worker)


def test_at_most_so_many_items_are_under_way_as_is_said(tmp_path, deeds):
    results = map_in_order(partial(deeds.leave_a_trace, tmp_path), range(1000), workers=2, items_per_task=3)
    for fetched in range(1, 200):
        assert next(results) == fetched - 1
        begun = 1 + max(int(trace.name) for trace in tmp_path.iterdir())
        assert begun <= fetched - 1 + worker_pool.items_under_way(2, 3) + 3


def test_there_are_not_more_processes_than_their_memory_has_room_for(monkeypatch):
    monkeypatch.setattr(worker_pool, "usable_cpus", lambda: 64)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": (7 << 30) // 4096}.get)
    assert [choose_workers(n, WorkerLimits(1, 2 << 30)) for n in (1, 100, 250, 10**6)] == [1, 1, 2, 3]
    assert choose_workers(10**6, WorkerLimits(1, 100 << 30)) == 1
    assert choose_workers(10**6) == 64


def test_threads_may_start_workers_at_the_same_time_and_the_program_stays_what_it_is(deeds):
    main, path = sys.modules["__main__"], os.environ.get("PYTHONPATH")
    with ThreadPoolExecutor(4) as threads:
        runs = threads.map(lambda n: list(map_in_order(operator.call, [ok(n)] * 3, limits=LIMITS)), range(8))
        assert list(runs) == [[n] * 3 for n in range(8)]
    assert sys.modules["__main__"] is main
    assert os.environ.get("PYTHONPATH") == path


def test_workers_do_not_import_the_program_that_starts_them(deeds):
    assert list(map_in_order(operator.call, [deeds.file_of_the_main_module])) == [None]


PARENT = """
import operator, os, sys
from stylegan2.base.worker_pool import map_in_order
results = map_in_order(operator.call, [os.getpid] * 50, workers=2)
print(next(results), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGKILL"])
def test_a_worker_ends_when_its_parent_is_killed(signal_name):
    environment = os.environ | {"PYTHONPATH": str(Path(worker_pool.__file__).parents[2])}
    with Popen([sys.executable, "-c", PARENT], stdin=PIPE, stdout=PIPE, text=True, env=environment) as parent:
        worker = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.send_signal(getattr(signal, signal_name))
            ended, _, _ = select.select([worker], [], [], HARD_END)
        finally:
            os.close(worker)
    assert ended
