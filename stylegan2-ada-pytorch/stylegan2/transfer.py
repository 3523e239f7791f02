"""Beginning a training with another network's weights: what fits is copied, and what does not is said."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class TransferReport:
    """Names of the tensors that were copied, and of those of the new network that kept their random beginning."""

    copied: list[str]
    kept: list[str]

    def __add__(self, other: "TransferReport") -> "TransferReport":
        return TransferReport(self.copied + other.copied, self.kept + other.kept)

    @property
    def is_useless(self) -> bool:
        """Nothing that was learned has been copied: noise fits any network of the same resolution."""
        return not any(name.endswith(".weight") for name in self.copied)

    def sentence(self) -> str:
        """For the log: how much fitted, and which layers did not."""
        total = len(self.copied) + len(self.kept)
        text = f"copied {len(self.copied)} of {total} tensors"
        if self.kept:
            layers = sorted({name.rpartition(".")[0] for name in self.kept})
            shown = ", ".join(layers[:8]) + (f" and {len(layers) - 8} more" if len(layers) > 8 else "")
            text += f"; new, because the other network has none of that name and shape: {shown}"
        return text


@torch.no_grad()
def copy_matching(source: nn.Module, target: nn.Module, prefix: str) -> TransferReport:
    """Copy every tensor of `source` that has the name and shape of one of `target`."""
    theirs = source.state_dict()
    copied, kept = [], []
    for name, tensor in target.state_dict().items():
        if name in theirs and theirs[name].shape == tensor.shape:
            tensor.copy_(theirs[name])
            copied.append(f"{prefix}.{name}")
        else:
            kept.append(f"{prefix}.{name}")
    return TransferReport(copied, kept)
