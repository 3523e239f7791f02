"""A folder of uploads becomes a data set; nothing in the folder can stop that, and every file is accounted for."""

import hashlib
import json
import os
import resource
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from click.testing import CliRunner
from dataset_tool import main
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stylegan2.base.errors import ModelError
from stylegan2.data import preparation
from stylegan2.data.dataset import ImageDataset
from stylegan2.data.preparation import CopyLimits, PreparationError, RefusedFile, prepare_images
from stylegan2.data.refusals import RefusalCode, refusal
from stylegan2.data.vetting import Wanted, training_pixels
from tests.data.pictures import encoded, photo


@pytest.fixture
def mixed_uploads(uploads):
    good = photo(1, 40, 56)
    return uploads(
        {
            "b.jpg": encoded(photo(2), "JPEG"),
            "a.png": encoded(good, "PNG"),
            "sub/copy of a.bmp": encoded(good, "BMP"),
            "sub/cut.jpg": encoded(photo(3, 200, 200), "JPEG")[:1500],
            "notes.png": b"these are my notes",
            "empty.png": b"",
            "Thumbs.db": b"left behind by a system",
            ".DS_Store": b"\0\0\0\1Bud1",
            "__MACOSX/._a.png": b"\0\5\x16\7",
        }
    )


class TestReport:
    def test_every_file_is_in_the_data_set_or_set_aside_with_a_reason(self, mixed_uploads, tmp_path):
        report = prepare_images(mixed_uploads, tmp_path / "out" / "d.zip", resolution=32)
        assert (report.found, report.good) == (6, 2)
        assert report.set_aside == (
            RefusedFile("empty.png", refusal(RefusalCode.EMPTY)),
            RefusedFile("notes.png", refusal(RefusalCode.TEXT)),
            RefusedFile("sub/copy of a.bmp", refusal(RefusalCode.DUPLICATE, other="a.png")),
            RefusedFile("sub/cut.jpg", refusal(RefusalCode.DAMAGED)),
        )

    @pytest.mark.parametrize(
        ("limits", "copies"),
        [
            (CopyLimits(2, 10**9), ["empty.png", "notes.png"]),
            (CopyLimits(9, 200), ["empty.png", "notes.png"]),  # what is too large leaves the room to what follows
            (CopyLimits(9, 1518), ["empty.png", "notes.png", "sub__cut.jpg"]),
            (CopyLimits(0, 10**9), []),
            (None, ["empty.png", "notes.png", "sub__copy_of_a.bmp", "sub__cut.jpg"]),
        ],
    )
    def test_copies_of_what_is_set_aside_are_bounded_and_the_list_is_not(self, mixed_uploads, tmp_path, limits, copies):
        aside = tmp_path / "aside"
        report = prepare_images(mixed_uploads, tmp_path / "d.zip", resolution=32, set_aside=aside, copy_limits=limits)
        assert sorted(file.name for file in aside.glob("*")) == copies
        assert (report.copied, len(report.set_aside)) == (len(copies), 4)

    def test_the_data_set_holds_the_good_pictures_in_the_order_of_their_names(self, mixed_uploads, tmp_path):
        prepare_images(mixed_uploads, tmp_path / "d.zip", resolution=32)
        dataset = ImageDataset(tmp_path / "d.zip")
        assert dataset.names == ["00000/img00000000.png", "00000/img00000001.png"]
        with Image.open(mixed_uploads / "b.jpg") as image:
            expected = np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=2.0))
        assert np.array_equal(dataset[1].transpose(1, 2, 0), expected)

    def test_progress_ends_at_the_number_of_files(self, mixed_uploads, tmp_path):
        calls = []
        prepare_images(
            mixed_uploads, tmp_path / "d.zip", resolution=32, on_progress=lambda *numbers: calls.append(numbers)
        )
        assert calls == [(done, 6) for done in range(1, 7)]

    def test_without_a_good_picture_no_data_set_is_left_not_even_an_old_one(self, uploads, tmp_path):
        (tmp_path / "d.zip").write_bytes(b"from last time")
        report = prepare_images(uploads({"a.png": b"text"}), tmp_path / "d.zip", resolution=32)
        assert (report.found, report.good) == (1, 0)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["uploads"]


