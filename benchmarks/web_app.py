"""What the web app's drop page takes of a browser: `python -m benchmarks.web_app`.

Headless Chromium before a workshop on the embedded AWS, of its own. First paints are of a page loaded anew with an
empty cache; 1,000 small files are dropped as a folder, looked at and sent; 20,000 are dropped, looked at and scrolled
through, and none of them is sent. Real: the built app, the browser, the function, the door. Not real: the way to AWS.
Prints Markdown, with the machine's load, on which all of it depends.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from local_aws import ROOT
from local_aws.workshop import LocalWorkshop, Options
from tests.browser import chromium
from tests.browser.chromium import DESKTOP, Browser
from tests.e2e.visiting import owner

SENT, LISTED = 1_000, 20_000
A_FOLDER = 1_000
SIDE = 12  # pixels: half a kilobyte
LOADS = 5

# The largest paint is known once the page has come to rest: the observer is told of all there were.
PAINTS = """
const done = arguments[0];
new PerformanceObserver(list => done({
  first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  largest: list.getEntries().at(-1).startTime,
})).observe({ type: "largest-contentful-paint", buffered: true });
"""
# From one frame to the next while the list is scrolled through, a screenful a frame.
SCROLL = """
const done = arguments[0], box = document.querySelector(".tiles"), frames = [];
let before = performance.now();
const step = now => {
  frames.push(now - before);
  before = now;
  if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) return done(frames.slice(1));
  box.scrollTop += Math.max(box.clientHeight, box.scrollHeight / 400);
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""


@dataclass(frozen=True)
class Paints:
    """Medians, in milliseconds."""

    first: float
    largest: float


@dataclass(frozen=True)
class Sending:
    """Seconds."""

    looking: float
    sending: float


@dataclass(frozen=True)
class Listing:
    """Seconds until all are looked at, bytes of the page's own, milliseconds of frames while scrolling."""

    looking: float
    heap: int
    median_frame: float
    longest_frame: float


def write_images(folder: Path, number: int) -> Path:
    """So many small images in sub-folders, no two the same."""
    noise = np.random.default_rng(number)
    for one in range(number):
        path = folder / f"{one // A_FOLDER:02d}" / f"{one:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(path)
    return folder


def open_dataset(workshop: LocalWorkshop, browser: Browser, title: str) -> str:
    """A new dataset's page, which is empty."""
    dataset = str(owner(workshop).ask("POST", "/api/datasets", {"title": title}).body["dataset"])
    browser.driver.get("about:blank")
    browser.driver.get(workshop.app_link(f"/{dataset}"))
    browser.see(".zone")
    return dataset


def measure_paints(workshop: LocalWorkshop, browser: Browser) -> Paints:
    dataset = open_dataset(workshop, browser, "Paints")
    browser.cdp("Network.enable")
    browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
    seen = []
    for _ in range(LOADS):
        browser.driver.get("about:blank")
        browser.driver.get(f"{workshop.app_url}/#/{dataset}")
        browser.see(".zone")
        browser.see(".settings")
        seen.append(browser.driver.execute_async_script(PAINTS))
    first, largest = (statistics.median(paints[kind] for paints in seen) for kind in ("first", "largest"))
    return Paints(first, largest)


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def drop_and_wait(browser: Browser, folder: Path, number: int) -> None:
    browser.drop([folder], ".zone")
    browser.button(f"Send {number:,} images")
    browser.gone(".looking")


def measure_sending(workshop: LocalWorkshop, browser: Browser, folder: Path) -> Sending:
    open_dataset(workshop, browser, "Sent")
    looking = seconds(lambda: drop_and_wait(browser, folder, SENT))
    browser.press(f"Send {SENT:,} images")
    return Sending(looking, seconds(lambda: browser.see(".counts", f"{SENT:,} sent")))


def measure_list(workshop: LocalWorkshop, browser: Browser, folder: Path) -> Listing:
    open_dataset(workshop, browser, "Listed")
    looking = seconds(lambda: drop_and_wait(browser, folder, LISTED))
    frames = browser.driver.execute_async_script(SCROLL)
    browser.cdp("Performance.enable")
    browser.cdp("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in browser.cdp("Performance.getMetrics")["metrics"]}
    return Listing(looking, int(metrics["JSHeapUsedSize"]), statistics.median(frames), max(frames))


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sent, listed = write_images(folder / "sent", SENT), write_images(folder / "listed", LISTED)
        options = Options(preset="tiny", quiet_seconds=3600)
        with LocalWorkshop(ROOT, folder / "workshop", options) as workshop:
            browser = chromium.start(folder / "browser")
            try:
                browser.show_as(DESKTOP, "light")
                paints = measure_paints(workshop, browser)
                sending = measure_sending(workshop, browser, sent)
                listing = measure_list(workshop, browser, listed)
            finally:
                browser.driver.quit()
    tell(paints, sending, listing)


def tell(paints: Paints, sending: Sending, listing: Listing) -> None:
    rows = {
        f"first paint, median of {LOADS}": f"{paints.first:.0f} ms",
        f"largest paint, median of {LOADS}": f"{paints.largest:.0f} ms",
        f"{SENT:,} files: looked at": f"{SENT / sending.looking:.0f} a second",
        f"{SENT:,} files: sent": f"{SENT / sending.sending:.0f} a second",
        f"{LISTED:,} files: looked at": f"{LISTED / listing.looking:.0f} a second",
        f"{LISTED:,} files: heap of the page": f"{listing.heap / 1e6:.0f} MB",
        f"{LISTED:,} files: frame while scrolling, median": f"{listing.median_frame:.0f} ms",
        f"{LISTED:,} files: frame while scrolling, longest": f"{listing.longest_frame:.0f} ms",
    }
    print(f"Load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores.\n")
    print("| figure | |\n|---|---|")
    for figure, value in rows.items():
        print(f"| {figure} | {value} |")


if __name__ == "__main__":
    main()
