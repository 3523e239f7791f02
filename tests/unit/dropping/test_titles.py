"""What people call a dataset, and the name that is made of it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.names import DATASET_NAME
from tests.unit.properties import quick
from workshop.dropping.titles import MAX_CHARS, check_title, names_for, slug_of
from workshop.platform.refusals import Unusable


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Red Chairs", "red-chairs"),
        ("  Stühle, große!  ", "stuhle-grosse"),
        ("ﬁne Ⅳ", "fine-iv"),
        ("2026/11 – Lampen", "2026-11-lampen"),
        ("红椅子", "set-2a6eefcf"),
        ("🪑", "set-5d1e2ba4"),
        ("כיסאות", "set-7172eed5"),
        ("---", "set-cb3f91d5"),
        ("x" * 200, "x" * 58),
        ("x" * 57 + " y", "x" * 57),
    ],
)
def test_a_title_gives_a_name_for_paths(title: str, slug: str) -> None:
    assert slug_of(check_title(title)) == slug


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("  Red  chairs \n", "Red  chairs"),
        ("Stu\u0308hle", "St\u00fchle"),
        ("👩\u200d🎨", "👩\u200d🎨"),  # joined to one picture
        ("כיסאות אדומים", "כיסאות אדומים"),
        ("<b>chairs</b>", "<b>chairs</b>"),
    ],
)
def test_a_title_is_kept_as_people_write_it(title: str, kept: str) -> None:
    assert check_title(title) == kept


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("", "title_empty"),
        (" \t ", "title_empty"),
        ("\u200b\u200d", "title_empty"),
        ("\u0301", "title_empty"),
        ("red\nchairs", "title_controls"),
        ("red\0chairs", "title_controls"),
        ("red\u202echairs", "title_controls"),
        ("red\u2066chairs", "title_controls"),
        ("\u200fred", "title_controls"),
        ("red\u2028chairs", "title_controls"),
        ("red\ud800", "title_controls"),
        ("x" * (MAX_CHARS + 1), "title_too_long"),
        ("\ufb2c" * 100, "title_too_long"),  # of three characters each, in NFC
    ],
)
def test_a_title_that_nobody_can_read_or_that_turns_lines_is_refused(title: str, code: str) -> None:
    with pytest.raises(Unusable) as refused:
        check_title(title)
    assert refused.value.code == code


@quick
@given(st.text(max_size=250))
def test_every_title_that_is_taken_gives_names_and_stays_as_it_is_kept(text: str) -> None:
    try:
        title = check_title(text)
    except Unusable:
        return
    assert check_title(title) == title == unicodedata.normalize("NFC", title)
    names = list(names_for(title, 50))
    assert len(set(names)) == 50
    assert all(DATASET_NAME.fullmatch(name) for name in names)
