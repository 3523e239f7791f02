"""Waiting in line for the one machine that there is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from local_aws.sagemaker.processes import POLL_SECONDS, ProcessStop


class SlotQueue:
    """Lets one at a time work, in the order of their coming. Safe to share by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[object] = []

    @contextmanager
    def turn(self, stop: ProcessStop) -> Iterator[bool]:
        """Wait for one's turn, which lasts as long as the block.

        Yields True when it has come, False if somebody asked the run to stop before that.
        """
        place = object()
        with self._lock:
            self._waiting.append(place)
        try:
            # Two things are waited for, and no lock can be waited for together with a stop request.
            while not (mine := self._is_first(place)) and not stop.wait(POLL_SECONDS):
                pass
            yield mine
        finally:
            with self._lock:
                self._waiting.remove(place)

    def _is_first(self, place: object) -> bool:
        with self._lock:
            return self._waiting[0] is place
