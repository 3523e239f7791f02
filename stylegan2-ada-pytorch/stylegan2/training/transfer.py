"""Beginning a training with another network's weights: what fits is taken, and what does not is said.

A tensor is taken where it means the same in both networks:

    same name and shape       copied
    a wider new network       copied into the first channels. Weights from the added channels to the copied ones are
                              zero, and weights are scaled with the number of their inputs (equalised learning rate), so
                              the generator draws at first what the other one drew. (Net2Net, arXiv:1511.05641)
    labels, where there       the latent's columns of the mapping's first layer are copied, the label's are new: each
    were none                 label begins with variations of its own of what the other network drew. Zeros would hardly
                              leave their place: the mapping learns at a hundredth of the others' rate
    a higher resolution       the added blocks' contribution to the image is zero: at first the image is the other
                              network's, upsampled

It is not taken where it does not: into fewer channels, because channels have no order, and which of them can be done
without is not known; part of a mapping network, whose layers mean something only one after the other; and the
discriminator's judgement of labels, of which the two networks have different ones.
"""

import math
import re
from dataclasses import dataclass, field

import torch
from torch import Tensor

from stylegan2.model.networks import Discriminator, Generator

Network = Generator | Discriminator

_SHOWN = 8

# Which axes of a tensor are channels, of which a wider network has more, and whether the weights are scaled by the
# number of inputs when they are used (synthesis convolutions are not: demodulation makes their scale meaningless).
_CHANNEL_AXES: list[tuple[str, tuple[int, ...], bool]] = [
    (r"synthesis\.b\d+\.const", (0,), False),
    (r"synthesis\.b\d+\.conv[01]\.weight", (0, 1), False),
    (r"synthesis\.b\d+\.conv[01]\.bias", (0,), False),
    (r"synthesis\.b\d+\.(conv[01]|torgb)\.affine\.(weight|bias)", (0,), False),
    (r"synthesis\.b\d+\.torgb\.weight", (1,), True),
    (r"b\d+\.fromrgb\.(weight|bias)", (0,), False),
    (r"b\d+\.(conv[01]|skip|conv|fc)\.weight", (0, 1), True),
    (r"b\d+\.(conv[01]|conv|fc)\.bias", (0,), False),
    (r"b4\.out\.weight", (1,), True),
]
_FIRST_OF_MAPPING = "mapping.fc0.weight"


@dataclass(frozen=True)
class TransferReport:
    """What became of which tensors: their names, with the network's name in front."""

    copied: list[str]
    """Tensors of the new network that are as they were in the other."""
    kept: list[str]
    """Tensors of the new network that are still at their own beginning."""
    widened: list[str] = field(default_factory=list)
    """Tensors of the new network that are larger than in the other, and hold it."""
    left: list[str] = field(default_factory=list)
    """Tensors of the other network that have no place in the new one."""
    remarks: list[str] = field(default_factory=list)
    """What the two networks differ in, each in a sentence."""

    def __add__(self, other: "TransferReport") -> "TransferReport":
        return TransferReport(
            self.copied + other.copied,
            self.kept + other.kept,
            self.widened + other.widened,
            self.left + other.left,
            list(dict.fromkeys(self.remarks + other.remarks)),
        )

    @property
    def is_useless(self) -> bool:
        """Nothing that was learned has been taken: noise fits any network of the same resolution."""
        return not any(name.endswith(".weight") for name in self.copied + self.widened)

    def sentence(self) -> str:
        """Tell how much fitted, which layers did not, and why."""
        total = len(self.copied) + len(self.widened) + len(self.kept)
        text = f"copied {len(self.copied)} of {total} tensors"
        if self.widened:
            text += f", and {len(self.widened)} into larger ones"
        if self.kept:
            text += f"; new, because the other network has none of that name and shape: {_layers(self.kept)}"
        if self.left:
            text += f"; left, because this network has no place for them: {_layers(self.left)}"
        return "; ".join([text, *self.remarks])


