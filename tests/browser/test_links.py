"""What a mail's reader sees: the link opens the page in a browser, with all its pictures, and nothing is downloaded."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.conftest import Browser, FinishedRun
from tests.patience import HARD_END
from workshop.notices.results_link import presigned_link

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


@pytest.mark.parametrize("link", [lambda run: run.mailed_link, presigned], ids=["mailed", "presigned"])
def test_a_link_opens_the_page_with_every_picture_and_downloads_nothing(
    finished: FinishedRun, open_browser: Callable[[], Browser], link: Callable[[FinishedRun], str]
) -> None:
    browser = open_browser()
    page = look_at(browser, link(finished))
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


def test_a_link_that_is_refused_shows_its_sentence(finished: FinishedRun, open_browser: Callable[[], Browser]) -> None:
    damaged = finished.mailed_link[:-2]
    page = look_at(open_browser(), damaged)
    assert page["type"] == "text/plain"
    assert "whole link" in page["text"]
