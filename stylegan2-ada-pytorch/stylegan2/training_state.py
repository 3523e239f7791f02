"""Everything that changes while a training runs: networks, optimisers, counters, random numbers."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from stylegan2.augment import P_MAX, PIPES, AdaRule, AugmentPipe
from stylegan2.dataset import ImageDataset
from stylegan2.errors import CheckpointError, OptionError
from stylegan2.freezing import freeze_layers
from stylegan2.loss import Losses
from stylegan2.network_file import load_network
from stylegan2.networks import Discriminator, Generator
from stylegan2.optimisation import ema_beta, lazy_adam, step, update_ema
from stylegan2.options import TrainingOptions
from stylegan2.performance import channels_innermost, compiled, use_precision
from stylegan2.tick_stats import Means
from stylegan2.transfer import TransferReport, copy_matching


class TrainingState:
    """A training between two iterations. `iterate` does one; `state_dict` is enough to go on exactly from here."""

    def __init__(self, options: TrainingOptions, dataset: ImageDataset | None = None) -> None:
        """`dataset` is only needed for a training with labels: generated pictures get labels of its pictures."""
        s = self.settings = options.settings
        self.options, self.dataset = options, dataset
        self.device = torch.device(options.device)
        generator = Generator(**options.generator_kwargs()).to(self.device)
        discriminator = Discriminator(**options.discriminator_kwargs()).to(self.device)
        how = options.performance
        if how.channels_last:
            channels_innermost(generator)
            channels_innermost(discriminator)
        freeze_layers(discriminator, options.freezed)
        self.generator, self.discriminator = generator, discriminator
        self.generator_ema = deepcopy(generator).requires_grad_(False).eval()
        if how.precision != "fp32":  # the average stays precise: it makes the pictures that people see
            use_precision(generator, how.precision)
            use_precision(discriminator, how.precision)
        self.augment = AugmentPipe(() if options.aug == "noaug" else PIPES[options.augpipe], options.p)
        self.losses = Losses(
            generator,
            discriminator,
            self.augment,
            r1_gamma=s.r1_gamma,
            pl_weight=s.pl_weight,
            style_mixing_prob=s.style_mixing_prob,
            pl_mean=torch.zeros([], device=self.device),
            noise_mode="random" if s.noise else "none",
            main_synthesis=compiled(generator.synthesis, how.compilation),
            main_discriminator=compiled(discriminator, how.compilation),
        )
        g_interval = s.g_reg_interval if s.pl_weight > 0 else None
        self.optimise_g = lazy_adam(generator.parameters(), s.g_learning_rate, g_interval)
        self.optimise_d = lazy_adam(discriminator.parameters(), s.d_learning_rate, s.d_reg_interval)
        self.ada_rule = AdaRule(options.target, s.ada_kimg)
        self.means = Means()
        self.shown = 0
        """Reals shown so far."""
        self.iteration = 0
        self._sign_sum = torch.zeros([], device=self.device)

    @property
    def kimg(self) -> float:
        return self.shown / 1000

    def transfer(self) -> TransferReport:
        """Begin with the weights of the network that the options name."""
        if self.options.transfer is None:
            raise OptionError("transfer: no network was given")
        other = load_network(self.options.transfer)
        report = copy_matching(other.G or other.G_ema, self.generator, "G")
        report += copy_matching(other.G_ema, self.generator_ema, "G_ema")
        report += copy_matching(other.D, self.discriminator, "D")
        if report.is_useless:
            raise OptionError(f"transfer: no layer of {self.options.transfer} fits this network")
        return report

    # One iteration ------------------------------------------------------------------------------------------------

    def iterate(self, real: Tensor, labels: Tensor | None = None) -> None:
        """Train both networks with one batch of reals `[batch, C, H, W]` and their labels `[batch, label_size]`."""
        s = self.settings
        rounds = torch.split(real, s.batch_gpu)
        round_labels = [None] * len(rounds) if labels is None else torch.split(labels, s.batch_gpu)
        share = 1 / len(rounds)
        tame = self.options.performance.precision == "fp16"

        self.discriminator.requires_grad_(False)
        for part in rounds:
            stats = self.losses.generator_main(*self._latents(len(part)), share=share)
            self.means.add("loss_g", stats.loss)
        step(self.optimise_g, tame=tame)
        if s.pl_weight > 0 and self.iteration % s.g_reg_interval == 0:
            for part in rounds:
                z, c = self._latents(len(part))
                self.losses.generator_regularisation(z, c, interval=s.g_reg_interval, share=share)
                self.means.add("pl", self.losses.pl_mean)
            step(self.optimise_g, tame=tame)

        self.discriminator.requires_grad_(True)
        for part, c_real in zip(rounds, round_labels, strict=True):
            z, c = self._latents(len(part))
            stats = self.losses.discriminator_main(z, part, c, c_real, share=share)
            self.means.add("loss_d", stats.loss)
            if stats.mean_sign is not None:
                self.means.add("rt", stats.mean_sign)
                self._sign_sum = self._sign_sum + stats.mean_sign * share
        step(self.optimise_d, tame=tame)
        if self.iteration % s.d_reg_interval == 0:
            for part, c_real in zip(rounds, round_labels, strict=True):
                stats = self.losses.discriminator_regularisation(part, c_real, interval=s.d_reg_interval, share=share)
                self.means.add("r1", stats.loss)
            step(self.optimise_d, tame=tame)

        update_ema(self.generator_ema, self.generator, ema_beta(s.batch, s.ema_kimg, self.shown, s.ema_rampup))
        self.shown += len(real)
        self.iteration += 1
        if self.iteration % s.ada_interval == 0:
            self._adjust_augmentation()

    def _latents(self, n: int) -> tuple[Tensor, Tensor | None]:
        """What n pictures are generated from: latents, and the labels of real pictures drawn by chance."""
        z = torch.randn(n, self.settings.z_dim, device=self.device)
        if self.options.label_size == 0:
            return z, None
        if self.dataset is None:
            raise OptionError("cond: a training with labels needs its data set")
        chosen = torch.randint(len(self.dataset), (n,)).tolist()
        return z, torch.from_numpy(self.dataset.labels(chosen)).to(self.device)

    def _adjust_augmentation(self) -> None:
        s = self.settings
        if self.options.aug == "ada":
            mean_sign = float(self._sign_sum) / s.ada_interval
            self.augment.p = self.ada_rule.next_p(self.augment.p, mean_sign, s.batch * s.ada_interval)
        self._sign_sum = torch.zeros([], device=self.device)

    @property
    def augmentation_is_at_its_limit(self) -> bool:
        return self.options.aug == "ada" and self.augment.p >= P_MAX

    # Saving and going on ------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Tensors, numbers and strings only."""
        return {
            "identity": self.options.identity(),
            "G": self.generator.state_dict(),
            "D": self.discriminator.state_dict(),
            "G_ema": self.generator_ema.state_dict(),
            "optimise_g": self.optimise_g.state_dict(),
            "optimise_d": self.optimise_d.state_dict(),
            "shown": self.shown,
            "iteration": self.iteration,
            "augment_p": self.augment.p,
            "sign_sum": self._sign_sum,
            "pl_mean": self.losses.pl_mean,
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was called. Raises CheckpointError if that was a training with other options."""
        ours, theirs = self.options.identity(), state["identity"]
        if ours["data_fingerprint"] != theirs.get("data_fingerprint"):
            raise CheckpointError(
                f"checkpoint_dir: the data set {self.options.data} is not the one that this training began with "
                f"({theirs.get('images')} pictures then, {ours['images']} now; some came, went or were replaced). "
                f"Give the old one to go on, or begin anew in another folder, with transfer to keep what was learned"
            )
        different = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
        if different:
            listed = ", ".join(f"{name} was {theirs.get(name)!r} and is {ours.get(name)!r}" for name in different)
            raise CheckpointError(
                f"checkpoint_dir: the checkpoint is of another training: {listed}. "
                f"Give the same options to go on, or another folder to begin anew"
            )
        self.generator.load_state_dict(state["G"])
        self.discriminator.load_state_dict(state["D"])
        self.generator_ema.load_state_dict(state["G_ema"])
        self.optimise_g.load_state_dict(state["optimise_g"])
        self.optimise_d.load_state_dict(state["optimise_d"])
        self.shown, self.iteration = state["shown"], state["iteration"]
        self.augment.p = state["augment_p"]
        self._sign_sum = state["sign_sum"].to(self.device)
        self.losses.pl_mean = state["pl_mean"].to(self.device)
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])
