"""Uploads: what is there, forms for one file each, and how much a link may send."""

import base64
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.capacity.artefacts import LARGEST_UPLOAD
from contract.file_kinds import FileKind, kind_of
from tests.unit.conftest import BUCKET, ENVIRONMENT, TABLE, Stage
from tests.unit.dropping.conftest import ADDRESS, DATASET, OneAtATime
from tests.unit.properties import on_one_stage, quick
from tests.unit.web.conftest import CheckedBrowser
from workshop.admission.grants import Right
from workshop.dropping.judging import MEDIA_TYPES, refusal
from workshop.dropping.quotas import Quotas
from workshop.platform.addresses import Addresses
from workshop.platform.refusals import TooMuch
from workshop.web.sentences import LANGUAGES

FILES_A_DAY = int(ENVIRONMENT["LINK_FILES_A_DAY"])
BYTES_A_DAY = int(ENVIRONMENT["LINK_GB_A_DAY"]) * 10**9
LINKS = count()


def png(name: str, size: int = 10) -> dict[str, Any]:
    return {"name": name, "size": size, "type": "image/png"}


def offer(browser: CheckedBrowser, files: Iterable[dict[str, Any]], folder: str = "images") -> Any:
    return browser.ask("POST", f"{ADDRESS}/uploads", {"folder": folder, "files": list(files)})


def policy(form: dict[str, Any]) -> list[Any]:
    conditions: list[Any] = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    return conditions


def code_of(answer: Any) -> list[str | None]:
    return [one["refused"] and one["refused"]["code"] for one in answer.body["files"]]


# -------------------------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(("folder", "prefix"), [("images", "uploads"), ("find", "inference")])
def test_each_form_is_for_one_key_one_size_and_one_type(artist: CheckedBrowser, folder: str, prefix: str) -> None:
    answer = offer(artist, [png("cats/红 1.png", 123), {"name": "b.jpg", "size": 7, "type": "image/jpeg"}], folder)
    assert answer.body["url"].startswith("https://objects.example.com/")
    first, second = answer.body["files"]
    key = f"{prefix}/{DATASET}/cats/红 1.png"
    assert (first["name"], first["fields"]["key"], first["fields"]["Content-Type"]) == (
        "cats/红 1.png",
        key,
        "image/png",
    )
    for form, wanted in ((first, [key, "image/png", 123]), (second, [f"{prefix}/{DATASET}/b.jpg", "image/jpeg", 7])):
        conditions = policy(form)
        assert {"key": wanted[0]} in conditions
        assert {"Content-Type": wanted[1]} in conditions
        assert ["content-length-range", wanted[2], wanted[2]] in conditions
        assert {"bucket": BUCKET} in conditions
        assert not [one for one in conditions if isinstance(one, list) and one[0] == "starts-with"]


def test_what_is_refused_is_told_beside_what_is_not_and_does_not_count(artist: CheckedBrowser) -> None:
    answer = offer(artist, [png("a.png"), png("settings.yaml"), png("b.png", 20)])
    assert answer.status == 200
    assert code_of(answer) == [None, "name_unusable", None]
    assert answer.body["files"][1]["fields"] is None
    assert (answer.body["files_left"], answer.body["bytes_left"]) == (FILES_A_DAY - 2, BYTES_A_DAY - 30)


def test_a_request_of_refused_files_only_costs_nothing(artist: CheckedBrowser) -> None:
    answer = offer(artist, [png("_READY")])
    assert (answer.status, answer.body["files_left"], answer.body["bytes_left"]) == (200, FILES_A_DAY, BYTES_A_DAY)


