"""A burst on the embedded AWS: three datasets, 2,000 uploads each, all at once; three runs at a time are allowed."""

import io
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from PIL import Image

from local_aws.workshop import LocalWorkshop, Options
from tests.e2e.conftest import ROOT
from tests.e2e.following import kinds, runs_of, wait_for_mails, wait_for_runs, wait_until_over

pytestmark = pytest.mark.e2e

DATASETS = ("apples", "boats", "clouds")
IMAGES = 2_000
UPLOADS_AT_ONCE = 12


@dataclass(frozen=True)
class ThreeAtATime(Options):
    def template_parameters(self) -> dict[str, str]:
        return super().template_parameters() | {"MaxConcurrentRuns": "3"}


@pytest.fixture(scope="module")
def busy_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    # Quiet for longer than a loaded machine may take between two uploads.
    options = ThreeAtATime(preset="tiny", quiet_seconds=15, min_images=8, duplicate_events=True)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("burst"), options) as up:
        yield up


def noise(seed: int) -> bytes:
    """A small picture that no other is equal to, in a fraction of a millisecond."""
    data = io.BytesIO()
    Image.frombytes("RGB", (32, 32), random.Random(seed).randbytes(32 * 32 * 3)).save(data, "PNG", compress_level=0)
    return data.getvalue()


def images_in_record(workshop: LocalWorkshop, execution_arn: str) -> int:
    parameters = workshop.endpoint.client("sagemaker").list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution_arn
    )["PipelineParameters"]
    record = urlsplit(next(p["Value"] for p in parameters if p["Name"] == "ProcessInput"))
    body = workshop.endpoint.client("s3").get_object(Bucket=record.netloc, Key=record.path[1:])["Body"].read()
    return len(json.loads(body)["objects"])


def test_three_drops_of_2000_at_once_start_one_run_each_and_send_two_mails_each(busy_workshop: LocalWorkshop) -> None:
    s3 = busy_workshop.endpoint.client("s3")

    def upload(number: int) -> None:
        key = f"uploads/{DATASETS[number % 3]}/{number // 3:04d}.png"
        s3.put_object(Bucket=busy_workshop.bucket, Key=key, Body=noise(number))

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(upload, range(3 * IMAGES)))

    for dataset in DATASETS:
        wait_for_runs(busy_workshop, dataset, 1)
    for dataset in DATASETS:
        wait_until_over(busy_workshop, dataset, 300)
        wait_for_mails(busy_workshop, dataset, ["started", "succeeded"])
    for dataset in DATASETS:
        runs = runs_of(busy_workshop, dataset)
        assert [run.status for run in runs] == ["Succeeded"], runs
        assert images_in_record(busy_workshop, runs[0].arn) == IMAGES
        assert kinds(busy_workshop, dataset) == ["started", "succeeded"]
