"""Surroundings for the stand-in: moto's S3 and STS, a bus and a function that are fakes, an image of a few lines."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from local_aws.sagemaker import SageMakerStandIn, processes
from local_aws.sagemaker.processes import can_have_own_opt
from tests.executor.support import ACCOUNT, BUCKET, REGION, ROOT_KEY, FakeAws, LetTimePass, MakePlace, Place
from tests.patience import HARD_END


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_url: str) -> Iterator[FakeAws]:
    fake = FakeAws(moto_url)
    fake.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield fake
    for key in fake.stored():
        fake.s3.delete_object(Bucket=BUCKET, Key=key)
    fake.s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with one image, `workshop-shell:local`, whose entry point runs jobs/main.py."""
    folder = tmp_path / "repository"
    (folder / "containers/shell").mkdir(parents=True)
    (folder / "containers/shell/Dockerfile").write_text(
        'FROM debian\nENV PYTHONPATH=/workshop:/workshop/other\nWORKDIR /\nENTRYPOINT ["python3", "-m", "jobs.main"]\n'
    )
    (folder / "jobs").mkdir()
    (folder / "jobs/__init__.py").touch()
    return folder


@pytest.fixture(scope="session")
def own_opt(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Return whether jobs on this machine can have an /opt/ml of their own."""
    return can_have_own_opt(Path(__file__).parents[2], tmp_path_factory.mktemp("probe"))


@pytest.fixture
def make_place(aws: FakeAws, root: Path, tmp_path: Path, own_opt: bool) -> Iterator[MakePlace]:
    places = []

    def make(**settings: Any) -> Place:
        standin = SageMakerStandIn(
            root,
            tmp_path / "data",
            aws,
            ACCOUNT,
            ROOT_KEY,
            **{"checkpoint_seconds": 0.05, "grace_seconds": HARD_END, "own_opt": own_opt} | settings,
        )
        standin.start()
        places.append(Place(standin, aws, root))
        return places[-1]

    yield make
    for place in places:
        place.standin.stop(grace_seconds=0.5)


@pytest.fixture
def let_time_pass(monkeypatch: pytest.MonkeyPatch) -> LetTimePass:
    """Moves the clock that jobs' time limits go by."""
    skipped = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(skipped), sleep=time.sleep)
    monkeypatch.setattr(processes, "time", clock)
    return skipped.append


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    return make_place()
