"""The training job on several GPUs and machines: one process for each, one network, one failure sentence."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from containers.errors import InputError
from containers.gpus import count_gpus
from containers.job import Cluster, TrainingJob
from local_aws.ports import free_port
from stylegan2.data.preparation import prepare_images
from tests.containers.jobs import Job, draw
from tests.patience import HARD_END

TWO_GPUS = "tests.containers.two_gpus"
HOSTS = ["127.0.0.1", "127.0.0.2"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    images, file = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("prepared") / "dataset.zip"
    draw(images, 12)
    prepare_images(images, file, resolution=16, workers=1)
    return file.read_bytes()


def training_job(base: Path, dataset: bytes, kimg: str, **resources: object) -> Job:
    job = Job(base)
    job.configure_training(dataset="my-faces", preset="tiny", kimg=kimg, resolution="16")
    (base / "input/data/train/dataset.zip").write_bytes(dataset)
    if resources:
        (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
    return job


def test_two_machines_train_one_network_until_one_of_them_is_stopped(tmp_path: Path, dataset: bytes) -> None:
    resources = {"hosts": HOSTS, "network_interface_name": "lo"}
    jobs = [training_job(tmp_path / host, dataset, "1000", **resources, current_host=host) for host in HOSTS]
    port = str(free_port())
    first, second = (job.start("containers.train", "train", MASTER_PORT=port) for job in jobs)
    assert first.stdout is not None
    lines = []
    for line in first.stdout:
        lines.append(line)
        if line.startswith("tick 0"):
            second.send_signal(signal.SIGTERM)
    _, err = first.communicate(timeout=HARD_END)
    other_out, other_err = second.communicate(timeout=HARD_END)
    assert [first.returncode, second.returncode] == [0, 0], err + other_err
    assert "to 1000 kimg on cpu, 2 processes" in lines[0]
    assert lines[-1].startswith("stopped: ")
    assert other_out == ""
    settings = json.loads(jobs[0].text("model/training_options.json"))["settings"]
    assert (settings["batch"], settings["batch_gpu"]) == (8, 4)
    assert (jobs[0].base / "model/network.safetensors").is_file()
    assert len(list((jobs[0].base / "checkpoints").glob("*/checkpoint-*.pt"))) == 1
    for folder in ("model", "checkpoints"):
        assert list((jobs[1].base / folder).iterdir()) == []
    assert not any((job.base / "output/failure").exists() for job in jobs)


def test_a_killed_process_ends_the_job_with_a_sentence_that_names_it(tmp_path: Path, dataset: bytes) -> None:
    job = training_job(tmp_path, dataset, "1000")
    process = job.start(TWO_GPUS, "train")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("tick 1"):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(max(map(int, children)), signal.SIGKILL)
    _, err = process.communicate(timeout=HARD_END)
    assert process.returncode == 1
    assert job.text("output/failure") == (
        "Process 1 of 0 to 1, on algo-1, was ended by SIGKILL, perhaps for want of memory. Everything up to the last "
        "checkpoint is kept: start the job again to go on from there."
    )
    assert "another of the 2 processes of this training ended or hangs" in err
    assert len(list((tmp_path / "checkpoints").glob("*/checkpoint-*.pt"))) == 1


def test_a_fault_that_a_process_tells_is_the_jobs(tmp_path: Path) -> None:
    job = training_job(tmp_path, b"no zip", "1")
    ended = job.run(TWO_GPUS, "train")
    assert ended.code == 1
    assert re.fullmatch(r".*dataset\.zip.*", job.text("output/failure"))
    assert "Traceback" not in ended.err


def test_gpus_are_counted_by_their_devices(tmp_path: Path) -> None:
    assert count_gpus(tmp_path) == 0
    for name in ("nvidia0", "nvidia1", "nvidia10", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert count_gpus(tmp_path) == 3


def test_a_jobs_machines_are_in_the_same_order_on_each_of_them(tmp_path: Path) -> None:
    file = tmp_path / "input/config/resourceconfig.json"
    assert TrainingJob(tmp_path).cluster() == Cluster(("localhost",), "localhost", None)
    file.parent.mkdir(parents=True)
    file.write_text('{"current_host": "algo-2", "hosts": ["algo-2", "algo-1"], "network_interface_name": "eth0"}')
    assert TrainingJob(tmp_path).cluster() == Cluster(("algo-1", "algo-2"), "algo-2", "eth0")


@pytest.mark.parametrize(
    "content", ["{}", '{"hosts": []}', '{"hosts": ["a"], "current_host": "b"}', '{"hosts": "a", "current_host": "a"}']
)
def test_a_job_that_does_not_tell_its_machines_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "input/config/resourceconfig.json"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(InputError, match="'hosts' and, of these, the 'current_host'"):
        TrainingJob(tmp_path).cluster()
