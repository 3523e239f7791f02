"""What a new network takes from another one, and what it draws with it."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor

from stylegan2.model.networks import Discriminator, Generator
from stylegan2.model.ops import make_filter, upsample
from stylegan2.training.transfer import TransferReport, copy_matching

Network = TypeVar("Network", Generator, Discriminator)


def a_generator(seed: int, **changes: Any) -> Generator:
    """With an average, noise and biases, so that nothing is right by being zero."""
    torch.manual_seed(seed)
    arguments = {"z_dim": 8, "w_dim": 8, "img_resolution": 16, "mapping_layers": 2, "channel_base": 64}
    generator = Generator(**{"channel_max": 8, **arguments, **changes})
    return trained(generator)


def a_discriminator(seed: int, **changes: Any) -> Discriminator:
    torch.manual_seed(seed)
    return trained(Discriminator(**{"img_resolution": 16, "channel_base": 64, "channel_max": 8, **changes}))


def trained(network: Network) -> Network:
    for name, tensor in network.state_dict().items():
        if name.endswith(("bias", "noise_strength", "w_avg")):
            tensor.add_(torch.randn_like(tensor) * 0.1)
    return network.requires_grad_(False).eval()


def pictures(generator: Generator, labels: Tensor | None = None, **how: Any) -> Tensor:
    torch.manual_seed(7)
    picture: Tensor = generator(torch.randn(6, generator.z_dim), labels, **how)
    return picture


def same(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def layers(names: list[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in names}


def accounts_for_everything(report: TransferReport, source: Any, target: Any, prefix: str) -> None:
    taken = [*report.copied, *report.widened]
    assert sorted(taken + report.kept) == sorted(f"{prefix}.{name}" for name in target.state_dict())
    assert sorted(taken + report.left) == sorted(f"{prefix}.{name}" for name in source.state_dict())


def test_the_same_architecture_is_copied_whole() -> None:
    source, target = a_generator(1), a_generator(2)
    report = copy_matching(source, target, "G")
    assert report.kept == report.widened == report.left == report.remarks == []
    assert report.sentence() == f"copied {len(source.state_dict())} of {len(source.state_dict())} tensors"
    assert torch.equal(pictures(target, truncation_psi=0.5), pictures(source, truncation_psi=0.5))


def test_a_wider_generator_draws_at_first_what_the_other_one_draws() -> None:
    source, target = a_generator(1), a_generator(2, channel_base=256, channel_max=12)
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert report.kept == report.left == []
    assert "channel_base was 64 and is 256" in report.remarks
    assert f"and {len(report.widened)} into larger ones" in report.sentence()
    same(pictures(target, truncation_psi=0.6), pictures(source, truncation_psi=0.6))


def test_the_added_channels_of_a_wider_generator_learn() -> None:
    source, target = a_generator(1), a_generator(2, channel_base=256, channel_max=12)
    copy_matching(source, target, "G")
    target.requires_grad_(True)
    pictures(target).square().mean().backward()
    added = target.get_parameter("synthesis.b16.conv1.weight").grad
    assert added is not None
    assert added[:4, 4:].abs().min() > 0


def test_a_discriminator_with_wider_outer_blocks_judges_at_first_as_the_other_one() -> None:
    source, target = a_discriminator(1), a_discriminator(2, channel_base=128)
    report = copy_matching(source, target, "D")
    accounts_for_everything(report, source, target, "D")
    assert report.kept == report.left == []
    assert "D.b16.conv0" in layers(report.widened)
    images = torch.randn(4, 3, 16, 16)
    same(target(images), source(images))


def test_a_discriminator_that_is_wider_everywhere_keeps_the_spread_of_the_batch_behind_the_features() -> None:
    source, target = a_discriminator(1), a_discriminator(2, channel_base=256, channel_max=12)
    assert copy_matching(source, target, "D").kept == []
    theirs, ours = source.state_dict()["b4.conv.weight"], target.state_dict()["b4.conv.weight"]
    scale = (13 / 9) ** 0.5
    same(ours[:8, :8], theirs[:, :8] * scale)
    same(ours[:8, 12:], theirs[:, 8:] * scale)
    assert not ours[:8, 8:12].any()
    # Without that spread, which is a mean over more channels now, both judge alike.
    for network in (source, target):
        network.state_dict()["b4.conv.weight"][:, -1].zero_()
    images = torch.randn(4, 3, 16, 16)
    same(target(images), source(images))


def test_a_narrower_network_takes_the_layers_of_the_same_width_and_names_the_others() -> None:
    source, target = a_generator(1, channel_base=128), a_generator(2)
    before = target.get_parameter("synthesis.b16.conv1.weight").clone()
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert report.widened == []
    assert "G.synthesis.b8.conv1" in layers(report.copied)
    assert "G.synthesis.b16.conv1" in layers(report.kept) & layers(report.left)
    assert "left, because this network has no place for them: G.synthesis.b16.conv0" in report.sentence()
    assert torch.equal(target.get_parameter("synthesis.b16.conv1.weight"), before)


def test_a_higher_resolution_draws_at_first_the_other_picture_upsampled() -> None:
    source, target = a_generator(1), a_generator(2, img_resolution=64)
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert all(name.startswith(("G.synthesis.b32.", "G.synthesis.b64.")) for name in report.kept)
    expected = upsample(upsample(pictures(source), make_filter()), make_filter())
    same(pictures(target), expected)
    target.requires_grad_(True)
    pictures(target).square().mean().backward()
    gradient = target.get_parameter("synthesis.b64.torgb.weight").grad
    assert gradient is not None
    assert gradient.abs().min() > 0


def test_a_lower_resolution_draws_at_first_the_coarse_part_of_the_other_picture() -> None:
    source, target = a_generator(1, img_resolution=32), a_generator(2)
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert report.kept == []
    assert layers(report.left) >= {"G.synthesis.b32.conv0", "G.synthesis.b32.torgb"}
    for name in ("conv0", "conv1", "torgb"):
        source.get_submodule(f"synthesis.b32.{name}").bias.zero_()  # type: ignore[union-attr,operator]
    source.get_parameter("synthesis.b32.torgb.weight").zero_()
    same(upsample(pictures(target), make_filter()), pictures(source))


def test_the_discriminator_of_another_resolution_learns_to_read_pictures_anew() -> None:
    report = copy_matching(a_discriminator(1), a_discriminator(2, img_resolution=32), "D")
    assert layers(report.kept) == {f"D.b32.{name}" for name in ("fromrgb", "conv0", "conv1", "skip")}
    assert layers(report.left) == {"D.b16.fromrgb"}


def test_labels_that_are_added_begin_with_variations_of_what_was_drawn() -> None:
    source, target = a_generator(1), a_generator(2, c_dim=3)
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert layers(report.kept) == {"G.mapping.embed"}
    assert report.widened == ["G.mapping.fc0.weight"]
    assert "c_dim was 0 and is 3" in report.remarks
    labels = torch.eye(3)[[0, 1, 2, 0, 1, 2]]
    assert not torch.equal(pictures(target, labels), pictures(target, labels.roll(1, 0)))
    with torch.no_grad():  # without a say of the labels, nothing is changed
        target.get_parameter("mapping.fc0.weight")[:, source.z_dim :] = 0
    same(pictures(target, labels, truncation_psi=0.7), pictures(source, truncation_psi=0.7))
    judges = copy_matching(a_discriminator(1), a_discriminator(2, c_dim=3), "D")
    assert {name.split(".")[1] for name in judges.kept} == {"mapping", "b4"}
    assert layers(judges.left) == {"D.b4.out"}


def test_other_labels_are_learned_anew_and_the_rest_of_the_mapping_stays() -> None:
    report = copy_matching(a_generator(1, c_dim=2), a_generator(2, c_dim=5), "G")
    assert layers(report.kept) == layers(report.left) == {"G.mapping.embed"}
    judges = copy_matching(a_discriminator(1, c_dim=2), a_discriminator(2, c_dim=5), "D")
    assert layers(judges.kept) == {"D.mapping.embed"}


def shallower() -> tuple[Generator, Generator]:
    return a_generator(1, mapping_layers=4), a_generator(2)


def without_labels() -> tuple[Generator, Generator]:
    return a_generator(1, c_dim=3), a_generator(2)


def with_other_latents() -> tuple[Generator, Generator]:
    return a_generator(1, z_dim=6), a_generator(2)


@pytest.mark.parametrize("pair", [shallower, without_labels, with_other_latents])
def test_a_mapping_that_does_not_fit_as_a_whole_is_new_as_a_whole(
    pair: Callable[[], tuple[Generator, Generator]],
) -> None:
    source, target = pair()
    before = {name: tensor.clone() for name, tensor in target.state_dict().items() if name.startswith("mapping.")}
    report = copy_matching(source, target, "G")
    accounts_for_everything(report, source, target, "G")
    assert {name for name in report.kept if ".mapping." in name} == {f"G.{name}" for name in before}
    assert all(torch.equal(target.state_dict()[name], tensor) for name, tensor in before.items())
    assert "the mapping network does not fit as a whole, so all of it is new" in report.sentence()
    ws = torch.randn(3, target.num_ws, 8)
    same(target.synthesis(ws), source.synthesis(ws))


def test_a_wider_network_with_other_inputs_takes_nothing_wider() -> None:
    source, target = a_generator(1, w_dim=6), a_generator(2, channel_base=256, channel_max=12)
    assert copy_matching(source, target, "G").widened == []
    grey = copy_matching(a_discriminator(1, img_channels=1), a_discriminator(2, channel_base=256), "D")
    assert grey.widened == []
    assert "img_channels was 1 and is 3" in grey.remarks


def test_reports_are_added_and_tell_each_difference_once() -> None:
    generators = copy_matching(a_generator(1, img_resolution=8), a_generator(2), "G")
    judges = copy_matching(a_discriminator(1, img_resolution=8), a_discriminator(2), "D")
    both = generators + judges
    assert both.copied == generators.copied + judges.copied
    assert both.sentence().count("img_resolution was 8 and is 16") == 1


def test_noise_alone_is_a_useless_transfer() -> None:
    other = Generator(3, 0, 3, 8, 1, mapping_layers=1, channel_base=24, channel_max=3)
    report = copy_matching(other, Generator(4, 0, 4, 8, 3, mapping_layers=2, channel_base=64, channel_max=8), "G")
    assert report.copied
    assert report.is_useless
    assert not copy_matching(a_generator(1), a_generator(2), "G").is_useless
