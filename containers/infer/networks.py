"""Which of a training's networks draws: its best one, or its last one.

model.tar.gz holds the last network whole and, in best/, the generator of the one whose score was the best (see
stylegan2.training). An archive of a training that nothing scored has no best/, and one from elsewhere need not have it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from containers.errors import InputError
from containers.infer.results import BEST_NETWORK, LAST_NETWORK, ChosenNetwork
from contract.documents import as_amount
from stylegan2.formats.network_file import DESCRIPTION_NAME, LoadedNetwork, load_generator, load_network, read_meta
from stylegan2.training.run_files import BEST


def load_drawing_network(model_folder: Path, wanted: str) -> tuple[LoadedNetwork, ChosenNetwork]:
    """Load the network that is wanted, with the last one's discriminator; the last one, where there is no best.

    Raises:
        NetworkFileError: a network cannot be read.
        InputError: the best network is not of the training of the last.
    """
    last = load_network(model_folder)
    last_score = _amount(last.meta.get("score"))
    own = ChosenNetwork(LAST_NETWORK, _amount(last.meta.get("kimg")), last_score, last_score)
    best_folder = model_folder / BEST
    if wanted == LAST_NETWORK or not (best_folder / DESCRIPTION_NAME).is_file():
        return last, own
    meta = read_meta(best_folder)
    score = _amount(meta.get("score"))
    if score is None:
        return last, own
    generator = load_generator(best_folder)
    if generator.init_kwargs != last.G_ema.init_kwargs:
        raise InputError(f"the network in {BEST}/ of the model is of another kind than the one beside it.")
    chosen = ChosenNetwork(BEST_NETWORK, _amount(meta.get("kimg")), score, last_score)
    return replace(last, G_ema=generator, meta=meta), chosen


def _amount(value: object) -> float | None:
    """A number of an archive, if it can measure something."""
    try:
        return as_amount(value)
    except (TypeError, ValueError, OverflowError):
        return None
