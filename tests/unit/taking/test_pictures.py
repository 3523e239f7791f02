"""Pictures of a run in the web app: to see, to keep, to like; every answer is held to openapi.json."""

import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.gallery import GalleryKind
from tests.unit.conftest import Stage
from tests.unit.properties import on_one_stage
from tests.unit.taking.conftest import ITEMS, gallery, item
from tests.unit.watching.conftest import DATASET, RUNS, UnderWay
from tests.unit.web.conftest import CheckedBrowser
from workshop.admission.grants import Right
from workshop.platform.refusals import Unusable
from workshop.taking.favourites import MAX_BYTES, Favourites
from workshop.taking.pictures import PAGE


def listed(watcher: CheckedBrowser, run: UnderWay, after: str = "") -> Any:
    answer = watcher.ask("GET", f"{run.address}/pictures{after and '?after='}{after}")
    assert answer.status == 200, answer.body
    return answer.body


def place(url: str) -> str:
    """The object that an address is for."""
    return unquote(urlsplit(url).path).removeprefix("/workshop-bucket").lstrip("/")


def disposition(url: str) -> str:
    return parse_qs(urlsplit(url).query)["response-content-disposition"][0]


def test_every_picture_is_told_with_what_it_was_made_of(watcher: CheckedBrowser, made: UnderWay) -> None:
    pictures = {one["name"]: one for one in listed(watcher, made)["pictures"]}
    assert [one["kind"] for one in pictures.values()] == [
        "generated", "generated", "generated", "mixed", "projected", "directions", "film", "sheet",
    ]  # fmt: skip
    first = pictures["inference/generated/seed0001.png"]
    assert (first["seed"], first["class"], first["width"], first["height"]) == (1, "lamps", 64, 48)
    assert place(first["url"]).endswith(f"{made.folder}/inference/generated/seed0001.png")
    assert place(first["thumbnail"]).endswith(f"{made.folder}/inference/thumbnails/generated/seed0001.png.webp")
    assert pictures["inference/mixed/0052-0048.png"]["mixed_of"] == [48, 52]
    recreated = pictures["inference/projected/00-anna-drawn.png"]
    assert place(recreated["original"]).endswith(f"{made.folder}/inference/projected/00-anna.png")
    assert (recreated["distance"], recreated["label"]) == (0.25, "anna.png")
    assert pictures["inference/directions/d1.png"]["label"] == "Direction 1, step 3"
    assert place(pictures["inference/film/film.webp"]["url"]).endswith("/film.mp4")


def test_zip_page_and_model_are_saved_under_names_that_say_what_they_are(
    watcher: CheckedBrowser, made: UnderWay
) -> None:
    found = listed(watcher, made)
    assert found["zip"]["bytes"] == 12_345
    assert found["model_licence"] == "Learned from chairs."
    for part, ending in (("zip", ".zip"), ("page", ".html"), ("model", "-model.tar.gz")):
        assert found[part]["name"] == f"{DATASET}-{made.id}{ending}"
        assert found[part]["bytes"] > 0
        assert disposition(found[part]["url"]).startswith("attachment"), part
    assert place(found["model"]["url"]).endswith(f"{made.folder}/training/job/output/model.tar.gz")


def test_a_run_of_a_release_without_a_gallery_has_its_page_and_model(watcher: CheckedBrowser, made: UnderWay) -> None:
    made.stage.s3.delete_object(Bucket="workshop-bucket", Key=f"{made.folder}/report/gallery.json")
    found = listed(watcher, made)
    assert (found["pictures"], found["zip"], found["next"]) == ([], None, None)
    assert found["page"]
    assert found["model"]
    assert "rights" in found["model_licence"]


def test_before_anything_is_made_there_is_nothing(watcher: CheckedBrowser, run: UnderWay) -> None:
    found = listed(watcher, run)
    assert (found["pictures"], found["zip"], found["page"], found["model"]) == ([], None, None, None)


def test_very_many_pictures_come_in_pages_each_once(watcher: CheckedBrowser, made: UnderWay) -> None:
    items = [item(GalleryKind.GENERATED, f"generated/seed{n:04d}.png", seed=n) for n in range(2 * PAGE + 3)]
    made.stage.put(f"{made.folder}/report/gallery.json", gallery(*items).to_json().encode())
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        found = listed(watcher, made, after)
        names += [one["name"] for one in found["pictures"]]
        after = found["next"]
    assert names == [one.file for one in items]


@pytest.mark.parametrize("after", ["nothing", "inference/projected/00-anna.png", "..%2F"])
def test_a_page_after_what_is_no_picture_is_refused(watcher: CheckedBrowser, made: UnderWay, after: str) -> None:
    assert watcher.ask("GET", f"{made.address}/pictures?after={after}").status == 422


