"""The operator's shell."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.operations.permissions import check_permissions
from tests.operations.shell import Shell, set_up


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A deployed workshop. When the test is over, whatever its commands have called must be in the policy."""
    with mock_aws():
        shell = set_up(monkeypatch)
        yield shell
    check_permissions(shell.used)
