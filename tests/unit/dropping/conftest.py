"""An artist's browser in front of the real operations, whose start_run is the real one."""

from threading import Lock
from typing import Any

import pytest

from tests.unit.web.conftest import CheckedBrowser, app, asked, browser_of, door
from workshop.admission.grants import Right

__all__ = ["app", "asked", "browser_of", "door"]

DATASET = "red-chairs"
ADDRESS = f"/api/datasets/{DATASET}"


class OneAtATime:
    """moto's DynamoDB for several threads. The service makes writes of an item one after the other; moto asks the
    condition, and then writes."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._lock = Lock()

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._dynamodb, operation)

        def locked(**request: Any) -> Any:
            with self._lock:
                return call(**request)

        return locked


@pytest.fixture
def artist(app: CheckedBrowser) -> CheckedBrowser:
    """Somebody with every right to one dataset."""
    app.open(DATASET)
    return app


@pytest.fixture
def host(app: CheckedBrowser) -> CheckedBrowser:
    """Somebody who may do everything with all datasets."""
    app.open("*", tuple(Right))
    return app
