"""How many numbers the networks of a preset have, and so how large the files are that hold them.

The same sums as in stylegan2.model.networks, for square images of three channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

BYTES_PER_NUMBER = 4  # files hold 32-bit floats, whatever the training computes in
SMALLEST_SIDE = 4
CHANNELS = 3
D_MAPPING_LAYERS = 8  # of a discriminator with labels
FULL_WIDTH = 32_768
KEPT_CHECKPOINTS = 2
# What a file has besides its numbers: names, shapes, checksums; the arguments of the networks; counters.
HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class Widths:
    """What a preset of the trainer says of its networks and of its statistics (stylegan2.options.presets)."""

    channel_base: int
    mapping_layers: int
    channel_max: int = 512
    latents: int = 512  # z and w alike
    is_residual: bool = True  # the discriminator
    tick_kimg: float = 4.0


def widths_of(preset: str, resolution: int) -> Widths:
    """Raises KeyError for a preset that is not known."""
    half, full = FULL_WIDTH // 2, FULL_WIDTH
    return {
        "auto": Widths(full if resolution >= 512 else half, mapping_layers=2),
        "stylegan2": Widths(full, mapping_layers=8),
        "paper256": Widths(half, mapping_layers=8),
        "paper512": Widths(full, mapping_layers=8),
        "paper1024": Widths(full, mapping_layers=8),
        "cifar": Widths(full, mapping_layers=2, is_residual=False),
        "laptop": Widths(1024, 2, channel_max=64, latents=64, tick_kimg=0.5),
        "tiny": Widths(128, 1, channel_max=16, latents=16, tick_kimg=0.1),
    }[preset]


def generator_numbers(widths: Widths, resolution: int, label_size: int = 0) -> int:
    """Parameters and kept buffers of a generator."""
    w, total = widths.latents, widths.latents  # the average of w
    total += _mapping(w, label_size, w, widths.mapping_layers)
    inputs = 0
    for side in _sides(resolution):
        outputs = _channels(widths, side)
        if inputs:
            total += _synthesis_layer(inputs, outputs, w, side)
        else:
            total += outputs * side * side
        total += _synthesis_layer(outputs, outputs, w, side)
        total += _linear(w, outputs) + CHANNELS * outputs + CHANNELS  # to RGB
        inputs = outputs
    return total


def discriminator_numbers(widths: Widths, resolution: int, label_size: int = 0) -> int:
    """Parameters of a discriminator."""
    first = _channels(widths, resolution)
    total = CHANNELS * first + first  # from RGB
    for side in reversed(_sides(resolution)[1:]):
        inputs, outputs = _channels(widths, side), _channels(widths, side // 2)
        total += _convolution(inputs, inputs) + _convolution(inputs, outputs)
        total += inputs * outputs if widths.is_residual else 0
    features = _channels(widths, SMALLEST_SIDE)
    total += _convolution(features + 1, features)  # one more: the deviation in the minibatch
    total += _linear(features * SMALLEST_SIDE**2, features) + _linear(features, features if label_size else 1)
    return total + (_mapping(0, label_size, features, D_MAPPING_LAYERS) if label_size else 0)


@cache
def network_bytes(preset: str, resolution: int, label_size: int = 0) -> int:
    """network.safetensors and network.json of a training: both generators and the discriminator."""
    widths = widths_of(preset, resolution)
    generator = generator_numbers(widths, resolution, label_size)
    return (2 * generator + discriminator_numbers(widths, resolution, label_size)) * BYTES_PER_NUMBER + HEADER_BYTES


@cache
def checkpoint_bytes(preset: str, resolution: int, label_size: int = 0) -> int:
    """One checkpoint without its statistics: as above, and Adam's two moments of each network that learns."""
    widths = widths_of(preset, resolution)
    generator = generator_numbers(widths, resolution, label_size)
    discriminator = discriminator_numbers(widths, resolution, label_size)
    return (4 * generator + 3 * discriminator) * BYTES_PER_NUMBER + HEADER_BYTES


def _sides(resolution: int) -> list[int]:
    def doubled() -> Iterator[int]:
        side = SMALLEST_SIDE
        while side <= resolution:
            yield side
            side *= 2

    return list(doubled())


def _channels(widths: Widths, side: int) -> int:
    return min(widths.channel_base // side, widths.channel_max)


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _convolution(inputs: int, outputs: int) -> int:
    return inputs * outputs * 9 + outputs


def _synthesis_layer(inputs: int, outputs: int, w: int, side: int) -> int:
    return _linear(w, inputs) + _convolution(inputs, outputs) + 1 + side * side  # strength of the noise, the noise


def _mapping(z: int, label_size: int, features: int, layers: int) -> int:
    embedding = _linear(label_size, features) if label_size else 0
    first = z + (features if label_size else 0)
    return embedding + _linear(first, features) + (layers - 1) * _linear(features, features)
