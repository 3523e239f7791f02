"""The browser of the tests, found on PATH: `python -m tests.browser.programs` says what is missing."""

import shutil
import sys
from dataclasses import dataclass

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DRIVER = "chromedriver"


@dataclass(frozen=True)
class Programs:
    """Where the browser and the program that steers it are."""

    browser: str
    driver: str


def find_programs() -> Programs:
    """Raises LookupError, with a sentence that says what to install."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which(DRIVER)
    if browser is None or driver is None:
        missing = " and ".join(name for name, path in (("Chromium", browser), (DRIVER, driver)) if path is None)
        raise LookupError(
            f"{missing} is needed to see whether links open in a browser. On Debian: apt-get install "
            "chromium chromium-driver (make test-browser does it, as root); elsewhere: Chrome and its chromedriver."
        )
    return Programs(browser, driver)


if __name__ == "__main__":
    try:
        find_programs()
    except LookupError as error:
        sys.exit(f"{error}")
