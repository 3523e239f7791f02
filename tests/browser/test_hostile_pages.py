"""What strangers may try that only a browser shows: names that are markup, pages that call themselves pictures, pages
of other origins, links that are scripts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.reasons import sentences
from local_aws.workshop import LocalWorkshop, Options
from tests.browser.chromium import DESKTOP, Browser, check_screen
from tests.browser.elsewhere import serve
from tests.browser.mixed_folder import MARKUP, PAGE
from tests.e2e.conftest import ROOT
from tests.e2e.visiting import owner
from workshop.platform.addresses import Addresses

pytestmark = pytest.mark.browser

DATASET = "chairs"


@dataclass(frozen=True)
class Visit:
    workshop: LocalWorkshop
    browser: Browser

    def open(self, screen: str, sign: str) -> None:
        self.browser.driver.get(f"{self.workshop.app_url}/#{screen}")
        self.browser.see(sign)

    def datasets(self) -> list[str]:
        return sorted(one["title"] for one in owner(self.workshop).ask("GET", "/api/datasets").body["datasets"])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    options = Options(preset="tiny", quiet_seconds=600, min_images=8)
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("workshop"), options) as up:
        assert owner(up).ask("POST", "/api/datasets", {"title": "Chairs"}).status == 201
        yield up


@pytest.fixture
def visit(workshop: LocalWorkshop, open_browser: Callable[[], Browser]) -> Visit:
    """Of somebody who may do everything."""
    browser = open_browser()
    browser.show_as(DESKTOP, "light")
    browser.driver.get(workshop.app_link())
    browser.see(".dataset")
    return Visit(workshop, browser)


def test_a_title_that_is_markup_is_text_on_every_screen(visit: Visit) -> None:
    browser = visit.browser
    made = owner(visit.workshop).ask("POST", "/api/datasets", {"title": MARKUP}).body["dataset"]
    browser.driver.refresh()
    browser.see(".dataset", MARKUP)
    check_screen(browser)
    for screen in ("", "/find", "/runs", "/compare"):
        visit.open(f"/{made}{screen}", "h1")
        browser.wait(lambda: MARKUP in browser.text("main") or None, "the title")
        assert browser.driver.title
        check_screen(browser)


def test_a_mail_that_is_markup_is_text_and_only_addresses_in_it_are_links(visit: Visit) -> None:
    browser, address = visit.browser, "https://example.com/a?b=1&c=<d>"
    visit.workshop.endpoint.client("sns").publish(
        TopicArn=visit.workshop.outputs["NoticesTopicArn"],
        Subject=f"{MARKUP} javascript:harmed=1",
        Message=f"{MARKUP}\njavascript:harmed=1\ndata:text/html,{MARKUP}\n{address}\nhttp://javascript:harmed=1",
    )
    visit.open("/inbox", ".mail")
    body = browser.see(".mail-body")
    assert body.text.startswith(f"{MARKUP}\njavascript:harmed=1\ndata:text/html,{MARKUP}")
    links = [link.get_attribute("href") for link in browser.all(".mail-body a")]
    assert "https://example.com/a?b=1&c=" in links
    check_screen(browser)


@pytest.mark.parametrize(
    "fragment",
    [
        "#t=W10.W10&go=javascript:harmed=1",
        f"#t=W10.W10&go={MARKUP}",
        "#/javascript:harmed=1",
        f"#/{MARKUP}",
        "#/%00/runs",
    ],
)
def test_an_address_that_is_a_script_leads_nowhere(visit: Visit, fragment: str) -> None:
    browser = visit.browser
    browser.driver.get("about:blank")
    browser.driver.get(f"{visit.workshop.app_url}/{fragment}")
    browser.see(".empty")
    assert browser.driver.current_url.startswith(f"{visit.workshop.app_url}/")
    check_screen(browser, expected="401")


def test_a_page_that_calls_itself_a_picture_is_refused_before_anything_is_sent(visit: Visit, tmp_path: Path) -> None:
    browser = visit.browser
    visit.open(f"/{DATASET}", ".zone")
    page = tmp_path / f"{MARKUP}.png"
    page.write_bytes(PAGE)
    browser.drop([page], ".zone")
    browser.press("1 skipped")
    assert browser.text(".skipped-group h3") == sentences("en")["text"]
    assert browser.text(".skipped-group li") == page.name
    assert browser.all(".sending, .tile") == []
    asked = browser.run("return performance.getEntriesByType('resource').map(one => one.name)")
    assert asked
    assert not [address for address in asked if address.endswith("/uploads")]
    check_screen(browser)


@pytest.mark.parametrize("media_type", ["image/png", "text/html"])
def test_a_page_that_lies_in_s3_as_a_picture_never_runs_and_is_never_a_page_where_the_app_leads(
    visit: Visit, media_type: str
) -> None:
    browser, s3, bucket = visit.browser, visit.workshop.endpoint.client("s3"), visit.workshop.bucket
    key = f"uploads/{DATASET}/page.png"
    s3.put_object(Bucket=bucket, Key=key, Body=PAGE, ContentType=media_type)
    host, _, port = visit.workshop.app_url.rpartition(":")
    objects = f"{host.replace('127.0.0.1', 'localhost')}:{int(port) + 1}/"
    addresses = Addresses(s3, bucket, objects)
    bare = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    on_objects = f"{objects}{bare.split('/', 3)[3]}"

    browser.driver.get(addresses.show(key))
    assert browser.run("return document.contentType") == "image/png"
    assert browser.run("return typeof harmed") == "undefined"
    browser.driver.get(on_objects)  # as no address of the app is: S3 says what the uploader has said
    assert browser.run("return typeof harmed") == "undefined"
    for address in (f"{visit.workshop.app_url}/{key}", f"{visit.workshop.app_url}/{bucket}/{key}"):
        browser.driver.get(address)
        assert browser.run("return [document.contentType, typeof harmed]") == ["application/json", "undefined"]
    browser.driver.get("about:blank")
    browser.driver.get(addresses.save(key))
    browser.wait(lambda: (browser.downloads / "page.png").exists() or None, "the download")
    assert browser.driver.title == ""


# All that a page can do without its visitor's help. What is read ends in `got`.
STRANGE_PAGE = """<!doctype html><title>elsewhere</title><body><script>
const app = "APP", body = JSON.stringify({ title: "Strange" }), got = {};
const ask = async (name, path, options) => {
  try {
    const answer = await fetch(app + path, { credentials: "include", ...options });
    got[name] = answer.type === "opaque" ? "opaque" : await answer.text();
  } catch { got[name] = "refused"; }
};
const json = { "Content-Type": "application/json" };
const load = (kind, address) => new Promise(resolve => {
  const node = document.createElement(kind);
  node.onload = () => resolve("loaded");
  node.onerror = () => resolve("refused");
  node.src = app + address;
  document.body.append(node);
});
const post = () => new Promise(resolve => {
  document.body.insertAdjacentHTML("beforeend", `<iframe name="into"></iframe>
    <form method="post" enctype="text/plain" target="into" action="${app}/api/datasets">
    <input name='{"title": "Strange", "x": "' value='"}'></form>`);
  document.querySelector("[name=into]").onload = () => resolve("sent");
  document.querySelector("form").submit();
});
window.done = (async () => {
  await ask("read", "/api/me", {});
  await ask("read datasets", "/api/datasets", {});
  await ask("post", "/api/datasets", { method: "POST", headers: json, body });
  await ask("post as text", "/api/datasets", { method: "POST", body, mode: "no-cors" });
  await ask("end the session", "/api/session", { method: "DELETE" });
  got.script = await load("script", "/api/me");
  got.form = await post();
  got.frame = await load("iframe", "/");
  got.inside = document.querySelector("iframe[src]").contentDocument === null;
  return got;
})();
</script>"""


@pytest.fixture
def elsewhere(workshop: LocalWorkshop) -> Iterator[str]:
    """Another port of the app's own host: browsers send its cookies along from there."""
    with serve({"/": STRANGE_PAGE.replace("APP", workshop.app_url)}) as origin:
        yield f"{origin}/"


def test_a_page_of_another_origin_reads_nothing_and_causes_nothing_with_the_visitors_cookie(
    visit: Visit, elsewhere: str
) -> None:
    browser, before = visit.browser, visit.datasets()
    browser.driver.get(elsewhere)
    got = browser.driver.execute_async_script("window.done.then(arguments[0])")
    assert {name: got[name] for name in ("read", "read datasets", "post", "end the session", "script")} == {
        "read": "refused",
        "read datasets": "refused",
        "post": "refused",
        "end the session": "refused",
        "script": "refused",
    }
    assert got["post as text"] == "opaque"
    assert got["inside"] is True
    said = " ".join(browser.complaints())
    assert "frame-ancestors" in said
    assert visit.datasets() == before

    # The session goes on, and may do from the app's own page what the other page could not.
    visit.open("/", ".dataset")
    done = browser.driver.execute_async_script(
        "const headers = { 'Content-Type': 'application/json' };"
        "fetch('/api/datasets', { method: 'POST', headers, body: arguments[0] }).then(it => arguments[1](it.status))",
        '{"title": "Own"}',
    )
    assert done == 201
    assert visit.datasets() == sorted([*before, "Own"])
