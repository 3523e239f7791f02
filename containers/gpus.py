"""What GPUs this machine shows, and whether it should; as far as possible without torch, whose import takes seconds."""

from __future__ import annotations

import re
from pathlib import Path

from containers.errors import StepError

_GPU_INSTANCE = re.compile(r"ml\.[gp][a-z]*[0-9][a-z0-9-]*\..+")
"""SageMaker's types with NVIDIA's GPUs: ml.g4dn, ml.g6e, ml.gr6, ml.p5 ... (inf and trn have accelerators of AWS)."""


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA driver is here, whether or not torch can use it."""
    return Path("/dev/nvidiactl").exists()


def count_gpus(devices: Path = Path("/dev")) -> int:
    """How many NVIDIA GPUs this container sees."""
    return sum(file.name.removeprefix("nvidia").isdecimal() for file in devices.glob("nvidia*"))


def refuse_idle_gpu(instance_type: str | None) -> None:
    """Raise StepError if this machine has a GPU, by its devices or by its type, that torch cannot use.

    Otherwise a GPU is paid for by the hour while its host computes on the CPU, a hundred times as slowly.
    """
    import torch

    if torch.cuda.is_available():
        return
    if has_nvidia_gpu():
        raise StepError(
            f"This machine has a GPU, but torch {torch.__version__} cannot use it: its driver is too old for "
            f"CUDA {torch.version.cuda}. Rebuild the image with a torch for an older CUDA."
        )
    if instance_type is not None and _GPU_INSTANCE.fullmatch(instance_type):
        raise StepError(
            f"This machine is an {instance_type}, which has a GPU, but this container sees none. Rebuild the image "
            f"from this project's Dockerfile, which asks for it (NVIDIA_VISIBLE_DEVICES), or choose an instance type "
            f"without a GPU."
        )
