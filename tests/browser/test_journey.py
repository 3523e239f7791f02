"""One visitor's way through the web app, from the link of `local_aws up` to the pictures on their disk, in a real
browser on the embedded AWS. In this order: each test goes on where the one before has ended.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from contract.reasons import sentences
from local_aws.workshop import LocalWorkshop, Options
from tests.browser.chromium import DESKTOP, PHONE, Browser, check_screen
from tests.browser.mixed_folder import LABELS, MixedFolder, write_mixed_folder
from tests.e2e.conftest import ROOT
from tests.e2e.following import runs_of, wait_for, wait_for_mails, wait_for_runs, wait_until_over
from tests.e2e.visiting import BODIES, mint_token
from workshop.admission.app_links import app_address
from workshop.admission.grants import Right
from workshop.web.interface import operations

pytestmark = pytest.mark.browser

TITLE = "红椅子"
# Far more than anybody waits for: the training is finished by its visitor.
KIMG = "5000"
SLOWLY = 10_000  # bytes a second
CUT_OFF = "ERR_INTERNET_DISCONNECTED"


@dataclass
class Journey:
    """A workshop, the browser of its visitor, and how far they have come."""

    workshop: LocalWorkshop
    browser: Browser
    folder: MixedFolder
    dataset: str = ""
    run: str = ""
    hearts: list[str] = field(default_factory=list)

    def stored(self, prefix: str) -> dict[str, bytes]:
        """The objects below a prefix, by what follows it."""
        s3, bucket = self.workshop.endpoint.client("s3"), self.workshop.bucket
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def uploaded(self) -> dict[str, bytes]:
        own = ("", "settings.yaml", "_READY")
        return {name: body for name, body in self.stored(f"uploads/{self.dataset}/").items() if name not in own}

    def open(self, screen: str, sign: str) -> None:
        self.browser.driver.get(f"{self.workshop.app_url}/#/{screen}")
        self.browser.see(sign)

    def drop_folder(self) -> None:
        self.browser.drop([self.folder.path], ".zone")

    def downloaded(self, name: str) -> Path:
        """A file as soon as it has been saved whole."""
        path = self.browser.downloads / name
        return self.browser.wait(lambda: path if path.exists() else None, f"{name} in {self.browser.downloads}")


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory, browsers: Callable[[], Browser]) -> Iterator[Journey]:
    options = Options(preset="tiny", kimg=KIMG, quiet_seconds=600, min_images=8)
    folder = write_mixed_folder(tmp_path_factory.mktemp("desktop") / "Stühle 2026")
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("workshop"), options) as workshop:
        yield Journey(workshop, browsers(), folder)


@pytest.fixture(autouse=True)
def no_strangers(journey: Journey) -> Iterator[None]:
    """No test ends with a complaint in the console, or after a request to anybody but the app and S3."""
    yield
    assert journey.browser.complaints() == []
    assert origins(journey.browser) <= {journey.workshop.app_url, objects_origin(journey.workshop)}


def origins(browser: Browser) -> set[str]:
    """Whom the page has asked for anything since it was loaded."""
    names = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    addresses = [urlsplit(name) for name in names if not name.startswith(("blob:", "data:"))]
    return {f"{address.scheme}://{address.netloc}" for address in addresses}


def objects_origin(workshop: LocalWorkshop) -> str:
    host, _, port = workshop.app_url.rpartition(":")
    return f"{host.replace('127.0.0.1', 'localhost')}:{int(port) + 1}"


def check(browser: Browser) -> None:
    for width, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
        browser.show_as(width, scheme)
        check_screen(browser)


def test_the_link_opens_the_datasets_and_a_name_in_any_script_is_kept(journey: Journey) -> None:
    browser = journey.browser
    browser.show_as(DESKTOP, "light")
    browser.driver.get(journey.workshop.app_link())
    browser.see(".empty")
    assert "t=" not in browser.driver.current_url
    check(browser)
    browser.press("New dataset")
    browser.see("dialog[open] input").send_keys(TITLE)
    browser.press("Create")
    browser.see(".zone")
    assert browser.text("h1") == TITLE
    journey.dataset = urlsplit(browser.driver.current_url).fragment.strip("/")
    assert journey.dataset.isascii()


def test_a_folder_of_500_is_looked_at_and_what_is_skipped_says_why(journey: Journey) -> None:
    browser, folder = journey.browser, journey.folder
    journey.drop_folder()
    assert browser.button(f"Send {len(folder.good)} images")
    browser.gone(".looking")
    browser.press(f"{sum(folder.skipped.values())} skipped")
    groups = [group.text.splitlines() for group in browser.all(".skipped-group")]
    told = {lines[0]: len(lines) - 1 for lines in groups}
    reasons = folder.skipped.copy()
    assert told.pop("20 images are there twice") == reasons.pop("duplicate")
    # A line break in a name stays one, so that such a name may be two lines.
    assert told.pop(sentences("en")["name_unusable"]) >= reasons.pop("name_unusable")
    assert told == {sentences("en")[reason]: number for reason, number in reasons.items()}
    labels = [one.get_attribute("value") for one in browser.all(".labels input")]
    assert sorted(labels) == sorted(LABELS)
    check(browser)


def test_what_is_cut_off_goes_on_and_what_is_there_after_a_reload_is_not_sent_again(journey: Journey) -> None:
    browser, good = journey.browser, journey.folder.good
    browser.network(upload_bytes_a_second=SLOWLY)
    browser.press(f"Send {len(good)} images")
    browser.see(".tile-sent")
    browser.network(offline=True)
    browser.see(".send .notice", "No connection")
    assert len(journey.uploaded()) < len(good)
    assert all(CUT_OFF in message for message in browser.complaints())

    browser.network(upload_bytes_a_second=SLOWLY)
    browser.gone(".send .notice")
    before = len(browser.all(".tile-sent"))
    browser.wait(lambda: len(browser.all(".tile-sent")) > before or None, "more that is sent")
    browser.driver.refresh()
    browser.network()
    assert all(CUT_OFF in message for message in browser.complaints())

    browser.see(".zone")
    journey.drop_folder()
    browser.gone(".looking")
    there = int(browser.see(".counts", "already there").text.split(" · ")[-1].split()[0])
    assert 0 < there < len(good)
    browser.press(f"Send {len(good) - there} images")
    browser.see(".counts", f"{there} already there · {len(good) - there} sent")
    assert journey.uploaded() == good
    assert browser.all(".failed") == []


def test_samples_are_seen_while_it_trains(journey: Journey) -> None:
    browser, workshop = journey.browser, journey.workshop
    browser.press("Learn the labels")
    browser.see(".labels", "The model will learn these labels")
    check(browser)
    browser.press("Start now")
    browser.press("Start")
    browser.see(".run-now")
    journey.run = browser.driver.current_url.rpartition("/")[2]
    check(browser)
    wait_for(workshop, "samples", lambda: browser.run(SHEET_WIDTH), lambda: browser.text("main"))
    slider = browser.see(".sheets .slider")
    slider.send_keys(Keys.HOME)
    browser.see(".sheet-text", "Before it had learned anything")
    slider.send_keys(Keys.END)
    browser.see(".sheet-text", "images shown")
    assert browser.text(".run-stage") == "Learning from your images"
    (run,) = runs_of(workshop, journey.dataset)
    assert (run.execution_id, run.status) == (journey.run, "Executing")
    check(browser)


def test_what_was_skipped_is_told_on_the_runs_page_too_and_names_are_text_there(journey: Journey) -> None:
    browser = journey.browser
    assert f"{len(journey.folder.good)} images are good" in browser.text(".run-images")
    assert {chip.text.rpartition(" ")[0] for chip in browser.all(".run-images .chip")} == set(LABELS)


def test_finish_now_ends_the_training_and_makes_pictures(journey: Journey) -> None:
    browser = journey.browser
    browser.press("Finish now and make pictures")
    browser.see("dialog[open]")
    check(browser)
    browser.press("Finish and make pictures")
    browser.see(".outcome")
    (run,) = wait_until_over(journey.workshop, journey.dataset)
    assert run.status == "Succeeded", run
    browser.see(".outcome", "Your pictures are ready")
    check(browser)


def test_the_gallery_shows_every_picture_and_favourites_stay(journey: Journey) -> None:
    browser = journey.browser
    browser.press("See the pictures")
    browser.see(".snap")
    made = journey.stored(f"runs/{journey.dataset}/{journey.run}/inference/")
    drawn = {name for name in made if name.startswith("generated/") and "sheet" not in name}
    shown = {tile.get_attribute("data-picture").removeprefix("inference/") for tile in browser.all(".snap-open")}
    assert {name for name in shown if name.startswith("generated/")} == drawn
    assert {group.get_attribute("aria-label") for group in browser.all(".group")} >= set(LABELS)
    loaded = (
        "return [...document.querySelectorAll('.snap img')].every(one => (one.loading = 'eager', one.naturalWidth))"
    )
    browser.wait(lambda: browser.run(loaded) or None, "every picture")
    for tile in browser.all(".snap")[:2]:
        journey.hearts.append(tile.find_element("css selector", ".snap-open").get_attribute("data-picture"))
        tile.find_element("css selector", ".heart").click()
    check(browser)
    browser.wait(lambda: len(favourites(journey)) == 2 or None, "two favourites at the server")
    browser.driver.refresh()
    browser.see(".snap")
    pressed = browser.all(".snap:has(.heart[aria-pressed=true]) .snap-open")
    assert [tile.get_attribute("data-picture") for tile in pressed] == journey.hearts


def favourites(journey: Journey) -> Any:
    return ask(journey.browser, "GET", f"/api/datasets/{journey.dataset}/runs/{journey.run}/pictures")[1]["favourites"]


SHEET_WIDTH = "return document.querySelector('.sheet-stage img')?.naturalWidth || null"
# Others wait until they are scrolled to.
ALL_LOADED = (
    "return [...document.querySelectorAll('.snap img')].every(one => (one.loading = 'eager', one.naturalWidth))"
)
ASK = """
const [method, path, body, done] = arguments;
const headers = body === null ? {} : { "Content-Type": "application/json" };
fetch(path, { method, headers, body: body === null ? undefined : JSON.stringify(body) })
  .then(async answer => done([answer.status, await answer.json().catch(() => null)]), () => done([0, null]));
