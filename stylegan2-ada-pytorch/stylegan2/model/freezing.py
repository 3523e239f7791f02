"""Freezing a part of the discriminator: for a transfer to few images (Freeze-D, arXiv:2002.10964)."""

from torch import nn

from stylegan2.base.errors import OptionError
from stylegan2.model.layers import Conv
from stylegan2.model.networks import Discriminator


def freeze_layers(discriminator: Discriminator, count: int) -> None:
    """Freeze the first `count` layers from the image on: fromrgb, conv0, conv1, skip of the highest resolution, then
    conv0, conv1, skip of the next, and so on; the last, 4x4 part always learns.

    A frozen weight becomes a buffer of the same name. Raises OptionError if there are not so many layers.
    """
    layers = freezable_layers(discriminator)
    if not 0 <= count <= len(layers):
        raise OptionError(f"freezed: must be between 0 and {len(layers)}, the layers before the last part, not {count}")
    for layer in layers[:count]:
        for name, parameter in list(layer.named_parameters(recurse=False)):
            delattr(layer, name)
            layer.register_buffer(name, parameter.detach())


def freezable_layers(discriminator: Discriminator) -> list[nn.Module]:
    """Return the layers before the last part, in the order in which an image passes them."""
    blocks = (discriminator.get_submodule(f"b{resolution}") for resolution in discriminator.block_resolutions)
    return [layer for block in blocks for layer in block.children() if isinstance(layer, Conv)]
