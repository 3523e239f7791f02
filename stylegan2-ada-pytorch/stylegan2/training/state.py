"""Everything that changes while a training runs: networks, optimisers, counters."""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from stylegan2.augmentation.augment import P_MAX, AdaRule, AugmentPipe
from stylegan2.base.errors import CheckpointError, OptionError
from stylegan2.data.dataset import ImageDataset
from stylegan2.formats.network_file import load_network
from stylegan2.model.freezing import freeze_layers
from stylegan2.model.networks import Discriminator, Generator
from stylegan2.model.performance import compiled_network, to_channels_last, use_precision
from stylegan2.options.words import PIPES
from stylegan2.results.tick_stats import Means
from stylegan2.training.distributed import ALONE, ProcessGroup
from stylegan2.training.loss import Losses, PhaseStats
from stylegan2.training.optimisation import lazy_adam, optimiser_step
from stylegan2.training.training_options import TrainingOptions
from stylegan2.training.transfer import TransferReport, copy_matching

MicroBatch = tuple[int, Tensor, Tensor | None]
"""Number in the batch, reals `[batch_gpu, C, H, W]`, labels `[batch_gpu, label_size]`."""


class TrainingState:
    """A training between two iterations, of which `loop.iterate` does one. `state_dict` is enough to go on."""

    def __init__(
        self, options: TrainingOptions, dataset: ImageDataset | None = None, group: ProcessGroup = ALONE
    ) -> None:
        """`dataset` is only needed for a training with labels: generated images get labels of its images."""
        s = self.settings = options.settings
        self.options, self.dataset, self.group = options, dataset, group
        self.device = torch.device(options.device)
        generator = Generator(**options.generator_kwargs()).to(self.device)
        discriminator = Discriminator(**options.discriminator_kwargs()).to(self.device)
        how = options.performance
        if how.channels_last:
            to_channels_last(generator)
            to_channels_last(discriminator)
        freeze_layers(discriminator, options.freezed)
        self.generator, self.discriminator = generator, discriminator
        self.generator_ema = deepcopy(generator).requires_grad_(False).eval()
        if how.precision != "fp32":  # the average stays precise: it makes the images that people see
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
            main_synthesis=compiled_network(generator.synthesis, how.compilation),
            main_discriminator=compiled_network(discriminator, how.compilation),
        )
        g_interval = s.g_reg_interval if s.pl_weight > 0 else None
        self.optimise_g = lazy_adam(generator.parameters(), s.g_learning_rate, g_interval)
        self.optimise_d = lazy_adam(discriminator.parameters(), s.d_learning_rate, s.d_reg_interval)
        self.ada_rule = AdaRule(options.target, s.ada_kimg)
        self.means = Means()
        self.images_seen = 0
        """Reals that the discriminator has seen so far."""
        self.iteration = 0
        self._sign_sum = torch.zeros([], device=self.device)

    @property
    def kimg(self) -> float:
        return self.images_seen / 1000

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

    # For an iteration (see loop) -----------------------------------------------------------------------------------

    def micro_batches(self, real: Tensor, labels: Tensor | None) -> list[MicroBatch]:
        """Cut this process's part of a batch into micro-batches, each with its number in the whole batch."""
        size = self.settings.batch_gpu
        numbers = self.group.micro_batches(self.settings.batch // size)
        reals = torch.split(real, size)
        labels_of = [None] * len(reals) if labels is None else torch.split(labels, size)
        return list(zip(numbers, reals, labels_of, strict=True))

    def seeded(self, phase: str, micro_batches: list[MicroBatch]) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield the reals and labels of each micro-batch, for which the random numbers begin anew.

        They depend on the place in the training alone: neither on what was computed before, so that it goes on exactly
        after an interruption, nor on which process computes the micro-batch.
        """
        for number, part, labels in micro_batches:
            place = f"{self.options.seed} {self.iteration} {phase} {number}"
            digest = hashlib.blake2b(place.encode(), digest_size=8).digest()
            torch.manual_seed(int.from_bytes(digest, "little", signed=True))
            yield part, labels

    def latents(self, n: int) -> tuple[Tensor, Tensor | None]:
        """Draw what n images are generated from: latents, and the labels of real images drawn by chance."""
        z = torch.randn(n, self.settings.z_dim, device=self.device)
        if self.options.label_size == 0:
            return z, None
        if self.dataset is None:
            raise OptionError("cond: a training with labels needs its data set")
        chosen = torch.randint(len(self.dataset), (n,)).tolist()
        return z, torch.from_numpy(self.dataset.labels(chosen)).to(self.device)

    def optimiser_step(self, optimiser: torch.optim.Adam) -> None:
        """Take a step with the gradients that are there, in all processes together."""
        optimiser_step(optimiser, group=self.group, tame=self.options.performance.precision == "fp16")

    def follow(self, measured: dict[str, list[PhaseStats]]) -> None:
        """Let means and running means follow what all processes measured, in the micro-batches' order."""
        rows = torch.stack([torch.stack([self._row(stats) for stats in phase]) for phase in measured.values()], dim=1)
        by_phase = dict(zip(measured, self.group.gather(rows).unbind(dim=1), strict=True))
        for phase, by_micro_batch in by_phase.items():
            loss, mean_sign, _ = by_micro_batch[:, :3].mean(dim=0)
            if phase == "Greg":
                for path_length in by_micro_batch[:, 2]:
                    self.losses.follow_path_length(path_length)
                self.means.add("pl", self.losses.pl_mean)
            else:
                self.means.add({"Gmain": "loss_g", "Dmain": "loss_d", "Dreg": "r1"}[phase], loss)
            if phase == "Dmain":
                self.means.add("rt", mean_sign)
                self._sign_sum = self._sign_sum + mean_sign
            if phase != "Dreg":
                for w_mean in by_micro_batch[:, 3:]:
                    self.generator.mapping.move_average(w_mean)

    def _row(self, stats: PhaseStats) -> Tensor:
        """Return a micro-batch's measurements as `[3 + w_dim]`; what was not measured is 0."""
        none = torch.zeros([], device=self.device)
        numbers = [none if value is None else value for value in (stats.loss, stats.mean_sign, stats.path_length)]
        w_mean = none.expand(self.settings.w_dim) if stats.w_mean is None else stats.w_mean
        return torch.cat([torch.stack(numbers), w_mean])

    def adjust_augmentation(self) -> None:
        """Let ADA steer by the mean sign since it last did."""
        s = self.settings
        if self.options.aug == "ada":
            mean_sign = float(self._sign_sum) / s.ada_interval
            self.augment.p = self.ada_rule.next_p(self.augment.p, mean_sign, s.batch * s.ada_interval)
        self._sign_sum = torch.zeros([], device=self.device)

    @property
    def augmentation_is_at_its_limit(self) -> bool:
        return self.options.aug == "ada" and self.augment.p >= P_MAX

    def weight_sums(self) -> dict[str, float]:
        """Return the sum of each network's weights, by its name: not finite as soon as one of them is not."""
        networks = {"G": self.generator, "D": self.discriminator, "G_ema": self.generator_ema}
        return {
            name: float(torch.stack([weights.detach().sum() for weights in network.parameters()]).sum())
            for name, network in networks.items()
        }

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
            "shown": self.images_seen,
            "iteration": self.iteration,
            "augment_p": self.augment.p,
            "sign_sum": self._sign_sum,
            "pl_mean": self.losses.pl_mean,
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
        self.images_seen, self.iteration = state["shown"], state["iteration"]
        self.augment.p = state["augment_p"]
        self._sign_sum = state["sign_sum"].to(self.device)
        self.losses.pl_mean = state["pl_mean"].to(self.device)
