"""What a mail's reader sees: the link opens the web app in a browser, or, where there is none, the page with all its
pictures; and nothing is downloaded.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.chromium import Browser
from tests.browser.conftest import FinishedRun
from tests.e2e.conftest import ROOT
from tests.patience import HARD_END
from workshop.notices.links import presigned_link

pytestmark = pytest.mark.browser

LOOK = """
const images = [...document.images];
images.forEach(image => { image.loading = "eager"; });  // others wait until they are scrolled to
return {
  complete: document.readyState === "complete" && images.every(image => image.complete),
  type: document.contentType,
  charset: document.characterSet,
  title: document.title,
  images: images.length,
  broken: images.filter(image => image.naturalWidth === 0).length,
  text: document.body.innerText,
};
"""


def look_at(browser: Browser, url: str) -> Any:
    """Open an address; what the page is when all of it has been loaded."""
    browser.driver.get(url)

    def loaded(driver: Any) -> Any:
        page = driver.execute_script(LOOK)
        return page if page["complete"] else None

    return WebDriverWait(browser.driver, HARD_END).until(loaded)


def presigned(run: FinishedRun) -> str:
    s3 = run.workshop.endpoint.client("s3")
    return presigned_link(s3, run.workshop.bucket, "faces", run.execution_id).url


def wait_for_inbox(browser: Browser) -> None:
    """The app has a link to it for whoever has a session, where the door has mails."""

    def shown(driver: Any) -> Any:
        return driver.find_elements(By.CSS_SELECTOR, "[href='#/inbox']")

    WebDriverWait(browser.driver, HARD_END).until(shown)


def complaints(browser: Browser) -> list[str]:
    """What the browser's console says is wrong: scripts that fail, what the policy forbids, answers that are none."""
    return [entry["message"] for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_mails_link_opens_the_app_where_the_pictures_are_and_is_not_left_in_the_address(
    finished: FinishedRun, open_browser: Callable[[], Browser]
) -> None:
    browser = open_browser()
    browser.driver.get(finished.mailed_link)
    # It is shown to whoever has a session, from mails that only the door knows.
    WebDriverWait(browser.driver, HARD_END).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "[href='#/inbox']")
    )
    at = f"{finished.workshop.app_url}/#/faces/runs/{finished.execution_id}/pictures"
    assert browser.driver.current_url == at
    (cookie,) = browser.driver.get_cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    assert complaints(browser) == []
    assert list(browser.downloads.iterdir()) == []

    browser.driver.get(f"{finished.workshop.app_url}/#/inbox")  # the session goes on without the link
    browser.driver.refresh()
    WebDriverWait(browser.driver, HARD_END).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "[href='#/inbox']")
    )


def test_a_link_straight_to_the_page_opens_it_with_every_picture_and_downloads_nothing(
    finished: FinishedRun, open_browser: Callable[[], Browser]
) -> None:
    browser = open_browser()
    page = look_at(browser, presigned(finished))
    assert (page["type"], page["charset"]) == ("text/html", "UTF-8")
    assert "faces" in page["title"]
    assert page["images"] > 20
    assert page["broken"] == 0
    assert "How it was made" in page["text"]
    assert list(browser.downloads.iterdir()) == []


def test_what_a_job_has_uploaded_is_downloaded_where_the_link_does_not_say_what_it_is(
    finished: FinishedRun, open_browser: Callable[[], Browser]
) -> None:
    """On AWS as here: so the tests above can fail, and a fault of this kind shows locally."""
    s3 = finished.workshop.endpoint.client("s3")
    key = f"runs/faces/{finished.execution_id}/report/index.html"
    assert s3.head_object(Bucket=finished.workshop.bucket, Key=key)["ContentType"].endswith("octet-stream")
    browser = open_browser()
    bare = {"Bucket": finished.workshop.bucket, "Key": key}
    browser.driver.get(s3.generate_presigned_url("get_object", Params=bare))
    WebDriverWait(browser.driver, HARD_END).until(lambda _: (browser.downloads / "index.html").exists())
    assert "faces" not in browser.driver.title


def test_a_link_that_is_refused_says_so_and_lets_nobody_in(
    finished: FinishedRun, open_browser: Callable[[], Browser]
) -> None:
    browser = open_browser()
    browser.driver.get(finished.mailed_link.replace("&go=", "x&go="))
    sentence = json.loads((ROOT / "web/src/texts/en/shell.json").read_text())["shell.signed_out.text"]

    def said(driver: Any) -> bool:
        return sentence in driver.find_element(By.TAG_NAME, "body").text

    WebDriverWait(browser.driver, HARD_END).until(said)
    assert browser.driver.get_cookies() == []
