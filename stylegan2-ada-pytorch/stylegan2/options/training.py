"""The options of a training: one row each, from which train.py's options, their help, and every check come."""

# ruff: noqa: RUF009 - the calls are what makes the fields

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stylegan2.base.errors import OptionError
from stylegan2.options.presets import PRESETS
from stylegan2.options.row import (
    A_SEED,
    INPUT,
    OUTPUT_FOLDER,
    REQUIRED,
    TEXT,
    YES_OR_NO,
    OnlyWith,
    above,
    check_rows,
    one_of,
    real,
    section,
    whole,
)
from stylegan2.options.words import PIPES, Augmentation, Compilation, Device, Precision

Auto = Literal["auto"]

MAIN = section("Main options")
DATA = section("Data")
AUG = section("Augmentation")
HYPER = section("Hyperparameters")
OUT = section("Output and interruptions")
BUDGET = section("Budget")
SPEED = section("Performance")

_SUMMARIES = "; ".join(f"{name}: {preset.summary}" for name, preset in PRESETS.items())


# fmt: off
@dataclass(frozen=True, kw_only=True)
class TrainingChoices:
    """What a person may choose about a training. None: as the preset, the data or another choice have it."""

    # name          type                section, flags             takes                         unit        default
    data:           Path              = MAIN("--data",             INPUT,                        "ZIP|DIR",  REQUIRED,
        "Pictures to learn from: a zip or folder made by dataset_tool.py.")
    outdir:         Path              = MAIN("--outdir",           OUTPUT_FOLDER,                "DIR",      REQUIRED,
        "Folder for the network, samples, statistics and checkpoints; made if missing. Another training's is refused.")
    preset:         str               = MAIN("--preset --cfg",     one_of(*PRESETS),             None,       "auto",
        f"Networks and numbers for a situation. {_SUMMARIES}.")
    kimg:           float | None      = MAIN("--kimg",             above(0),                     "N",        None,
        "Length: thousands of pictures to show.  [default: the preset's]")
    transfer:       Path | None       = MAIN("--transfer",         INPUT,                        "DIR|FILE", None,
        "Begin with another network's weights (a folder with network.safetensors, that file, or a .pkl of "
        "stylegan2-ada-pytorch). What fits is copied; the log says what does not.  [default: begin from noise]")
    seed:           int               = MAIN("--seed",             A_SEED,                       "N",        0,
        "Of all random numbers. The same seed gives the same network.")

    mirror:         bool              = DATA("--mirror",           YES_OR_NO,                    "BOOL",     False,
        "Show every picture also mirrored: twice the data, if left and right mean the same.")
    cond:           bool              = DATA("--cond",             YES_OR_NO,                    "BOOL",     False,
        "Learn the labels in the data set's dataset.json too, so that a class can be asked for.")
    subset:         int | None        = DATA("--subset",           whole(1),                     "N",        None,
        "Use only N of the pictures, chosen by --seed.  [default: all]")
    dataset_name:   str | None        = DATA("--dataset-name",     TEXT,                         "NAME",     None,
        "What to call the data in the results.  [default: from --data]")

    aug:            Augmentation      = AUG("--aug",               one_of(Augmentation),         None,       "ada",
        "Augment what the discriminator sees: as much as it needs (ada), not at all, or always with --p.")
    target:         float | None      = AUG("--target",            real(-1, 1),                  "R",        None,
        "With --aug ada: how sure the discriminator may be of the reals.  [default: 0.6]", OnlyWith("aug", "ada"))
    p:              float | None      = AUG("--p",                 real(0, 1),                   "P",        None,
        "With --aug fixed: probability of each operation.", OnlyWith("aug", "fixed", needed=True))
    augpipe:        str               = AUG("--augpipe",           one_of(*PIPES),               None,       "bgc",
        "Operations: b = flips and shifts, g = geometry, c = colour, f = filter, n = noise, c = cut-outs.")

    batch:          int | None        = HYPER("--batch",           whole(1, 65536),              "N",        None,
        "Pictures per step.  [default: the preset's]")
    gamma:          float | None      = HYPER("--gamma",           real(0),                      "G",        None,
        "Weight of R1: larger is smoother and safer, smaller gives more detail.  [default: the preset's]")
    glr:            float | None      = HYPER("--glr",             above(0),                     "RATE",     None,
        "Learning rate of the generator.  [default: the preset's]")
    dlr:            float | None      = HYPER("--dlr",             above(0),                     "RATE",     None,
        "Learning rate of the discriminator.  [default: the preset's]")
    freezed:        int               = HYPER("--freezed",         whole(0),                     "N",        0,
        "With --transfer, for few pictures: the first N layers of the discriminator, from the picture on, stay as "
        "they are.")

    checkpoint_dir: Path | None       = OUT("--checkpoint-dir",    OUTPUT_FOLDER,                "DIR",      None,
        "Keep the whole state here. If there is one, go on with it, exactly.  [default: checkpoints in --outdir]")
    keep:           int               = OUT("--keep",              whole(1, 1000),               "N",        2,
        "Keep the last N checkpoints; older ones are removed.")
    tensorboard_dir: Path | None      = OUT("--tensorboard-dir",   OUTPUT_FOLDER,                "DIR",      None,
        "Folder for the curves that TensorBoard shows.  [default: tensorboard in --outdir]")
    tick_kimg:      float | None      = OUT("--tick",              above(0),                     "KIMG",     None,
        "Length of a tick, after which a line of statistics comes.  [default: the preset's]")
    snapshot_ticks: int | None        = OUT("--snap",              whole(1),                     "TICKS",    None,
        "Ticks between samples, networks and checkpoints.  [default: the preset's]")
    signal_images:  int               = OUT("--signal-images",     whole(0, 10**6),              "N",        128,
        "At every snapshot, compare N pictures with as many of the data, patch by patch, to keep the best network "
        "so far in best/; 0: do not.")
    patience:       int               = OUT("--patience",          whole(0, 10**6),              "N",        0,
        "End early when N snapshots have brought nothing better, or at once when the network has collapsed; 0: go on "
        "to the end.")

    max_hours:      float | None      = BUDGET("--max-hours",      above(0),                     "H",        None,
        "Stop after this time in all, with everything saved.  [default: no limit]")
    max_cost:       float | None      = BUDGET("--max-cost",       above(0),                     "M",        None,
        "Stop when this is spent, with everything saved; needs --price-per-hour.  [default: no limit]")
    price_per_hour: float | None      = BUDGET("--price-per-hour", above(0),                     "M",        None,
        "What an hour on this machine costs; the statistics then say what was spent.")

    device:         Device            = SPEED("--device",          one_of(Device),               None,       "auto",
        "Where to compute; auto takes a GPU if there is one.")
    batch_gpu:      int | Auto | None = SPEED("--batch-gpu",       whole(1, 65536, word="auto"), "N|auto",   None,
        "Pictures in memory at once; the batch is done in rounds of as many. Smaller needs less memory; auto takes "
        "what fits.  [default: the preset's]")
    precision:      Auto | Precision  = SPEED("--precision",       one_of("auto", Precision),    None,       "auto",
        "Numbers of the four highest resolutions; auto: fp16 on a GPU, fp32 on a CPU.")
    channels_last:  Compilation       = SPEED("--channels-last",   one_of(Compilation),          None,       "auto",
        "Memory layout; auto: on, except for fp32 on a GPU.")
    compilation:    Compilation       = SPEED("--compile",         one_of(Compilation),          None,       "auto",
        "Compile the networks for the two main phases; auto: on a GPU, where that works.")
    workers:        int               = SPEED("--workers",         whole(1, 256),                "N",        4,
        "Threads that decode pictures, if the data set is too large to be kept decoded.")
    # fmt: on

    def __post_init__(self) -> None:
        """Raise OptionError, whose message begins with the option's name, for what cannot be chosen."""
        check_rows(self)
        if self.signal_images == 1:
            raise OptionError("signal_images: must be between 2 and 1000000, or 0, not 1")