class TestZip:
    def test_the_same_folder_gives_the_same_bytes_with_one_worker_or_two(self, mixed_uploads, tmp_path):
        for name, workers in (("one.zip", 1), ("again.zip", 1), ("two.zip", 2)):
            prepare_images(mixed_uploads, tmp_path / name, resolution=32, workers=workers)
        one, again, two = ((tmp_path / name).read_bytes() for name in ("one.zip", "again.zip", "two.zip"))
        assert one == again == two
        assert sorted(path.name for path in tmp_path.iterdir()) == ["again.zip", "one.zip", "two.zip", "uploads"]

    def test_the_bytes_are_those_of_every_other_machine(self, uploads, tmp_path):
        """A change of this hash means that data sets made before and after it differ."""
        pixels = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)
        prepare_images(uploads({"a.png": encoded(Image.fromarray(pixels), "PNG")}), tmp_path / "d.zip", resolution=16)
        digest = hashlib.sha256((tmp_path / "d.zip").read_bytes()).hexdigest()
        assert digest == "beaa0a3fef62e1d27068c8dbcb7613ae16339a8765a021b757cfa1dcc5761527"

    def test_members_are_stored_under_the_references_names(self, uploads, tmp_path):
        folder = uploads({f"{i}.png": encoded(photo(i, 8, 8), "PNG") for i in range(3)})
        preparation.prepare_images(folder, tmp_path / "d.zip", resolution=8)
        with zipfile.ZipFile(tmp_path / "d.zip") as archive:
            assert archive.testzip() is None
            assert archive.namelist() == [f"00000/img{i:08d}.png" for i in range(3)] + ["dataset.json"]
            assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
            assert json.loads(archive.read("dataset.json")) == {"labels": None}

    def test_place_and_camera_never_reach_the_data_set(self, uploads, tmp_path):
        exif = Image.Exif()
        exif[0x010F] = "SecretCamera"
        exif.get_ifd(0x8825)[29] = "2026:01:01"
        files = {
            "a.jpg": encoded(photo(), "JPEG", exif=exif, comment=b"SecretComment"),
            "b.png": encoded(photo(1), "PNG", exif=exif),
        }
        prepare_images(uploads(files), tmp_path / "d.zip", resolution=32)
        data = (tmp_path / "d.zip").read_bytes()
        assert not any(word in data for word in (b"Secret", b"2026:01", b"Exif", b"eXIf", b"tEXt"))


class TestHostileFolders:
    def test_links_pipes_loops_and_locked_places_do_not_stop_it(self, uploads, tmp_path):
        folder = uploads({"good.png": encoded(photo(), "PNG"), "sub/also good.png": encoded(photo(1), "PNG")})
        (folder / "sub" / "loop").symlink_to(folder)
        (folder / "passwords.png").symlink_to("/etc/passwd")
        (folder / "dangling.png").symlink_to("nowhere")
        os.mkfifo(folder / "pipe.png")
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32, set_aside=tmp_path / "aside")
        assert (report.found, report.good) == (6, 2)
        assert {item.name for item in report.set_aside} == {"dangling.png", "passwords.png", "pipe.png", "sub/loop"}
        assert not (tmp_path / "aside").exists()

    def test_a_folder_that_cannot_be_opened_is_named(self, uploads, tmp_path, monkeypatch):
        folder = uploads({"good.png": encoded(photo(), "PNG"), "locked/a.png": encoded(photo(1), "PNG")})
        scandir = os.scandir

        def refuse_locked(path):  # the tests may run as root, whom no permission stops
            if path.name == "locked":
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse_locked)
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32)
        assert report.set_aside == (
            RefusedFile("locked", refusal(RefusalCode.FOLDER_CANNOT_OPEN, why="Permission denied")),
        )

    def test_names_of_any_bytes_are_reported_readably_and_copied_safely(self, uploads, tmp_path):
        folder = uploads({"good.png": encoded(photo(), "PNG")})
        names = [
            b"caf\xe9.png",
            b"new\nline.png",
            b"\x1b[2Jclear.png",
            "\u202egnp.exe.png".encode(),
            b"-rf",
            b"a" * 250,
        ]
        for name in names:
            with open(os.path.join(os.fsencode(folder), name), "wb") as file:
                file.write(b"text")
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32, set_aside=tmp_path / "aside")
        assert len(report.set_aside) == len(names)
        assert all(item.name.isprintable() for item in report.set_aside)
        copies = sorted(path.name for path in (tmp_path / "aside").iterdir())
        assert len(copies) == len(names)
        assert "rf" in copies
        assert "caf_.png" in copies

    def test_copies_of_the_same_flat_name_do_not_overwrite_each_other(self, uploads, tmp_path):
        files = {"a/b.png": b"1", "a__b.png": b"2", "A/B.PNG": b"3", "good.png": encoded(photo(), "PNG")}
        prepare_images(uploads(files), tmp_path / "d.zip", resolution=32, set_aside=tmp_path / "aside")
        copies = {path.name: path.read_bytes() for path in (tmp_path / "aside").iterdir()}
        assert copies == {"A__B.PNG": b"3", "a__b-2.png": b"1", "a__b-3.png": b"2"}

    @given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6))
    def test_safe_names_are_harmless_and_all_different(self, names):
        taken = {}
        safe = [preparation._safe_name(name, taken) for name in names]
        assert len({name.lower() for name in safe}) == len(names)
        for name in safe:
            assert name.isascii()
            assert "/" not in name
            assert name[0] not in ".-"
            assert len(name) <= 260

    def test_thousands_of_names_that_come_out_as_one_are_each_tried_but_twice(self):
        class Counting(dict):
            tries = 0

            def __contains__(self, name):
                self.tries += 1
                return super().__contains__(name)

        taken = Counting()
        names = [preparation._safe_name(f"{chr(0x4E00 + number)}.png", taken) for number in range(2000)]
        assert names == ["_.png", *(f"_-{number}.png" for number in range(2, 2001))]
        assert taken.tries < 2 * len(names)

    def test_a_name_that_has_the_counter_of_another_is_passed_over(self):
        taken = {}
        names = [preparation._safe_name(name, taken) for name in ("a-2.png", "A.png", "a.png", "a-2.PNG", "a.png")]
        assert names == ["a-2.png", "A.png", "a-3.png", "a-2-2.PNG", "a-4.png"]

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_full_disk_is_an_error_that_names_the_file_and_leaves_nothing(self, uploads, tmp_path, workers):
        folder = uploads({"a.png": encoded(photo(), "PNG")})
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
        try:
            with pytest.raises(PreparationError, match=r"d\.zip cannot be written: File too large"):
                prepare_images(folder, tmp_path / "d.zip", resolution=64, workers=workers)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not list(tmp_path.glob("d.zip*"))


