"""What decides a training: the choices (options.training), completed from the preset and the data set, then fixed."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from stylegan2.base.errors import OptionError
from stylegan2.base.image_size import ImageSize
from stylegan2.data.dataset import ImageDataset
from stylegan2.model.freezing import freeze_layers
from stylegan2.model.meta_init import MetaInit
from stylegan2.model.networks import Discriminator
from stylegan2.model.performance import Performance, resolve_performance
from stylegan2.options.budget import Budget
from stylegan2.options.presets import TrainingSettings, settings_of
from stylegan2.options.training import TrainingChoices
from stylegan2.options.words import Augmentation, Device

MOST_TICKS = 25_000
"""Lines of statistics of a training: every checkpoint holds all of them, and the results page reads them."""
TRANSFER_ADA_KIMG = 100.0
"""A transferred discriminator knows its business and overfits sooner, so ADA has to be faster."""


@dataclass(frozen=True)
class TrainingOptions:
    """Everything that decides a training. Made by `resolve_options`."""

    data: Path
    """Data set: a zip or folder of images of one size."""
    outdir: Path
    """Folder for networks, samples and statistics."""
    checkpoint_dir: Path | None
    """Folder in which the whole state is kept, and looked for at the start; None: nowhere."""
    tensorboard_dir: Path
    """Folder for TensorBoard's event files."""
    dataset_name: str
    size: ImageSize
    channels: int
    images: int
    """Images in the data set, mirrored ones included."""
    data_fingerprint: str
    """Changes when the data set does."""
    mirror: bool
    subset: int | None
    """Images of the data set that are used, mirrored ones not included; None: all."""
    label_size: int
    """How many numbers an image's label has; 0 for a training without labels."""
    preset: str
    settings: TrainingSettings
    seed: int
    aug: Augmentation
    p: float
    """Probability of each augmentation: where `fixed` stays and `ada` begins."""
    target: float
    """What `ada` steers the mean sign of the discriminator's opinion on the reals towards."""
    augpipe: str
    transfer: Path | None
    """Network whose weights this training begins with."""
    freezed: int
    """Layers of the discriminator, from the image on, that do not learn."""
    processes: int
    """Processes that train together, see distributed."""
    device: str
    performance: Performance
    budget: Budget
    keep: int
    """Checkpoints that are kept, the newest."""
    signal_images: int
    """Images that are compared at every snapshot to find the best network; 0: none."""
    patience: int
    """Snapshots without progress that end it early; 0: none do."""

    @property
    def resolution(self) -> int:
        return self.size.resolution

    def generator_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the Generator."""
        s = self.settings
        return self._image_kwargs() | {
            "z_dim": s.z_dim, "w_dim": s.w_dim,
            "mapping_layers": s.mapping_layers, "channel_base": s.channel_base, "channel_max": s.channel_max,
            "conv_clamp": self.performance.conv_clamp,
        }  # fmt: skip

    def discriminator_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the Discriminator."""
        s = self.settings
        return self._image_kwargs() | {
            "channel_base": s.channel_base,
            "channel_max": s.channel_max, "mbstd_group_size": s.mbstd_group_size, "architecture": s.d_architecture,
            "conv_clamp": self.performance.conv_clamp,
        }  # fmt: skip

    def _image_kwargs(self) -> dict[str, Any]:
        size = self.size
        return {
            "c_dim": self.label_size, "img_resolution": size.resolution, "img_channels": self.channels,
            "base_height": size.base_height, "base_width": size.base_width,
        }  # fmt: skip

    def open_dataset(self) -> ImageDataset:
        """Return the images, checked again. Raises DatasetError."""
        cond = self.label_size > 0
        return ImageDataset(self.data, mirror=self.mirror, subset=self.subset, seed=self.seed, use_labels=cond)

    def as_json(self) -> dict[str, Any]:
        """Return all options as plain JSON values, for `training_options.json`."""
        values = dataclasses.asdict(self) | {"resolution": self.resolution}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}

    def identity(self) -> dict[str, Any]:
        """Return what must be the same for a checkpoint to be continued, see `identity_of`."""
        return identity_of(self.as_json())

    def with_micro_batch_of(self, batch_gpu: int) -> "TrainingOptions":
        """Return the same training with micro-batches of another size, which must divide the batch."""
        return dataclasses.replace(self, settings=_with_batch(self.settings, None, batch_gpu, self.processes))

    def with_batch_of(self, images: int) -> "TrainingOptions":
        """Return the same training in one process with a batch of so many images, done in one micro-batch."""
        return dataclasses.replace(self, settings=_with_batch(self.settings, images, images, 1), processes=1)


