"""Datasets: made under any name, listed, and told of."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.gallery import Gallery, GalleryItem, GalleryKind, ModelFacts, PictureArchive
from tests.unit.conftest import BUCKET, TABLE, Stage
from tests.unit.dropping.conftest import ADDRESS, DATASET, OneAtATime
from tests.unit.properties import on_one_stage
from tests.unit.web.conftest import CheckedBrowser, grant_of
from workshop.admission.grants import Right
from workshop.admission.visitors import Visitor
from workshop.dropping.cards import Cards
from workshop.dropping.cover import Covers
from workshop.dropping.datasets import PAGE, Datasets
from workshop.ledger import Ledger, Runs
from workshop.platform import clock
from workshop.platform.addresses import Addresses
from workshop.platform.refusals import NotNow
from workshop.web.calls import Call

ALL = "/api/datasets"
NUMBERS = count(1)  # the stage is one for all examples


def make(browser: CheckedBrowser, title: str) -> Any:
    return browser.ask("POST", ALL, {"title": title})


def card(browser: CheckedBrowser, dataset: str = DATASET) -> Any:
    return browser.ask("GET", f"{ALL}/{dataset}").body


# ------------------------------------------------------------------------------------------------------------ titles


def test_a_dataset_is_made_under_any_name_and_found_by_it(host: CheckedBrowser) -> None:
    made = make(host, "  红椅子 ")
    assert made.status == 201
    assert (made.body["title"], made.body["state"]) == ("红椅子", "empty")
    assert made.body["dataset"].startswith("set-")
    assert host.ask("GET", ALL).body["datasets"] == [made.body]
    assert card(host, made.body["dataset"]) == made.body


def test_the_same_title_again_is_told_where_it_is(host: CheckedBrowser) -> None:
    make(host, "Red Chairs")
    again = make(host, "Red Chairs ")
    assert (again.status, again.body["error"]) == (409, "title_taken")
    assert "red-chairs" in again.body["say"]


def test_another_title_of_the_same_letters_gets_a_number(host: CheckedBrowser) -> None:
    names = [make(host, title).body["dataset"] for title in ("Red Chairs", "red chairs!", "Red-Chairs")]
    assert names == ["red-chairs", "red-chairs-2", "red-chairs-3"]
    assert make(host, "red chairs!").status == 409


def test_a_folder_of_somebody_elses_is_left_alone(host: CheckedBrowser, stage: Stage) -> None:
    stage.put_images("red-chairs", 1)
    stage.put("inference/red-chairs-2/a.png")
    Ledger(stage.dynamodb, TABLE).note_uploads("red-chairs-3", 1, clock.now_ms())
    assert make(host, "Red Chairs").body["dataset"] == "red-chairs-4"


def test_a_dataset_whose_name_is_the_title_exists_as_well(host: CheckedBrowser, stage: Stage) -> None:
    stage.put_images("lamps", 1)
    assert make(host, "lamps").status == 409


def test_a_name_is_free_again_once_its_dataset_was_purged(host: CheckedBrowser, stage: Stage) -> None:
    """What is left then is the number of its attempts."""
    stage.dynamodb.put_item(
        TableName=TABLE, Item={"pk": {"S": "DATASET#red-chairs"}, "sk": {"S": "STATE"}, "attempt": {"N": "3"}}
    )
    assert make(host, "Red Chairs").body["dataset"] == "red-chairs"
    assert Ledger(stage.dynamodb, TABLE).read("red-chairs").attempt == 3


def test_too_many_names_alike_are_refused(host: CheckedBrowser, stage: Stage) -> None:
    ledger = Ledger(stage.dynamodb, TABLE)
    for name in ("lamps", *(f"lamps-{number}" for number in range(2, 51))):
        ledger.name(name, f"other {name}")
    assert make(host, "Lamps").body["error"] == "too_many_alike"


@on_one_stage
@given(titles=st.lists(st.sampled_from(["Lamps", "lamps", "LAMPS!", "Lämps", "灯"]), min_size=2, max_size=6))
def test_however_many_make_datasets_at_once_each_title_is_one_dataset(stage: Stage, titles: list[str]) -> None:
    number = next(NUMBERS)
    named = [f"{title} {number}" for title in titles]
    ledger = Ledger(OneAtATime(stage.dynamodb), TABLE)
    covers = Covers(stage.s3, BUCKET, Addresses(stage.s3, BUCKET))
    cards = Cards(stage.s3, BUCKET, ledger, Runs(stage.dynamodb, TABLE), covers)
    datasets = Datasets(stage.s3, BUCKET, ledger, cards)
    visitor = Visitor((grant_of("*"),), 0)

    def make_one(title: str) -> tuple[str, str] | None:
        try:
            made = datasets.create(Call(visitor, "en", "", {}, {}, {"title": title})).body
        except NotNow as refused:
            assert refused.code == "title_taken"  # noqa: PT017  it is one of two right answers
            return None
        return made["title"], made["dataset"]

    with ThreadPoolExecutor(len(titles)) as pool:
        made = [one for one in pool.map(make_one, named) if one is not None]
    assert sorted(title for title, _ in made) == sorted(set(named))
    assert len({dataset for _, dataset in made}) == len(made)
    assert all(ledger.read(dataset).title == title for title, dataset in made)


@pytest.mark.parametrize("title", ["", " ", "a\u202eb", "x" * 201, "\ud800"])
def test_what_is_no_title_makes_nothing(host: CheckedBrowser, title: str) -> None:
    assert make(host, title).status == 422
    assert host.ask("GET", ALL).body == {"datasets": [], "next": None}


def test_who_may_drop_into_one_dataset_makes_no_other(artist: CheckedBrowser) -> None:
    assert make(artist, "Mine").status == 403


def test_mails_say_title_and_name(host: CheckedBrowser, stage: Stage) -> None:
    dataset = make(host, "红椅子").body["dataset"]
    stage.settle(dataset)
    (mail,) = stage.mails
    assert f"红椅子 ({dataset})" in mail["Message"]
    assert "红椅子" in mail["Subject"]


def test_a_title_is_no_link_in_a_mail(host: CheckedBrowser, stage: Stage) -> None:
    dataset = make(host, "http://evil.example.com/ win").body["dataset"]
    stage.settle(dataset)
    (mail,) = stage.mails
    assert "http://evil" not in mail["Message"] + mail["Subject"]
    assert "http[:]//evil[.]example[.]com/ win" in mail["Message"]


# -------------------------------------------------------------------------------------------------------------- lists


def test_a_link_to_one_dataset_shows_that_one(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images("blue-chairs", 2)
    shown = artist.ask("GET", ALL).body
    assert [one["dataset"] for one in shown["datasets"]] == [DATASET]
    assert (shown["datasets"][0]["state"], shown["next"]) == ("empty", None)
    assert shown["datasets"][0]["rights"] == ["drop", "watch", "take"]


def test_all_datasets_are_shown_in_pages_each_once(host: CheckedBrowser, stage: Stage) -> None:
    names = [f"set-{number:02d}" for number in range(PAGE + 3)] + ["red", "red-chairs", "red0"]
    for name in names:
        stage.put(f"uploads/{name}/a.png")
    stage.put("uploads/No Dataset/a.png")
    shown, after = [], ""
    while after is not None:
        page = host.ask("GET", f"{ALL}?after={after}").body
        shown += [one["dataset"] for one in page["datasets"]]
        after = page["next"]
    assert sorted(shown) == sorted(names)


@pytest.mark.parametrize("after", ["../..", "uploads/", "~", "\u2603", "x" * 1000])
def test_a_page_after_nonsense_is_one_like_others(host: CheckedBrowser, stage: Stage, after: str) -> None:
    stage.put_images(DATASET, 1)
    assert host.ask("GET", f"{ALL}?after={after}").status == 200


def test_a_dataset_that_nobody_has_made_is_not_there(host: CheckedBrowser) -> None:
    answer = host.ask("GET", ADDRESS)
    assert (answer.status, answer.body["error"]) == (404, "no_such_dataset")


# -------------------------------------------------------------------------------------------------------------- cards


def test_images_are_counted_and_nothing_else(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    for name in ("settings.yaml", "_READY", "notes.txt", ".DS_Store", "cats/"):
        stage.put(f"uploads/{DATASET}/{name}")
    assert (card(artist)["images"], card(artist)["has_more"]) == (3, False)


def test_more_than_a_thousand_are_said_to_be_more(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 1001)
    assert (card(artist)["images"], card(artist)["has_more"]) == (1000, True)


def test_the_cover_is_the_first_image_that_a_browser_shows_and_soon_has(artist: CheckedBrowser, stage: Stage) -> None:
    assert card(artist)["cover"] is None
    stage.put(f"uploads/{DATASET}/1.heic")
    stage.put(f"uploads/{DATASET}/2.png", b"")
    stage.put(f"uploads/{DATASET}/3.png", bytes(2_000_001))
    stage.put(f"uploads/{DATASET}/4.html")
    stage.put(f"uploads/{DATASET}/5.JPG")
    cover = urlsplit(card(artist)["cover"])
    assert cover.path.endswith(f"/uploads/{DATASET}/5.JPG")
    assert "response-content-type=image%2Fjpeg" in cover.query


def leave_gallery(stage: Stage, execution: str, *kinds: GalleryKind) -> None:
    items = tuple(
        GalleryItem(kind, f"inference/{kind}/{n}.png", 64, 64, f"inference/thumbnails/{kind}/{n}.webp")
        for n, kind in enumerate(kinds)
    )
    model, archive = ModelFacts("best"), PictureArchive("inference/pictures.zip", 1)
    gallery = Gallery(DATASET, execution, 0.7, model, archive, items)
    stage.put(f"runs/{DATASET}/{execution}/report/gallery.json", gallery.to_json().encode())


def end_run(stage: Stage, status: str = "Succeeded") -> str:
    """The active run has ended; returns its id."""
    ledger = Ledger(stage.dynamodb, TABLE)
    state = ledger.read(DATASET)
    arn, is_good = state.execution_arn or "", status == "Succeeded"
    assert ledger.finish(state.run, state.held_claim, arn, status, clock.now_ms(), has_trained=is_good)
    return arn.rpartition("/")[2]


def test_the_cover_is_a_picture_once_there_is_one(artist: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET)
    first = end_run(stage)
    assert f"/uploads/{DATASET}/" in card(artist)["cover"]
    leave_gallery(stage, first, GalleryKind.SHEET, GalleryKind.MIXED, GalleryKind.GENERATED)
    assert f"/runs/{DATASET}/{first}/inference/thumbnails/generated/2.webp?" in card(artist)["cover"]
    stage.invoke("start_run", {"source": "manual", "dataset": DATASET, "rerun": True})
    second = end_run(stage, "Failed")
    assert f"/{first}/" in card(artist)["cover"], "a run that has failed has made none"
    leave_gallery(stage, second, GalleryKind.RECREATED)
    assert f"/{second}/inference/thumbnails/recreated/0.webp?" in card(artist)["cover"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": "workshop-gallery/1"}', b"[" * 100_000])
def test_a_gallery_that_cannot_be_read_has_no_picture(artist: CheckedBrowser, stage: Stage, content: bytes) -> None:
    stage.settle(DATASET)
    stage.put(f"runs/{DATASET}/{end_run(stage)}/report/gallery.json", content)
    assert f"/uploads/{DATASET}/" in card(artist)["cover"]


def test_who_may_only_drop_sees_their_images_and_no_picture(app: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET)
    leave_gallery(stage, end_run(stage), GalleryKind.GENERATED)
    app.open(DATASET, [Right.DROP, Right.WATCH])
    assert f"/uploads/{DATASET}/" in card(app)["cover"]


def test_who_may_only_watch_sees_neither(app: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET)
    leave_gallery(stage, end_run(stage), GalleryKind.GENERATED)
    app.open(DATASET, [Right.WATCH])
    assert (card(app)["cover"], card(app)["images"]) == (None, 3)


def test_a_drop_waits_until_its_timer_is_due_then_runs_then_is_idle(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    stage.upload_event(f"uploads/{DATASET}/0000.png")
    now = clock.now_ms() // 1000
    waiting = card(artist)
    assert waiting["state"] == "waiting"
    assert now < waiting["starts_at"] <= now + 61
    stage.later(61)
    stage.serve_timer(DATASET)
    running = card(artist)
    assert (running["state"], running["starts_at"], running["run"]["status"]) == ("running", None, "running")
    assert (running["run"]["images"], running["run"]["makes_model"]) == (3, True)
    ledger = Ledger(stage.dynamodb, TABLE)
    state = ledger.read(DATASET)
    arn, ended = state.execution_arn or "", clock.now_ms()
    ledger.finish(state.run, state.held_claim, arn, "Succeeded", ended, has_trained=True)
    Runs(stage.dynamodb, TABLE).end(arn, "Succeeded", ended, ended)
    Runs(stage.dynamodb, TABLE).note_bill(arn, 7200)
    idle = card(artist)
    assert (idle["state"], idle["run"]["status"], idle["run"]["ended"]) == ("idle", "succeeded", ended // 1000)
    assert idle["cost"] == pytest.approx(2.82)  # 2 h at 1.41 dollars


def test_what_cannot_be_run_says_why_until_something_new_is_seen(artist: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET, images=2)
    blocked = card(artist)
    assert blocked["state"] == "blocked"
    assert "3" in blocked["problems"][0]
    stage.put_images(DATASET, 3)
    stage.upload_event(f"uploads/{DATASET}/0002.png")
    assert (card(artist)["state"], card(artist)["problems"]) == ("waiting", [])
    stage.later(61)
    stage.serve_timer(DATASET)
    assert (card(artist)["state"], card(artist)["problems"]) == ("running", [])
    assert "problems" not in stage.item(f"DATASET#{DATASET}")


def test_a_run_whose_record_has_expired_is_not_told(artist: CheckedBrowser, stage: Stage) -> None:
    stage.settle(DATASET)
    arn = Ledger(stage.dynamodb, TABLE).read(DATASET).execution_arn or ""
    stage.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": f"RUN#{arn}"}, "sk": {"S": "STATE"}})
    assert (card(artist)["run"], card(artist)["cost"]) == (None, None)


def test_the_bucket_has_nothing_of_a_dataset_that_was_only_made_but_its_folder(
    host: CheckedBrowser, stage: Stage
) -> None:
    make(host, "Lamps")
    listed = stage.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("uploads/lamps/", 0)]
    assert stage.invoke("start_run", {"source": "manual", "dataset": "lamps"})["outcome"] == "nothing"
