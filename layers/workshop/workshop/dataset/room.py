"""How much a run has to carry, and whether machines and readers have room for it, before anything is started."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from contract.capacity.artefacts import Workload, record_bytes
from contract.capacity.volumes import Shortage, fetched_bytes, find_shortage
from contract.image_record import MAX_BYTES
from contract.pipeline import PARAMETERS, SQUARE, picture_size
from workshop.dataset.snapshot import Listing, StoredObject, Targets


@dataclass(frozen=True)
class Machines:
    """The deployer's instance types of the jobs that learn."""

    process: str = PARAMETERS["ProcessInstanceType"].default or ""
    train: str = PARAMETERS["TrainInstanceType"].default or ""


@dataclass(frozen=True)
class LongList:
    """The record of the images would be longer than its readers take, in bytes."""

    needed: int
    most: int = MAX_BYTES


LackOfRoom = Shortage | LongList


def workload_of(listing: Listing, targets: Targets, most_own: int, parameters: Mapping[str, str]) -> Workload:
    """What a run with these parameters of the pipeline has to carry. `targets` are the images to project; if there are
    none, up to `most_own` of the dataset's own are, and the largest of them count."""
    sizes = [image.size for image in listing.images]
    projected = [image.size for image in targets.images] or sorted(sizes)[-most_own:]
    size = picture_size(parameters.get("PictureSize", SQUARE), int(parameters["Resolution"]))
    return Workload(
        images=len(sizes),
        image_bytes=fetched_bytes(sizes),
        resolution=int(parameters["Resolution"]),
        kimg=float(parameters["Kimg"]),
        preset=parameters["Preset"],
        targets=len(projected),
        target_bytes=fetched_bytes(projected),
        name_bytes=_mean_name_bytes(listing.images),
        size=None if size is None else (size.height, size.width),
    )


def find_lack_of_room(workload: Workload, process_machine: str, train_machine: str) -> LackOfRoom | None:
    """The first thing that has no room for the workload."""
    record = record_bytes(workload.images, workload.name_bytes)
    if record > MAX_BYTES:
        return LongList(record)
    return find_shortage(workload, process_machine, train_machine)


def _mean_name_bytes(images: Iterable[StoredObject]) -> int:
    lengths = [len(json.dumps(image.name)) for image in images]
    return ceil(sum(lengths) / len(lengths)) if lengths else 0
