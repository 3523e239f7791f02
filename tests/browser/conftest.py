"""Real browsers, each with a profile that has never been used, and a run on the embedded AWS for those who need one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from local_aws.workshop import LocalWorkshop, Options
from tests.browser import chromium
from tests.browser.chromium import Browser
from tests.e2e.conftest import ROOT
from tests.e2e.drops import link_in, png, upload
from tests.e2e.following import wait_for_mails, wait_for_runs, wait_until_over


@dataclass(frozen=True)
class FinishedRun:
    """A workshop, the execution id of its run, and the link of the mail about it."""

    workshop: LocalWorkshop
    execution_id: str
    mailed_link: str


# For one file each: two workshops in one process would share one SageMaker, which ends with the first.
@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    options = Options(preset="tiny", quiet_seconds=60, min_images=8)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("shown"), options) as workshop:
        upload(workshop, "faces", ((f"{i}.png", png(i)) for i in range(12)))
        wait_for_runs(workshop, "faces", 1)
        (run,) = wait_until_over(workshop, "faces")
        mails = wait_for_mails(workshop, "faces", ["succeeded"])
        (link,) = [link_in(mail.body) for mail in mails if mail.kind == "succeeded"]
        yield FinishedRun(workshop, run.execution_id, link)


Open = Callable[[], Browser]


@contextmanager
def _several(folders: pytest.TempPathFactory) -> Iterator[Open]:
    with ExitStack() as ends:

        def another() -> Browser:
            browser = chromium.start(folders.mktemp("browser"))
            ends.callback(browser.driver.quit)
            return browser

        yield another


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Starts a browser that is quit after the file's last test."""
    with _several(tmp_path_factory) as another:
        yield another


@pytest.fixture
def open_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Starts a browser that is quit after the test."""
    with _several(tmp_path_factory) as another:
        yield another
