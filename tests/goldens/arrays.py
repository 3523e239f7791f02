"""Golden arrays (numbers computed once with the original networks; see README.md), and how exactly they must be met."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

Golden = dict[str, Tensor]
GOLDENS = Path(__file__).parent


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Golden]:
    """Reads one golden file by name, e.g. `golden("ops")["x"]`."""
    cache: dict[str, Golden] = {}

    def read(name: str) -> Golden:
        if name not in cache:
            with np.load(GOLDENS / f"{name}.npz") as arrays:
                cache[name] = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
        return {key: value.clone() for key, value in cache[name].items()}

    return read


def state(arrays: Golden, prefix: str) -> Golden:
    """The state dictionary stored under `prefix`, without the constant filters that this package does not store."""
    return {
        key.removeprefix(prefix): arrays[key]
        for key in arrays
        if key.startswith(prefix) and not key.endswith("resample_filter")
    }


def close(actual: Tensor, expected: Tensor, *, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """The tolerance that the golden files recommend for operators and networks."""
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)
