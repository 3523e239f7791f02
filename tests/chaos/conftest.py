"""Thousands of invocations log nothing but what is critical, and print no metrics."""

import logging
from collections.abc import Iterator

import pytest

from tests.unit.conftest import forget_assembled
from workshop.telemetry import logger


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)
    forget_assembled()