HOSTILE = {
    "settings.yaml": "name_unusable",
    "_READY": "name_unusable",
    "Settings.yml": "name_unusable",
    "settings.yaml.png": "name_unusable",
    ".hidden.png": "name_unusable",
    "__MACOSX/a.png": "name_unusable",
    "../other/a.png": "name_unusable",
    "a/../../other/a.png": "name_unusable",
    "a//b.png": "name_unusable",
    "/a.png": "name_unusable",
    "a\\b.png": "name_unusable",
    "a\0.png": "name_unusable",
    "a\n.png": "name_unusable",
    "folder/": "name_unusable",
    "x" * 256 + ".png": "name_unusable",
    "/".join(["红" * 80] * 5): "name_unusable",  # longer than a key may be
    "u\u0308.png": "name_unusable",  # not NFC: the same file twice, under two names
    "${filename}": "name_unusable",
    "a/${filename}": "name_unusable",
    "${filename}/a.png": "name_unusable",
    "a.zip": "archive",
    "notes.txt": "unreadable",
    "page.html": "unreadable",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("folder", ["images", "find"])
def test_a_hostile_name_gets_no_form(artist: CheckedBrowser, name: str, folder: str) -> None:
    answer = offer(artist, [png(name)], folder)
    assert code_of(answer) == [HOSTILE[name]]
    assert answer.body["files"][0]["fields"] is None


@pytest.mark.parametrize("name", ["a.png", "<img src=x>.png", "\u202egnp.exe.png", "cats/1.png", "1", "a.${x}.png"])
def test_a_name_that_is_only_odd_gets_one_for_exactly_this_key(artist: CheckedBrowser, name: str) -> None:
    (form,) = offer(artist, [png(name)]).body["files"]
    assert {"key": f"uploads/{DATASET}/{name}"} in policy(form)


@pytest.mark.parametrize(
    ("media_type", "code"),
    [
        ("image/heic", "heic"),
        ("image/avif", "avif"),
        ("image/svg+xml", "svg"),
        ("image/vnd.adobe.photoshop", "photoshop"),
        ("image/x-unheard-of", "unreadable"),
        *((media_type, None) for media_type in sorted(MEDIA_TYPES)),
    ],
)
def test_only_media_types_that_no_browser_takes_for_a_page_are_stored(
    artist: CheckedBrowser, media_type: str, code: str | None
) -> None:
    assert code_of(offer(artist, [{"name": "a", "size": 1, "type": media_type}])) == [code]


def test_no_form_is_signed_that_would_be_one_for_a_whole_folder(stage: Stage) -> None:
    """Whoever asks: botocore makes a prefix of such a key, and S3 another name."""
    for key in ("uploads/cats/${filename}", "uploads/${filename}/a.png"):
        with pytest.raises(ValueError, match="whole folder"):
            Addresses(stage.s3, BUCKET).form(key, 1, "image/png")


def test_a_file_that_no_run_would_take_is_refused_before_it_is_sent(artist: CheckedBrowser) -> None:
    answer = offer(artist, [png("a.png", LARGEST_UPLOAD), png("b.png", LARGEST_UPLOAD + 1)])
    assert code_of(answer) == [None, "too_large"]
    assert "300 MB" in answer.body["files"][1]["refused"]["say"]


@pytest.mark.parametrize(
    "body",
    [
        {"folder": "runs", "files": [png("a.png")]},
        {"folder": "images", "files": []},
        {"folder": "images", "files": [png("a.png")] * 201},
        {"folder": "images", "files": [png("a.png", 0)]},
        {"folder": "images", "files": [png("a.png", 10**12)]},
        {"folder": "images", "files": [png("a.png") | {"type": "text/html"}]},
        {"folder": "images", "files": [png("a.png") | {"type": "image/png\r\nx: y"}]},
        {"folder": "images", "files": [png("a.png") | {"key": "runs/x"}]},
        {"folder": "images", "files": [png("\ud800.png")]},
    ],
)
def test_a_request_of_another_form_is_refused(artist: CheckedBrowser, body: Any) -> None:
    assert artist.ask("POST", f"{ADDRESS}/uploads", body).status == 422


def test_who_may_only_take_pictures_sends_nothing(app: CheckedBrowser) -> None:
    app.open(DATASET, [Right.TAKE, Right.WATCH])
    assert offer(app, [png("a.png")]).status == 403


@quick
@given(st.text(min_size=1, max_size=40))
def test_a_name_gets_a_form_only_if_it_is_an_image_by_its_name_and_stays_in_the_folder(name: str) -> None:
    if refusal("uploads/cats/", name, 1, "image/png") is None:
        assert kind_of(name) is FileKind.IMAGE
        assert ".." not in name.split("/")
        name.encode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_sentence_in_every_language(language: str) -> None:
    offered = [(name, 1, "image/png") for name in HOSTILE]
    offered += [("a", 1, f"image/{kind}") for kind in ("heic", "avif", "svg+xml", "vnd.adobe.photoshop", "x")]
    offered += [("a.png", LARGEST_UPLOAD + 1, "image/png")]
    for one in offered:
        told = refusal("uploads/cats/", *one)
        assert told
        assert told.sentence(language)


# -------------------------------------------------------------------------------------------------------------- quota


def test_beyond_the_days_files_the_whole_request_is_refused_with_when_it_begins_anew(
    artist: CheckedBrowser, stage: Stage
) -> None:
    for hundred in range(0, FILES_A_DAY - 100, 100):
        assert offer(artist, [png(f"{hundred + number}.png") for number in range(100)]).status == 200
    assert offer(artist, [png(f"x{number}.png") for number in range(99)]).body["files_left"] == 1
    refused = offer(artist, [png("y.png"), png("z.png")])
    assert (refused.status, refused.body["error"]) == (429, "quota")
    hours = 24 - datetime.now(UTC).hour
    assert f"{hours} h" in refused.body["say"]
    assert offer(artist, [png("y.png")]).body["files_left"] == 0
    assert offer(artist, [png("z.png")]).status == 429
    stage.later(hours * 3600)
    assert offer(artist, [png("z.png")]).body["files_left"] == FILES_A_DAY - 1


def test_the_days_bytes_count_as_well(artist: CheckedBrowser) -> None:
    assert offer(artist, [png(f"{n}.png", LARGEST_UPLOAD) for n in range(3)]).status == 200
    assert offer(artist, [png("4.png", LARGEST_UPLOAD)]).status == 429
    assert offer(artist, [png("4.png", BYTES_A_DAY - 3 * LARGEST_UPLOAD)]).body["bytes_left"] == 0


def test_more_than_a_day_has_is_refused_the_first_time(artist: CheckedBrowser) -> None:
    assert offer(artist, [png(f"{n}.png", LARGEST_UPLOAD) for n in range(4)]).status == 429


def test_another_link_has_a_quota_of_its_own(app: CheckedBrowser, stage: Stage) -> None:
    app.open(DATASET)
    assert offer(app, [png("a.png")]).body["files_left"] == FILES_A_DAY - 1
    app.cookie = ""
    app.open(DATASET)
    assert offer(app, [png("b.png")]).body["files_left"] == FILES_A_DAY - 1


def test_what_was_counted_is_forgotten_after_a_while(artist: CheckedBrowser, stage: Stage) -> None:
    offer(artist, [png("a.png")])
    items = stage.dynamodb.scan(TableName=TABLE)["Items"]
    (counted,) = [item for item in items if item["pk"]["S"].startswith("QUOTA#")]
    now = datetime.now(UTC).timestamp()
    assert now + 86_400 < int(counted["expires"]["N"]) <= now + 2 * 86_400


@on_one_stage
@given(requests=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 60)), min_size=1, max_size=8))
def test_no_order_of_requests_at_once_gives_more_than_the_quota(stage: Stage, requests: list[tuple[int, int]]) -> None:
    files_a_day, bytes_a_day, link = 10, 100, f"link{next(LINKS)}"
    quotas = Quotas(OneAtATime(stage.dynamodb), TABLE, files_a_day, bytes_a_day)

    def take(request: tuple[int, int]) -> tuple[int, int]:
        try:
            left = quotas.take(link, *request, now=1_800_000_000)
        except TooMuch:
            return 0, 0
        assert 0 <= left.files <= files_a_day
        assert 0 <= left.bytes <= bytes_a_day
        return request

    with ThreadPoolExecutor(len(requests)) as pool:
        given_out = list(pool.map(take, requests))
    files, size = (sum(part) for part in zip(*given_out, strict=True))
    assert files <= files_a_day
    assert size <= bytes_a_day
    left = quotas.take(link, 0, 0, now=1_800_000_000)
    assert (left.files, left.bytes) == (files_a_day - files, bytes_a_day - size)


