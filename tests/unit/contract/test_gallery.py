"""gallery.json: written and read alike, and whatever a stranger writes is refused with a sentence."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import DocumentError
from contract.gallery import (
    MAX_BYTES,
    MAX_ITEMS,
    DirectionStep,
    FilmFacts,
    Gallery,
    GalleryItem,
    GalleryKind,
    MixedOf,
    ModelFacts,
    PictureArchive,
)
from tests.unit.properties import quick

NEW = GalleryItem(
    GalleryKind.GENERATED, "inference/generated/seed0000.png", 64, 48, "inference/thumbnails/generated/seed0000.webp", 0
)
ORIGINAL = GalleryItem(
    GalleryKind.ORIGINAL, "inference/projected/00-anna.png", 64, 48, "inference/thumbnails/a.webp", name="anna.png"
)
ITEMS = (
    NEW,
    replace(NEW, kind=GalleryKind.MIXED, file="inference/mixed/1-2.png", seed=None, mixed_of=MixedOf(2, 1, (0, 1, 2))),
    ORIGINAL,
    replace(ORIGINAL, kind=GalleryKind.RECREATED, file="inference/b.png", original=ORIGINAL.file, distance=0.25),
    replace(NEW, kind=GalleryKind.DIRECTION, file="inference/c.png", direction=DirectionStep(1, 2, -0.25)),
    replace(NEW, kind=GalleryKind.FILM, file="inference/d.webp", film=FilmFacts(240, 7.5, (0, 1), "inference/d.mp4")),
)  # fmt: skip
GALLERY = Gallery(
    "red chairs 红椅子", "ifw9mcxjxl5q", 0.8, ModelFacts("best", 12.5, "Two\nlines."),
    PictureArchive("report/pictures.zip", 12), ITEMS,
)  # fmt: skip

short = st.text(max_size=200)
counts = st.integers(0, 2**32)
items = st.builds(
    GalleryItem,
    kind=st.sampled_from([kind for kind in GalleryKind if kind is not GalleryKind.RECREATED]),
    file=st.from_regex(r"inference(/[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,20}){1,3}", fullmatch=True),
    width=st.integers(1, 65_536),
    height=st.integers(1, 65_536),
    thumbnail=st.just("inference/thumbnails/a.webp"),
    seed=st.none() | counts,
    of_class=st.none() | short,
    mixed_of=st.none() | st.builds(MixedOf, counts, counts, st.lists(counts, max_size=64).map(tuple)),
    name=st.none() | short,
    distance=st.none() | st.floats(0, 1e300),
    direction=st.none() | st.builds(DirectionStep, counts, counts, st.floats(-10, 10)),
    film=st.none() | st.builds(FilmFacts, counts, st.floats(0, 1e6), st.lists(counts, max_size=64).map(tuple)),
)


@quick
@given(listed=st.lists(items, max_size=8, unique_by=lambda item: item.file), note=st.text(max_size=4_000))
def test_what_is_written_is_read_alike(listed: list[GalleryItem], note: str) -> None:
    gallery = replace(GALLERY, items=tuple(listed), model=ModelFacts("last", None, note))
    text = gallery.to_json()
    assert text.isascii()
    assert Gallery.from_json(text) == gallery
    assert Gallery.from_json(text.encode()) == gallery


def test_every_kind_of_fact_comes_back_and_items_are_found_by_their_kind() -> None:
    read = Gallery.from_json(GALLERY.to_json())
    assert read == GALLERY
    assert [item.file for item in read.of_kind(GalleryKind.MIXED, GalleryKind.FILM)] == [ITEMS[1].file, ITEMS[5].file]
    assert [item.is_made for item in read.items] == [True, True, False, True, True, True]


def test_a_long_title_is_cut() -> None:
    assert len(Gallery.from_json(replace(GALLERY, title="t" * 500).to_json()).title) == 200


def changed(*path: Any, value: Any) -> str:
    """The gallery's text with another value in one place."""
    document = place = json.loads(GALLERY.to_json())
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    "place",
    [
        *("/etc/passwd", "../report/index.html", "inference/../../x.png", "inference//x.png", "inference/.x.png", ""),
        *("uploads/red-chairs/a.png", "inference", "inference/", "inference/a b.png", "inference/a\n.png"),
        *("https://evil.example/x.png", "inference/" + "a" * 300, "inference/ä.png", "inference/a.png\0", 7, None),
        *(["x"], "INFERENCE/a", "inference/x?y=1", "inference/%2e%2e/x", "inference\\x.png", "inference/a.png\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [("items", 0, "file"), ("items", 1, "thumbnail"), ("archive", "file")])
def test_a_place_that_infer_does_not_write_to_is_refused(path: tuple[Any, ...], place: Any) -> None:
    with pytest.raises(DocumentError):
        Gallery.from_json(changed(*path, value=place))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "workshop-gallery/2"),
        (("items",), {}),
        (("items",), [json.loads(GALLERY.to_json())["items"][0]] * 2),
        (("items", 0, "kind"), "photograph"),
        (("items", 0, "width"), 0),
        (("items", 0, "height"), 1 << 17),
        (("items", 0, "width"), True),
        (("items", 0, "seed"), -1),
        (("items", 0, "seed"), 0.5),
        (("items", 0, "class"), "x" * 201),
        (("items", 0), None),
        (("items", 1, "mixed_of"), {"shape": 1}),
        (("items", 1, "mixed_of", "layers"), [1] * 65),
        (("items", 1, "mixed_of", "layers"), "01"),
        (("items", 3, "original"), ITEMS[0].file),
        (("items", 3, "distance"), -1),
        (("items", 3, "distance"), float("nan")),
        (("items", 4, "direction", "shift"), float("inf")),
        (("items", 4, "direction", "shift"), True),
        (("items", 4, "direction", "shift"), "0.5"),
        (("items", 5, "film", "mp4"), "../x.mp4"),
        (("title",), 7),
        (("title",), "t" * 201),
        (("model", "note"), "n" * 4_001),
        (("model",), []),
        (("truncation",), None),
        (("archive", "bytes"), -1),
    ],
)
def test_what_is_not_of_the_form_is_refused(path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(DocumentError, match="is not of the expected form"):
        Gallery.from_json(changed(*path, value=value))


@pytest.mark.parametrize("text", [b"", b"[", b"[" * 100_000, b"\xff", "null", "[]", "{}", '"x"'])
def test_what_is_no_gallery_is_refused(text: str | bytes) -> None:
    with pytest.raises(DocumentError):
        Gallery.from_json(text)


def test_a_gallery_beyond_its_bounds_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(DocumentError, match=f"has more than {MAX_BYTES} bytes"):
        Gallery.from_json(" " * (MAX_BYTES + 1))
    many = [{**NEW.as_dict(), "file": f"inference/{number}.png"} for number in range(MAX_ITEMS + 1)]
    with pytest.raises(DocumentError, match=f"a list of at most {MAX_ITEMS} items"):
        Gallery.from_json(changed("items", value=many))
    assert len(Gallery.from_json(changed("items", value=many[:MAX_ITEMS])).items) == MAX_ITEMS
