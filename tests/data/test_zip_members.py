"""Whatever a zip's directory says: the files that can be used are, the others are told of, or the zip is refused."""

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylegan2.base.errors import DatasetError, ModelError
from stylegan2.data import uploads
from stylegan2.data.dataset import ImageDataset
from stylegan2.data.image_files import open_files
from stylegan2.data.preparation import prepare_images
from stylegan2.data.refusals import RefusedImage
from stylegan2.data.uploads import open_uploads
from tests.data.pictures import encoded, photo

PNG = encoded(photo(0, 16, 16), "PNG")
NAMES = ["", "/", "//", ".", "..", "../a.png", "a/", "a//b.png", "./a.png", "/a.png", "a\\b.png", "C:a.png",
         "\0.png", "a\0.png", "caf\xe9.png", "\u202egnp.exe", "x" * 9000 + ".png", "dataset.json", "a.png",
         "a.png/b.png"]  # fmt: skip


def zipped(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, data in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # as it is: the constructor would mend it
            info.compress_type = compression
            archive.writestr(info, data)
    return buffer.getvalue()


def test_a_member_without_a_name_is_told_of_and_the_others_are_used(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zipped([("a.png", PNG), ("", PNG), ("b.png", encoded(photo(1), "PNG"))]))
    report = prepare_images(path, tmp_path / "d.zip", resolution=16, set_aside=tmp_path / "aside")
    assert (report.found, report.good) == (3, 2)
    (item,) = report.set_aside
    assert (item.name, item.reason) == ("(no name)", "This file has no name; make the zip anew.")
    assert [file.read_bytes() for file in (tmp_path / "aside").iterdir()] == [PNG]


def test_a_data_set_with_a_member_without_a_name_is_read_without_it(tmp_path: Path) -> None:
    path = tmp_path / "d.zip"
    path.write_bytes(zipped([("a.png", PNG), ("", b"nothing")]))
    assert ImageDataset(path).names == ["a.png"]


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_name_costs_nothing_but_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zipped([("good.png", encoded(photo(1), "PNG")), (name, PNG)]))
    report = prepare_images(path, tmp_path / "out" / "d.zip", resolution=16, set_aside=tmp_path / "out" / "aside")
    assert report.good >= 1
    assert report.found == report.good + len(report.set_aside)
    assert all(item.name.isprintable() and 0 < len(item.name) <= 1100 for item in report.set_aside)
    assert {file.name for file in tmp_path.iterdir()} == {"photos.zip", "out"}


def test_a_file_with_a_folders_name_is_told_of_and_a_folder_is_not(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zipped([("q.png/", PNG), ("sub/", b""), ("sub/a.png", encoded(photo(1), "PNG"))]))
    report = prepare_images(path, tmp_path / "d.zip", resolution=16, set_aside=tmp_path / "aside")
    assert (report.found, report.good) == (2, 1)
    (item,) = report.set_aside
    assert (item.name, item.reason) == ("q.png/", "The name of this file is that of a folder; make the zip anew.")
    assert [file.read_bytes() for file in (tmp_path / "aside").iterdir()] == [PNG]


def test_another_zip_at_the_same_path_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    for number in (1, 2):
        path.write_bytes(zipped([(f"{n}.png", encoded(photo(n), "PNG")) for n in range(number)]))
        report = prepare_images(path, tmp_path / "d.zip", resolution=16, workers=1)
        assert (report.good, report.set_aside) == (number, ())


def test_two_members_of_one_name_are_refused_by_it(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zipped([("a.png", PNG), ("a.png", PNG)]))
    for read in (open_files, open_uploads):
        with pytest.raises(DatasetError, match=r"holds two members with the name 'a\.png'"):
            read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_is_compressed_in_another_way_is_set_aside(tmp_path: Path, method: int) -> None:
    path = tmp_path / "photos.zip"
    path.write_bytes(zipped([("a.png", PNG)], method))
    report = prepare_images(path, tmp_path / "d.zip", resolution=16)
    assert "compressed in an unknown way" in report.set_aside[0].reason


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_directory_of_any_names_and_bytes_ends_in_pictures_or_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES) | st.text(max_size=6), min_size=1, max_size=4))
    content = bytearray(zipped([(name, PNG) for name in names], data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(0, 6))):
        content[-data.draw(st.integers(1, min(len(content), 300)))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("zip") / "photos.zip"
    path.write_bytes(content)
    for use in (use_as_uploads, use_as_data_set):
        try:
            use(path)
        except (ModelError, RefusedImage) as refusal:
            assert str(refusal)  # noqa: PT017 - most examples raise nothing


def use_as_uploads(path: Path) -> None:
    uploads._members.cache_clear()
    opened = open_uploads(path)
    names, unusable = opened.list_files()
    for name in [*names, *unusable]:
        opened.copy(name, path.with_name("copy"))
    for name in names:
        opened.read(name)


def use_as_data_set(path: Path) -> None:
    opened = open_files(path)
    opened.fingerprint()
    opened.read_labels()
    for index in range(len(opened.names)):
        opened.read(index)
        opened.read_start(index, 30)
