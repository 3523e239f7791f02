"""Folders whose name is no dataset's: a mail each, whatever comes, and never a flood."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import RefusedName
from contract.file_kinds import FileKind, is_folder_marker, kind_of
from contract.names import check_dataset
from tests.unit.conftest import Stage, sample
from tests.unit.properties import quick
from workshop.notices import Notices
from workshop.notices.strays import DAILY_NOTICES, folder_of, suggest_dataset
from workshop.platform.errors import NoticeBusy

DAY = 86_400
FOLDERS = [
    "Red Chairs", "red_chairs", "Red-Chairs", "red.chairs", "chaises-été", "红椅子", "赤い椅子", "red-chairs-",
    "a" * 64, "red-chairs ", "..", "%2e%2e", "..%2F..", "a\nb", "www.example.com", "",
]  # fmt: skip


def upload(stage: Stage, *keys: str) -> Any:
    """Files are put somewhere, and one batch tells of all of them."""
    records = []
    for number, key in enumerate(keys):
        stage.put(key)
        event = sample("s3_object_created")
        event["detail"]["object"] |= {"key": key, "size": 1}
        records.append({"messageId": str(number), "body": json.dumps(event)})
    return stage.invoke("upload_trigger", {"Records": records})


def sweep(stage: Stage) -> None:
    stage.invoke("start_run", sample("sweep"))


def datasets_told(stage: Stage) -> list[str]:
    return [mail["MessageAttributes"]["dataset"]["StringValue"] for mail in stage.mails]


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_outside_the_grammar_is_told_with_its_first_file(stage: Stage, folder: str) -> None:
    upload(stage, *(f"uploads/{folder}/{number}.png" for number in range(30)))

    assert stage.mail_kinds == ["attention"]
    (mail,) = stage.mails
    assert "that is no name of a dataset" in mail["Message"]
    assert "small letters (a to z), digits and inner hyphens" in mail["Message"]
    assert "\n  uploads/" in mail["Message"]


def test_files_directly_in_uploads_are_told(stage: Stage) -> None:
    upload(stage, "uploads/a.png", "uploads/b.png")

    assert stage.mail_kinds == ["attention"]
    assert "put directly into uploads/" in stage.mails[0]["Message"]
    assert "\n  uploads/red-chairs/\n" in stage.mails[0]["Message"]


def test_the_mail_names_the_folder_and_a_name_that_would_do(stage: Stage) -> None:
    upload(stage, "uploads/Rote Stühle (neu)/a.png")

    assert "uploads/Rote Stühle (neu)/" in stage.mails[0]["Message"]
    assert "\n  uploads/rote-stuehle-neu/\n" in stage.mails[0]["Message"]
    assert datasets_told(stage) == ["rote-stuehle-neu"], "who follows the dataset that was meant hears of it"


def test_a_folders_name_never_becomes_a_link_or_a_subject(stage: Stage) -> None:
    upload(stage, "uploads/www.example.com\r\nBcc: everybody/a.png")

    (mail,) = stage.mails
    assert "www.example.com" not in mail["Message"]
    assert "\nBcc" not in mail["Message"]
    assert mail["Subject"] == "Workshop: files in a folder that is no dataset"


def test_ten_thousand_files_in_one_folder_are_one_mail_a_day(stage: Stage) -> None:
    for batch in range(10):
        upload(stage, *(f"uploads/Red Chairs/{batch}-{number}.png" for number in range(10)))
    assert len(stage.mails) == 1

    stage.later(DAY)
    upload(stage, "uploads/Red Chairs/again.png")
    assert len(stage.mails) == 2


def test_any_number_of_folders_is_a_bounded_number_of_mails_and_the_rest_is_counted_and_told_later(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    for batch in range(4):
        upload(stage, *(f"uploads/Evil {batch} {number}/a.png" for number in range(25)))
    stage.invoke("start_run", {"source": "sweep"})
    assert len(stage.mails) == DAILY_NOTICES
    assert '"StraysUntold"' in capsys.readouterr().out

    stage.later(DAY)
    stage.invoke("start_run", {"source": "sweep"})
    assert len(stage.mails) == 2 * DAILY_NOTICES
    told = {mail["Message"].split("/")[1] for mail in stage.mails}
    assert len(told) == 2 * DAILY_NOTICES, "others than on the first day"


def test_a_folder_whose_events_were_all_lost_is_told_by_the_sweep_once(stage: Stage) -> None:
    for key in ("uploads/Red Chairs/a.png", "inference/Red Chairs/a.png", "uploads/loose.png", "inference/loose.png"):
        stage.put(key)
    stage.put("uploads/", b"")
    stage.put("inference/", b"")
    for _ in range(3):
        stage.invoke("start_run", {"source": "sweep"})
        stage.later(DAY)

    assert len(stage.mails) == 4
    assert ["inference/" in mail["Message"] for mail in stage.mails].count(True) == 2


def test_what_was_told_by_an_event_is_not_told_by_the_sweep_and_the_other_way_round(stage: Stage) -> None:
    upload(stage, "uploads/Red Chairs/a.png")
    stage.put("uploads/Blue Vases/a.png")
    stage.invoke("start_run", {"source": "sweep"})
    upload(stage, "uploads/Blue Vases/b.png")
    stage.invoke("start_run", {"source": "sweep"})

    assert datasets_told(stage) == ["red-chairs", "blue-vases"]


def test_good_folders_and_empty_roots_are_not_told(stage: Stage) -> None:
    upload(stage, "uploads/red-chairs/a.png", "uploads/red-chairs/Sub Folder/b.png", "uploads/")
    stage.invoke("start_run", {"source": "sweep"})
    assert stage.mails == []


def test_a_new_empty_folder_waits_for_its_files(stage: Stage) -> None:
    upload(stage, "uploads/New Folder/")
    assert stage.mails == []


@pytest.mark.parametrize("trouble", [NoticeBusy("somebody else"), TimeoutError("no answer")])
def test_a_mail_that_cannot_be_sent_holds_up_no_upload_and_is_sent_by_the_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def failing(*_: object) -> bool:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(Notices, "publish_once", failing)
        result = upload(stage, "uploads/Red Chairs/a.png", "uploads/blue-vases/a.png")
    assert result == {"batchItemFailures": []}
    assert [json.loads(body)["dataset"] for body, _ in stage.timers] == ["blue-vases"]

    stage.invoke("start_run", {"source": "sweep"})
    assert datasets_told(stage) == ["red-chairs"]


def test_the_mail_comes_in_the_workshops_language(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTICE_LANGUAGE", "de")
    upload(stage, "uploads/Red Chairs/a.png")
    assert stage.mails[0]["Subject"] == "Workshop: Dateien in einem Ordner, der kein Datensatz ist"


@pytest.mark.parametrize(
    ("folder", "suggestion"),
    [
        ("Red Chairs", "red-chairs"),
        ("red_chairs", "red-chairs"),
        ("--Red..Chairs--", "red-chairs"),
        ("Chaises d'été", "chaises-d-ete"),
        ("Größe", "groesse"),
        ("Ｒｅｄ", "red"),
        ("红椅子", ""),
        ("红椅子 2", "2"),
        ("a" * 62 + "-b", "a" * 62),
        ("", ""),
    ],
)
def test_a_suggestion_is_near_to_what_was_meant(folder: str, suggestion: str) -> None:
    assert suggest_dataset(folder) == suggestion


@quick
@given(st.text())
def test_a_suggestion_is_a_name_or_none(folder: str) -> None:
    suggestion = suggest_dataset(folder)
    assert suggestion == "" or check_dataset(suggestion) == suggestion


@quick
@given(st.sampled_from(["uploads/", "inference/", "runs/", ""]), st.text())
def test_every_key_below_uploads_has_a_folder_to_tell_of(prefix: str, rest: str) -> None:
    folders = folder_of(prefix + rest)
    assert all((prefix + rest).startswith(folder) for folder in folders)
    if prefix not in ("uploads/", "inference/") or is_folder_marker(rest):
        assert not folders
    elif kind_of(rest) is not FileKind.JUNK or rest.startswith(".."):
        assert folders


JUNK = ["uploads/.DS_Store", "uploads/__MACOSX/red-chairs/._a.png", "uploads/.git/config", "inference/Thumbs.db"]


def test_what_systems_leave_behind_is_no_stray(stage: Stage) -> None:
    upload(stage, *JUNK)
    stage.put("uploads/Red Chairs/", b"")  # a folder that somebody has made in the console, and not filled yet
    sweep(stage)
    assert stage.mails == []


def test_a_mail_on_strays_names_one_of_them(stage: Stage) -> None:
    upload(stage, "uploads/a.png")
    stage.put("uploads/Red Chairs/.DS_Store")
    stage.put("uploads/Red Chairs/sub/b.png")
    sweep(stage)
    files, folder = (mail["Message"] for mail in stage.mails)
    assert 'One of them: "a.png".' in files
    assert 'One of them: "sub/b.png".' in folder


def test_a_good_name_needs_no_suggestion() -> None:
    for name in ("a", "red-chairs", "0"):
        assert suggest_dataset(check_dataset(name)) == name
    with pytest.raises(RefusedName):
        check_dataset("Red Chairs")
