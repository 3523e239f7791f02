"""The losses of StyleGAN2: non-saturating logistic loss, R1 and path length regularisation, style mixing.

Every function of a training phase computes one loss and adds its gradients to the parameters' `grad`. The lazy
regularisers (arXiv:1912.04958 section 3.1) run only every few iterations and are multiplied by that interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from stylegan2.augmentation.augment import AugmentPipe
from stylegan2.model.networks import Discriminator, Generator, NoiseMode

PL_DECAY = 0.01
PL_BATCH_SHRINK = 2
"""Path length regularisation sees only every n-th latent: it needs much memory, and the estimate is good enough."""


def r1_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Return the squared norm of the discriminator's gradient at real images, `[N]` (arXiv:1801.04406)."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=[1, 2, 3])


def path_lengths(images: Tensor, ws: Tensor, noise: Tensor) -> Tensor:
    """Return how far images move when w moves, in a random direction of the image, `[N]` (StyleGAN2 section 3.2).

    `noise` is standard normal, shaped like the images.
    """
    scaled = noise / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * scaled).sum(), ws, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


def mixed_styles(generator: Generator, z: Tensor, c: Tensor | None, probability: float) -> tuple[Tensor, Tensor]:
    """Return the ws of z; at times, from a random layer on, those of another latent (arXiv:1812.04948, 3.1).

    Also returns the mean w of z, `[w_dim]`, which the average of w follows.
    """
    ws: Tensor = generator.mapping(z, c)
    w_mean = ws[:, 0].detach().mean(dim=0)
    if probability > 0 and torch.rand(()).item() < probability:
        first = int(torch.randint(1, ws.shape[1], ()).item())
        other = generator.mapping(torch.randn_like(z), c)
        ws = torch.cat([ws[:, :first], other[:, first:]], dim=1)
    return ws, w_mean


@dataclass
class PhaseStats:
    """What a phase measured in one micro-batch. None: this phase does not measure it."""

    loss: Tensor
    """Mean loss over the micro-batch, `[]`."""
    mean_sign: Tensor | None = None
    """Mean sign of the discriminator's logits, `[]`: -1 if it takes all for fakes, 1 if for reals."""
    path_length: Tensor | None = None
    """Mean path length, `[]`."""
    w_mean: Tensor | None = None
    """Mean w of the generated images, `[w_dim]`."""


@dataclass
class Losses:
    """The four phases of an iteration. `share` is the fraction of the batch that the images of a call are.

    Phases only read the running means, which are part of the training's state: `pl_mean`, of the path lengths, and the
    generator's average of w. What moves them is in the stats that a phase returns. `main_synthesis` and
    `main_discriminator` compute the same as the networks' own, perhaps faster, but can be differentiated only once: the
    two main phases use them, the regularisers cannot.
    """

    generator: Generator
    discriminator: Discriminator
    augment: AugmentPipe
    r1_gamma: float
    pl_weight: float
    style_mixing_prob: float
    pl_mean: Tensor
    noise_mode: NoiseMode = "random"
    main_synthesis: Callable[..., Tensor] | None = None
    main_discriminator: Callable[..., Tensor] | None = None

    def generator_main(self, z: Tensor, c: Tensor | None = None, *, share: float = 1.0) -> PhaseStats:
        """Make images that the discriminator takes for real."""
        ws, w_mean = mixed_styles(self.generator, z, c, self.style_mixing_prob)
        logits = self._judge(self._synthesise(ws), c)
        loss = F.softplus(-logits).mean()
        torch.autograd.backward(loss * share)
        return PhaseStats(loss.detach(), mean_sign=logits.detach().sign().mean(), w_mean=w_mean)

    def generator_regularisation(
        self, z: Tensor, c: Tensor | None = None, *, interval: int, share: float = 1.0
    ) -> PhaseStats:
        """Make a step in w change the image by the same amount everywhere."""
        few = max(len(z) // PL_BATCH_SHRINK, 1)
        ws, w_mean = mixed_styles(self.generator, z[:few], None if c is None else c[:few], self.style_mixing_prob)
        images = self.generator.synthesis(ws, self.noise_mode)
        loss, path_length = self.path_length_loss(images, ws, torch.randn_like(images))
        torch.autograd.backward(loss * interval * share)
        return PhaseStats(loss.detach(), path_length=path_length, w_mean=w_mean)

    def path_length_loss(self, images: Tensor, ws: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weighted mean squared difference of the path lengths from their running mean, and their mean.

        The running mean is the one that these lengths will have moved.
        """
        lengths = path_lengths(images, ws, noise)
        length = lengths.mean()
        loss = (lengths - self.pl_mean.lerp(length, PL_DECAY)).square().mean() * self.pl_weight
        return loss, length.detach()

    def follow_path_length(self, path_length: Tensor) -> None:
        """Move the running mean towards the mean path length of a micro-batch."""
        self.pl_mean = self.pl_mean.lerp(path_length, PL_DECAY)

    def discriminator_main(
        self, z: Tensor, real: Tensor, c_fake: Tensor | None = None, c_real: Tensor | None = None, *, share: float = 1.0
    ) -> PhaseStats:
        """Tell real images from generated ones. The mean sign is that of the reals, which ADA steers by."""
        with torch.no_grad():
            ws, w_mean = mixed_styles(self.generator, z, c_fake, self.style_mixing_prob)
            fake = self._synthesise(ws)
        loss_fake = F.softplus(self._judge(fake, c_fake)).mean()
        torch.autograd.backward(loss_fake * share)
        real_logits = self._judge(real, c_real)
        loss_real = F.softplus(-real_logits).mean()
        torch.autograd.backward(loss_real * share)
        loss = (loss_fake + loss_real).detach()
        return PhaseStats(loss, mean_sign=real_logits.detach().sign().mean(), w_mean=w_mean)

    def discriminator_regularisation(
        self, real: Tensor, c: Tensor | None = None, *, interval: int, share: float = 1.0
    ) -> PhaseStats:
        """R1: keep the discriminator flat at the real images."""
        images = real.detach().requires_grad_(True)
        penalty = r1_penalty(self.discriminator(self.augment(images), c), images).mean()
        torch.autograd.backward(penalty * (self.r1_gamma / 2) * interval * share)
        return PhaseStats(penalty.detach())

    def _synthesise(self, ws: Tensor) -> Tensor:
        """Make images `[N, C, H, W]`, for a main phase."""
        synthesis = self.generator.synthesis if self.main_synthesis is None else self.main_synthesis
        images: Tensor = synthesis(ws, self.noise_mode)
        return images

    def _judge(self, images: Tensor, c: Tensor | None) -> Tensor:
        """Return the logits `[N, 1]` of augmented images, for a main phase."""
        discriminator = self.discriminator if self.main_discriminator is None else self.main_discriminator
        logits: Tensor = discriminator(self.augment(images), c)
        return logits
