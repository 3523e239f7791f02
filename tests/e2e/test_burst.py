"""A burst on the embedded AWS: three datasets, 2,000 uploads each, all at once; three runs at a time are allowed. There
is no web app here (WebApp: none), as in AWS China without an ICP filing: all goes on without.
"""

import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from local_aws.aws import trust_certificate
from local_aws.workshop import LocalWorkshop, Options
from tests.e2e.conftest import ROOT
from tests.e2e.following import kinds, mails_of, runs_of, wait_for_mails, wait_for_runs, wait_until_over

pytestmark = pytest.mark.e2e

NAMES = ("apples", "boats", "clouds")
IMAGES = 2_000
UPLOADS_AT_ONCE = 12
QUIET_SECONDS = 20


@dataclass(frozen=True)
class ThreeAtATime(Options):
    def template_parameters(self) -> dict[str, str]:
        return super().template_parameters() | {"MaxConcurrentRuns": "3"}


@pytest.fixture(scope="module")
def busy_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    options = ThreeAtATime(
        preset="tiny", quiet_seconds=QUIET_SECONDS, min_images=8, duplicate_events=True, has_web_app=False
    )
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


def upload_at_once(workshop: LocalWorkshop, datasets: Sequence[str]) -> None:
    s3 = workshop.endpoint.client("s3")

    def upload(number: int) -> None:
        key = f"uploads/{datasets[number % len(datasets)]}/{number // len(datasets):04d}.png"
        s3.put_object(Bucket=workshop.bucket, Key=key, Body=noise(number))

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(upload, range(len(datasets) * IMAGES)))


def longest_pause(workshop: LocalWorkshop, dataset: str) -> float:
    """Seconds between two uploads of a dataset."""
    pages = workshop.endpoint.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=workshop.bucket, Prefix=f"uploads/{dataset}/")
    times = sorted(item["LastModified"].timestamp() for page in found for item in page["Contents"])
    return max(later - earlier for earlier, later in pairwise(times))


def burst(workshop: LocalWorkshop) -> list[str]:
    """Names of datasets that were dropped in one go each; where the machine paused for too long, it is done again."""
    attempt = 0
    while True:
        datasets = [f"{name}-{attempt}" for name in NAMES]
        upload_at_once(workshop, datasets)
        if all(longest_pause(workshop, dataset) < QUIET_SECONDS - 2 for dataset in datasets):
            return datasets
        attempt += 1


def test_without_a_web_app_there_is_no_api_and_no_page_may_ask_for_objects(busy_workshop: LocalWorkshop) -> None:
    assert "WebAppUrl" not in busy_workshop.outputs
    assert busy_workshop.app_url == ""
    assert busy_workshop.endpoint.client("apigatewayv2").get_apis()["Items"] == []
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        busy_workshop.endpoint.client("s3").get_bucket_cors(Bucket=busy_workshop.bucket)


def test_three_drops_of_2000_at_once_start_one_run_each_and_send_two_mails_each(busy_workshop: LocalWorkshop) -> None:
    datasets = burst(busy_workshop)
    for dataset in datasets:
        wait_for_runs(busy_workshop, dataset, 1)
    for dataset in datasets:
        wait_until_over(busy_workshop, dataset)
        wait_for_mails(busy_workshop, dataset, ["started", "succeeded"])
    for dataset in datasets:
        runs = runs_of(busy_workshop, dataset)
        assert [run.status for run in runs] == ["Succeeded"], runs
        assert images_in_record(busy_workshop, runs[0].arn) == IMAGES
        assert kinds(busy_workshop, dataset) == ["started", "succeeded"]
        (link,) = (link for mail in mails_of(busy_workshop, dataset) for link in re.findall(r"https?://\S+", mail.body))
        assert b"<html" in presigned(busy_workshop, link)


def presigned(workshop: LocalWorkshop, link: str) -> bytes:
    """What a link straight to S3 shows, and nobody without its signature."""
    context = trust_certificate(workshop.endpoint.ca_bundle)
    with pytest.raises(HTTPError, match="403"):
        urlopen(link.partition("?")[0], context=context)
    with urlopen(link, context=context) as answer:
        return bytes(answer.read())
