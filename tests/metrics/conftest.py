"""Detectors of the tests' own, a tiny network and a tiny data set."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from stylegan2.formats.network_file import LoadedNetwork, load_network, save_network
from stylegan2.model.networks import Discriminator, Generator


class Inception(torch.nn.Module):
    """Asked as the well-known file is: for features, or for the probabilities of two classes."""

    def forward(self, img: Tensor, return_features: bool = False) -> Tensor:
        mean = img.mean(dim=(2, 3)) / 255
        if return_features:
            return torch.cat([mean, img.flatten(2).std(dim=2) / 255], dim=1)
        return torch.stack([mean[:, 0], 1 - mean[:, 0]], dim=1)


class Pixels(torch.nn.Module):
    """The picture itself, so that the path length can be computed by hand."""

    def forward(self, img: Tensor, resize_images: bool = True, return_lpips: bool = False) -> Tensor:
        if resize_images or not return_lpips:
            return img.flatten(1) * 0
        return img.flatten(1) / 127.5


def save_script(module: torch.nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module), str(path))
    return path


def write_noise(folder: Path, count: int, *, size: int = 16, brightness: int = 128) -> Path:
    dice = np.random.RandomState(3)
    folder.mkdir(parents=True)
    for index in range(count):
        pixels = (dice.rand(size, size, 3) * 100 + brightness - 50 + 30 * dice.randn()).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03d}.png")
    return folder


def make_network(c_dim: int = 0) -> tuple[Generator, Discriminator]:
    torch.manual_seed(1)
    generator = Generator(16, c_dim, 16, 16, 3, mapping_layers=2, channel_base=256, channel_max=16)
    return generator, Discriminator(c_dim, 16, 3, channel_base=256, channel_max=16)


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    save_network(folder, *make_network(), {"kimg": 1.5})
    return folder


@pytest.fixture
def network(network_folder: Path) -> LoadedNetwork:
    return load_network(network_folder)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_noise(tmp_path_factory.mktemp("data") / "noise", 30)


@pytest.fixture(scope="session")
def inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_script(Inception(), tmp_path_factory.mktemp("detector") / "inception.pt")


@pytest.fixture(scope="session")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_script(Pixels(), tmp_path_factory.mktemp("detector") / "vgg.pt")
