"""Every workload that can be asked for, against every limit and every disk; and the faults that this has found."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import botocore.session
import moto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.limits import tables
from contract.capacity import artefacts, volumes
from contract.capacity.artefacts import Workload
from contract.capacity.limits import ARTEFACTS, Artefact, too_large
from contract.capacity.volumes import (
    LARGEST_GB,
    OWN_DISK_GB,
    SMALLEST_GB,
    fetched_bytes,
    find_shortage,
    inference_gb,
    process_gb,
    run_volumes,
    train_gb,
)
from contract.pipeline import PARAMETERS, RESOLUTIONS, resolutions_of
from tests.unit.properties import quick
from workshop.dataset.room import LongList, find_lack_of_room
from workshop.dataset.settings import PRESETS
from workshop.dataset.snapshot import targets_per_run

ROOT = Path(__file__).resolve().parents[3]
TRAINERS = PARAMETERS["Preset"].choices
SEED = 63_632  # images of the Anime Face set
NUMBERS = (20, 1_000, SEED, 200_000)
LONGEST_KIMG = PARAMETERS["Kimg"].bounds[1]
BEST = Workload(SEED, SEED * 100_000, 256, 10_000, "paper256")
EBS = {
    "ProcessInstanceType": "ml.m5.xlarge",
    "TrainInstanceType": "ml.p3.2xlarge",
    "InferenceInstanceType": "ml.m5.xlarge",
}


def workloads() -> Iterator[Workload]:
    """All presets, resolutions, devices, numbers of images; the shortest and the longest training; photos of a camera,
    and as many and as large images to project as one run takes."""
    for preset in TRAINERS:
        for resolution in resolutions_of(preset):
            targets = targets_per_run(resolution)
            for device in ("cpu", "cuda"):
                for images in NUMBERS:
                    for kimg in (1, LONGEST_KIMG):
                        yield Workload(
                            images, images * 5_000_000, resolution, kimg, preset, device, targets,
                            targets * artefacts.LARGEST_UPLOAD,
                        )  # fmt: skip


def row(name: str) -> Artefact:
    """The row of the table with this name."""
    (found,) = (artefact for artefact in ARTEFACTS if artefact.name.startswith(name))
    return found


def test_no_workload_exceeds_a_limit_or_a_volume() -> None:
    walked = list(workloads())
    assert len(walked) > 700
    assert [work for work in walked if too_large(work)] == []
    assert max(map(process_gb, walked)) <= LARGEST_GB
    assert max(train_gb(work) for work in walked) <= LARGEST_GB
    assert max(map(inference_gb, walked)) <= min(OWN_DISK_GB.values())


def test_what_a_machines_own_disk_cannot_hold_is_told_and_nothing_else_is() -> None:
    for work in workloads():
        shortage = find_shortage(work, "ml.m5.xlarge", "ml.g5.xlarge")
        assert (shortage is not None) is (train_gb(work) > OWN_DISK_GB["ml.g5.xlarge"])
        assert (
            shortage is None or (shortage.machine, work.images) == ("ml.g5.xlarge", 200_000) or work.resolution == 1024
        )
        assert find_shortage(work, "ml.m5.xlarge", "ml.g5.48xlarge") is None


def test_every_preset_that_artists_have_fits_the_default_machines_with_the_seeds_images() -> None:
    for preset in PRESETS.values():
        work = Workload(SEED, SEED * 3_000_000, preset.resolution, preset.kimg, preset.train_preset)
        assert find_lack_of_room(work, "ml.m5.xlarge", "ml.g5.xlarge") is None


class TestTheFaultsThatThisHasFound:
    """With what the code had before, the walk above fails."""

    def test_sheets_of_best_beyond_four_gib(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(artefacts, "MOST_SHEETS", 251)
        monkeypatch.setattr(artefacts, "_GPU_SHEET", (7680, 4320))
        before = replace(row("model.tar.gz, unpacked"), limit=4 << 30)
        assert before.size(BEST) > 3 * before.limit
        assert before.size(replace(BEST, device="cpu")) < before.limit  # which is why no test had seen it

    def test_a_property_file_with_the_list(self) -> None:
        before = replace(row("prepare.json"), limit=2 << 20)
        assert next(work.images for work in workloads() if before.size(work) > before.limit) == SEED
        assert before.size(replace(BEST, images=15_800, name_bytes=20)) > before.limit
        assert row("counts.json").size(BEST) < before.limit / 1000

    @pytest.mark.parametrize(("resolution", "gigabytes"), [(256, 12.5), (512, 50)])
    def test_volumes_of_thirty_gb(self, resolution: int, gigabytes: float) -> None:
        data = artefacts.dataset_zip_bytes(replace(BEST, resolution=resolution))
        assert data / 1e9 == pytest.approx(gigabytes, rel=0.02)
        assert process_gb(replace(BEST, resolution=resolution)) > SMALLEST_GB

    def test_checkpoints_under_a_new_name_each_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All 260 that a training writes were in S3, and a training that went on was given them back."""
        best = replace(BEST, resolution=512, preset="paper512")
        assert train_gb(best) < OWN_DISK_GB["ml.g5.xlarge"] / 3
        monkeypatch.setattr(artefacts, "KEPT_CHECKPOINTS", 260)
        assert find_shortage(best, "ml.m5.xlarge", "ml.g5.xlarge") is not None

    def test_images_to_project_on_thirty_gb(self) -> None:
        assert inference_gb(replace(BEST, targets=64, target_bytes=64 * artefacts.LARGEST_UPLOAD)) > SMALLEST_GB

    def test_statistics_of_a_long_training_of_tiny(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(artefacts, "MOST_TICKS", 10**9)
        assert "stats.jsonl" in too_large(Workload(20, 0, 16, LONGEST_KIMG, "tiny"))

    def test_a_record_of_the_longest_names(self) -> None:
        work = replace(BEST, name_bytes=3 * artefacts.LONGEST_KEY_BYTES)
        assert isinstance(find_lack_of_room(work, "ml.m5.xlarge", "ml.g5.xlarge"), LongList)
        assert too_large(work) == [
            "record of a snapshot, manifests/.../<fingerprint>.json",
            "index of contents, manifests/.../contents.json",
        ]


def test_the_volumes_of_the_seeds_images() -> None:
    assert run_volumes(BEST, EBS) == {"ProcessVolumeGB": "34", "TrainVolumeGB": "30", "InferenceVolumeGB": "30"}
    assert run_volumes(replace(BEST, resolution=512, preset="paper512"), EBS)["TrainVolumeGB"] == "73"
    assert run_volumes(replace(BEST, images=20, image_bytes=10**6), EBS)["ProcessVolumeGB"] == "30"


def test_what_another_training_has_left_under_the_same_prefix_fits_into_the_spare_room() -> None:
    """One on another number of GPUs, with another batch: a training is given back those checkpoints as well."""
    assert max(map(artefacts.checkpoint_folder_bytes, workloads())) < volumes._SPARE_GB * 10**9


def test_a_machine_with_a_disk_of_its_own_is_left_alone() -> None:
    own = dict.fromkeys(EBS, "ml.r5d.large")
    assert set(run_volumes(replace(BEST, resolution=1024), own).values()) == {PARAMETERS["ProcessVolumeGB"].default}
    assert min(OWN_DISK_GB.values()) > SMALLEST_GB


@quick
@given(
    images=st.integers(0, 10**7),
    size=st.integers(0, artefacts.LARGEST_UPLOAD),
    resolution=st.sampled_from(RESOLUTIONS),
    kimg=st.floats(*PARAMETERS["Kimg"].bounds),
    targets=st.integers(0, 64),
)
def test_volumes_are_what_the_parameters_take_and_grow_with_the_work(
    images: int, size: int, resolution: int, kimg: float, targets: int
) -> None:
    work = Workload(images, images * size, resolution, kimg, "auto", targets=targets, target_bytes=targets * size)
    asked = run_volumes(work, EBS)
    assert all(PARAMETERS[name].accepts(value) for name, value in asked.items())
    more = run_volumes(replace(work, images=2 * images, image_bytes=2 * images * size), EBS)
    assert all(int(more[name]) >= int(value) >= SMALLEST_GB for name, value in asked.items())


def test_uploads_that_no_job_fetches_take_no_room() -> None:
    assert fetched_bytes([1, artefacts.LARGEST_UPLOAD, artefacts.LARGEST_UPLOAD + 1]) == artefacts.LARGEST_UPLOAD + 1


def test_the_table_of_own_disks_is_ec2s_for_every_machine_that_sagemaker_has() -> None:
    """moto's copy of EC2's DescribeInstanceTypes."""
    listed = Path(moto.__file__).parent / "ec2/resources/instance_types.json.gz"
    types = json.loads(gzip.decompress(listed.read_bytes()))
    model = botocore.session.get_session().get_service_model("sagemaker")
    machines = {name for shape in ("Training", "Processing") for name in model.shape_for(f"{shape}InstanceType").enum}
    unknown = {name for name in machines if name.removeprefix("ml.") not in types}
    assert {name.split(".")[1] for name in unknown} <= {"p2", "p3", "p6e-gb200"}
    disks = {name: types[name.removeprefix("ml.")].get("InstanceStorageInfo") for name in machines - unknown}
    assert {name: disk["TotalSizeInGB"] for name, disk in disks.items() if disk} == OWN_DISK_GB


def test_the_guide_shows_the_tables_that_the_code_has() -> None:
    guide = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    for table in tables():
        assert table in guide, "docs/limits.md: put in what `python -m benchmarks.limits` prints"
