"""The golden arrays, and one thread for the tests that train."""

from tests.goldens.arrays import golden
from tests.one_thread import one_thread

__all__ = ["golden", "one_thread"]