class TestZipSources:
    def test_a_zip_of_uploads_gives_the_same_data_set_as_the_folder(self, mixed_uploads, tmp_path):
        with zipfile.ZipFile(tmp_path / "uploads.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(mixed_uploads.rglob("*")):
                archive.write(path, path.relative_to(mixed_uploads))
        zipped = tmp_path / "uploads.zip"
        reports = [
            prepare_images(source, tmp_path / f"{name}.zip", resolution=32, set_aside=tmp_path / name, workers=workers)
            for name, source, workers in (("folder", mixed_uploads, 1), ("zip", zipped, 1), ("two", zipped, 2))
        ]
        assert reports[0].copied == reports[1].copied + 1  # of a zip's member that is empty there is nothing to copy
        assert replace(reports[0], copied=0) == replace(reports[1], copied=0) == replace(reports[2], copied=0)
        assert (tmp_path / "folder.zip").read_bytes() == (tmp_path / "zip.zip").read_bytes()
        assert (tmp_path / "folder.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
        copies = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("folder", "zip")]
        assert copies[0].pop("empty.png") == b""  # nothing to copy out of a zip
        assert copies[0] == copies[1]

    def test_another_programs_data_set_becomes_ours_with_the_same_pixels_and_labels(self, tmp_path):
        labels = [[f"00000/img{i:08d}.png", [i / 4, 1.0]] for i in range(4)]
        with zipfile.ZipFile(tmp_path / "theirs.zip", "w") as archive:
            for i, (name, _) in enumerate(labels):
                archive.writestr(name, encoded(photo(i, 32, 32), "PNG", compress_level=0))
            archive.writestr("dataset.json", json.dumps({"labels": labels[::-1]}))
        prepare_images(tmp_path / "theirs.zip", tmp_path / "ours.zip", resolution=32, labels="file")
        theirs = ImageDataset(tmp_path / "theirs.zip", use_labels=True)
        ours = ImageDataset(tmp_path / "ours.zip", use_labels=True)
        everything = range(4)
        assert ours.names == theirs.names
        assert np.array_equal(ours.read(everything), theirs.read(everything))
        assert np.array_equal(ours.labels(everything), theirs.labels(everything))

    def test_bad_members_are_set_aside_by_name_and_the_rest_is_used(self, tmp_path):
        path = tmp_path / "uploads.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../evil.png", encoded(photo(8), "PNG"))
            archive.writestr("bomb.bmp", b"BM" + bytes(20_000_000))
            archive.writestr("good.png", encoded(photo(1), "PNG"))
            archive.writestr("secret.png", encoded(photo(2), "PNG"))
            archive.writestr("worn.png", encoded(photo(3), "PNG"), zipfile.ZIP_STORED)
        data = bytearray(path.read_bytes())
        entry = data.rindex(b"secret.png") - 46  # in the directory, at the end
        data[entry + 8] |= 1
        data[data.index(b"IDAT", data.index(b"worn.png")) + 20] ^= 0xFF
        path.write_bytes(data)
        report = prepare_images(path, tmp_path / "d.zip", resolution=32, set_aside=tmp_path / "aside")
        assert (report.found, report.good) == (5, 1)
        reasons = {item.name: item.reason for item in report.set_aside}
        assert reasons["../../evil.png"] == "The name of this file leads outside of the zip; make the zip anew."
        assert "as only a decompression bomb does" in reasons["bomb.bmp"]
        assert "is encrypted" in reasons["secret.png"]
        assert reasons["worn.png"] == "The file is damaged in the zip; make the zip anew."
        assert not list(tmp_path.parent.glob("evil*"))

    def test_a_file_that_is_no_zip_is_named(self, tmp_path):
        (tmp_path / "text.zip").write_text("hello")
        with pytest.raises(ModelError, match=r"text\.zip is not a zip that can be read"):
            prepare_images(tmp_path / "text.zip", tmp_path / "d.zip", resolution=32)


