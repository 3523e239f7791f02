"""The golden arrays."""

from tests.goldens.arrays import golden

__all__ = ["golden"]
