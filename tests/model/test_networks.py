"""The networks load golden state dictionaries strictly and give the golden numbers."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylegan2.base.errors import OptionError
from stylegan2.model.networks import Discriminator, Generator
from tests.goldens.arrays import Golden, close, state

SMALL = {"channel_base": 256, "channel_max": 16}


def small_pair(g: Golden, conv_clamp: float | None = None) -> tuple[Generator, Discriminator]:
    generator = Generator(16, 0, 16, 32, 3, mapping_layers=2, conv_clamp=conv_clamp, **SMALL)
    discriminator = Discriminator(0, 32, 3, mbstd_group_size=4, conv_clamp=conv_clamp, **SMALL)
    generator.load_state_dict(state(g, "G."), strict=True)
    discriminator.load_state_dict(state(g, "D."), strict=True)
    return generator.requires_grad_(False), discriminator.requires_grad_(False)


def test_mapping_and_truncation_give_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("nets32")
    generator, _ = small_pair(g)
    assert generator.num_ws == 8
    close(generator.mapping(g["z"])[:, 3], g["ws_psi1"])
    close(generator.mapping(g["z"], truncation_psi=0.7), g["ws_psi0.7"])
    close(generator.mapping(g["z"], truncation_psi=0.5, truncation_cutoff=3), g["ws_psi0.5_cutoff3"])


def test_synthesis_gives_the_golden_pictures_for_every_noise_mode(golden: Callable[[str], Golden]) -> None:
    g = golden("nets32")
    generator, _ = small_pair(g)
    ws = g["ws_psi1"][:, None].repeat(1, 8, 1)
    close(generator.synthesis(ws, "const"), g["img_const"])
    close(generator.synthesis(ws, "const"), g["img_const_unfused"])
    close(generator.synthesis(ws, "none"), g["img_none"])
    close(generator(g["z"], truncation_psi=0.7), g["img_const_psi0.7"])
    first, second = generator.synthesis(ws, "random"), generator.synthesis(ws, "random")
    assert (first - second).abs().max() > 1e-3


def test_every_synthesis_block_gives_the_golden_features(golden: Callable[[str], Golden]) -> None:
    g = golden("nets32")
    generator, _ = small_pair(g)
    ws = g["ws_psi1"][:2, None].repeat(1, 8, 1)
    x: Tensor | None = None
    img: Tensor | None = None
    for resolution, first in ((4, 0), (8, 1), (16, 3), (32, 5)):
        block = generator.synthesis.get_submodule(f"b{resolution}")
        x, img = block(x, img, ws[:, first : first + 3], "none")
        close(x, g[f"block{resolution}_x_none"])
        close(img, g[f"block{resolution}_img_none"])


def test_discriminator_gives_the_golden_features_and_logits(golden: Callable[[str], Golden]) -> None:
    g = golden("nets32")
    _, discriminator = small_pair(g)
    close(discriminator(g["real_img"]), g["logits_real"])
    close(discriminator(g["real_img"][:4]), g["logits_real_first4"])
    close(discriminator(g["img_const"]), g["logits_fake"])
    features = discriminator.features(g["real_img"])
    for feature, resolution in zip(features, (32, 16, 8), strict=True):
        close(feature[:2], g[f"D_block{resolution}_x"])


def test_clamped_networks_give_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g, clamped = golden("nets32"), golden("conv_clamp")
    generator, discriminator = small_pair(g, conv_clamp=1.0)
    ws = g["ws_psi1"][:, None].repeat(1, 8, 1)
    close(generator.synthesis(ws, "const"), clamped["img_const"])
    close(discriminator(g["real_img"]), clamped["logits"])


def test_conditional_pair_gives_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    g = golden("nets16_cond_arch")
    generator = Generator(16, 3, 16, 16, 3, mapping_layers=2, **SMALL)
    discriminator = Discriminator(3, 16, 3, mapping_layers=2, **SMALL)
    generator.load_state_dict(state(g, "G."), strict=True)
    discriminator.load_state_dict(state(g, "D."), strict=True)
    close(generator.mapping(g["z"], g["c"])[:, 0], g["ws"])
    img = generator(g["z"], g["c"])
    close(img, g["img_const"])
    close(discriminator(img, g["c"]), g["logits"])
    with pytest.raises(OptionError, match=r"^c: "):
        generator(g["z"])


@pytest.mark.parametrize("architecture", ["orig", "resnet"])
def test_discriminator_architectures_give_the_golden_logits(golden: Callable[[str], Golden], architecture: str) -> None:
    g = golden("nets16_cond_arch")
    discriminator = Discriminator(0, 16, 3, architecture=architecture, **SMALL)  # type: ignore[arg-type]
    discriminator.load_state_dict(state(g, f"{architecture}.D."), strict=True)
    close(discriminator(g[f"{architecture}.img"]), g[f"{architecture}.logits"])


def test_init_kwargs_build_the_same_network_again() -> None:
    generator = Generator(8, 2, 8, 16, 1, mapping_layers=3, channel_base=128, channel_max=16)
    again = Generator(**generator.init_kwargs)
    again.load_state_dict(generator.state_dict(), strict=True)
    z, c = torch.randn(2, 8), torch.eye(2)
    torch.testing.assert_close(again(z, c), generator(z, c))
    discriminator = Discriminator(0, 16, 1, channel_base=128, channel_max=16)
    Discriminator(**discriminator.init_kwargs).load_state_dict(discriminator.state_dict(), strict=True)


def test_average_of_w_moves_only_when_asked() -> None:
    generator = Generator(8, 0, 8, 8, channel_base=64, channel_max=8, mapping_layers=1)
    z = torch.randn(4, 8)
    ws = generator.mapping(z)
    assert generator.mapping.w_avg.abs().sum() == 0
    generator.mapping.move_average(ws[:, 0].detach().mean(0))
    close(generator.mapping.w_avg, ws[:, 0].mean(0).detach() * 0.005)


@pytest.mark.parametrize("resolution", [0, 2, 12, 100])
def test_resolutions_that_are_no_power_of_two_are_refused(resolution: int) -> None:
    with pytest.raises(OptionError, match=rf"img_resolution.*{resolution}"):
        Generator(img_resolution=resolution)
    with pytest.raises(OptionError, match=rf"img_resolution.*{resolution}"):
        Discriminator(img_resolution=resolution)


@pytest.mark.parametrize(
    ("base", "resolution", "shape"), [((6, 4), 32, (48, 32)), ((9, 16), 32, (36, 64)), ((6, 6), 8, (12, 12))]
)
def test_another_base_makes_pictures_of_other_proportions(
    base: tuple[int, int], resolution: int, shape: tuple[int, int]
) -> None:
    size = {"base_height": base[0], "base_width": base[1], "img_resolution": resolution}
    generator = Generator(8, 0, 8, img_channels=4, mapping_layers=1, **size, **SMALL)
    discriminator = Discriminator(img_channels=4, **size, **SMALL)
    for noise_mode in ("const", "random"):
        img = generator(torch.randn(3, 8), noise_mode=noise_mode)
        assert img.shape == (3, 4, *shape)
        assert discriminator(img).shape == (3, 1)
    assert (generator.img_height, generator.img_width) == shape
    again = Generator(**generator.init_kwargs)
    again.load_state_dict(generator.state_dict(), strict=True)


def test_bases_without_sense_are_refused() -> None:
    with pytest.raises(OptionError, match=r"^base_height: must be from 1 to 16, not 0"):
        Generator(base_height=0)
    with pytest.raises(OptionError, match=r"^base_width: must be from 1 to 16, not 17"):
        Discriminator(base_width=17)
    with pytest.raises(OptionError, match=r"^img_resolution: must be a power of two from 16 up, not 8"):
        Discriminator(base_height=9, base_width=16, img_resolution=8)


def test_wrong_arguments_are_refused_with_the_name_of_the_argument() -> None:
    generator = Generator(8, 0, 8, 8, channel_base=64, channel_max=8, mapping_layers=1)
    ws = generator.mapping(torch.randn(1, 8))
    with pytest.raises(OptionError, match=r"noise_mode.*pink"):
        generator.synthesis(ws, "pink")
    with pytest.raises(OptionError, match=r"ws: .*\[N, 4, 8\]"):
        generator.synthesis(ws[:, :2])
    with pytest.raises(OptionError, match=r"architecture.*skip"):
        Discriminator(architecture="skip")  # type: ignore[arg-type]