class TestLabels:
    def test_the_sub_folders_of_good_pictures_are_the_classes(self, uploads, tmp_path):
        files = {
            f"{name}/{i}/{i}.png": encoded(photo(7 * i + len(name)), "PNG") for name in ("dog", "horse") for i in (1, 2)
        }
        folder = uploads(files | {"alone.png": encoded(photo(50), "PNG"), "bad/x.png": b"text"})
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32, labels="folders")
        assert report.classes == ("dog", "horse")
        assert [item.name for item in report.set_aside] == ["alone.png", "bad/x.png"]
        assert "in none of the sub-folders" in report.set_aside[0].reason
        with zipfile.ZipFile(tmp_path / "d.zip") as archive:
            content = json.loads(archive.read("dataset.json"))
        assert content["classes"] == ["dog", "horse"]
        assert content["labels"] == [[f"00000/img{i:08d}.png", i // 2] for i in range(4)]
        dataset = ImageDataset(tmp_path / "d.zip", use_labels=True)
        assert np.array_equal(dataset.labels(range(4)), np.eye(2)[[0, 0, 1, 1]])

    def test_names_that_look_alike_are_one_class_which_the_training_knows(self, uploads, tmp_path):
        names = ["Stu\u0308hle/a.png", "St\u00fchle/b.png", "chairs/c.png", "@eaDir/d.png"]
        folder = uploads({name: encoded(photo(3 * i), "PNG") for i, name in enumerate(names)})
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32, labels="folders")
        assert (report.found, report.classes, report.class_images) == (3, ("St\u00fchle", "chairs"), (2, 1))
        assert ImageDataset(tmp_path / "d.zip", use_labels=True).class_names == report.classes
        assert ImageDataset(tmp_path / "d.zip").class_names == ()

    def test_labels_of_a_file_follow_their_pictures_and_nothing_is_dropped_silently(self, uploads, tmp_path):
        labels = [["b.png", 4], ["sub/a.png", 2], ["gone.png", 1], ["broken.png", 0], ["../../etc/passwd", 0]]
        folder = uploads(
            {
                "b.png": encoded(photo(1), "PNG"),
                "sub/a.png": encoded(photo(2), "PNG"),
                "unlabelled.png": encoded(photo(3), "PNG"),
                "broken.png": b"\x89PNG",
                "dataset.json": json.dumps({"labels": labels}).encode(),
            }
        )
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32, labels="file", set_aside=tmp_path / "aside")
        assert (report.found, report.good) == (6, 2)
        reasons = {item.name: item.reason for item in report.set_aside}
        assert reasons["gone.png"] == "dataset.json has a label for this image, but there is no such file."
        assert reasons["unlabelled.png"] == "dataset.json has no label for this image."
        assert reasons.keys() == {"gone.png", "unlabelled.png", "broken.png", "../../etc/passwd"}
        assert sorted(path.name for path in (tmp_path / "aside").iterdir()) == ["broken.png", "unlabelled.png"]
        with zipfile.ZipFile(tmp_path / "d.zip") as archive:
            content = json.loads(archive.read("dataset.json"))
        assert content == {"labels": [["00000/img00000000.png", 4], ["00000/img00000001.png", 2]]}

    @settings(deadline=None)  # it starts processes
    @given(st.lists(st.text(max_size=8), max_size=4, unique=True))
    def test_names_of_any_characters_in_a_label_file_are_told_of(self, names):
        with TemporaryDirectory() as folder:
            source = Path(folder, "source")
            source.mkdir()
            (source / "good.png").write_bytes(encoded(photo(), "PNG"))
            labels = [["good.png", 0], *([f"{name}\ud800/x", 1] for name in names)]
            (source / "dataset.json").write_text(json.dumps({"labels": labels}))
            report = prepare_images(source, Path(folder, "d.zip"), resolution=32, labels="file")
        assert (report.good, report.found) == (1, 1 + len({name.replace("\\", "/") for name in names}))
        assert all(item.name.isprintable() for item in report.set_aside)

    def test_a_broken_label_file_is_one_sentence_that_names_it(self, uploads, tmp_path):
        folder = uploads({"a.png": encoded(photo(), "PNG"), "dataset.json": b"{broken"})
        with pytest.raises(ModelError, match=r"dataset\.json in \S+uploads is not valid JSON"):
            prepare_images(folder, tmp_path / "d.zip", resolution=32, labels="file")
        report = prepare_images(folder, tmp_path / "d.zip", resolution=32)  # uploads may hold anything
        assert report.set_aside == (RefusedFile("dataset.json", refusal(RefusalCode.TEXT)),)


