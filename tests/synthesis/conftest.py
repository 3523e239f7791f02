"""A tiny network with random weights, whose noise and truncation can be seen in its pictures."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from stylegan2.formats.network_file import save_network
from stylegan2.model.networks import Discriminator, Generator


def make_generator(resolution: int = 16, channels: int = 3, c_dim: int = 0) -> Generator:
    torch.manual_seed(1)
    generator = Generator(
        z_dim=16,
        c_dim=c_dim,
        w_dim=16,
        img_resolution=resolution,
        img_channels=channels,
        mapping_layers=2,
        channel_base=256,
        channel_max=16,
    )
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.1)
    generator.mapping.w_avg.normal_()
    return generator.eval().requires_grad_(False)


def make_discriminator(resolution: int = 16, channels: int = 3) -> Discriminator:
    torch.manual_seed(2)
    discriminator = Discriminator(img_resolution=resolution, img_channels=channels, channel_base=256, channel_max=16)
    return discriminator.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def generator() -> Generator:
    return make_generator()


@pytest.fixture(scope="session")
def discriminator() -> Discriminator:
    return make_discriminator()


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Return a function that gives the folder of a saved network with so many image channels."""

    def save(channels: int = 3) -> Path:
        folder = tmp_path_factory.mktemp("network")
        save_network(folder, make_generator(channels=channels), make_discriminator(channels=channels), {"kimg": 1.0})
        return folder

    return save
