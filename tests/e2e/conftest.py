"""A workshop for each file of end-to-end tests: the embedded AWS with TLS and IAM enforced, every status event sent
twice. (Two in one process would share one SageMaker, which ends with the first.)
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws.workshop import LocalWorkshop, Options

ROOT = Path(__file__).resolve().parents[2]
# xdist hands the next file to a process that has two tests left: files of one or two long tests come last, or one
# process would get them all. In this order two processes end at about the same time (make test-e2e keeps it).
ORDER = (
    "test_whole_way", "test_open_ports", "test_web_app", "test_same_again", "test_training", "test_burst",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else -1)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    # The tests end each drop themselves (`upload`): a quiet time that may pass between two uploads of a busy machine
    # would cut a drop in two.
    options = Options(preset="tiny", quiet_seconds=60, min_images=8, duplicate_events=True)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("workshop"), options) as up:
        yield up
