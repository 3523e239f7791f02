"""The operator's desk."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.operations.desk import Desk, set_up
from tests.operations.permissions import check_permissions


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A deployed workshop. When the test is over, whatever its commands have called must be in the policy."""
    with mock_aws():
        desk = set_up(monkeypatch)
        yield desk
    check_permissions(desk.used)
