"""Presets: what a training needs to know besides the data, by name.

`auto` follows simple rules; `stylegan2`, `paper256`, `paper512`, `paper1024` and `cifar` are the published
configurations of StyleGAN2-ADA; `laptop` and `tiny` are small enough for two CPU cores.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from stylegan2.base.errors import OptionError

FULL_WIDTH = 32768
"""`channel_base` of the full-width networks: 32768 / resolution feature channels, at most `channel_max`."""


@dataclass(frozen=True)
class TrainingSettings:
    """The numbers of a training. Units: `kimg` is thousands of real images shown to the discriminator."""

    kimg: float  # length of the training
    batch: int  # images per optimiser step
    batch_gpu: int  # images held in memory at once; the batch is done in micro-batches of this many
    g_learning_rate: float  # of Adam, for the generator
    d_learning_rate: float  # ... and for the discriminator
    r1_gamma: float  # weight of R1 regularisation: larger is smoother and safer, smaller gives more detail
    ema_kimg: float  # half-life of the averaged generator
    ema_rampup: float | None  # ... at most this fraction of the training so far
    mapping_layers: int
    channel_base: int
    channel_max: int = 512
    z_dim: int = 512
    w_dim: int = 512
    mbstd_group_size: int = 4  # group of the minibatch standard deviation
    d_architecture: Literal["resnet", "orig"] = "resnet"
    pl_weight: float = 2.0  # weight of path length regularisation
    style_mixing_prob: float = 0.9
    noise: bool = True  # noise inputs of the generator; without, its noise strengths stay 0
    g_reg_interval: int = 4  # iterations between path length regularisations
    d_reg_interval: int = 16  # iterations between R1 regularisations
    ada_interval: int = 4  # iterations between adjustments of the augmentation
    ada_kimg: float = 500.0  # in this time, augmentation could go from never to always
    tick_kimg: float = 4.0  # between lines of statistics
    snapshot_ticks: int = 10  # between sample images, networks and checkpoints


@dataclass(frozen=True)
class TrainingPreset:
    """A name with its meaning, and the settings for a resolution and a number of GPUs."""

    summary: str
    settings: Callable[[int, int], TrainingSettings]


def _auto(resolution: int, gpus: int) -> TrainingSettings:
    batch = max(min(gpus * min(4096 // resolution, 32), 64), gpus)
    learning_rate = 0.002 if resolution >= 1024 else 0.0025
    return TrainingSettings(
        kimg=25000,
        batch=batch,
        batch_gpu=batch // gpus,
        g_learning_rate=learning_rate,
        d_learning_rate=learning_rate,
        r1_gamma=0.0002 * resolution**2 / batch,
        ema_kimg=batch * 10 / 32,
        ema_rampup=0.05,
        mapping_layers=2,
        channel_base=FULL_WIDTH if resolution >= 512 else FULL_WIDTH // 2,
        mbstd_group_size=min(batch // gpus, 4),
    )


def _paper(
    batch: int, mbstd: int, width: float, learning_rate: float, gamma: float, ema_kimg: float
) -> TrainingSettings:
    """Return the configurations of the papers for 8 GPUs: no ramp-up, 8 mapping layers."""
    return TrainingSettings(
        kimg=25000,
        batch=batch,
        batch_gpu=batch // 8,
        g_learning_rate=learning_rate,
        d_learning_rate=learning_rate,
        r1_gamma=gamma,
        ema_kimg=ema_kimg,
        ema_rampup=None,
        mapping_layers=8,
        channel_base=int(width * FULL_WIDTH),
        mbstd_group_size=mbstd,
    )


def _cifar(resolution: int, gpus: int) -> TrainingSettings:
    return TrainingSettings(
        kimg=100000,
        batch=64,
        batch_gpu=32,
        g_learning_rate=0.0025,
        d_learning_rate=0.0025,
        r1_gamma=0.01,
        ema_kimg=500,
        ema_rampup=0.05,
        mapping_layers=2,
        channel_base=FULL_WIDTH,
        mbstd_group_size=32,
        d_architecture="orig",
        pl_weight=0.0,
        style_mixing_prob=0.0,
    )


def _laptop(resolution: int, gpus: int) -> TrainingSettings:
    """Learns simple drawings in minutes; every departure from `auto` is there to fit two cores and a short training."""
    _require(resolution, 16, 128, "laptop")
    batch = 8  # many small steps: on a CPU an image takes as long in a small batch as in a large one
    return TrainingSettings(
        kimg=15,  # about five minutes
        batch=batch,
        batch_gpu=batch,
        g_learning_rate=0.004,  # at 0.0025 faces stay a blur after 10 kimg, at 0.006 they tilt and lose their eyes
        d_learning_rate=0.004,
        r1_gamma=0.0004 * resolution**2 / batch,  # twice auto's: few images, seen often
        ema_kimg=0.5,  # a short training cannot afford an average over thousands of images
        ema_rampup=0.1,
        mapping_layers=2,
        channel_base=1024,  # 16 channels at 64 px: convolutions are nearly all of the time
        channel_max=64,
        pl_weight=0.0,  # a tenth of the time, for smoothness that a short training has no use for
        style_mixing_prob=0.5,
        noise=False,  # in a short training it shows as speckles, long before it becomes texture
        z_dim=64,
        w_dim=64,
        ada_kimg=50,  # a hundred-thousand-image ramp would never arrive
        tick_kimg=0.5,
        snapshot_ticks=2,
    )


def _tiny(resolution: int, gpus: int) -> TrainingSettings:
    """Made for tests: every part of the machinery runs, within seconds; the images are blobs."""
    _require(resolution, 8, 32, "tiny")
    return TrainingSettings(
        kimg=0.4,
        batch=8,
        batch_gpu=8,
        g_learning_rate=0.0025,
        d_learning_rate=0.0025,
        r1_gamma=0.1,
        ema_kimg=0.1,
        ema_rampup=0.1,
        mapping_layers=1,
        channel_base=128,
        channel_max=16,
        z_dim=16,
        w_dim=16,
        ada_kimg=10,
        tick_kimg=0.1,
        snapshot_ticks=2,
    )


def _require(resolution: int, lowest: int, highest: int, preset: str) -> None:
    if not lowest <= resolution <= highest:
        raise OptionError(
            f"preset: {preset} is for pictures of {lowest} to {highest} pixels, not {resolution}; "
            f"make the data set smaller or take the preset auto"
        )


PRESETS: dict[str, TrainingPreset] = {
    "auto": TrainingPreset("sensible for any resolution and number of GPUs", _auto),
    "stylegan2": TrainingPreset(
        "StyleGAN2's configuration F for 1024 px", lambda resolution, gpus: _paper(32, 4, 1, 0.002, 10, 10)
    ),
    "paper256": TrainingPreset("StyleGAN2-ADA for 256 px", lambda resolution, gpus: _paper(64, 8, 0.5, 0.0025, 1, 20)),
    "paper512": TrainingPreset("StyleGAN2-ADA for 512 px", lambda resolution, gpus: _paper(64, 8, 1, 0.0025, 0.5, 20)),
    "paper1024": TrainingPreset("StyleGAN2-ADA for 1024 px", lambda resolution, gpus: _paper(32, 4, 1, 0.002, 2, 10)),
    "cifar": TrainingPreset("StyleGAN2-ADA for CIFAR-10, 32 px", _cifar),
    "laptop": TrainingPreset("small networks for 16 to 128 px and a few CPU cores: minutes", _laptop),
    "tiny": TrainingPreset("minute networks for 8 to 32 px, to test an installation: seconds", _tiny),
}


def settings_of(preset: str, resolution: int, gpus: int = 1) -> TrainingSettings:
    """Return the settings of a preset. Raises OptionError for an unknown name or a resolution it is not made for."""
    if preset not in PRESETS:
        raise OptionError(f"preset: must be one of {', '.join(PRESETS)}, not {preset!r}")
    return PRESETS[preset].settings(resolution, gpus)
