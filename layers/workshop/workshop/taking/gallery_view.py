"""What is told of a picture: openapi.json's Picture, made of an item of gallery.json.

Infer may be anybody's program. The names in its document are places below the run's folder (contract.gallery), so that
no address is signed for anything else.
"""

from typing import Any

from contract.gallery import GalleryItem, GalleryKind
from workshop.platform.addresses import Addresses
from workshop.web.sentences import sentence

# The picture of a seed is one whatever else is made of it. An original is shown beside what was made of it.
_KINDS = {
    GalleryKind.GENERATED: "generated",
    GalleryKind.SOURCE: "generated",
    GalleryKind.MIXED: "mixed",
    GalleryKind.RECREATED: "projected",
    GalleryKind.DIRECTION: "directions",
    GalleryKind.SHEET: "sheet",
    GalleryKind.FILM: "film",
}


def is_picture(item: GalleryItem) -> bool:
    """Whether it is told as a picture of its own."""
    return item.kind in _KINDS


def picture(item: GalleryItem, folder: str, addresses: Addresses, language: str) -> dict[str, Any]:
    """The Picture; `folder` is the key of the run's folder, with a slash."""

    def show(place: str) -> str:
        return addresses.show(f"{folder}{place}")

    return {
        "name": item.file,
        "kind": _KINDS[item.kind],
        "url": show(item.film.mp4 if item.film is not None and item.film.mp4 else item.file),
        "thumbnail": show(item.thumbnail),
        "width": item.width,
        "height": item.height,
        "seed": item.seed,
        "class": item.of_class,
        "mixed_of": [] if item.mixed_of is None else [item.mixed_of.shape, item.mixed_of.details],
        "original": None if item.original is None else show(item.original),
        "distance": item.distance,
        "label": _label(item, language),
    }


def _label(item: GalleryItem, language: str) -> str | None:
    if item.direction is not None:
        return sentence("direction_label", language, number=str(item.direction.number), step=str(item.direction.step))
    if item.film is not None:
        return sentence("film_label", language, seconds=str(max(1, round(item.film.seconds))))
    return item.name