def identity_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return, of a training's options as JSON, all that changes the result, except the length.

    Another device, memory layout, compilation or number of processes rounds differently, which is no other training.
    Raises KeyError, TypeError or AttributeError if these are no training's options.
    """
    values = dict(record)
    settings = dict(values.pop("settings"))
    values["precision"] = values.pop("performance")["precision"]
    for name in ("data", "outdir", "checkpoint_dir", "transfer", "device", "preset", "dataset_name"):
        values.pop(name)
    values.pop("tensorboard_dir", None)  # records and checkpoints of before know none
    for name in ("budget", "keep", "signal_images", "patience", "processes"):
        values.pop(name)
    for name in ("kimg", "tick_kimg", "snapshot_ticks"):
        settings.pop(name)
    return values | settings


def resolve_options(choices: TrainingChoices, processes: int = 1) -> TrainingOptions:
    """Open the data set, and complete the choices from it and from the preset.

    `processes` is how many train together; presets for any number of GPUs take a larger batch for more of them.

    Raises OptionError, whose message begins with the option's name, or DatasetError.
    """
    c = choices
    dataset = ImageDataset(c.data, mirror=c.mirror, subset=c.subset, seed=c.seed, use_labels=c.cond)
    device = _choose_device(c.device)
    options = TrainingOptions(
        data=c.data,
        outdir=c.outdir,
        checkpoint_dir=c.checkpoint_dir,
        tensorboard_dir=c.tensorboard_dir or c.outdir / "tensorboard",
        dataset_name=c.data.stem if c.dataset_name is None else c.dataset_name,
        size=dataset.size,
        channels=dataset.channels,
        images=len(dataset),
        data_fingerprint=dataset.fingerprint(),
        mirror=c.mirror,
        subset=c.subset,
        label_size=dataset.label_size,
        preset=c.preset,
        settings=_settings(c, dataset.resolution, processes),
        seed=c.seed,
        aug=c.aug,
        p=0.0 if c.p is None else c.p,
        target=0.6 if c.target is None else c.target,
        augpipe=c.augpipe,
        transfer=c.transfer,
        freezed=c.freezed,
        processes=processes,
        device=device,
        performance=resolve_performance(
            device,
            precision=c.precision,
            channels_last=c.channels_last,
            compilation=c.compilation,
            workers=c.workers,
            fit_batch_gpu=c.batch_gpu == "auto",
        ),
        budget=Budget(c.max_hours, c.max_cost, c.price_per_hour),
        keep=c.keep,
        signal_images=c.signal_images,
        patience=c.patience,
    )
    with MetaInit():
        freeze_layers(Discriminator(**options.discriminator_kwargs()), c.freezed)  # refuses too many
    return options


def _settings(choices: TrainingChoices, resolution: int, processes: int) -> TrainingSettings:
    """Return the preset's numbers, but for those that were chosen, and for a transfer."""
    chosen: dict[str, Any] = {
        "kimg": choices.kimg,
        "r1_gamma": choices.gamma,
        "g_learning_rate": choices.glr,
        "d_learning_rate": choices.dlr,
        "tick_kimg": choices.tick_kimg,
        "snapshot_ticks": choices.snapshot_ticks,
    }
    settings = settings_of(choices.preset, resolution, processes)
    settings = dataclasses.replace(settings, **{name: value for name, value in chosen.items() if value is not None})
    shortest = settings.kimg / MOST_TICKS
    if choices.tick_kimg is not None and choices.tick_kimg < shortest:
        raise OptionError(
            f"tick_kimg: must be at least {shortest:g} for a training of {settings.kimg:g} kimg, not "
            f"{choices.tick_kimg:g}: {MOST_TICKS:,} lines of statistics are enough"
        )
    settings = dataclasses.replace(settings, tick_kimg=max(settings.tick_kimg, shortest))
    micro_batch = None if choices.batch_gpu == "auto" else choices.batch_gpu
    settings = _with_batch(settings, choices.batch, micro_batch, processes)
    if choices.transfer is None:
        return settings
    # The average begins with a good network, so it needs no ramp-up.
    return dataclasses.replace(settings, ema_rampup=None, ada_kimg=min(settings.ada_kimg, TRANSFER_ADA_KIMG))


def _with_batch(
    settings: TrainingSettings, batch: int | None, batch_gpu: int | None, processes: int
) -> TrainingSettings:
    """Return the settings with another batch, whose micro-batches the processes share evenly.

    Micro-batches stay as large as the preset's, or the nearest smaller size that works.
    """
    batch = settings.batch if batch is None else batch
    if batch % processes:
        raise OptionError(f"batch: {batch} cannot be shared by {processes} processes; take a multiple of that")
    share = batch // processes
    if batch_gpu is None:
        batch_gpu = next(n for n in range(min(settings.batch_gpu, share), 0, -1) if share % n == 0)
    elif share % batch_gpu:
        each = f", of which each of {processes} processes does {share}" if processes > 1 else ""
        raise OptionError(f"batch_gpu: {batch_gpu} does not divide the batch of {batch}{each}")
    group = min(settings.mbstd_group_size, batch_gpu)
    return dataclasses.replace(settings, batch=batch, batch_gpu=batch_gpu, mbstd_group_size=group)


def _choose_device(device: Device) -> str:
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise OptionError("device: cuda was asked for, but PyTorch sees no GPU here")
    return "cuda" if has_cuda and device != "cpu" else "cpu"