# --------------------------------------------------------------------------------------------------------------- list


def test_the_images_of_a_folder_are_listed_and_nothing_else(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(f"uploads/{DATASET}/cats/红 1.png", b"123")
    stage.put(f"uploads/{DATASET}/b.png", b"")
    stage.put(f"inference/{DATASET}/c.png", b"12")
    stage.put("uploads/red-chairs-2/d.png")
    for name in ("settings.yaml", "_READY", "notes.txt", ".DS_Store", "cats/"):
        stage.put(f"uploads/{DATASET}/{name}")
    assert artist.ask("GET", f"{ADDRESS}/files").body == {"files": [["b.png", 0], ["cats/红 1.png", 3]], "next": None}
    assert artist.ask("GET", f"{ADDRESS}/files?folder=find").body["files"] == [["c.png", 2]]


def test_a_folder_of_thousands_is_listed_in_pages(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 2001)
    first = artist.ask("GET", f"{ADDRESS}/files").body
    second = artist.ask("GET", f"{ADDRESS}/files?after={first['next']}").body
    third = artist.ask("GET", f"{ADDRESS}/files?after={second['next']}").body
    names = [name for page in (first, second, third) for name, _ in page["files"]]
    assert names == [f"{number:04d}.png" for number in range(2001)]
    assert third["next"] is None


@pytest.mark.parametrize("query", ["folder=runs", "folder=", "folder=uploads/blue-chairs/"])
def test_another_folder_is_not_listed(artist: CheckedBrowser, query: str) -> None:
    assert artist.ask("GET", f"{ADDRESS}/files?{query}").status == 422


@pytest.mark.parametrize("after", ["../blue-chairs/", "\u2603", "/", "zzzz"])
def test_a_page_after_anything_stays_in_the_folder(artist: CheckedBrowser, stage: Stage, after: str) -> None:
    stage.put_images("blue-chairs", 2)
    stage.put_images(DATASET, 2)
    files = artist.ask("GET", f"{ADDRESS}/files?after={after}").body["files"]
    assert {name for name, _ in files} <= {"0000.png", "0001.png"}
    assert artist.ask("GET", "/api/datasets/blue-chairs/files").status == 403
