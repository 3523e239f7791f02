"""How large the disks of the three jobs must be, in GB, and which machines bring a disk of their own.

A run's volumes are parameters of the pipeline. start_run computes them from the listing; whoever starts a run by other
means gets the defaults. SageMaker's GB are 2^30 bytes where it makes a volume; here they are 10^9: that is the headroom
of the file system.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from contract.capacity.artefacts import (
    LARGEST_UPLOAD,
    Workload,
    checkpoint_folder_bytes,
    dataset_zip_bytes,
    made_bytes,
    model_archive_bytes,
    model_folder_bytes,
    page_bytes,
    picture_archive_bytes,
    prepare_report_bytes,
    record_bytes,
    set_aside_bytes,
)
from contract.capacity.networks import network_bytes
from contract.pipeline import PARAMETERS, resolutions_of

_GB = 1_000_000_000
_BLOCK_BYTES = 4096  # a file takes whole blocks of the disk, and a place in its table
_HEADROOM = 1.1
_SPARE_GB = 10  # pictures on their way between processes, logs, what SageMaker keeps there itself
_VOLUME = PARAMETERS["ProcessVolumeGB"]
SMALLEST_GB = int(_VOLUME.default or 0)
LARGEST_GB = int(_VOLUME.bounds[1])

# Machines with a disk of their own, in GB. SageMaker makes no volume for them (API reference, ResourceConfig:
# "Available storage is fixed"), and refuses a larger number for a processing job (ProcessingClusterConfig: "You can't
# request a VolumeSizeInGB greater than the total size of the local instance storage"). Whether a smaller one is ever
# refused is not documented; 30 was in use for all of them. Sizes: Amazon EC2 User Guide, "Instance store volumes".
OWN_DISK_GB: Mapping[str, int] = {
    f"ml.{family}.{size}": gigabytes
    for family, sizes in {
        "g4dn": {"xlarge": 125, "2xlarge": 225, "4xlarge": 225, "8xlarge": 900, "12xlarge": 900, "16xlarge": 900},
        "g5": {
            "xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900, "12xlarge": 3800, "16xlarge": 1900,
            "24xlarge": 3800, "48xlarge": 7600,
        },
        "g6": {
            "xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900, "12xlarge": 3760, "16xlarge": 1880,
            "24xlarge": 3760, "48xlarge": 7520,
        },
        "g6e": {
            "xlarge": 250, "2xlarge": 450, "4xlarge": 600, "8xlarge": 900, "12xlarge": 3800, "16xlarge": 1900,
            "24xlarge": 3800, "48xlarge": 7600,
        },
        "g7": {
            "2xlarge": 440, "4xlarge": 875, "8xlarge": 930, "12xlarge": 1900, "24xlarge": 3800, "48xlarge": 7600,
        },
        "g7e": {
            "2xlarge": 1900, "4xlarge": 1900, "8xlarge": 1900, "12xlarge": 3800, "24xlarge": 7600, "48xlarge": 15_200,
        },
        "p3dn": {"24xlarge": 1800},
        "p4d": {"24xlarge": 8000},
        "p4de": {"24xlarge": 8000},
        "p5": {"4xlarge": 3800, "48xlarge": 30_400},
        "p5e": {"48xlarge": 30_400},
        "p5en": {"48xlarge": 30_400},
        "p6-b200": {"48xlarge": 30_400},
        "p6-b300": {"48xlarge": 30_400},
        "r5d": {
            "large": 75, "xlarge": 150, "2xlarge": 300, "4xlarge": 600, "8xlarge": 1200, "12xlarge": 1800,
            "16xlarge": 2400, "24xlarge": 3600,
        },
        "trn1": {"2xlarge": 474, "32xlarge": 7600},
        "trn1n": {"32xlarge": 7600},
        "trn2": {"48xlarge": 7600},
    }.items()
    for size, gigabytes in sizes.items()
}  # fmt: skip


def _largest_model_bytes() -> int:
    longest = PARAMETERS["Kimg"].bounds[1]
    return max(
        model_folder_bytes(Workload(0, 0, resolution, longest, preset))
        for preset in PARAMETERS["Preset"].choices
        for resolution in resolutions_of(preset)
    )


# What Infer unpacks at most. Earlier versions kept more sheets, and other networks than a preset's are trained, too.
LARGEST_MODEL_BYTES = 4 * _largest_model_bytes()


@dataclass(frozen=True)
class Shortage:
    """A disk that is too small: what the job needs and what there can be, in GB."""

    machine: str
    needed_gb: int
    most_gb: int


def process_bytes(workload: Workload) -> int:
    """What Prepare writes: all originals at once, the data set, copies of what is set aside, lists."""
    files = workload.image_bytes + workload.images * _BLOCK_BYTES
    lists = record_bytes(workload.images, workload.name_bytes) + prepare_report_bytes(workload)
    return files + dataset_zip_bytes(workload) + set_aside_bytes(workload) + lists


def process_gb(workload: Workload) -> int:
    """The disk that Prepare needs."""
    return _gb(process_bytes(workload))


def train_gb(workload: Workload) -> int:
    """What Train needs: the data set, a base network, the model and its archive, checkpoints. A training that goes on
    is given back no more than it would write."""
    model = model_folder_bytes(workload) + model_archive_bytes(workload)
    base = network_bytes(workload.preset, workload.resolution)
    return _gb(dataset_zip_bytes(workload) + base + model + checkpoint_folder_bytes(workload))


def inference_gb(workload: Workload) -> int:
    """What Infer needs: any network, packed and unpacked, the images to project, what is drawn, twice, and the page."""
    files = workload.target_bytes + workload.targets * _BLOCK_BYTES
    report = page_bytes(workload) + picture_archive_bytes(workload)
    return _gb(2 * LARGEST_MODEL_BYTES + files + made_bytes(workload) + report)


def volume_gb(needed_gb: int, machine: str) -> int:
    """The size of the volume to ask for: left alone where the machine brings its own disk."""
    if machine in OWN_DISK_GB:
        return SMALLEST_GB
    return min(max(needed_gb, SMALLEST_GB), LARGEST_GB)


def find_shortage(workload: Workload, process_machine: str, train_machine: str) -> Shortage | None:
    """The first of Prepare and Train whose disk cannot hold what it needs."""
    for needed, machine in ((process_gb(workload), process_machine), (train_gb(workload), train_machine)):
        most = OWN_DISK_GB.get(machine, LARGEST_GB)
        if needed > most:
            return Shortage(machine, needed, most)
    return None


def fetched_bytes(sizes: Iterable[int]) -> int:
    """How many bytes of uploads of these sizes a job fetches: those that are too large it does not."""
    return sum(size for size in sizes if size <= LARGEST_UPLOAD)


def run_volumes(workload: Workload, machines: Mapping[str, str]) -> dict[str, str]:
    """The pipeline's parameters for the disks of a run; `machines` are its parameters of instance types."""
    needed = {
        "Process": process_gb(workload),
        "Train": train_gb(workload),
        "Inference": inference_gb(workload),
    }
    return {f"{job}VolumeGB": str(volume_gb(gb, machines[f"{job}InstanceType"])) for job, gb in needed.items()}


def _gb(needed_bytes: int) -> int:
    return ceil(needed_bytes * _HEADROOM / _GB) + _SPARE_GB