class TestSizes:
    def test_pictures_are_cropped_around_their_middle_to_the_proportions_asked_for(self, uploads, tmp_path):
        image = photo(1, 100, 60)
        folder = uploads({"a.png": encoded(image, "PNG")})
        prepare_images(folder, tmp_path / "d.zip", resolution=Wanted(32, 48))
        expected = image.resize((48, 32), Image.Resampling.LANCZOS, box=(5, 0, 95, 60), reducing_gap=2.0)
        (pixels,) = ImageDataset(tmp_path / "d.zip").read([0])
        assert np.array_equal(pixels, np.asarray(expected))

    def test_a_picture_on_its_side_is_turned_before_it_is_cropped(self, uploads, tmp_path):
        image = photo(1, 96, 60)
        turned = Image.Exif()
        turned[0x0112] = 6
        lying = encoded(image.transpose(Image.Transpose.ROTATE_90), "PNG", exif=turned)
        for name, data in (("upright", encoded(image, "PNG")), ("lying", lying)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.png").write_bytes(data)
            prepare_images(tmp_path / name, tmp_path / f"{name}.zip", resolution=Wanted(32, 48))
        upright, lying = (ImageDataset(tmp_path / f"{name}.zip").read([0]).astype(int) for name in ("upright", "lying"))
        assert np.abs(upright - lying).max() <= 1  # rounding along x and y in another order

    @pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (4, "RGBA")])
    def test_grey_and_transparent_data_sets_are_made(self, uploads, tmp_path, channels, mode):
        image = photo(1, 32, 32).convert("RGBA")
        image.putalpha(Image.linear_gradient("L").resize((32, 32)))
        folder = uploads({"a.png": encoded(image, "PNG")})
        prepare_images(folder, tmp_path / "d.zip", resolution=Wanted(32, 32, channels))
        dataset = ImageDataset(tmp_path / "d.zip")
        assert dataset.channels == channels
        with zipfile.ZipFile(tmp_path / "d.zip") as archive, Image.open(archive.open(dataset.names[0])) as stored:
            assert stored.mode == mode
        if channels == 4:
            assert np.array_equal(dataset[0].transpose(1, 2, 0), np.asarray(image))

    def test_a_picture_too_small_for_its_proportions_is_told_what_is_needed(self, uploads, tmp_path):
        report = prepare_images(
            uploads({"a.png": encoded(photo(1, 20, 20), "PNG")}), tmp_path / "d.zip", resolution=Wanted(96, 64)
        )
        assert report.set_aside[0].reason == (
            "The image is only 20 x 20 pixels; at least 16 x 24 after cropping are needed."
        )


def pixels_of(path):
    return ImageDataset(path).read([0])[0]


