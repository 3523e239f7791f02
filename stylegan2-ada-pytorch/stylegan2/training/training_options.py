"""The options of a training: checked, completed from the preset and the data set, and then fixed."""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import torch

from stylegan2.augmentation.augment import PIPES
from stylegan2.base.errors import OptionError
from stylegan2.base.image_size import ImageSize
from stylegan2.data.dataset import ImageDataset
from stylegan2.model.freezing import freeze_layers
from stylegan2.model.meta_init import MetaInit
from stylegan2.model.networks import Discriminator
from stylegan2.model.performance import Performance, resolve_performance
from stylegan2.options.budget import Budget
from stylegan2.options.presets import TrainingSettings, settings_of

Augmentation = Literal["ada", "noaug", "fixed"]

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

    @property
    def resolution(self) -> int:
        return self.size.resolution

    def generator_kwargs(self) -> dict[str, Any]:
        """Arguments of the Generator."""
        s = self.settings
        return self._image_kwargs() | {
            "z_dim": s.z_dim, "w_dim": s.w_dim,
            "mapping_layers": s.mapping_layers, "channel_base": s.channel_base, "channel_max": s.channel_max,
            "conv_clamp": self.performance.conv_clamp,
        }  # fmt: skip

    def discriminator_kwargs(self) -> dict[str, Any]:
        """Arguments of the Discriminator."""
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
        """The images, checked again. Raises DatasetError."""
        cond = self.label_size > 0
        return ImageDataset(self.data, mirror=self.mirror, subset=self.subset, seed=self.seed, use_labels=cond)

    def as_json(self) -> dict[str, Any]:
        """All options as plain JSON values, for `training_options.json`."""
        values = dataclasses.asdict(self) | {"resolution": self.resolution}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}

    def identity(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be continued, see `identity_of`."""
        return identity_of(self.as_json())

    def with_micro_batch_of(self, batch_gpu: int) -> "TrainingOptions":
        """The same training with micro-batches of another size, which must divide the batch."""
        return dataclasses.replace(self, settings=_with_batch(self.settings, None, batch_gpu, self.processes))

    def with_batch_of(self, images: int) -> "TrainingOptions":
        """The same training in one process with a batch of so many images, done in one micro-batch."""
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
    for name in ("budget", "keep", "signal_images", "processes"):
        values.pop(name)
    for name in ("kimg", "tick_kimg", "snapshot_ticks"):
        settings.pop(name)
    return values | settings


def resolve_options(
    *,
    data: Path,
    outdir: Path,
    checkpoint_dir: Path | None = None,
    dataset_name: str | None = None,
    preset: str = "auto",
    kimg: float | None = None,
    batch: int | None = None,
    batch_gpu: int | Literal["auto"] | None = None,
    gamma: float | None = None,
    glr: float | None = None,
    dlr: float | None = None,
    mirror: bool = False,
    subset: int | None = None,
    cond: bool = False,
    seed: int = 0,
    aug: str = "ada",
    p: float | None = None,
    target: float | None = None,
    augpipe: str = "bgc",
    transfer: Path | None = None,
    freezed: int = 0,
    tick_kimg: float | None = None,
    snapshot_ticks: int | None = None,
    keep: int = 2,
    signal_images: int = 128,
    max_hours: float | None = None,
    max_cost: float | None = None,
    price_per_hour: float | None = None,
    device: str = "auto",
    precision: str = "auto",
    channels_last: str = "auto",
    compilation: str = "auto",
    workers: int = 4,
    processes: int = 1,
) -> TrainingOptions:
    """Check the options, open the data set, and fill in what was left out (None) from the preset.

    `processes` is how many train together; presets for any number of GPUs take a larger batch for more of them.

    Raises OptionError, whose message begins with the option's name, or DatasetError.
    """
    if aug not in get_args(Augmentation):
        raise OptionError(f"aug: must be one of {', '.join(get_args(Augmentation))}, not {aug!r}")
    if augpipe not in PIPES:
        raise OptionError(f"augpipe: must be one of {', '.join(PIPES)}, not {augpipe!r}")
    if (p is None) == (aug == "fixed"):
        raise OptionError(f"p: must be given with aug=fixed, and only there; aug is {aug}")
    if target is not None and aug != "ada":
        raise OptionError(f"target: is for aug=ada, but aug is {aug}")
    _check("p", p, 0, 1)
    _check("target", target, -1, 1)
    _check("kimg", kimg, 0, math.inf, open_low=True)
    _check("batch", batch, 1, 65536)
    fit_batch_gpu = batch_gpu == "auto"
    micro_batch = None if batch_gpu == "auto" else batch_gpu
    _check("batch_gpu", micro_batch, 1, 65536)
    _check("gamma", gamma, 0, math.inf)
    _check("glr", glr, 0, math.inf, open_low=True)
    _check("dlr", dlr, 0, math.inf, open_low=True)
    _check("keep", keep, 1, 1000)
    if signal_images != 0:
        _check("signal_images", signal_images, 2, 10**6)
    _check("workers", workers, 1, 256)
    _check("max_hours", max_hours, 0, math.inf, open_low=True)
    _check("max_cost", max_cost, 0, math.inf, open_low=True)
    _check("price_per_hour", price_per_hour, 0, math.inf, open_low=True)
    _check("tick_kimg", tick_kimg, 0, math.inf, open_low=True)
    _check("snapshot_ticks", snapshot_ticks, 1, 10**9)
    _check("subset", subset, 1, 10**9)
    _check("seed", seed, 0, 2**32 - 1)

    dataset = ImageDataset(data, mirror=mirror, subset=subset, seed=seed, use_labels=cond)
    settings = settings_of(preset, dataset.resolution, processes)
    settings = dataclasses.replace(
        settings,
        kimg=settings.kimg if kimg is None else kimg,
        r1_gamma=settings.r1_gamma if gamma is None else gamma,
        g_learning_rate=settings.g_learning_rate if glr is None else glr,
        d_learning_rate=settings.d_learning_rate if dlr is None else dlr,
        tick_kimg=settings.tick_kimg if tick_kimg is None else tick_kimg,
        snapshot_ticks=settings.snapshot_ticks if snapshot_ticks is None else snapshot_ticks,
    )
    settings = _with_batch(settings, batch, micro_batch, processes)
    if transfer is not None:
        # The average begins with a good network, so it needs no ramp-up.
        ada_kimg = min(settings.ada_kimg, TRANSFER_ADA_KIMG)
        settings = dataclasses.replace(settings, ema_rampup=None, ada_kimg=ada_kimg)
    device = _choose_device(device)
    options = TrainingOptions(
        data=Path(data),
        outdir=Path(outdir),
        checkpoint_dir=None if checkpoint_dir is None else Path(checkpoint_dir),
        dataset_name=Path(data).stem if dataset_name is None else dataset_name,
        size=dataset.size,
        channels=dataset.channels,
        images=len(dataset),
        data_fingerprint=dataset.fingerprint(),
        mirror=mirror,
        subset=subset,
        label_size=dataset.label_size,
        preset=preset,
        settings=settings,
        seed=seed,
        aug=cast(Augmentation, aug),
        p=0.0 if p is None else p,
        target=0.6 if target is None else target,
        augpipe=augpipe,
        transfer=None if transfer is None else Path(transfer),
        freezed=freezed,
        processes=processes,
        device=device,
        performance=resolve_performance(
            device,
            precision=precision,
            channels_last=channels_last,
            compilation=compilation,
            workers=workers,
            fit_batch_gpu=fit_batch_gpu,
        ),
        budget=Budget(max_hours, max_cost, price_per_hour),
        keep=keep,
        signal_images=signal_images,
    )
    with MetaInit():
        freeze_layers(Discriminator(**options.discriminator_kwargs()), freezed)  # refuses too many
    return options


def _check(name: str, value: float | None, lowest: float, highest: float, *, open_low: bool = False) -> None:
    """Refuse what is outside lowest..highest, not-a-number included; `open_low` excludes the lowest itself."""
    if value is None or (lowest <= value <= highest and math.isfinite(value) and not (open_low and value == lowest)):
        return
    if highest == math.inf:
        allowed = f"{'greater than' if open_low else 'at least'} {lowest:g}"
    else:
        allowed = f"between {lowest:g} and {highest:g}"
    raise OptionError(f"{name}: must be {allowed}, not {value:g}")


def _with_batch(
    settings: TrainingSettings, batch: int | None, batch_gpu: int | None, processes: int
) -> TrainingSettings:
    """Another batch, whose micro-batches the processes share evenly.

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


def _choose_device(device: str) -> str:
    if device not in ("auto", "cpu", "cuda"):
        raise OptionError(f"device: must be auto, cpu or cuda, not {device!r}")
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise OptionError("device: cuda was asked for, but PyTorch sees no GPU here")
    return "cuda" if has_cuda and device != "cpu" else "cpu"
