"""Losses, regularisers and one whole training iteration give the golden gradients and parameters."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylegan2.augmentation.augment import AugmentPipe
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.training.loss import Losses, mixed_styles, path_lengths, r1_penalty
from stylegan2.training.optimisation import ema_beta, lazy_adam, optimiser_step, update_ema
from tests.goldens.arrays import Golden, close, state

SMALL = {"channel_base": 256, "channel_max": 16}


def pair(g: Golden, prefix: str = "") -> tuple[Generator, Discriminator]:
    generator = Generator(16, 0, 16, 32, 3, mapping_layers=2, **SMALL)
    discriminator = Discriminator(0, 32, 3, **SMALL)
    generator.load_state_dict(state(g, f"{prefix}G."))
    discriminator.load_state_dict(state(g, f"{prefix}D."))
    return generator, discriminator


def losses(generator: Generator, discriminator: Discriminator) -> Losses:
    return Losses(generator, discriminator, AugmentPipe(()), 1.0, 2.0, 0.0, torch.zeros([]))


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def check_gradients(network: nn.Module, expected: Golden) -> None:
    """Gradients with the golden files' tolerance: relative 1e-3, absolute 1e-5 of the largest."""
    parameters = dict(network.named_parameters())
    largest = max(float(tensor.abs().max()) for tensor in expected.values())
    for name, tensor in expected.items():
        close(_gradient(parameters[name]), tensor, rtol=1e-3, atol=1e-5 * largest)


def test_logistic_losses_are_the_golden_ones(golden: Callable[[str], Golden]) -> None:
    g, nets = golden("regularizers"), golden("nets32")
    generator, discriminator = pair(nets)
    close(discriminator(nets["real_img"]), g["logits_real"])
    close(discriminator(generator(g["pl_z"])), g["logits_fake"])
    close(F.softplus(-g["logits_fake"]), g["loss_G"])
    close(F.softplus(g["logits_fake"]), g["loss_Dgen"])
    close(F.softplus(-g["logits_real"]), g["loss_Dreal"])


def test_r1_gives_the_golden_penalty_and_gradients(golden: Callable[[str], Golden]) -> None:
    g, nets = golden("regularizers"), golden("nets32")
    _, discriminator = pair(nets)
    real = nets["real_img"].requires_grad_(True)
    logits = discriminator(real)
    close(torch.autograd.grad(logits.sum(), real, retain_graph=True)[0], g["r1_grad_img"])
    penalty = r1_penalty(logits, real)
    close(penalty, g["r1_penalty"])
    (penalty * 10 / 2).mean().mul(16).backward()
    check_gradients(discriminator, state(g, "r1.gradD."))


def test_the_r1_phase_gives_the_golden_gradients(golden: Callable[[str], Golden]) -> None:
    g, nets = golden("regularizers"), golden("nets32")
    generator, discriminator = pair(nets)
    phases = losses(generator, discriminator)
    phases.r1_gamma = 10
    stats = phases.discriminator_regularisation(nets["real_img"], interval=16)
    close(stats.loss, g["r1_penalty"].mean())
    check_gradients(discriminator, state(g, "r1.gradD."))


def test_path_length_regularisation_gives_the_golden_gradients(golden: Callable[[str], Golden]) -> None:
    g, nets = golden("regularizers"), golden("nets32")
    generator, discriminator = pair(nets)
    ws = generator.mapping(g["pl_z"])
    images = generator.synthesis(ws, "none")
    lengths = path_lengths(images, ws, g["pl_noise_raw"])
    close(lengths, g["pl_lengths"])
    moved = (images * g["pl_noise_raw"] / 32).sum()
    (gradient,) = torch.autograd.grad(moved, ws, retain_graph=True)
    close(gradient, g["pl_grads_ws"])
    phases = losses(generator, discriminator)
    loss, path_length = phases.path_length_loss(images, ws, g["pl_noise_raw"])
    phases.follow_path_length(path_length)
    close(phases.pl_mean, g["pl_mean_after"])
    close((lengths - phases.pl_mean).square(), g["pl_penalty"])
    close(loss, 2 * g["pl_penalty"].mean())
    (loss * 4).backward()
    check_gradients(generator, state(g, "pl.gradG."))


def test_batches_in_rounds_add_up_to_the_gradient_of_the_whole(golden: Callable[[str], Golden]) -> None:
    nets = golden("nets32")
    generator, discriminator = pair(nets)
    discriminator.b4.mbstd_group_size = 1  # groups must not reach over rounds
    phases = losses(generator, discriminator)
    real = nets["real_img"]
    phases.discriminator_regularisation(real, interval=16)
    whole = {name: parameter.grad for name, parameter in discriminator.named_parameters()}
    discriminator.zero_grad()
    for start in (0, 4):
        phases.discriminator_regularisation(real[start : start + 4], interval=16, share=0.5)
    check_gradients(discriminator, {name: tensor for name, tensor in whole.items() if tensor is not None})


