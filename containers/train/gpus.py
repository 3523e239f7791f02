"""What GPUs this machine shows, asked without importing torch (which takes seconds)."""

from __future__ import annotations

from pathlib import Path


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA driver is here, whether or not torch can use it."""
    return Path("/dev/nvidiactl").exists()


def count_gpus(devices: Path = Path("/dev")) -> int:
    """How many NVIDIA GPUs this container sees."""
    return sum(file.name.removeprefix("nvidia").isdecimal() for file in devices.glob("nvidia*"))
