"""Folders that a machine without torch uses: the Prepare image has none, and a wrong choice is refused in no time."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "stylegan2-ada-pytorch"
LOOK = """
import importlib, pkgutil, sys
folder = importlib.import_module(sys.argv[1])
for module in pkgutil.iter_modules(folder.__path__, folder.__name__ + "."):
    importlib.import_module(module.name)
print(*(name for name in ("torch", "safetensors", "click") if name in sys.modules))
"""


@pytest.mark.parametrize("folder", ["stylegan2.base", "stylegan2.options", "stylegan2.data"])
def test_they_load_no_torch(folder: str) -> None:
    command = [sys.executable, "-c", LOOK, folder]
    output = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, check=True)
    assert output.stdout.split() == []
