"""A real browser, as the tests of the web app steer it: what it waits for, does, and complains of."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.programs import find_programs
from tests.patience import HARD_END

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
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESKTOP = 390, 1280
Scheme = Literal["light", "dark"]
Found = TypeVar("Found")

# Everything is measured as it will be: nothing is half faded in.
RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run({ resultTypes: ["violations"] }).then(
  found => done(found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`))),
  error => done([String(error)]));
"""
# What sticks out although the page cannot be scrolled there, too.
OVERFLOW = """
const width = document.documentElement.clientWidth;
const isHeld = node => { for (; node && node !== document.body; node = node.parentElement)
  if (getComputedStyle(node).overflowX !== "visible" || getComputedStyle(node).position === "fixed") return true; };
const out = [...document.querySelectorAll("body *")].filter(node => {
  const box = node.getBoundingClientRect();
  return node.checkVisibility() && box.right > width + 1 && !isHeld(node) && !node.closest(".unseen, .skip");
}).map(node => `${node.tagName}.${node.className}: ${Math.round(node.getBoundingClientRect().right)} of ${width}`);
const all = document.documentElement.scrollWidth;
return [...(all > width ? [`the page: ${all} of ${width}`] : []), ...out];
"""
# A file's name that has become more than text, and links that are more than addresses.
HARM = """
return [
  ...[...document.querySelectorAll('[src="x"], [onerror], script:not([src]), iframe')].map(node => node.outerHTML),
  ...[...document.links].filter(link => !/^https?:$/.test(link.protocol)).map(link => link.outerHTML),
  ...(window.harmed ? ["a script of somebody else's has run"] : []),
];
"""


@dataclass(frozen=True)
class Browser:
    """`driver` steers it; what it saves instead of showing lands in `downloads`."""

    driver: Chrome
    downloads: Path

    # ------------------------------------------------------------------------------------------------------- waiting

    def wait(self, look: Callable[[], Found | None], what: str) -> Found:
        """Look until there is something; `what` says what was missed if it never comes."""

        def again(_: object) -> Found | None:
            try:
                return look()
            except StaleElementReferenceException:  # drawn anew while we looked
                return None

        found = WebDriverWait(self.driver, HARD_END, poll_frequency=0.1).until(again, what)
        assert found is not None
        return found

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def see(self, css: str, text: str = "") -> WebElement:
        """The first visible element that matches and has this text in it, as soon as there is one."""

        def look() -> WebElement | None:
            return next((one for one in self.all(css) if one.is_displayed() and text in one.text), None)

        return self.wait(look, f"{css} with {text!r} at {self.driver.current_url}")

    def gone(self, css: str) -> None:
        """Wait until nothing matches any more."""
        self.wait(lambda: not self.all(css) or None, f"{css} stays at {self.driver.current_url}")

    def button(self, text: str) -> WebElement:
        """A button, or a link that looks like one, of this very text."""

        def look() -> WebElement | None:
            buttons = self.all("button, a.button, a.link, summary")
            return next((one for one in buttons if one.is_displayed() and one.text.strip() == text), None)

        return self.wait(look, f"button {text!r} at {self.driver.current_url}")

    def text(self, css: str) -> str:
        return self.see(css).text

    # -------------------------------------------------------------------------------------------------------- acting

    def press(self, text: str) -> None:
        """Press a button with the mouse, as soon as it can be."""

        def look() -> bool | None:
            button = self.button(text)
            if not button.is_enabled():
                return None
            button.click()
            return True

        self.wait(look, f"pressing {text!r}")

    def keys(self, *keys: str) -> None:
        """Type at whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def drop(self, paths: Iterable[Path], on: str) -> None:
        """Drop files and folders on an element, as from the desktop."""
        box = self.see(on).rect
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        left, top = self.run("return [scrollX, scrollY]")
        x, y = box["x"] + box["width"] / 2 - left, box["y"] + min(box["height"] / 2, 40) - top
        for kind in ("dragEnter", "dragOver", "drop"):
            self.cdp("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def network(self, *, offline: bool = False, upload_bytes_a_second: int = -1) -> None:
        self.cdp("Network.enable")
        self.cdp(
            "Network.emulateNetworkConditions",
            offline=offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=upload_bytes_a_second,
        )

    def show_as(self, width: int, scheme: Scheme) -> None:
        """As on a screen of this width, in light or dark colours, without movement."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        pairs = [{"name": name, "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=pairs)
        size = {"width": width, "height": 844 if width == PHONE else 900, "deviceScaleFactor": 1}
        self.cdp("Emulation.setDeviceMetricsOverride", **size, mobile=width == PHONE)

    def speak(self, language: str) -> None:
        """Choose the app's language, also where a dialog is in front of the choice."""
        self.run(
            "const choice = document.querySelector('select.language'); choice.value = arguments[0];"
            "choice.dispatchEvent(new Event('change', { bubbles: true }));",
            language,
        )
        self.wait(lambda: self.run("return document.documentElement.lang") == language or None, language)

    # ------------------------------------------------------------------------------------------------------- judging

    def complaints(self, *, expected: str = "") -> list[str]:
        """What the console has said since the last call: errors, warnings, reports about the Content-Security-Policy;
        without those that match the pattern `expected`.
        """
        said = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [message for message in said if not (expected and re.search(expected, message))]

    def barriers(self) -> list[str]:
        """What axe finds in the page as it is: what keeps people with disabilities out."""
        if not self.run("return 'axe' in window"):
            self.run(AXE.read_text())
        return list(self.driver.execute_async_script(RUN_AXE))

    def overflow(self) -> list[str]:
        """What sticks out of the page at its side."""
        return list(self.run(OVERFLOW))

    def harm(self) -> list[str]:
        """Markup of what people have named, and links that lead to no address."""
        return list(self.run(HARM))


def start(folder: Path) -> Browser:
    """A browser that has never been used; whoever starts it quits its `driver`."""
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    programs = find_programs()
    options = ChromeOptions()
    options.binary_location = programs.browser
    options.accept_insecure_certs = True  # the embedded AWS signs its own
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(programs.driver))
    driver.set_script_timeout(HARD_END)
    driver.set_page_load_timeout(HARD_END)
    return Browser(driver, downloads)


def check_screen(browser: Browser, *, expected: str = "") -> None:
    """A screen as it is now: no barriers, nothing that sticks out, no harm, no complaints."""
    faults = {
        "axe": browser.barriers(),
        "overflow": browser.overflow(),
        "harm": browser.harm(),
        "console": browser.complaints(expected=expected),
    }
    assert not any(faults.values()), (browser.driver.current_url, {name: some for name, some in faults.items() if some})
