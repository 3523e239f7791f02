import pytest

from tests.template.stack import Stack, load


@pytest.fixture(scope="session")
def stack() -> Stack:
    return load()
