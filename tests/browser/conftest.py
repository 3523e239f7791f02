"""One run on the embedded AWS, and a real browser that starts anew for each test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from local_aws.workshop import LocalWorkshop, Options
from tests.browser.programs import find_programs
from tests.e2e.conftest import ROOT
from tests.e2e.drops import link_in, png, upload
from tests.e2e.following import wait_for_mails, wait_for_runs, wait_until_over

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
)


@dataclass(frozen=True)
class FinishedRun:
    """A workshop, the execution id of its run, and the link of the mail about it."""

    workshop: LocalWorkshop
    execution_id: str
    mailed_link: str


@dataclass(frozen=True)
class Browser:
    """`driver` steers it; what it saves instead of showing lands in `downloads`."""

    driver: Chrome
    downloads: Path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    options = Options(preset="tiny", quiet_seconds=60, min_images=8)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("shown"), options) as workshop:
        upload(workshop, "faces", ((f"{i}.png", png(i)) for i in range(12)))
        wait_for_runs(workshop, "faces", 1)
        (run,) = wait_until_over(workshop, "faces")
        mails = wait_for_mails(workshop, "faces", ["succeeded"])
        (link,) = [link_in(mail.body) for mail in mails if mail.kind == "succeeded"]
        yield FinishedRun(workshop, run.execution_id, link)


@pytest.fixture
def open_browser(tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    opened: list[Chrome] = []

    def start() -> Browser:
        downloads = tmp_path / "downloads"
        downloads.mkdir()
        programs = find_programs()
        options = ChromeOptions()
        options.binary_location = programs.browser
        options.accept_insecure_certs = True  # the embedded AWS signs its own
        for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        opened.append(Chrome(options, ChromeService(programs.driver)))
        return Browser(opened[-1], downloads)

    yield start
    for driver in opened:
        driver.quit()