class TestTransforms:
    @pytest.fixture
    def landscape(self, uploads):
        return uploads({"a.png": encoded(photo(1, 96, 64), "PNG")})

    def test_a_wide_crop_lies_between_black_bars_in_a_square_of_its_width(self, landscape, tmp_path):
        prepare_images(landscape, tmp_path / "wide.zip", resolution=Wanted(24, 32, transform="center-crop-wide"))
        prepare_images(landscape, tmp_path / "plain.zip", resolution=Wanted(24, 32))
        wide = pixels_of(tmp_path / "wide.zip")
        assert wide.shape == (32, 32, 3)
        assert not wide[:4].any()
        assert not wide[28:].any()
        assert np.array_equal(wide[4:28], pixels_of(tmp_path / "plain.zip"))

    @pytest.mark.parametrize(
        ("size", "bars"), [((96, 64), (slice(0, 5), slice(27, 32))), ((64, 64), ()), ((64, 96), (slice(0, 5),))]
    )
    def test_a_letterbox_shows_the_whole_picture(self, uploads, tmp_path, size, bars):
        picture = photo(2, *size)
        folder = uploads({"a.png": encoded(picture, "PNG")})
        prepare_images(folder, tmp_path / "d.zip", resolution=Wanted(32, 32, transform="letterbox"))
        pixels = pixels_of(tmp_path / "d.zip")
        width, height = (round(side * 32 / max(size)) for side in size)
        left, top = (32 - width) // 2, (32 - height) // 2
        expected = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        assert np.array_equal(pixels[top : top + height, left : left + width], np.asarray(expected))
        if size[1] > size[0]:
            pixels = pixels.transpose(1, 0, 2)
        assert not any(pixels[bar].any() for bar in bars)

    def test_a_letterbox_of_a_transparent_data_set_is_transparent_around_the_picture(self, landscape, tmp_path):
        prepare_images(landscape, tmp_path / "d.zip", resolution=Wanted(32, 32, 4, transform="letterbox"))
        alpha = pixels_of(tmp_path / "d.zip")[:, :, 3]
        assert np.array_equal(alpha.any(axis=1), [5 <= row < 26 for row in range(32)])

    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_a_background_colours_bars_and_what_is_transparent(self, channels):
        image = Image.new("RGBA", (32, 16), (0, 0, 0, 0))
        image.paste((0, 0, 255, 255), (0, 0, 16, 16))
        wanted = Wanted(32, 32, channels, transform="letterbox", background=(255, 0, 0))
        pixels = training_pixels(encoded(image, "PNG"), wanted)
        red, blue = {1: ([76], [29]), 3: ([255, 0, 0], [0, 0, 255]), 4: ([0] * 4, [0, 0, 255, 255])}[channels]
        assert pixels[2, 2].tolist() == pixels[-3, -3].tolist() == pixels[16, 28].tolist() == red
        assert pixels[16, 3].tolist() == blue

    @pytest.mark.parametrize("transform", ["center-crop", "center-crop-wide", "letterbox"])
    def test_a_picture_on_its_side_is_turned_before_it_is_made_to_fit(self, uploads, tmp_path, transform):
        turned = Image.Exif()
        turned[0x0112] = 6
        picture = photo(1, 96, 60)
        files = {
            "lying/a.png": encoded(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=turned),
            "upright/a.png": encoded(picture, "PNG"),
        }
        folder = uploads(files)
        for name in ("lying", "upright"):
            wanted = Wanted(24, 32, transform=transform)
            prepare_images(folder / name, tmp_path / f"{name}.zip", resolution=wanted)
        lying, upright = (pixels_of(tmp_path / f"{name}.zip").astype(int) for name in ("lying", "upright"))
        assert np.abs(lying - upright).max() <= 1  # rounding along x and y in another order

    @given(
        size=st.tuples(st.integers(8, 60), st.integers(8, 60)),
        transform=st.sampled_from(["center-crop", "center-crop-wide", "letterbox"]),
        channels=st.sampled_from([1, 3, 4]),
        orientation=st.integers(1, 8),
    )
    def test_pictures_of_any_proportions_come_out_in_the_wanted_shape(self, size, transform, channels, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        wanted = Wanted(24, 32, channels, transform=transform)
        pixels = training_pixels(encoded(photo(3, *size), "PNG", exif=exif), wanted)
        assert pixels.shape == ((32 if transform == "center-crop-wide" else 24), 32, channels)

    def test_a_picture_too_small_to_be_enlarged_is_told_what_a_letterbox_needs(self, uploads, tmp_path):
        folder = uploads({"a.png": encoded(photo(1, 10, 12), "PNG"), "thin.png": encoded(photo(2, 4, 40), "PNG")})
        report = prepare_images(folder, tmp_path / "d.zip", resolution=Wanted(64, 64, transform="letterbox"))
        assert report.good == 1  # the thin one is large enough in height
        assert report.set_aside[0].reason == (
            "The image is only 10 x 12 pixels; at least 16 in width or 16 in height are needed."
        )

    def test_a_wide_picture_higher_than_wide_is_refused(self, uploads, tmp_path):
        wanted = Wanted(64, 32, transform="center-crop-wide")
        with pytest.raises(PreparationError, match=r"^height: must be from 1 to the width of 32 .*, not 64"):
            prepare_images(uploads({"a.png": b""}), tmp_path / "d.zip", resolution=wanted)

    def test_what_is_unusual_about_the_making_is_recorded_and_read_over(self, landscape, tmp_path):
        wanted = Wanted(32, 32, resize_filter="box", transform="letterbox")
        prepare_images(landscape, tmp_path / "d.zip", resolution=wanted)
        with zipfile.ZipFile(tmp_path / "d.zip") as archive:
            content = json.loads(archive.read("dataset.json"))
        assert content == {"labels": None, "preparation": {"resize_filter": "box", "transform": "letterbox"}}
        assert ImageDataset(tmp_path / "d.zip").label_size == 0

    @pytest.mark.parametrize(
        ("transform", "background", "record"),
        [
            ("center-crop", None, {}),
            ("center-crop", (255, 255, 255), {}),
            ("center-crop", (0, 10, 255), {"background": "000aff"}),
            ("letterbox", (255, 255, 255), {"transform": "letterbox", "background": "ffffff"}),
        ],
    )
    def test_a_background_is_recorded_where_it_changes_anything(self, transform, background, record):
        assert Wanted(32, 32, transform=transform, background=background).record == record

    def test_box_and_lanczos_differ(self, landscape, tmp_path):
        for name in ("box", "lanczos"):
            prepare_images(landscape, tmp_path / f"{name}.zip", resolution=Wanted(32, 32, resize_filter=name))
        assert (pixels_of(tmp_path / "box.zip") != pixels_of(tmp_path / "lanczos.zip")).any()


class TestMaxImages:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_the_first_good_pictures_are_used_and_the_rest_is_not_looked_at(self, uploads, tmp_path, workers):
        files = {f"{i}.png": encoded(photo(i), "PNG") for i in range(30)} | {"1.png": b"text"}
        folder, calls = uploads(files), []
        report = prepare_images(
            folder,
            tmp_path / "few.zip",
            resolution=32,
            max_images=3,
            workers=workers,
            on_progress=lambda *numbers: calls.append(numbers),
        )
        names = sorted(files)[:4]  # 0, 1 (which is none), 10, 11
        assert (report.found, report.good) == (4, 3)
        assert [item.name for item in report.set_aside] == ["1.png"]
        assert calls[-1] == (4, 4)
        alone = tmp_path / "alone"
        alone.mkdir()
        for name in names:
            (alone / name).write_bytes(files[name])
        prepare_images(alone, tmp_path / "alone.zip", resolution=32)
        assert (tmp_path / "few.zip").read_bytes() == (tmp_path / "alone.zip").read_bytes()

    def test_fewer_pictures_than_asked_for_are_all_used(self, mixed_uploads, tmp_path):
        report = prepare_images(mixed_uploads, tmp_path / "d.zip", resolution=32, max_images=100)
        assert (report.found, report.good) == (6, 2)

    def test_none_at_all_is_refused(self, mixed_uploads, tmp_path):
        with pytest.raises(PreparationError, match=r"^max_images: must be at least 1, not 0"):
            prepare_images(mixed_uploads, tmp_path / "d.zip", resolution=32, max_images=0)


class TestImpossibleJobs:
    @pytest.mark.parametrize("resolution", [0, 2, 100, 8192])
    def test_a_resolution_of_no_use_is_refused(self, uploads, tmp_path, resolution):
        with pytest.raises(PreparationError, match="power of two"):
            prepare_images(uploads({"a.png": b""}), tmp_path / "d.zip", resolution=resolution)

    def test_a_missing_folder_is_named(self, tmp_path):
        with pytest.raises(PreparationError, match=r"no folder .*nowhere"):
            prepare_images(tmp_path / "nowhere", tmp_path / "d.zip", resolution=32)

    def test_results_inside_the_source_are_refused_because_the_next_run_would_read_them(self, uploads, tmp_path):
        folder = uploads({"a.png": encoded(photo(), "PNG")})
        with pytest.raises(PreparationError, match=r"dest: .* must not lie inside"):
            prepare_images(folder, folder / "d.zip", resolution=32)
        with pytest.raises(PreparationError, match=r"set_aside: .* must not lie inside"):
            prepare_images(folder, tmp_path / "d.zip", resolution=32, set_aside=folder / "bad")


class TestCommandLine:
    def test_it_prints_a_table_of_the_files_set_aside_and_a_summary(self, mixed_uploads, tmp_path):
        arguments = ["--source", mixed_uploads, "--dest", tmp_path / "d.zip", "--resolution", "32"]
        result = CliRunner().invoke(main, [*map(str, arguments), "--set-aside", str(tmp_path / "aside")])
        assert result.exit_code == 0, result.output
        assert "  notes.png          This is not an image but text.\n" in result.output
        assert "6 files found, 2 good, 4 set aside." in result.output
        assert sorted(path.name for path in (tmp_path / "aside").iterdir()) == [
            "empty.png",
            "notes.png",
            "sub__copy_of_a.bmp",
            "sub__cut.jpg",
        ]

    @pytest.mark.parametrize("there", ["d.zip", "aside/mine.png"])
    def test_what_is_there_stays_unless_it_may_be_replaced(self, mixed_uploads, tmp_path, there):
        arguments = ["--source", mixed_uploads, "--dest", tmp_path / "d.zip", "--resolution", 32]
        arguments = [*map(str, arguments), "--set-aside", str(tmp_path / "aside")]
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).write_text("of mine")
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 1
        assert f"{there} is there already; name another place, or give --overwrite to replace it" in result.output
        assert (tmp_path / there).read_text() == "of mine"
        assert len(list(tmp_path.iterdir())) == 2
        assert CliRunner().invoke(main, [*arguments, "--overwrite"]).exit_code == 0
        assert len(ImageDataset(tmp_path / "d.zip")) == 2

    def test_it_ends_with_1_when_nothing_is_good(self, uploads, tmp_path):
        folder = uploads({"a.png": b"text"})
        result = CliRunner().invoke(main, ["--source", str(folder), "--dest", str(tmp_path / "d.zip")])
        assert result.exit_code == 1
        assert "1 file found, 0 good, 1 set aside." in result.output
        assert "No usable picture" in result.output

    def test_an_option_of_no_use_is_one_line_not_a_traceback(self, uploads, tmp_path):
        folder = uploads({"a.png": b"text"})
        arguments = ["--source", str(folder), "--dest", str(tmp_path / "d.zip"), "--resolution", "100"]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 1
        assert result.output.splitlines()[-1].startswith("Error: resolution: both sides must be 4 to 16 times the")

    def test_size_channels_and_classes_are_options(self, uploads, tmp_path):
        folder = uploads({f"{name}/a.png": encoded(photo(len(name)), "PNG") for name in ("tabby", "cat")})
        arguments = ["--source", folder, "--dest", tmp_path / "d.zip", "--resolution", "48x32", "--channels", "1"]
        result = CliRunner().invoke(main, [*map(str, arguments), "--labels", "folders", "--resize-filter", "box"])
        assert result.exit_code == 0, result.output
        assert "Classes: 0 cat, 1 tabby" in result.output
        dataset = ImageDataset(tmp_path / "d.zip", use_labels=True)
        assert (dataset.width, dataset.height, dataset.channels, dataset.label_size) == (48, 32, 1, 2)

    @pytest.mark.parametrize(
        ("colour", "code"), [("f4E9d8", 0), ("#f4e9d8", 0), ("white", 2), ("fff", 2), ("##ffff", 2)]
    )
    def test_a_background_is_six_hex_digits(self, uploads, tmp_path, colour, code):
        folder = uploads({"a.png": encoded(Image.new("RGB", (40, 20), "blue"), "PNG")})
        arguments = ["--source", str(folder), "--dest", str(tmp_path / "d.zip"), "--resolution", "16"]
        result = CliRunner().invoke(main, [*arguments, "--transform", "letterbox", "--background", colour])
        assert result.exit_code == code, result.output
        if code == 0:
            assert pixels_of(tmp_path / "d.zip")[0, 0].tolist() == [0xF4, 0xE9, 0xD8]
        else:
            assert "is not a colour of six hex digits, like ffffff" in result.output

    @pytest.mark.parametrize("size", ["big", "1x", "-4", "12345", "64x64x64"])
    def test_a_size_that_is_none_is_a_usage_error(self, uploads, tmp_path, size):
        arguments = ["--source", str(uploads({"a.png": b""})), "--dest", str(tmp_path / "d.zip"), "--resolution", size]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert "is neither a number of pixels" in result.output

    def test_the_references_options_are_understood(self, mixed_uploads, tmp_path):
        arguments = ["--source", mixed_uploads, "--dest", tmp_path / "d.zip", "--width", 48, "--height", 32]
        arguments += ["--transform", "center-crop-wide", "--resize-filter", "box", "--max-images", 1]
        result = CliRunner().invoke(main, list(map(str, arguments)))
        assert result.exit_code == 0, result.output
        dataset = ImageDataset(tmp_path / "d.zip")
        assert (dataset.width, dataset.height, len(dataset)) == (48, 48, 1)
        with zipfile.ZipFile(tmp_path / "d.zip") as archive:
            assert json.loads(archive.read("dataset.json"))["preparation"].keys() == {"resize_filter", "transform"}

    def test_the_default_is_a_square_of_256(self, uploads, tmp_path):
        folder = uploads({"a.png": encoded(photo(1, 64, 64), "PNG")})
        result = CliRunner().invoke(main, ["--source", str(folder), "--dest", str(tmp_path / "d.zip")])
        assert result.exit_code == 0, result.output
        assert ImageDataset(tmp_path / "d.zip").resolution == 256

    @pytest.mark.parametrize(
        "size", [["--width", "32"], ["--height", "32"], ["--width", "32", "--height", "32", "--resolution", "32"]]
    )
    def test_half_a_size_or_two_are_a_usage_error(self, uploads, tmp_path, size):
        arguments = ["--source", str(uploads({"a.png": b""})), "--dest", str(tmp_path / "d.zip"), *size]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert "Give --width and --height together, and then no --resolution." in result.output
