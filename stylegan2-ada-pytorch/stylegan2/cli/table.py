"""The options that several programs have: one row each. Rows of a single program stand in that program."""

from stylegan2.cli.values import NUMBERS
from stylegan2.options.row import INPUT, INPUT_FILE, OUTPUT_FOLDER, REQUIRED, SWITCH, TEXT, Row, one_of, real, whole

# fmt: off
#                 flags            takes                              unit      default
NETWORK     = Row("--network",     INPUT,                             None,     REQUIRED,
    "Folder with network.safetensors and network.json, or the .safetensors file.")
SEEDS       = Row("--seeds",       NUMBERS,                           "LIST",   None,
    "Pictures by their seeds.")
PROJECTED_W = Row("--projected-w", INPUT_FILE,                        None,     None,
    "Take the latents in this file of projector.py or directions.py, instead of seeds.")
CLASS       = Row("--class",       whole(0),                          "NUMBER", None,
    "What to draw, from 0, with a network that was trained with labels.")
TRUNC       = Row("--trunc",       real(-2, 2),                       "PSI",    1.0,
    "Variety: 1 all that was learned; towards 0 more alike and cleaner, 0 the mean picture.")
NOISE_MODE  = Row("--noise-mode",  one_of("const", "random", "none"), None,     "const",
    "Fine grain: the network's own, fresh, or none.")
BATCH       = Row("--batch",       whole(1, 1024),                    None,     8,
    "Pictures computed at once.")
DEVICE      = Row("--device",      TEXT,                              "NAME",   None,
    "cpu, cuda, cuda:1 ...  [default: a GPU if there is one]")
OUTDIR      = Row("--outdir",      OUTPUT_FOLDER,                     None,     REQUIRED,
    "Folder for the results.")
OVERWRITE   = Row("--overwrite",   SWITCH,                            None,     False,
    "Replace files of the same names that are there.")
# fmt: on
