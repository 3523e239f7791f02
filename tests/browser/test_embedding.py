"""The drop zone in somebody else's page: the very example of docs/embedding.md, beside a workshop that allows it."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.shadowroot import ShadowRoot

from local_aws.workshop import LocalWorkshop, Options
from tests.browser.chromium import Browser
from tests.browser.conftest import Open
from tests.browser.elsewhere import serve
from tests.e2e.conftest import ROOT
from tests.e2e.drops import png
from tests.e2e.visiting import mint_token
from workshop.admission.grants import Right

pytestmark = pytest.mark.browser

DATASET, OTHER = "red-chairs", "blue-chairs"


@dataclass(frozen=True)
class Shop:
    """Two sites with the example's page, of which the workshop allows one; its server hands out `token`."""

    workshop: LocalWorkshop
    allowed: str
    foreign: str
    pages: dict[str, str]

    def hand_out(self, dataset: str, right: Right = Right.DROP) -> None:
        self.pages["/workshop-token"] = mint_token(self.workshop, dataset, right)

    def stored(self) -> set[str]:
        listed = self.workshop.endpoint.client("s3").list_objects_v2(Bucket=self.workshop.bucket, Prefix="uploads/")
        return {one["Key"] for one in listed.get("Contents", [])}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    pages: dict[str, str] = {}
    with ExitStack() as ends:
        allowed, foreign = (ends.enter_context(serve(pages)) for _ in range(2))
        options = Options(preset="tiny", quiet_seconds=600, further={"EmbeddingOrigins": allowed})
        workshop = ends.enter_context(LocalWorkshop(ROOT, tmp_path_factory.mktemp("embedding"), options))
        (example,) = re.findall(
            r"```html\n(.*?)```", (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8"), re.DOTALL
        )
        pages["/"] = example.replace("https://workshop.example.com", workshop.app_url)
        yield Shop(workshop, allowed, foreign, pages)


def inside(browser: Browser) -> ShadowRoot:
    return browser.driver.find_element(By.TAG_NAME, "workshop-drop").shadow_root


def choose(browser: Browser, files: list[Path]) -> None:
    """Choose files in the drop zone, and press Send."""
    field = browser.wait(
        lambda: next(iter(inside(browser).find_elements(By.CSS_SELECTOR, "#files")), None), "the drop zone"
    )
    field.send_keys("\n".join(map(str, files)))

    def send() -> bool | None:
        buttons = inside(browser).find_elements(By.CSS_SELECTOR, "button")
        ready = [one for one in buttons if one.text.startswith("Send ") and one.is_enabled()]
        return None if not ready else ready[0].click() or True

    browser.wait(send, "Send")


def images(folder: Path) -> list[Path]:
    files = [folder / f"{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(png(number))
    return files


def test_the_documented_page_sends_images_into_its_dataset(shop: Shop, open_browser: Open, tmp_path: Path) -> None:
    browser = open_browser()
    shop.hand_out(DATASET)
    browser.driver.get(f"{shop.allowed}/")
    choose(browser, images(tmp_path))
    assert browser.see("#told", "photos have arrived").text == "Thank you: 3 photos have arrived."
    assert shop.stored() == {f"uploads/{DATASET}/{number}.png" for number in range(3)}
    assert browser.complaints(expected="favicon") == []
    assert browser.driver.get_cookies() == []


@pytest.mark.parametrize("kind", ["another site", "a token of another dataset", "a token that allows no drop"])
def test_nobody_else_gets_anything_in(shop: Shop, open_browser: Open, tmp_path: Path, kind: str) -> None:
    browser, before = open_browser(), shop.stored()
    shop.hand_out(
        OTHER if kind == "a token of another dataset" else DATASET,
        Right.WATCH if kind == "a token that allows no drop" else Right.DROP,
    )
    browser.driver.get(f"{shop.foreign if kind == 'another site' else shop.allowed}/")

    def is_told() -> str | None:
        return next((one.text for one in inside(browser).find_elements(By.CSS_SELECTOR, ".notice") if one.text), None)

    assert browser.wait(is_told, "a sentence")
    assert shop.stored() == before
