"""Takes the screenshots of the guides: `python -m benchmarks.screenshots`.

Starts a workshop, opens its link in Chromium, and does there what an artist does: makes a dataset, chooses a folder of
sample portraits, sends and starts it, watches, and looks at the pictures; in each language of the guides, in light
colours. Everything on the pictures is drawn by this repository or made from it. Takes some minutes; nothing else may be
up in this checkout. Needs Chromium and its driver (`python -m tests.browser.programs` says what is missing).
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from local_aws import ROOT, server
from local_aws.drawings import write_sample_drop
from local_aws.workshop import SHIPPED_BASE, Options
from tests.browser.conftest import FLAGS
from tests.browser.programs import find_programs

LANGUAGES = ("en", "de", "zh-CN")
TITLE = "Portraits"
DROPS = {"en": "More portraits", "de": "Weitere Porträts", "zh-CN": "更多肖像"}
IMAGES, SHOWN = 1000, 18  # learned from; shown in the list of a drop that is not sent yet
SHEETS = 9  # samples that are there when the training is photographed
QUIET_SECONDS = 600  # as on AWS: nothing starts by itself meanwhile
WIDTH, HEIGHT, SCALE = 1180, 1000, 1.5
PATIENCE_SECONDS = 3600.0  # what hangs ends here
LARGEST_BYTES = 150_000
SEEN_ARE_THERE = """[...document.querySelectorAll("img, .snap")].every((one) => {
  const { top, bottom } = one.getBoundingClientRect();
  const shown = one.matches("img") ? one : one.querySelector("img");
  return bottom <= 0 || top >= innerHeight || shown?.naturalWidth > 0;
})"""
OPTIONS = Options(quiet_seconds=QUIET_SECONDS, warm_start=SHIPPED_BASE)


class Camera:
    """A browser at the workshop, and where its pictures go: `<folder>/<language>/<name>.webp`."""

    def __init__(self, driver: Chrome, folder: Path, say: Callable[[str], None]) -> None:
        self.driver, self._folder, self._say = driver, folder, say

    def until(self, condition: str) -> None:
        """Wait until a condition in JavaScript holds."""
        WebDriverWait(self.driver, PATIENCE_SECONDS).until(lambda driver: driver.execute_script(f"return {condition}"))

    def press(self, selector: str) -> None:
        self.until(f"document.querySelector({selector!r}) && !document.querySelector({selector!r}).disabled")
        self.driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    def screen(self) -> str:
        """The screen that is shown, as `go` takes it."""
        return str(self.driver.execute_script("return location.hash")).strip("#/")

    def go(self, screen: str) -> None:
        self.driver.execute_script("location.hash = arguments[0]", f"#/{screen}")

    def speak(self, language: str) -> None:
        self.driver.execute_script("localStorage.setItem('workshop-language', arguments[0])", language)
        self.driver.refresh()
        self.until(f"document.documentElement.lang === {language!r} && document.querySelector('h1')")

    def choose(self, files: Iterable[Path]) -> None:
        """Choose files, as with the button for it."""
        self.until("document.querySelector('#files')")
        self.driver.find_element(By.ID, "files").send_keys("\n".join(map(str, files)))

    def shoot(self, language: str, name: str, selector: str = "h1") -> None:
        """Take a picture of what is seen, with its title at the top, once all images in it are there."""
        self.until(f"document.querySelector({selector!r})")
        self.until(SEEN_ARE_THERE)
        shown = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")
        file = self._folder / language / f"{name}.webp"
        file.parent.mkdir(parents=True, exist_ok=True)
        for quality in (90, 80, 70, 60):
            shown.save(file, quality=quality, method=6)
            if file.stat().st_size <= LARGEST_BYTES:
                break
        self._say(f"{file}: {file.stat().st_size // 1000} kB")


@contextmanager
def open_browser() -> Iterator[Chrome]:
    programs = find_programs()
    options = ChromeOptions()
    options.binary_location = programs.browser
    options.accept_insecure_certs = True
    for flag in (
        *FLAGS,
        f"--force-device-scale-factor={SCALE}",
        f"--window-size={WIDTH},{HEIGHT}",
        "--hide-scrollbars",
        "--lang=en",
    ):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(programs.driver))
    driver.set_script_timeout(PATIENCE_SECONDS)
    try:
        yield driver
    finally:
        driver.quit()


def make_dataset(camera: Camera, title: str) -> str:
    """Make one as an artist does, from the first screen; returns its name in addresses."""
    camera.go("")
    camera.until("document.querySelector('.datasets, .empty')")
    camera.press(".title .button-primary, .empty .button-primary")
    camera.until("document.querySelector('.new-dataset input')")
    camera.driver.find_element(By.CSS_SELECTOR, ".new-dataset input").send_keys(title)
    camera.press(".new-dataset .button-primary")
    camera.until("document.querySelector('#files')")
    return camera.screen()


def run_one(camera: Camera, portraits: Path) -> str:
    """Send everything, start, and photograph the training; returns the run's screen once its pictures are there."""
    make_dataset(camera, TITLE)
    camera.choose(sorted(portraits.iterdir()))
    camera.press(".sending .button-primary")
    camera.until("!document.querySelector('.sending')")
    camera.press(".start > .button-primary")
    camera.press("dialog[open] .button-primary")
    camera.until("/\\/runs\\//.test(location.hash)")
    run = camera.screen()
    camera.until(f"(document.querySelector('.slider') || {{}}).max >= {SHEETS}")
    for language in LANGUAGES:
        camera.speak(language)
        camera.shoot(language, "run", ".sheet-stage img")
    camera.until("document.querySelector('.outcome .button-primary')")
    return run