"""


def ask(browser: Browser, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """As a script of the page that is open asks its server."""
    status, answer = browser.driver.execute_async_script(ASK, method, path, body)
    return status, answer


def test_a_picture_is_seen_at_full_size(journey: Journey) -> None:
    browser = journey.browser
    browser.see(".snap-open").click()
    image = browser.see(".lightbox-picture img")
    browser.wait(lambda: browser.run("return arguments[0].naturalWidth", image) or None, "the picture")
    check(browser)
    browser.keys(Keys.ESCAPE)
    browser.gone(".lightbox[open]")


def test_the_zip_of_all_and_the_zip_of_some_hold_the_bytes_that_s3_holds(journey: Journey) -> None:
    browser = journey.browser
    made = journey.stored(f"runs/{journey.dataset}/{journey.run}/inference/")
    browser.press("Download all")
    assert unpacked(journey.downloaded(f"{journey.dataset}-{journey.run}.zip")) == {
        name: content for name, content in made.items() if not name.startswith("thumbnails/")
    }
    browser.press("Favourites 2")
    browser.press("Download favourites")
    some = unpacked(journey.downloaded(f"{journey.dataset}.zip"))
    assert sorted(some.values()) == sorted(made[name.removeprefix("inference/")] for name in journey.hearts)


def unpacked(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}


def test_two_favourites_are_mixed(journey: Journey) -> None:
    browser = journey.browser
    browser.press("Mix these two")
    wait_for_runs(journey.workshop, journey.dataset, 2)
    newest, _ = wait_until_over(journey.workshop, journey.dataset)
    assert newest.status == "Succeeded", newest
    journey.open(f"{journey.dataset}/runs/{newest.execution_id}/pictures", ".wall-mixed .snap")
    check(browser)
    journey.open(f"{journey.dataset}/runs", ".runs-row")
    assert len(browser.all(".runs-row")) == 2
    check(browser)


def test_a_mail_in_the_inbox_leads_to_the_pictures(journey: Journey) -> None:
    browser = journey.browser
    wait_for_mails(journey.workshop, journey.dataset, ["started", "succeeded", "succeeded"])
    journey.open("inbox", ".mail")
    browser.run("document.querySelectorAll('.mail').forEach(one => { one.open = true; })")
    assert all(TITLE in mail.text for mail in browser.all(".mail"))
    check(browser)
    link = next(one for one in browser.all(".mail-body a") if f"/runs/{journey.run}/pictures" in address_of(one))
    link.click()
    browser.see(".snap")
    assert browser.driver.current_url.endswith(f"#/{journey.dataset}/runs/{journey.run}/pictures")


def address_of(link: WebElement) -> str:
    return link.get_attribute("href") or ""


def test_a_link_of_another_dataset_sees_nothing_of_this_one_and_can_do_nothing_to_it(
    journey: Journey, open_browser: Callable[[], Browser]
) -> None:
    workshop, before = journey.workshop, journey.uploaded()
    other = open_browser()
    other.driver.get(invitation(workshop, "other"))
    other.see(".zone")
    for screen in ("", "/find", "/runs", f"/runs/{journey.run}", f"/runs/{journey.run}/pictures"):
        other.driver.get(f"{workshop.app_url}/#/{journey.dataset}{screen}")
        other.see(".notice-bad")
        assert TITLE not in other.driver.page_source
        assert not other.all(".tile, .snap, .sheet-stage, .runs-row, .zone")
    other.driver.get(f"{workshop.app_url}/#/")
    other.see(".title h1")
    other.gone(".loading")
    assert TITLE not in other.driver.page_source

    refused = {}
    for operation in (one for one in operations() if one.right and "{dataset}" in one.path):
        path = operation.path.format(dataset=journey.dataset, run=journey.run, link="0" * 20)
        body = BODIES.get(operation.id, {} if operation.body else None)
        refused[operation.id] = ask(other, operation.method, path, body)[0]
    assert {"offerFiles", "startRun", "listPictures", "makeMore", "shareLink"} <= set(refused)
    assert refused == dict.fromkeys(refused, 403)
    assert journey.uploaded() == before
    assert len(runs_of(workshop, journey.dataset)) == 2
    assert all("403" in message for message in other.complaints())


def invitation(workshop: LocalWorkshop, dataset: str) -> str:
    """A link with every right to one dataset."""
    return app_address(f"{workshop.app_url}/", mint_token(workshop, dataset, *Right), f"/{dataset}")


def test_who_has_no_link_is_told_how_to_get_in(journey: Journey, open_browser: Callable[[], Browser]) -> None:
    stranger = open_browser()
    stranger.driver.get(f"{journey.workshop.app_url}/#/{journey.dataset}")
    stranger.see(".empty", "link in your email")
    for width, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
        stranger.show_as(width, scheme)
        check_screen(stranger, expected="401")