def test_style_mixing_switches_latents_at_one_layer(golden: Callable[[str], Golden]) -> None:
    generator, _ = pair(golden("nets32"))
    torch.manual_seed(0)
    z = torch.randn(4, 16)
    plain = generator.mapping(z)
    assert torch.equal(mixed_styles(generator, z, None, 0.0)[0], plain)
    switches = set()
    for _ in range(60):
        same = (mixed_styles(generator, z, None, 1.0)[0] == plain).all(dim=2).all(dim=0).tolist()
        assert same == sorted(same, reverse=True)  # the first layers keep their latent, the others have a new one
        switches.add(sum(same))
    assert switches == set(range(1, 8))


def test_phases_touch_only_the_network_that_learns(golden: Callable[[str], Golden]) -> None:
    nets = golden("nets32")
    generator, discriminator = pair(nets)
    phases = losses(generator, discriminator)
    z = torch.randn(8, 16)
    phases.discriminator_main(z, nets["real_img"])
    assert all(parameter.grad is None for parameter in generator.parameters())
    discriminator.zero_grad()
    discriminator.requires_grad_(False)
    phases.generator_main(z)
    assert all(parameter.grad is None for parameter in discriminator.parameters())
    assert all(parameter.grad is not None for parameter in generator.parameters())


NOISE_SEED, NOISE_BEGINS = 0, 37_648
"""Where in PyTorch's stream of random numbers (CPU) the golden iteration drew its pictures' noise."""


def test_a_whole_iteration_gives_the_golden_numbers(golden: Callable[[str], Golden]) -> None:
    """Gmain, Greg, Dmain, Dreg with both optimisers, then the moving average.

    Adam's first steps make differences of gradients that are nearly 0 as large as its learning rate. So every phase
    steps with, and the next one continues from, the golden gradients; those of the noise's strengths are not stored,
    and are ours.
    """
    g = golden("train_step")
    generator, discriminator = pair(g, "init.")
    average = deepcopy(generator)
    phases = losses(generator, discriminator)
    optimise_g = lazy_adam(generator.parameters(), 0.0025, 4)
    optimise_d = lazy_adam(discriminator.parameters(), 0.0025, 16)

    def check_and_step(phase: str, network: nn.Module, optimiser: torch.optim.Adam) -> None:
        parameters, gradients = dict(network.named_parameters()), state(g, f"{phase}.grad.")
        check_gradients(network, gradients)
        for name, gradient in gradients.items():
            parameters[name].grad = gradient
        optimiser_step(optimiser)
        for name, tensor in state(g, f"{phase}.after.").items():
            close(parameters[name].detach(), tensor, rtol=1e-5, atol=1e-7)

    def follow(w_mean: Tensor | None) -> None:
        assert w_mean is not None
        generator.mapping.move_average(w_mean)

    with torch.random.fork_rng():
        torch.manual_seed(NOISE_SEED)
        torch.rand(NOISE_BEGINS)
        discriminator.requires_grad_(False)
        follow(phases.generator_main(g["z_Gmain"]).w_mean)
        check_and_step("Gmain", generator, optimise_g)

        ws, w_mean = mixed_styles(generator, g["z_Greg"][:4], None, 0)
        follow(w_mean)
        images = generator.synthesis(ws, "random")
        loss, path_length = phases.path_length_loss(images, ws, g["pl_noise_raw"])
        torch.autograd.backward(4 * loss)
        phases.follow_path_length(path_length)
        check_and_step("Greg", generator, optimise_g)
        close(phases.pl_mean, g["pl_mean.after"])

        discriminator.requires_grad_(True)
        follow(phases.discriminator_main(g["z_Dmain"], g["real"]).w_mean)
        check_and_step("Dmain", discriminator, optimise_d)
        close(generator.mapping.w_avg, g["G.mapping.w_avg.after"])

        phases.discriminator_regularisation(g["real"], interval=16)
        check_and_step("Dreg", discriminator, optimise_d)

    beta = ema_beta(8, 2.5, 0, None)
    close(torch.tensor(beta, dtype=torch.float64), g["ema_beta"], rtol=1e-12, atol=0)
    update_ema(average, generator, beta)
    averaged = dict(average.named_parameters())
    for name, tensor in state(g, "ema.after.").items():
        close(averaged[name].detach(), tensor, rtol=1e-5, atol=1e-7)


def test_the_average_is_ramped_up_and_its_half_life_is_right() -> None:
    assert ema_beta(1000, 1, 10**9, 0.05) == pytest.approx(0.5)
    assert ema_beta(1000, 10, 2000, 0.05) == pytest.approx(0.5**10)
    assert ema_beta(16, 10, 0, 0.05) == 0  # the first iterations copy
