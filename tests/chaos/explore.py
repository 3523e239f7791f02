"""Fresh random worlds for as long as you like:

    PYTHONPATH=layers/workshop python -m tests.chaos.explore --minutes 10 [--kind calm] [--first SEED] [--processes 2]

prints how many were lived through (Ctrl-C ends it sooner) and, for each that does not end well, its seed and the
shortest story that was found: what people did, without everything that the fault does not need.
"""

import logging
import os
import secrets
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager, redirect_stdout
from itertools import count

import click

from tests.chaos.random_worlds import KINDS, Plan, live_through, plan_of
from workshop.platform.telemetry import logger

CHUNK = 100  # worlds that a process lives through before it reports
Failure = tuple[str, int, str, Plan]


def fault_of(kind: str, seed: int, plan: Plan | None = None) -> str:
    """How the world fails; "" if it ends well."""
    with silence():
        try:
            live_through(kind, seed, plan)
        except AssertionError as fault:
            return str(fault).partition("\n")[0] or "an assertion"
        except Exception as fault:  # noqa: BLE001  whatever escapes is what is looked for
            return f"{type(fault).__name__}: {fault}"
    return ""


def shrink(kind: str, seed: int) -> Plan:
    """The world's plan without the deeds that its failing does not need; the misfortunes stay those of the seed."""
    plan = plan_of(kind, seed)
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for at in range(len(plan)):
            shorter = plan[:at] + plan[at + 1 :]
            if fault_of(kind, seed, shorter):
                plan, is_shorter = shorter, True
                break
    return plan


def live_through_many(kind: str, first: int) -> list[Failure]:
    """Those of `CHUNK` worlds that fail."""
    faults = {seed: fault_of(kind, seed) for seed in range(first, first + CHUNK)}
    return [(kind, seed, fault, shrink(kind, seed)) for seed, fault in faults.items() if fault]


@contextmanager
def silence() -> Iterator[None]:
    """Thousands of invocations log nothing but what is critical, and print no metrics."""
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield
    logger.setLevel(level)


@click.command()
@click.option("--minutes", type=click.FloatRange(min=0), default=1.0, show_default=True)
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, help="Several are taken in turn; all.")
@click.option("--first", type=int, help="The first seed; a random one if left out.")
@click.option("--processes", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
def main(minutes: float, kinds: tuple[str, ...], first: int | None, processes: int) -> None:
    """Live through fresh worlds; exit status 1 if one does not end well."""
    first = secrets.randbelow(10**9) * 1000 if first is None else first
    ends = time.monotonic() + 60 * minutes
    chunks = ((kind, seed) for seed in count(first, CHUNK) for kind in kinds or KINDS)
    lived, failed = Counter[str](), 0
    click.echo(f"first seed {first}")
    # Ctrl-C goes to all processes: the first one decides, once the chunks under way are lived through.
    with ProcessPoolExecutor(processes, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:
        running = {}
        while time.monotonic() < ends or running:
            try:
                while time.monotonic() < ends and len(running) < 2 * processes:
                    kind, seed = next(chunks)
                    running[pool.submit(live_through_many, kind, seed)] = kind
                done, _ = wait(running, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt:
                ends = time.monotonic()
                continue
            for chunk in done:
                lived[running.pop(chunk)] += CHUNK
                for failure in chunk.result():
                    failed += 1
                    _tell(*failure)
    for kind, number in lived.items():
        click.echo(f"{number:,} {kind} worlds")
    click.echo(f"{failed} failed")
    raise click.exceptions.Exit(1 if failed else 0)


def _tell(kind: str, seed: int, fault: str, plan: Plan) -> None:
    click.echo(f"{kind} {seed}: {fault}")
    click.echo(f"  alone: PYTHONPATH=layers/workshop python -m tests.chaos.random_worlds {kind} {seed}")
    for deed in plan:
        click.echo(f"  {deed}")


if __name__ == "__main__":
    main()