def shoot_results(camera: Camera, run: str) -> None:
    """Photograph the pictures of a run in every language: all of them, and with two chosen."""
    for language in LANGUAGES:
        camera.go(f"{run}/pictures")
        camera.speak(language)
        camera.until("document.querySelectorAll('.snap img').length >= 12")
        camera.shoot(language, "result", ".snap img")
        camera.press(".toolbar-actions .button")
        for place in (4, 6):
            camera.press(f".snap:nth-child({place}) .snap-open")
        camera.shoot(language, "choose", ".snap-chosen")


def shoot_drops(camera: Camera, portraits: Path) -> None:
    """Photograph a drop that is not sent yet in every language: some portraits, and some files that are skipped."""
    files = sorted(portraits.iterdir())
    broken = [file for file in files if not file.name.startswith(("portrait-", "icon"))]
    for language in LANGUAGES:
        camera.speak(language)
        make_dataset(camera, DROPS[language])
        camera.choose([*broken, *files[200 : 200 + SHOWN]])
        camera.until("document.querySelector('.sending .button-primary:not(:disabled)')")
        camera.until("document.querySelector('.settings') && document.querySelector('.expected')")
        camera.shoot(language, "drop", ".tiles canvas")


@click.command(context_settings={"max_content_width": 110})
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "docs/images",
    help="Where the pictures go.  [default: docs/images]",
)
def main(output: Path) -> None:
    """Take the screenshots of the guides, in every language."""
    with (
        tempfile.TemporaryDirectory(prefix="screenshots-") as drawn,
        server.start_workshop(OPTIONS, say=lambda _: None) as workshop,
        open_browser() as driver,
    ):
        write_sample_drop(Path(drawn), IMAGES)
        camera = Camera(driver, output, click.echo)
        driver.get(workshop.app_link())
        camera.until("!location.hash.includes('t=') && document.querySelector('.empty')")
        shoot_results(camera, run_one(camera, Path(drawn)))
        shoot_drops(camera, Path(drawn))
        server.end_workshop(workshop)


if __name__ == "__main__":
    main()
