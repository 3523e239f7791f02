"""Sub-folders as classes: counted in the mail, given to the run, and refused with a sentence where they cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.pipeline import class_names
from contract.prepare_report import MAX_CLASSES
from tests.unit.conftest import TABLE, Stage
from tests.unit.handlers.test_start_run import executions, finish, manual
from tests.unit.properties import quick
from workshop.dataset.classes import Folders
from workshop.dataset.snapshot import StoredObject
from workshop.ledger import Runs
from workshop.platform.errors import BadRequest
from workshop.reconcile.labels import told_folders, why_no_classes
from workshop.words import words

NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=("Cs",)), min_size=1, max_size=8)


def images(*names: str) -> list[StoredObject]:
    return [StoredObject(name, "e", 1, 0) for name in names]


def drop(stage: Stage, settings: str, *names: str) -> str:
    """The mail that a folder with these settings and images gets."""
    for number, name in enumerate(names):
        stage.put(f"uploads/red-chairs/{name}", b"image %d" % number)
    if settings:
        stage.put("uploads/red-chairs/settings.yaml", settings.encode())
    stage.upload_event("uploads/red-chairs/settings.yaml")
    stage.later(61)
    stage.serve_timer()
    text: str = stage.mails[-1]["Message"]
    return text


CHAIRS = ("chairs/a.png", "chairs/b.png", "lamps/a.png", "tables/old/a.png")


def test_classes_are_counted_in_the_mail_and_given_to_the_run(stage: Stage) -> None:
    mail = drop(stage, "labels: folders\nclasses: lamps, 0\naspect: 3:2\nfit: letterbox", *CHAIRS, "top.png")
    assert "Classes:            3: chairs 2, lamps 1, tables 1; 1 image lies in no sub-folder and is not used" in mail
    assert "pictures of 192 x 128" in mail
    (parameters,) = executions(stage)
    assert parameters["Labels"] == "folders"
    assert parameters["InferenceClasses"] == "lamps, 0"
    assert (parameters["PictureSize"], parameters["Resolution"], parameters["Fit"]) == ("192x128", "128", "letterbox")
    run = Runs(stage.dynamodb, TABLE).read(stage.item("DATASET#red-chairs")["executionArn"]["S"])
    assert run is not None
    assert run.picture_size == "192 x 128"
    assert run.folders in mail


@pytest.mark.parametrize(
    ("settings", "names", "told"),
    [
        ("", CHAIRS, True),
        ("kimg: 5", CHAIRS, True),
        ("labels: none", CHAIRS, False),
        ("", ("a.png", "b.png", "c.png"), False),
    ],
)
def test_sub_folders_are_not_passed_over_in_silence(
    stage: Stage, settings: str, names: tuple[str, ...], told: bool
) -> None:
    mail = drop(stage, settings, *names)
    assert ("their names are not used as classes (`labels: folders` in settings.yaml does so)" in mail) is told
    assert ("Sub-folders" in mail) is told
    assert executions(stage)[0].get("Labels") in (None, "none")


@pytest.mark.parametrize(
    ("settings", "names", "sentence"),
    [
        ("labels: folders", ("a.png", "b.png", "c.png"), "the images lie in 0 sub-folders. At least 2 are needed"),
        ("labels: folders", ("x/a.png", "x/b.png", "c.png"), "the images lie in 1 sub-folder. At least 2 are needed"),
        ("labels: folders\nclasses: stools, 3", CHAIRS, "no sub-folders: stools, 3. There are: chairs, lamps, tables."),
        ("classes: chairs", CHAIRS, "line 1: there are classes only with `labels: folders`."),
        ("labels: folder", CHAIRS, "labels must be one of none, folders"),
        ("labels: folders\nclasses: ','", CHAIRS, "classes must be all, or names of sub-folders with commas"),
    ],
)
def test_classes_that_cannot_be_start_nothing(
    stage: Stage, settings: str, names: tuple[str, ...], sentence: str
) -> None:
    assert sentence in drop(stage, settings, *names)
    assert stage.mail_kinds == ["attention"]
    assert not executions(stage)


def test_a_rerun_may_make_classes_of_the_sub_folders(stage: Stage) -> None:
    drop(stage, "", *CHAIRS)
    finish(stage, "Succeeded")
    assert manual(stage, rerun=True, parameters={"Labels": "folders"})["outcome"] == "started"
    assert executions(stage)[-1]["Labels"] == "folders"
    assert "Classes:            3: chairs 2" in stage.mails[-1]["Message"]


def test_a_rerun_cannot_make_classes_of_nothing(stage: Stage) -> None:
    drop(stage, "", "a.png", "b.png", "c.png")
    finish(stage, "Succeeded")
    with pytest.raises(BadRequest, match="the images lie in 0 sub-folders"):
        manual(stage, rerun=True, parameters={"Labels": "folders"})


@quick
@given(st.lists(st.tuples(st.none() | NAMES, NAMES), max_size=20))
def test_every_image_lies_in_one_class_or_in_none(places: list[tuple[str | None, str]]) -> None:
    folders = Folders.of(images(*(name if folder is None else f"{folder}/{name}" for folder, name in places)))
    assert sum(folders.images.values()) + folders.outside == len(places)
    assert list(folders.images) == sorted(folders.images, key=str.encode)
    assert folders.unknown([*folders.images, *map(str, range(len(folders.images)))]) == []


def test_names_that_look_alike_are_one_class() -> None:
    assert Folders.of(images("Stu\u0308hle/a.png", "St\u00fchle/b.png")).images == {"St\u00fchle": 2}
    assert Folders({"St\u00fchle": 2}, 0).unknown(class_names("Stu\u0308hle")) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_mail_names_the_largest_classes_and_makes_no_link_of_a_name(language: str) -> None:
    say = words(language)
    many = Folders({"www.example.com": 9_000, **{f"c{n}": n for n in range(1, MAX_CLASSES + 1)}}, 0)
    line = told_folders(say, many, "folders")
    assert f"www[.]example[.]com {say.number(9_000)}, c512 512" in line
    assert len(line) < 200
    assert say.number(MAX_CLASSES + 1) in why_no_classes(say, many)
