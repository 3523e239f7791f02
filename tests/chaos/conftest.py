"""Thousands of invocations log nothing but what is critical, and print no metrics."""

import logging
import os
from collections.abc import Iterator
from contextlib import redirect_stdout

import pytest

from tests.unit.conftest import forget_assembled
from workshop.platform.telemetry import logger


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield
    logger.setLevel(level)
    forget_assembled()
