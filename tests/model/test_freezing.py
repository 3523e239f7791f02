"""Frozen layers of the discriminator keep their numbers and their names."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from stylegan2.base.errors import OptionError
from stylegan2.formats.network_file import load_network
from stylegan2.model.freezing import freezable_layers, freeze_layers
from stylegan2.model.networks import Architecture, Discriminator
from stylegan2.options.training import TrainingChoices
from stylegan2.training import train
from stylegan2.training.training_options import resolve_options
from tests.training.pictures import write_pictures
from tests.training.trainings import base_network, options, stop_after, weights

pytestmark = pytest.mark.usefixtures("one_thread")


def discriminator(architecture: Architecture = "resnet") -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(0, 16, 3, channel_base=512, channel_max=32, architecture=architecture)


def test_two_frozen_layers_are_the_published_buffers() -> None:
    """16 px, freeze_layers=2: fromrgb and conv0 become buffers, conv1 and skip stay parameters."""
    plain, frozen = discriminator(), discriminator()
    freeze_layers(frozen, 2)
    assert set(dict(plain.named_parameters())) - set(dict(frozen.named_parameters())) == {
        "b16.fromrgb.weight",
        "b16.fromrgb.bias",
        "b16.conv0.weight",
        "b16.conv0.bias",
    }
    # The published count: 14 parameter tensors with 55,777 elements.
    assert len(list(frozen.parameters())) == 14
    assert sum(parameter.numel() for parameter in frozen.parameters()) == 55_777
    assert frozen.state_dict().keys() == plain.state_dict().keys()
    images = torch.randn(4, 3, 16, 16)
    assert torch.equal(frozen(images), plain(images))
    frozen.requires_grad_(True)  # as in every iteration
    frozen(images).sum().backward()
    assert frozen.b16.conv0.weight.grad is None
    assert not frozen.b16.conv0.weight.requires_grad


@pytest.mark.parametrize(
    ("architecture", "order"),
    [
        ("resnet", ["b16.fromrgb", "b16.conv0", "b16.conv1", "b16.skip", "b8.conv0", "b8.conv1", "b8.skip"]),
        ("orig", ["b16.fromrgb", "b16.conv0", "b16.conv1", "b8.conv0", "b8.conv1"]),
    ],
)
def test_layers_freeze_from_the_picture_on(architecture: Architecture, order: list[str]) -> None:
    network = discriminator(architecture)
    names = {id(module): name for name, module in network.named_modules()}
    assert [names[id(layer)] for layer in freezable_layers(network)] == order
    freeze_layers(network, len(order))
    assert {name.split(".")[0] for name, _ in network.named_parameters()} == {"b4"}


def test_more_layers_than_there_are_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", 3, 16)
    with pytest.raises(OptionError, match=r"^freezed: must be between 0 and 7, .*, not 8"):
        resolve_options(TrainingChoices(data=data, outdir=tmp_path / "out", preset="tiny", freezed=8))


def test_a_transfer_trains_all_but_the_frozen_layers(tmp_path: Path) -> None:
    data, base = write_pictures(tmp_path / "data", 6, 8), base_network(tmp_path / "base")
    kept = tmp_path / "kept"

    def part(out: str) -> Callable[..., object]:
        chosen = options(data, tmp_path / out, transfer=base, freezed=3, kimg=0.04, checkpoint_dir=kept)
        return lambda **how: train(chosen, **how)

    part("first")(should_stop=stop_after(2))
    part("second")()
    before, after = load_network(base).D.state_dict(), weights(tmp_path / "second")
    same = {name for name, tensor in before.items() if torch.equal(after[f"D.{name}"], tensor)}
    assert same == {f"b8.{layer}.{kind}" for layer in ("fromrgb", "conv0", "conv1") for kind in ("weight", "bias")}
    assert "frozen layers have learned nothing" not in (tmp_path / "first/log.txt").read_text()


def test_freezing_a_random_network_is_remarked(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data", 6, 8)
    train(options(data, tmp_path / "out", freezed=1, kimg=0.008))
    assert (
        "freezed: without a transfer, the frozen layers have learned nothing" in (tmp_path / "out/log.txt").read_text()
    )
