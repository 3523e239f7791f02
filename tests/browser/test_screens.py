"""Every screen in its main states, light and dark, on a phone and on a desktop, in every language: no barrier, nothing
that sticks out, no complaint. The server is pretended (web/dev), for a real workshop is in few states at a time.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import DESKTOP, PHONE, Browser, check_screen
from tests.browser.pretended import pretended_workshop
from tests.e2e.drops import png

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "zh-CN", "de")
# Each width in both schemes; words and colours have nothing to do with one another.
LOOKS = ((DESKTOP, "light", "en"), (DESKTOP, "dark", "zh-CN"), (PHONE, "light", "de"), (PHONE, "dark", "en"))
RUN = "#/red-chairs/runs/"
# The film as MP4 is not pretended: the WebP is shown in its place.
NO_FILM = "/objects/made/none"
CUT_OFF = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture(scope="module")
def app(browsers: Callable[[], Browser]) -> Iterator["App"]:
    with pretended_workshop() as url:
        yield App(browsers(), url)


class App:
    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, fragment: str, sign: str = "h1") -> Browser:
        """Load a screen from the beginning, until `sign` is seen."""
        self.browser.show_as(DESKTOP, "light")
        self.browser.driver.get("about:blank")
        self.browser.driver.get(f"{self.url}/{fragment}")
        self.browser.see(sign)
        self.browser.speak("en")
        return self.browser


def check(browser: Browser) -> None:
    for width, scheme, language in LOOKS:
        browser.show_as(width, scheme)
        browser.speak(language)
        check_screen(browser, expected=NO_FILM)
    for width in (DESKTOP, PHONE):
        browser.show_as(width, "light")
        for language in LANGUAGES:
            browser.speak(language)
            assert browser.overflow() == [], (width, language)


STATES = {
    "datasets": ("#/", ".dataset"),
    "a dataset without images": ("#/leaves", ".zone"),
    "a dataset that starts soon": ("#/faience", ".countdown"),
    "a dataset that needs somebody": ("#/portraits", ".start .notice"),
    "images to find": ("#/red-chairs/find", ".zone"),
    "runs": ("#/red-chairs/runs", ".runs-row"),
    "a run that begins": (RUN + "begin", ".beginning"),
    "a run whose machine starts": (RUN + "machine", ".beginning"),
    "a run that trains": (RUN + "running", ".sheet-stage img"),
    "a run that finishes": (RUN + "finishing", ".outcome"),
    "a run that stops": (RUN + "stopping", ".outcome"),
    "a run that has failed": (RUN + "failed", ".outcome-failed"),
    "a run that was stopped": (RUN + "stopped", ".outcome-stopped"),
    "a run that was lost": (RUN + "lost", ".outcome-lost"),
    "a run that makes more pictures": (RUN + "more", ".beginning"),
    "a run that is done": (RUN + "demo0", ".outcome"),
    "pictures": (RUN + "demo0/pictures", ".snap"),
    "many pictures of two labels": (RUN + "many/pictures", ".snap"),
    "two runs to be chosen": ("#/red-chairs/compare", "select"),
    "two runs": ("#/red-chairs/compare?a=demo0&b=demo1", ".versus"),
    "inbox": ("#/inbox", ".mail"),
    "an address that leads nowhere": ("#/Nowhere!", ".empty"),
}


@pytest.mark.parametrize(("fragment", "sign"), STATES.values(), ids=list(STATES))
def test_a_screen_fits_and_has_no_barriers(app: App, fragment: str, sign: str) -> None:
    check(app.open(fragment, sign))


DIALOGS = {
    "a new dataset": ("#/", "New dataset"),
    "finishing": (RUN + "running", "Finish now and make pictures"),
    "cancelling": (RUN + "running", "Cancel run"),
    "sharing": (RUN + "demo0/pictures", "Share"),
}


@pytest.mark.parametrize(("fragment", "button"), DIALOGS.values(), ids=list(DIALOGS))
def test_a_dialog_fits_and_has_no_barriers(app: App, fragment: str, button: str) -> None:
    browser = app.open(fragment)
    browser.press(button)
    browser.see("dialog[open] h2")
    check(browser)


def test_a_link_to_hand_on_fits_and_has_no_barriers(app: App) -> None:
    browser = app.open(RUN + "demo0/pictures")
    browser.press("Share")
    browser.press("Make a link")
    browser.see(".share-links li")
    check(browser)


def test_folds_that_are_open_fit_and_have_no_barriers(app: App) -> None:
    browser = app.open(RUN + "demo0", ".run-now")
    browser.see(".run-images details")
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    check(browser)


def test_choosing_pictures_fits_and_has_no_barriers(app: App) -> None:
    browser = app.open(RUN + "demo0/pictures", ".snap")
    browser.press("Choose")
    for tile in browser.all(".snap-open")[:2]:
        tile.click()
    browser.see(".snap-chosen")
    check(browser)


def test_favourites_fit_and_have_no_barriers(app: App) -> None:
    browser = app.open(RUN + "demo0/pictures", ".snap")
    browser.all(".filters .pill")[1].click()
    check(browser)


@pytest.mark.parametrize("kind", ["a picture", "a recreated one beside its image"])
def test_the_lightbox_fits_and_has_no_barriers(app: App, kind: str) -> None:
    browser = app.open(RUN + "demo0/pictures", ".snap")
    pictures = ".snap-open[data-picture*=projected]" if "recreated" in kind else ".snap-open"
    browser.see(pictures).click()
    browser.see(".lightbox-picture img")
    check(browser)
    browser.keys("+")
    browser.see(".lightbox-zoomed")
    check(browser)
    browser.keys(Keys.ESCAPE)
    browser.gone(".lightbox")


@pytest.mark.parametrize("way", ["Side by side", "Blink"])
def test_a_way_to_compare_fits_and_has_no_barriers(app: App, way: str) -> None:
    browser = app.open("#/red-chairs/compare?a=demo0&b=demo1", ".versus")
    browser.press(way)
    check(browser)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images under two labels, a copy, and what is no image."""
    images = tmp_path / "chairs"
    for label in ("stühle", "红椅子 <img src=x onerror=alert(1)>"):
        (images / label).mkdir(parents=True)
        for number in range(6):
            (images / label / f"{number}.png").write_bytes(png(number + 10 * len(label)))
    (images / "letter.pdf").write_bytes(b"%PDF-1.7")
    (images / f"{'long ' * 40}.png").write_bytes(b"")
    (images / "stühle" / "copy.png").write_bytes((images / "stühle" / "0.png").read_bytes())
    return images


def test_what_was_dropped_fits_and_has_no_barriers(app: App, folder: Path) -> None:
    browser = app.open("#/leaves", ".zone")
    browser.drop([folder], ".zone")
    browser.button("Send 12 images")
    browser.press("3 skipped")
    check(browser)


def test_sending_that_is_cut_off_and_files_that_cannot_be_sent_fit_and_have_no_barriers(app: App, folder: Path) -> None:
    browser = app.open("#/faience", ".zone")
    browser.drop([folder], ".zone")
    browser.button("Send 12 images")
    (folder / "stühle" / "3.png").unlink()
    browser.network(offline=True)
    browser.press("Send 12 images")
    browser.see(".send .notice-warning")
    browser.complaints(expected=CUT_OFF)
    for width, scheme, _ in LOOKS:
        browser.show_as(width, scheme)
        check_screen(browser, expected=CUT_OFF)
    browser.network()
    browser.see(".failed")
    browser.gone(".meter")
    browser.complaints(expected=CUT_OFF)
    check(browser)