PLACES = [
    "../../blue-chairs/run/report/index.html", "inference/../report/index.html", "/inference/a.png", "inference//a.png",
    "s3://other/a.png", "uploads/red-chairs/a.png", "inference/.hidden", "inference/a.png?x=1", "inference/a\u202e.png",
    "", "inference", "report/\x00.png", "inference/" + "a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("field", ["file", "thumbnail", "original", "archive"])
def test_nothing_is_signed_for_that_lies_elsewhere(watcher: CheckedBrowser, made: UnderWay, field: str) -> None:
    for name in PLACES:
        document = json.loads(gallery().to_json())
        if field == "archive":
            document["archive"]["file"] = name
        else:
            document["items"][5][field] = name
        made.stage.put(f"{made.folder}/report/gallery.json", json.dumps(document).encode())
        found = listed(watcher, made)
        assert (found["pictures"], found["zip"]) == ([], None), name


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": "other"}', b" " * (5 << 20)]
)
def test_a_gallery_that_cannot_be_read_is_none(watcher: CheckedBrowser, made: UnderWay, document: bytes) -> None:
    made.stage.put(f"{made.folder}/report/gallery.json", document)
    assert listed(watcher, made)["pictures"] == []


def test_who_asks_again_has_nothing_new_until_somebody_likes_a_picture(watcher: CheckedBrowser, made: UnderWay) -> None:
    address = f"{made.address}/pictures"
    tag = watcher.ask("GET", address).headers["ETag"]
    made.stage.later(2)
    assert watcher.ask("GET", address, if_none_match=tag).status == 304
    watcher.ask("PUT", f"{made.address}/favourites", {"names": [ITEMS[0].file]})
    assert watcher.ask("GET", address, if_none_match=tag).status == 200


@on_one_stage
@given(names=st.lists(st.sampled_from([one.file for one in ITEMS if one.kind is not GalleryKind.ORIGINAL])))
def test_favourites_are_kept_in_their_order_each_once(
    watcher: CheckedBrowser, made: UnderWay, names: list[str]
) -> None:
    answer = watcher.ask("PUT", f"{made.address}/favourites", {"names": names})
    assert (answer.status, answer.body["names"]) == (200, list(dict.fromkeys(names)))
    assert listed(watcher, made)["favourites"] == answer.body["names"]


@pytest.mark.parametrize("name", ["inference/other.png", "inference/projected/00-anna.png", "../../x", ""])
def test_only_pictures_of_the_run_can_be_favourites(watcher: CheckedBrowser, made: UnderWay, name: str) -> None:
    answer = watcher.ask("PUT", f"{made.address}/favourites", {"names": [ITEMS[0].file, name]})
    assert (answer.status, answer.body["error"], answer.body["problems"]) == (422, "no_such_picture", [name])
    assert listed(watcher, made)["favourites"] == []


def test_as_many_favourites_as_may_be_fit_into_an_item_and_more_are_refused(stage: Stage) -> None:
    favourites = Favourites(stage.dynamodb, "ledger")
    most = [f"inference/{n:04d}{'a' * 286}" for n in range(1000)]
    assert {len(name) for name in most} == {300}
    assert favourites.put("cats", "run1", most, stage.now_ms()) == most
    assert favourites.read("cats", "run1") == most
    with pytest.raises(Unusable):
        favourites.put("cats", "run1", [f"{n}{'ä' * 60}" for n in range(MAX_BYTES // 300)], stage.now_ms())
    assert favourites.read("cats", "run1") == most


def test_favourites_go_when_the_run_is_forgotten(watcher: CheckedBrowser, made: UnderWay) -> None:
    watcher.ask("PUT", f"{made.address}/favourites", {"names": [ITEMS[0].file]})
    kept = made.stage.item(f"DATASET#{DATASET}", f"FAVOURITES#{made.id}")
    assert int(kept["expires"]["N"]) >= int(made.stage.item(f"RUN#{made.arn}")["expires"]["N"])


def test_who_may_only_watch_sees_no_picture(app: CheckedBrowser, made: UnderWay) -> None:
    app.open(DATASET, [Right.WATCH])
    assert app.ask("GET", f"{made.address}/pictures").status == 403
    assert app.ask("PUT", f"{made.address}/favourites", {"names": []}).status == 403


def test_pictures_of_another_datasets_run_are_not_there(app: CheckedBrowser, made: UnderWay) -> None:
    app.open("blue-chairs")
    address = made.address.replace(RUNS, "/api/datasets/blue-chairs/runs")
    for method, path, body in (
        ("GET", "pictures", None),
        ("PUT", "favourites", {"names": []}),
        ("POST", "more", {"kind": "pictures", "of": []}),
    ):
        assert app.ask(method, f"{address}/{path}", body).status == 404
