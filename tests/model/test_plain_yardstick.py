"""The yardstick of the benchmarks computes what the shipped networks compute, to rounding."""

import torch

from benchmarks import plain_stylegan2 as plain
from stylegan2.networks import Discriminator, Generator
from stylegan2.ops import upfirdn

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
