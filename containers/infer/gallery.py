"""gallery.json and the small copies that it names: every picture of the run, for a program that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from containers.infer import wording
from containers.infer.classes import NetworkClass
from containers.infer.results import MadeFilm, MixtureGrid, MovedPicture, ProjectedImage, ReportRun
from containers.infer.synthesis import TRUNCATION
from contract.gallery import (
    LONGEST_TEXT,
    DirectionStep,
    FilmFacts,
    Gallery,
    GalleryItem,
    GalleryKind,
    MixedOf,
    ModelFacts,
    PictureArchive,
)
from contract.gallery.document import LONGEST_NOTE
from contract.layout import (
    DIRECTIONS,
    GALLERY,
    GENERATED,
    MADE,
    MIXED,
    MODEL_NOTE,
    PICTURE_ARCHIVE,
    REPORT,
    SHEET,
    THUMBNAILS,
)
from stylegan2.base.machine_made import save_marked

LARGEST_THUMBNAIL = 384
"""Longest side, in pixels."""
_QUALITY = 80


def write_gallery(report: Path, made: Path, run: ReportRun) -> None:
    """Write gallery.json into the folder `report`, beside the archive of pictures, and the small copies into `made`."""
    archive = report / PICTURE_ARCHIVE
    gallery = Gallery(
        title=wording.printable(run.dataset, LONGEST_TEXT),
        execution_id=run.execution_id,
        truncation=TRUNCATION,
        model=ModelFacts(run.network.name, run.network.kimg, _note_of(run.model_folder)),
        archive=PictureArchive(f"{REPORT}/{archive.name}", archive.stat().st_size),
        items=tuple(_Shelf(made).items_of(run)),
    )
    (report / GALLERY).write_text(gallery.to_json(), encoding="ascii")


class _Shelf:
    """The folder of pictures, whose places the gallery names."""

    def __init__(self, made: Path) -> None:
        self._made = made

    def items_of(self, run: ReportRun) -> Iterator[GalleryItem]:
        """All items of a run, in the order in which they are shown."""
        images = run.images
        for one in images.generated:
            yield self._item(GalleryKind.GENERATED, one.file, seed=one.seed, of_class=_name_of(one.of_class))
        if images.mixing is not None:
            yield from self._mixtures(images.mixing)
        for projected in images.projected:
            yield from self._pair(projected)
        yield from self._directions(images.directions)
        if images.film is not None:
            yield self._film(images.film)
        for kind in (GENERATED, MIXED, DIRECTIONS):
            sheet = self._made / kind / f"{SHEET}.png"
            if sheet.is_file():
                yield self._item(GalleryKind.SHEET, sheet)

    def _mixtures(self, grid: MixtureGrid) -> Iterator[GalleryItem]:
        # Two seeds that are mixed with each other are columns and rows.
        for source in {source.file: source for source in (*grid.columns, *grid.rows)}.values():
            yield self._item(GalleryKind.SOURCE, source.file, seed=source.seed, of_class=_name_of(source.of_class))
        for row, cells in zip(grid.rows, grid.cells, strict=True):
            for column, file in zip(grid.columns, cells, strict=True):
                mixed_of = MixedOf(column.seed, row.seed, tuple(grid.layers))
                yield replace(self._item(GalleryKind.MIXED, file), mixed_of=mixed_of)

    def _pair(self, image: ProjectedImage) -> Iterator[GalleryItem]:
        name = wording.printable(image.name, LONGEST_TEXT)
        original = replace(self._item(GalleryKind.ORIGINAL, image.target), name=name)
        yield original
        yield replace(
            self._item(GalleryKind.RECREATED, image.projection),
            name=name,
            original=original.file,
            distance=min(image.distances, default=None),
        )

    def _directions(self, pictures: Iterable[MovedPicture]) -> Iterator[GalleryItem]:
        for one in pictures:
            item = self._item(GalleryKind.DIRECTION, one.file, seed=one.seed, of_class=_name_of(one.of_class))
            yield replace(item, direction=DirectionStep(one.direction, one.step, one.shift))

    def _film(self, film: MadeFilm) -> GalleryItem:
        mp4 = None if film.mp4 is None else self._place(film.mp4)
        facts = FilmFacts(film.frames, film.seconds, tuple(film.seeds), mp4)
        return replace(self._item(GalleryKind.FILM, film.file), film=facts)

    def _item(self, kind: GalleryKind, file: Path, seed: int | None = None, of_class: str | None = None) -> GalleryItem:
        """The item of a file, of which a small copy is made; a film's is of its first frame."""
        copy = self._made / THUMBNAILS / file.relative_to(self._made).with_suffix(".webp")
        copy.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as image:
            width, height = image.size
            small = image.convert("RGB")
        small.thumbnail((LARGEST_THUMBNAIL, LARGEST_THUMBNAIL), Image.Resampling.LANCZOS)
        if kind is GalleryKind.ORIGINAL:
            small.save(copy, "WEBP", quality=_QUALITY)
        else:
            save_marked(small, copy, "WEBP", quality=_QUALITY)
        return GalleryItem(kind, self._place(file), width, height, self._place(copy), seed, of_class)

    def _place(self, file: Path) -> str:
        return f"{MADE}/{file.relative_to(self._made).as_posix()}"


def _name_of(one: NetworkClass | None) -> str | None:
    return None if one is None else wording.printable(one.name, LONGEST_TEXT)


def _note_of(model_folder: Path) -> str:
    """What the model's archive says of where it comes from; "" if it says nothing. The archive may be anybody's."""
    file = model_folder / MODEL_NOTE
    if not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as lines:
        text = lines.read(LONGEST_NOTE)
    return "\n".join(wording.printable(line, LONGEST_NOTE) for line in text.splitlines())
