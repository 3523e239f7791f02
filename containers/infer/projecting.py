"""Project every target of a list, however many there are, in the time that the job has.

Targets are searched for in groups that fit into memory; a target's search does not depend on which others are in its
group. If not all of them can take all of their steps before the time is up, all take fewer: what is listed is drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from containers.infer.results import Pixels, ProjectedImage, Projections, safe_stem, save_original, save_picture
from contract.layout import LIKENESS
from stylegan2.formats.network_file import LoadedNetwork
from stylegan2.synthesis import DiscriminatorFeatures, project
from stylegan2.synthesis.projection import Projection

PIXELS_AT_ONCE = {"cpu": 256 * 256, "cuda": 8 * 256 * 256}
"""Of the targets of a group, which has one at least. On a CPU more gain nothing, and 8 of 256 px take 5.9 GB instead of
1.2 GB (benchmarks/projecting.py)."""
_SEED = 303
_STEPS_TO_MEASURE = 3
_MARGIN = 0.9  # of the time that is left: later steps may be slower than the measured ones


@dataclass(frozen=True)
class Clock:
    """How much time there is: seconds on `now`'s scale; None: as much as it takes."""

    deadline: float | None = None
    now: Callable[[], float] = time.monotonic


def project_targets(
    network: LoadedNetwork, targets: Sequence[tuple[str, Pixels]], folder: Path, wanted_steps: int, clock: Clock
) -> Projections:
    """Search for each target in the network, in `wanted_steps` steps, or in as many as there is time for."""
    if not targets:
        return Projections()
    folder.mkdir(parents=True, exist_ok=True)
    device = network.G_ema.mapping.w_avg.device.type
    at_once = max(1, PIXELS_AT_ONCE[device] // targets[0][1][..., 0].size)
    groups = [targets[start : start + at_once] for start in range(0, len(targets), at_once)]
    steps, seconds_per_step = wanted_steps, 0.0
    if clock.deadline is not None:
        seconds_per_step = _seconds_per_step(network, groups[0], clock)
    images: list[ProjectedImage] = []
    ws: list[NDArray[np.float32]] = []
    for number, group in enumerate(groups):
        began = clock.now()
        if clock.deadline is not None and seconds_per_step > 0:
            seconds = (clock.deadline - began) * _MARGIN
            steps = max(1, min(steps, int(seconds / (len(groups) - number) / seconds_per_step)))
        found = _search(network, group, steps)
        seconds_per_step = max(seconds_per_step, (clock.now() - began) / steps)
        ws.append(found.ws.numpy())
        images += _save(group, found, folder, len(images))
        print(f"projected {len(images)} of {len(targets)} steps={steps}", flush=True)
    np.savez(folder / "projected_w.npz", w=np.concatenate(ws))
    return Projections(images, steps, wanted_steps)


def _seconds_per_step(network: LoadedNetwork, group: Sequence[tuple[str, Pixels]], clock: Clock) -> float:
    """How long a step of a whole group takes, without the beginning, which takes longer."""
    times: list[float] = []
    _search(network, group, _STEPS_TO_MEASURE, lambda step, distances: times.append(clock.now()))
    return (times[-1] - times[0]) / (_STEPS_TO_MEASURE - 1)


def _search(
    network: LoadedNetwork,
    group: Sequence[tuple[str, Pixels]],
    steps: int,
    on_step: Callable[[int, NDArray[np.float32]], None] | None = None,
) -> Projection:
    pixels = np.stack([pixels for _, pixels in group])
    features = DiscriminatorFeatures(network.D)
    return project(network.G_ema, pixels, features=features, steps=steps, seed=_SEED, on_step=on_step)


def _save(group: Sequence[tuple[str, Pixels]], found: Projection, folder: Path, first: int) -> list[ProjectedImage]:
    stems = [f"{index:02d}-{safe_stem(name)}" for index, (name, _) in enumerate(group, start=first)]
    return [
        ProjectedImage(
            name=name,
            target=save_original(pixels, folder / f"{stem}.png"),
            projection=save_picture(drawn, folder / f"{stem}{LIKENESS}.png"),
            distances=distances.tolist(),
        )
        for (name, pixels), stem, drawn, distances in zip(group, stems, found.images, found.distances, strict=True)
    ]