@torch.no_grad()
def copy_matching(source: Network, target: Network, prefix: str) -> TransferReport:
    """Take what can be taken of `source` into `target`, two generators or two discriminators."""
    theirs, ours = source.state_dict(), target.state_dict()
    new = _of_another_meaning(source, target)
    copied, kept, widened = [], [], []
    for name, tensor in ours.items():
        other = None if name.startswith(new) else theirs.get(name)
        if other is not None and other.shape == tensor.shape:
            tensor.copy_(other)
            copied.append(name)
        elif other is not None and _widen(name, other, tensor, source, target):
            widened.append(name)
        else:
            kept.append(name)
    taken = {*copied, *widened}
    if f"synthesis.b{source.img_resolution}.torgb.weight" in taken:
        _silence_added_blocks(target, source.img_resolution)
    left = [name for name in theirs if name not in taken]

    def full(names: list[str]) -> list[str]:
        return [f"{prefix}.{name}" for name in names]

    remarks = _differences(source, target, mapping_is_new="mapping." in new)
    return TransferReport(full(copied), full(kept), full(widened), full(left), remarks)


def _layers(names: list[str]) -> str:
    layers = sorted({name.rpartition(".")[0] for name in names})
    return ", ".join(layers[:_SHOWN]) + (f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else "")


def _differences(source: Network, target: Network, *, mapping_is_new: bool) -> list[str]:
    theirs, ours = source.init_kwargs, target.init_kwargs
    told = [f"{name} was {theirs[name]} and is {ours[name]}" for name in ours if theirs.get(name) != ours[name]]
    if mapping_is_new and isinstance(target, Generator):
        told.append("the mapping network does not fit as a whole, so all of it is new")
    return told


def _of_another_meaning(source: Network, target: Network) -> tuple[str, ...]:
    """Beginnings of the names of tensors that are not taken even where their shapes fit."""
    new = ["mapping.embed."] if source.c_dim != target.c_dim else []
    is_judge = isinstance(target, Discriminator)
    learns_labels_anew = is_judge and source.c_dim != target.c_dim and 0 in (source.c_dim, target.c_dim)
    if learns_labels_anew or not _mapping_fits(source, target):
        new += ["mapping.", "b4.out."] if is_judge else ["mapping."]
    return tuple(new)


def _mapping_fits(source: Network, target: Network) -> bool:
    theirs, ours = (
        {name: tensor.shape for name, tensor in network.state_dict().items() if name.startswith("mapping.fc")}
        for network in (source, target)
    )
    if _adds_labels(source, target):
        theirs.pop(_FIRST_OF_MAPPING, None)
        ours.pop(_FIRST_OF_MAPPING, None)
    return theirs == ours


def _adds_labels(source: Network, target: Network) -> bool:
    """The new generator has labels, and takes the other's latents beside them."""
    if not isinstance(source, Generator) or not isinstance(target, Generator):
        return False
    return source.c_dim == 0 < target.c_dim and source.z_dim == target.z_dim and source.w_dim == target.w_dim


def _widen(name: str, other: Tensor, tensor: Tensor, source: Network, target: Network) -> bool:
    """Copy into the first channels of a larger tensor, if that means the same; whether it did."""
    axes, scaled = _channel_axes(name, source, target)
    if not all(
        theirs <= ours if axis in axes else theirs == ours
        for axis, (theirs, ours) in enumerate(zip(other.shape, tensor.shape, strict=True))
    ):
        return False
    first = tensor[: other.shape[0]]
    if 1 not in axes:
        first.copy_(other)
        return True
    added = tensor.shape[1] - other.shape[1]
    scale = math.sqrt(tensor.shape[1] / other.shape[1]) if scaled else 1.0
    # The channels of the minibatch standard deviation are behind the features, of which there are more now.
    behind = target.init_kwargs["mbstd_channels"] if name == "b4.conv.weight" else 0
    features = other.shape[1] - behind
    if name != _FIRST_OF_MAPPING:
        first.zero_()
    first[:, :features] = other[:, :features] * scale
    first[:, features + added :] = other[:, features:] * scale
    return True


def _channel_axes(name: str, source: Network, target: Network) -> tuple[tuple[int, ...], bool]:
    """Return what the table above says; no axes if the networks differ in what their layers are given."""
    if name == _FIRST_OF_MAPPING and _adds_labels(source, target):
        return (1,), True
    given = ("w_dim", "img_channels", "mbstd_channels")
    if any(source.init_kwargs.get(argument) != target.init_kwargs.get(argument) for argument in given):
        return (), False
    for pattern, axes, scaled in _CHANNEL_AXES:
        if re.fullmatch(pattern, name):
            return axes, scaled
    return (), False


def _silence_added_blocks(target: Network, resolution: int) -> None:
    """Let the blocks above `resolution` add nothing to the image at first; their weights learn from zero."""
    while (resolution := resolution * 2) <= target.img_resolution:
        for name in ("weight", "bias"):
            target.get_parameter(f"synthesis.b{resolution}.torgb.{name}").zero_()
