"""A script for each figure: `python -m benchmarks.<name>`, from the project's folder."""

from local_aws import rooms  # noqa: F401  (makes `stylegan2` and `workshop` importable)
