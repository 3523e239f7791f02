"""Checkpoints written while the training goes on."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch import Tensor

from stylegan2.results.checkpoint import save_checkpoint


class CheckpointWriter:
    """Writes copies of the training's state in a thread, one at a time.

    What goes wrong there is raised where the training next meets the writer: at `check`, `save` or `finish`. Leaving
    the `with` block waits for the file that is being written.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder, self._keep = folder, keep
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending: Future[Path] | None = None
        self.seconds = 0.0
        """How long the last one was being written."""

    def save(self, kimg: float, state: dict[str, Any]) -> None:
        """Copy `state` and begin to write it, after the one before has been written.

        Raises CheckpointError if that one could not be.
        """
        self.finish()
        self._pending = self._thread.submit(self._write, kimg, _copy(state))

    def check(self) -> None:
        """Raise CheckpointError if the last checkpoint could not be written; waits for nothing."""
        if self._pending is not None and self._pending.done():
            self.finish()

    def finish(self) -> None:
        """Wait until nothing is left to write. Raises CheckpointError if it could not be written."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _write(self, kimg: float, state: dict[str, Any]) -> Path:
        begun = time.monotonic()
        path = save_checkpoint(self._folder, kimg, state, self._keep)
        self.seconds = time.monotonic() - begun
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        if error is None:  # otherwise the first error is the one to tell
            self.finish()


def _copy(state: Any) -> Any:
    """Return the same value with every tensor copied to the CPU, so that the training may go on changing its own."""
    if isinstance(state, Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {name: _copy(value) for name, value in state.items()}
    if isinstance(state, list):
        return [_copy(value) for value in state]
    return state
