"""A script for each figure: `python -m benchmarks.<name>`, from the project's folder."""

import local_aws  # noqa: F401  (makes contract, `workshop` and `stylegan2` importable)
import stylegan2  # noqa: F401  (says how OpenMP waits, before any script imports torch)
