"""A run that has made pictures, and a browser in front of the real operations, whose start_run is the real one."""

import io
import json
from dataclasses import dataclass
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
from tests.unit.conftest import Stage
from tests.unit.watching.conftest import DATASET, UnderWay, run, watcher
from tests.unit.web.conftest import app, asked, browser_of, door
from workshop.platform import clients

__all__ = ["app", "asked", "browser_of", "door", "run", "watcher"]


@dataclass
class Functions:
    """Fakes lambda:Invoke of somebody who waits: start_run is called at once; `error` is raised instead."""

    stage: Stage
    error: Exception | None = None

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == ("start_run", "RequestResponse")
        if self.error:
            raise self.error
        try:
            answer, failed = self.stage.invoke("start_run", json.loads(Payload)), {}
        except Exception as error:  # noqa: BLE001  as Lambda tells it
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            failed = {"FunctionError": "Unhandled"}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode()), **failed}


@pytest.fixture(autouse=True)
def functions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Functions:
    """In the place of the client, before the operations are put together."""
    functions = Functions(stage)
    monkeypatch.setattr(clients, "lambda_once", lambda: functions)
    return functions


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
