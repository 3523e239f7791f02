"""What a program needs to show a run: an index of all pictures, small copies, and a zip."""

import dataclasses
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from containers.infer.classes import NetworkClass
from containers.infer.gallery import write_gallery
from containers.infer.picture_archive import write_picture_archive
from containers.infer.results import MadeFilm, MovedPicture, ReportRun
from contract.gallery import DirectionStep, FilmFacts, Gallery, GalleryKind, MixedOf
from stylegan2.synthesis.video import write_video
from tests.containers.conftest import picture
from tests.marks import assert_says_a_machine_made_it, mark_of


@pytest.fixture
def run(finished_run: ReportRun, tmp_path: Path) -> ReportRun:
    """The finished run with pictures of their own for each place, directions and a film."""
    made, images = tmp_path / "inference", finished_run.images
    assert images.mixing is not None
    cells = [[picture(made / f"mixed/{row}-{column}.png", 7 * row + column) for column in range(3)] for row in range(2)]
    (pair,) = images.projected
    pair = dataclasses.replace(
        pair,
        name="anna\u202egnp.png",
        target=picture(made / "projected/00-anna.png", 40),
        projection=picture(made / "projected/00-anna-drawn.png", 50, (512, 256)),
    )
    frames = [np.full((64, 48, 3), 20 * number, np.uint8) for number in range(4)]
    (made / "film").mkdir()
    write_video(frames, made / "film/film.webp", frame_milliseconds=40)
    (made / "film/film.mp4").write_bytes(b"film")
    picture(made / "generated/sheet.png", 9, (1600, 800))
    moved = [
        MovedPicture(5, 1, step, shift, picture(made / f"directions/{step}.png", step), NetworkClass(0, "lamps"))
        for step, shift in enumerate([-0.5, 0.0, 0.5], start=1)
    ]
    images = dataclasses.replace(
        images,
        mixing=dataclasses.replace(images.mixing, cells=cells, layers=range(3)),
        projections=dataclasses.replace(images.projections, images=[pair]),
        directions=moved,
        film=MadeFilm(made / "film/film.webp", made / "film/film.mp4", [0, 1], 4, 0.16),
    )
    (finished_run.model_folder / "MODEL-NOTE.txt").write_text("It has learned.\n\u202eNo.\n")
    return dataclasses.replace(finished_run, images=images)


def written(run: ReportRun, tmp_path: Path) -> Gallery:
    report = tmp_path / "report"
    report.mkdir()
    write_picture_archive(tmp_path / "inference", report / "pictures.zip")
    write_gallery(report, tmp_path / "inference", run)
    return Gallery.from_json((report / "gallery.json").read_bytes())


def test_every_picture_is_in_the_index_with_what_it_was_made_of(run: ReportRun, tmp_path: Path) -> None:
    gallery = written(run, tmp_path)
    kinds = [item.kind.value for item in gallery.items]
    assert kinds == [
        *["generated"] * 24, *["source"] * 5, *["mixed"] * 6, "original", "recreated",
        *["direction"] * 3, "film", "sheet",
    ]  # fmt: skip
    assert [item.seed for item in gallery.of_kind(GalleryKind.GENERATED)] == [*range(24)]
    mixed = gallery.of_kind(GalleryKind.MIXED)
    assert mixed[4].mixed_of == MixedOf(shape=3, details=1, layers=(0, 1, 2))
    original, recreated = gallery.of_kind(GalleryKind.ORIGINAL, GalleryKind.RECREATED)
    assert (original.name, recreated.name) == ("anna�gnp.png", "anna�gnp.png")
    assert (recreated.original, recreated.distance) == (original.file, 0.25)
    assert (recreated.width, recreated.height) == (512, 256)
    step = gallery.of_kind(GalleryKind.DIRECTION)[0]
    assert (step.seed, step.of_class, step.direction) == (5, "lamps", DirectionStep(1, 1, -0.5))
    (film,) = gallery.of_kind(GalleryKind.FILM)
    assert film.film == FilmFacts(4, 0.16, (0, 1), "inference/film/film.mp4")
    assert (gallery.title, gallery.truncation, gallery.model.network) == ("my-faces", 0.8, "last")
    assert gallery.model.note == "It has learned.\n�No."
    assert gallery.archive.bytes == (tmp_path / gallery.archive.file).stat().st_size


def test_every_file_of_the_index_is_there_and_its_copy_is_small_and_marked_like_itself(
    run: ReportRun, tmp_path: Path
) -> None:
    for item in written(run, tmp_path).items:
        with Image.open(tmp_path / item.file) as image, Image.open(tmp_path / item.thumbnail) as copy:
            assert image.size == (item.width, item.height)
            assert max(copy.size) == min(max(image.size), 384)
            assert copy.format == "WEBP"
        if item.is_made:
            assert_says_a_machine_made_it(tmp_path / item.thumbnail)
        else:
            assert mark_of((tmp_path / item.thumbnail).read_bytes()) is None


def test_the_zip_holds_all_but_the_copies_in_their_folders_as_they_are(run: ReportRun, tmp_path: Path) -> None:
    written(run, tmp_path)
    made = tmp_path / "inference"
    files = {file.relative_to(made).as_posix(): file.read_bytes() for file in made.rglob("*") if file.is_file()}
    with zipfile.ZipFile(tmp_path / "report/pictures.zip") as archive:
        assert archive.testzip() is None
        packed = {name: archive.read(name) for name in archive.namelist()}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    assert packed == {name: data for name, data in files.items() if not name.startswith("thumbnails/")}


def test_the_same_pictures_give_the_same_zip_whenever_they_were_written(run: ReportRun, tmp_path: Path) -> None:
    made = tmp_path / "inference"
    write_picture_archive(made, tmp_path / "one.zip")
    for file in sorted(made.rglob("*.*"), reverse=True):
        data = file.read_bytes()
        file.unlink()
        file.write_bytes(data)
    write_picture_archive(made, tmp_path / "other.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_a_note_of_anybodys_archive_is_cut(run: ReportRun, tmp_path: Path) -> None:
    (run.model_folder / "MODEL-NOTE.txt").write_bytes(b"\xff" * 10_000)
    assert written(run, tmp_path).model.note == "�" * 4_000


def test_a_run_that_made_nothing_has_an_empty_gallery(run: ReportRun, tmp_path: Path) -> None:
    (tmp_path / "inference/generated/sheet.png").unlink()
    nothing = dataclasses.replace(
        run, images=dataclasses.replace(run.images, generated=[], mixing=None, directions=(), film=None)
    )
    (pair,) = nothing.images.projected
    assert [item.name for item in written(nothing, tmp_path).items] == ["anna�gnp.png"] * 2
    assert pair.target.exists()
