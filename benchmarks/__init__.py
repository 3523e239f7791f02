"""A script for each figure: `python -m benchmarks.<name>`, from the project's folder."""

from local_aws import rooms  # noqa: F401, I001  (makes `stylegan2` and `workshop` importable)
import stylegan2  # noqa: F401  (says how OpenMP waits, before any script imports torch)
