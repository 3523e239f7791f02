"""However and whenever a training falls apart: its best network is from before, and it says what has happened.

Three more are lived through by the jobs and the page, in tests/containers/test_collapsed_jobs.py.
"""

import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from stylegan2.base.errors import DivergedError
from stylegan2.formats.network_file import load_generator, load_network, read_meta
from stylegan2.model.networks import Generator
from stylegan2.training import train
from stylegan2.training.run_files import BEST
from tests.training.collapses import KINDS, collapsing, network_and_its_pictures
from tests.training.trainings import assert_same_weights, options, stop_after

pytestmark = pytest.mark.usefixtures("one_thread")

BATCH_KIMG = 0.004  # here also a tick and a snapshot
BRIEF = {"batch": 4, "tick_kimg": BATCH_KIMG}
SNAPSHOTS = 5
SEEDS = range(17)
WAYS = tuple(KINDS)


@pytest.fixture(scope="module")
def base_and_data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return network_and_its_pictures(tmp_path_factory.mktemp("learned"), 24)


@pytest.fixture
def base(base_and_data: tuple[Path, Path]) -> Path:
    return base_and_data[0]


@pytest.fixture
def data(base_and_data: tuple[Path, Path]) -> Path:
    return base_and_data[1]


def train_briefly(data: Path, outdir: Path, **changes: Any) -> str:
    """How the training ended; that its numbers have become useless is an end, too."""
    kimg = changes.pop("kimg", SNAPSHOTS * BATCH_KIMG)
    # It learns so slowly that it stays what it was.
    chosen = options(data, outdir, kimg=kimg, signal_images=24, glr=1e-5, **BRIEF, **changes)
    try:
        return train(chosen).ended
    except DivergedError:
        return "diverged"


def records(outdir: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (outdir / "stats.jsonl").read_text().splitlines()]


def are_finite(generator: Generator) -> bool:
    return all(bool(torch.isfinite(weights).all()) for weights in generator.parameters())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_network_is_from_before_the_collapse(data: Path, base: Path, tmp_path: Path, seed: int) -> None:
    way, iteration = WAYS[seed % len(WAYS)], random.Random(seed).randrange(2, SNAPSHOTS)
    before = (iteration - 1) * BATCH_KIMG  # the last snapshot that is
    with collapsing(way, iteration):
        ended = train_briefly(data, tmp_path, seed=seed, transfer=base)
    meta, ticks = read_meta(tmp_path / BEST), records(tmp_path)
    assert meta["kimg"] <= before + 1e-9, f"seed {seed}, {way} from iteration {iteration}"
    assert meta["score"] == pytest.approx(min(t["patch_distance"] for t in ticks if t["patch_distance"]), abs=1e-6)
    assert are_finite(load_generator(tmp_path / BEST))
    assert are_finite(load_network(tmp_path).G_ema)
    if way == "no numbers":
        assert (ended, ticks[-1]["ended"], ticks[-1]["trouble"]) == ("diverged", "collapsed", "collapsed")
        assert read_meta(tmp_path)["kimg"] <= before + 1e-9
    elif way != "one image" and iteration < SNAPSHOTS:  # as few as these pictures tell no better
        assert ticks[-1]["trouble"] == "collapsed"


def scripted(scores: list[float]) -> Any:
    """A score that knows what it will say; after that, what it said last."""
    said = itertools.chain(scores, itertools.repeat(scores[-1]))
    return lambda generator: next(said)


def test_a_collapsed_training_ends_early_with_patience_and_the_best_network_in_place(
    data: Path, tmp_path: Path
) -> None:
    scores = [3.0, 2.0, 1.0, *[9.0] * 20]
    chosen = options(data, tmp_path, kimg=0.2, patience=4, **BRIEF)
    result = train(chosen, score=scripted(scores))
    assert (result.ended, result.kimg) == ("collapsed", 7 * BATCH_KIMG)
    assert [record["ended"] for record in records(tmp_path)] == [*[None] * 6, "collapsed"]
    assert (read_meta(tmp_path / BEST)["kimg"], read_meta(tmp_path)["kimg"]) == (3 * BATCH_KIMG, 7 * BATCH_KIMG)
    assert read_meta(tmp_path)["ended"] == "collapsed"
    assert "stopped, because it has lost what it had learned" in (tmp_path / "log.txt").read_text()


def test_a_training_that_stands_still_ends_early_with_patience_and_goes_on_with_more(
    data: Path, tmp_path: Path
) -> None:
    kept, outdir = tmp_path / "kept", tmp_path / "out"
    length = {"kimg": 8 * BATCH_KIMG, "checkpoint_dir": kept, **BRIEF}
    first = train(options(data, outdir, patience=3, **length), score=scripted([1.0]))
    assert (first.ended, first.kimg) == ("stalled", 6 * BATCH_KIMG)
    again = train(options(data, outdir, patience=3, **length), score=scripted([1.0]))
    assert (again.ended, again.kimg) == ("stalled", 7 * BATCH_KIMG), "what was known before is not forgotten"
    assert train(options(data, outdir, patience=0, **length), score=scripted([1.0])).finished
    train(options(data, tmp_path / "whole", **(length | {"checkpoint_dir": None})), score=scripted([1.0]))
    assert_same_weights(outdir, tmp_path / "whole")


@pytest.mark.parametrize("stop", [4, 6])
def test_an_interruption_changes_nothing_of_the_verdict(data: Path, tmp_path: Path, stop: int) -> None:
    scores = [3.0, 1.0, 1.2, math.nan, 8.0, 9.0, 9.0, 9.0]
    kept = tmp_path / "kept"
    chosen = {"kimg": 0.2, "patience": 5, **BRIEF}
    whole = train(options(data, tmp_path / "whole", **chosen), score=scripted(scores))
    first = options(data, tmp_path / "first", checkpoint_dir=kept, **chosen)
    # Asked before the iteration, it saves once more what the last tick has saved: that is scored a second time.
    train(first, should_stop=stop_after(stop), score=scripted([*scores[:stop], scores[stop - 1]]))
    last = train(options(data, tmp_path / "last", checkpoint_dir=kept, **chosen), score=scripted(scores[stop:]))
    assert (last.ended, last.kimg) == (whole.ended, whole.kimg) == ("collapsed", 8 * BATCH_KIMG)
    assert read_meta(tmp_path / "last" / BEST)["kimg"] == 2 * BATCH_KIMG
