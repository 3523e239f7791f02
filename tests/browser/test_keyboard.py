"""From a new dataset to pictures on the disk by keyboard alone: the focus is always somewhere, and always seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from local_aws.workshop import LocalWorkshop, Options
from tests.browser.chromium import DESKTOP, Browser
from tests.e2e.conftest import ROOT
from tests.e2e.drops import png
from tests.e2e.following import wait_until_over

pytestmark = pytest.mark.browser

# More stops than any screen has.
MOST_STOPS = 400

# What has the focus: its name, whether it is within sight, and whether there is a line around it (WCAG 2.4.7) or around
# what of it is meant. What only a script may focus, such as a title, needs none.
FOCUS = """
let at = document.activeElement;
if (!at || at === document.body) return null;
const isFramed = (node, part) => {
  const style = getComputedStyle(node, part);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
};
const box = at.getBoundingClientRect();
return {
  tag: at.localName,
  name: at.ariaLabel || at.labels?.[0]?.textContent || at.textContent.trim() || at.querySelector("img")?.alt || "",
  isSeen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0,
  isFramed: at.tabIndex < 0 || [at, ...at.querySelectorAll("*")].some(one => isFramed(one) || isFramed(one, "::after")),
};
"""


@dataclass(frozen=True)
class Keyboard:
    browser: Browser

    def focus(self) -> Any:
        return self.browser.run(FOCUS)

    def check_focus(self) -> Any:
        """What has the focus; waits for it to be somewhere, as it is after a dialog or a screen has opened."""
        at = self.browser.wait(self.focus, "the focus is lost")
        assert at["isSeen"], at
        assert at["isFramed"], at
        return at

    def go_to(self, name: str, *, by: str = Keys.TAB) -> None:
        """Press Tab until what is called so has the focus; every stop on the way is seen."""
        stops = []
        for _ in range(MOST_STOPS):
            self.browser.keys(by)
            at = self.focus()
            if at is None:  # behind the last stop the browser's own begin
                continue
            at = self.check_focus()
            stops.append(at["name"])
            if at["name"].startswith(name):
                return
        raise AssertionError(f"{name!r} is not among {stops}")

    def press(self, name: str, key: str = Keys.ENTER) -> None:
        """Go to a button as soon as there is one of this name, and press it; the focus is somewhere afterwards."""
        self.browser.button(name)
        self.go_to(name)
        self.browser.keys(key)
        self.check_focus()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    options = Options(preset="tiny", kimg="5000", quiet_seconds=600, min_images=8)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("workshop"), options) as up:
        yield up


def test_the_whole_way_goes_by_keyboard_alone(
    workshop: LocalWorkshop, open_browser: Callable[[], Browser], tmp_path: Path
) -> None:
    browser = open_browser()
    keyboard = Keyboard(browser)
    browser.show_as(DESKTOP, "light")
    browser.driver.get(workshop.app_link())
    browser.see(".empty")
    keyboard.go_to("Skip to the content")
    browser.keys(Keys.ENTER)
    assert keyboard.check_focus()["tag"] == "main"

    keyboard.press("New dataset", Keys.SPACE)
    browser.see("dialog[open] input:focus")
    browser.keys("Chairs", Keys.ENTER)
    browser.see(".zone")
    assert keyboard.check_focus()["tag"] == "h1"
    assert browser.text("h1") == "Chairs"

    keyboard.go_to("Choose images")
    # The system's own dialog, which Enter opens, is out of reach.
    browser.run("return document.getElementById('files')").send_keys("\n".join(map(str, images(tmp_path))))
    browser.see(".tile-ready")
    keyboard.go_to("Images")
    first = browser.see(".tile-active").get_attribute("aria-label")
    browser.keys(Keys.ARROW_RIGHT)
    assert browser.see(".tile-active").get_attribute("aria-label") != first
    browser.keys(Keys.DELETE)
    keyboard.press("Send 11 images")
    browser.see(".counts", "11 sent")
    keyboard.check_focus()
    keyboard.press("Start now")
    keyboard.press("Start")

    browser.see(".sheet-stage img")
    browser.see(".sheets .slider")
    keyboard.go_to("From the first samples to the newest")
    browser.keys(Keys.HOME)
    browser.see(".sheet-text", "Before it had learned anything")
    browser.keys(Keys.ARROW_RIGHT)
    browser.see(".sheet-text", "images shown")
    keyboard.press("Finish now and make pictures")
    browser.see("dialog[open]")
    keyboard.press("Finish and make pictures")
    browser.gone("dialog[open]")
    keyboard.check_focus()
    (run,) = wait_until_over(workshop, "chairs")
    assert run.status == "Succeeded", run

    keyboard.press("See the pictures")
    browser.see(".snap")
    assert keyboard.check_focus()["tag"] == "h1"
    keyboard.go_to("Seed 0")
    browser.keys(Keys.ENTER)
    browser.see(".lightbox-picture img")
    browser.keys(Keys.SPACE, Keys.ARROW_RIGHT, Keys.SPACE)
    browser.see(".lightbox-count", "2 of")
    keyboard.go_to("Larger")
    browser.keys(Keys.ENTER)
    browser.see(".lightbox-zoomed")
    browser.keys(Keys.ESCAPE)
    browser.gone(".lightbox")
    assert keyboard.check_focus()["name"].startswith("Seed 1")
    assert len(browser.all(".heart[aria-pressed=true]")) == 2
    keyboard.press("Download all")
    saved = browser.downloads / f"chairs-{run.execution_id}.zip"
    browser.wait(lambda: saved.exists() or None, "the zip")
    assert browser.complaints() == []


def images(folder: Path) -> Iterator[Path]:
    for number in range(12):
        path = folder / f"{number}.png"
        path.write_bytes(png(number))
        yield path
