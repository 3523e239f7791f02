"""The time, in one place, so that tests can own it."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime, as boto3 returns them."""
    return round(moment.timestamp() * 1000)


def day_of(moment_ms: int) -> str:
    """The day (UTC) of a time in milliseconds since the epoch: 2026-11-27."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).date().isoformat()
