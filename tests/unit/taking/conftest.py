"""A run that has made pictures, and a browser in front of the real operations."""

from typing import Any

import pytest

from contract.gallery import (
    DirectionStep,
    FilmFacts,
    Gallery,
    GalleryItem,
    GalleryKind,
    MixedOf,
    ModelFacts,
    PictureArchive,
)
from tests.unit.watching.conftest import DATASET, UnderWay, run, watcher
from tests.unit.web.conftest import app, asked, browser_of, door

__all__ = ["app", "asked", "browser_of", "door", "run", "watcher"]


def item(kind: GalleryKind, place: str, **more: Any) -> GalleryItem:
    return GalleryItem(kind, f"inference/{place}", 64, 48, f"inference/thumbnails/{place}.webp", **more)


ITEMS = (
    item(GalleryKind.GENERATED, "generated/seed0001.png", seed=1, of_class="lamps"),
    item(GalleryKind.GENERATED, "generated/seed0002.png", seed=2),
    item(GalleryKind.SOURCE, "mixed/seed0048.png", seed=48),
    item(GalleryKind.MIXED, "mixed/0052-0048.png", mixed_of=MixedOf(48, 52, (0, 1))),
    item(GalleryKind.ORIGINAL, "projected/00-anna.png", name="anna.png"),
    item(
        GalleryKind.RECREATED, "projected/00-anna-drawn.png",
        name="anna.png", original="inference/projected/00-anna.png", distance=0.25,
    ),
    item(GalleryKind.DIRECTION, "directions/d1.png", seed=1, direction=DirectionStep(1, 3, 1.5)),
    item(GalleryKind.FILM, "film/film.webp", film=FilmFacts(240, 10.2, (1, 2), "inference/film/film.mp4")),
    item(GalleryKind.SHEET, "generated/sheet.png"),
)  # fmt: skip


def gallery(*items: GalleryItem, note: str = "Learned from chairs.") -> Gallery:
    archive = PictureArchive("report/pictures.zip", 12_345)
    return Gallery(DATASET, "run00001", 0.8, ModelFacts("best", 40.0, note), archive, items or ITEMS)


@pytest.fixture
def made(run: UnderWay) -> UnderWay:
    """The run has ended, and made ITEMS."""
    run.train()
    run.step("Train", "Succeeded", 200, 900)
    run.step("Infer", "Succeeded", 900, 950)
    run.end()
    run.stage.put(f"{run.folder}/report/gallery.json", gallery().to_json().encode())
    return run
