"""The yardstick of the benchmarks computes what the shipped networks compute, to rounding."""

import torch

from benchmarks import plain_stylegan2 as plain
from benchmarks.inference import penalty_by_map
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.model.ops import upfirdn
from stylegan2.synthesis.projection import _noise_penalty

G_KWARGS = {"z_dim": 16, "w_dim": 16, "img_resolution": 32, "channel_base": 256, "channel_max": 16, "mapping_layers": 2}


def test_plain_resampling_is_the_shipped_one() -> None:
    torch.manual_seed(2)
    x, row = torch.randn(2, 3, 9, 7), torch.randn(1, 12)
    for arguments in (
        {"up": (2, 1), "padding": (6, 5, 0, 0), "gain": 2.0},
        {"down": (2, 1), "padding": (5, 5, 0, 0), "flip": True},
        {"padding": (-1, 6, -2, 3)},
    ):
        torch.testing.assert_close(plain.resampled(x, row, **arguments), upfirdn(x, row, **arguments))


def test_the_plain_generator_makes_the_same_pictures() -> None:
    torch.manual_seed(0)
    G = Generator(**G_KWARGS, conv_clamp=plain.CLAMP).requires_grad_(False)
    for name, parameter in G.named_parameters():
        if name.endswith(("bias", "noise_strength")):
            parameter.copy_(torch.randn_like(parameter))
    z = torch.randn(3, 16)
    ws = G.mapping(z)
    torch.testing.assert_close(plain.mapping(G, z), ws, rtol=1e-4, atol=1e-5)
    for fused in (False, True):
        pictures = plain.synthesis(G, ws, "const", fused)
        torch.testing.assert_close(pictures, G.synthesis(ws, "const"), rtol=1e-3, atol=1e-4)


def test_the_plain_search_has_the_same_gradients_of_latents_and_noise() -> None:
    torch.manual_seed(2)
    G = Generator(**G_KWARGS, conv_clamp=plain.CLAMP).requires_grad_(False)
    noise = [stored.requires_grad_() for name, stored in G.synthesis.named_buffers() if name.endswith("noise_const")]
    for name, parameter in G.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(0.3)
    ws = torch.randn(1, G.num_ws, 16, requires_grad=True)
    shipped, *plain_ones = (
        torch.autograd.grad(pictures.square().sum(), [ws, *noise])
        for pictures in (
            G.synthesis(ws, "const"),
            plain.synthesis(G, ws, "const", fused=True),
            plain.synthesis(G, ws, "const", fused=False),
        )
    )
    for gradients in plain_ones:
        for one, other in zip(gradients, shipped, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


def test_the_penalty_of_all_noise_maps_is_the_sum_of_each_maps() -> None:
    torch.manual_seed(3)
    noise = [torch.randn(count, side, side) for side, count in ((32, 2), (16, 2), (8, 2), (4, 1))]
    together = _noise_penalty([maps[None] for maps in noise])
    one_by_one = penalty_by_map([single for maps in noise for single in maps])
    torch.testing.assert_close(together, one_by_one)


def test_the_plain_discriminator_gives_the_same_logits_and_gradients() -> None:
    torch.manual_seed(1)
    D = Discriminator(img_resolution=32, channel_base=256, channel_max=16, conv_clamp=plain.CLAMP)
    images = torch.randn(4, 3, 32, 32)
    results = []
    for discriminate in (D, lambda img: plain.discriminate(D, img)):
        img = images.clone().requires_grad_(True)
        logits = discriminate(img)
        (gradient,) = torch.autograd.grad(logits.sum(), img)
        results.append((logits.detach(), gradient))
    for plain_one, shipped in zip(*results, strict=True):
        torch.testing.assert_close(plain_one, shipped, rtol=1e-3, atol=1e-5)
