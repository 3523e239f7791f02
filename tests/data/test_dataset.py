"""ImageDataset reads the reference's zip and folders of pictures, and names the file that does not fit."""

import io
import json
import os
import pickle
import struct
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylegan2.data.dataset import DatasetError, ImageDataset, InfiniteSampler
from stylegan2.data.png_format import decode_plain_png, encode_png, read_png_header

FACTS = json.loads((Path(__file__).parents[1] / "goldens" / "facts_and_configs.json").read_text())["facts"]


def random_pixels(seed: int, size: int = 8, channels: int = 3) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (size, size, channels)).astype(np.uint8)


def pillow_bytes(image: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


def write_zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def three_pictures(tmp_path: Path) -> Path:
    members = {f"00000/img{i:08d}.png": encode_png(random_pixels(i)) for i in (2, 0, 1)}
    return write_zip(tmp_path / "three.zip", members | {"dataset.json": b'{"labels": null}'})


@pytest.fixture(scope="module")
def some_pictures(tmp_path_factory) -> Path:
    members = {f"{i:02d}.png": encode_png(random_pixels(i)) for i in range(30)}
    return write_zip(tmp_path_factory.mktemp("some") / "d.zip", members)


class TestPlainPng:
    @given(st.integers(1, 300), st.integers(1, 80), st.sampled_from([1, 3, 4]), st.integers(0, 99))
    def test_any_picture_comes_back_from_our_reader_and_from_pillow(self, width, height, channels, seed):
        pixels = np.random.RandomState(seed).randint(0, 256, (height, width, channels)).astype(np.uint8)
        encoded = encode_png(pixels)
        assert read_png_header(encoded) == (width, height, channels)
        assert np.array_equal(decode_plain_png(encoded), pixels)
        with Image.open(io.BytesIO(encoded)) as image:
            assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)

    def test_another_programs_png_is_left_to_pillow(self):
        assert decode_plain_png(pillow_bytes(Image.fromarray(random_pixels(0)), "PNG")) is None

    @given(st.data())
    def test_a_changed_or_cut_byte_never_gives_wrong_pixels(self, data):
        pixels = random_pixels(1)
        encoded = bytearray(encode_png(pixels))
        if data.draw(st.booleans()):
            del encoded[data.draw(st.integers(0, len(encoded) - 1)) :]
        else:
            encoded[data.draw(st.integers(33, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
        decoded = decode_plain_png(bytes(encoded))
        assert decoded is None or np.array_equal(decoded, pixels)

    def test_a_picture_of_many_blocks_comes_back(self):
        pixels = random_pixels(0, size=256, channels=4)
        encoded = encode_png(pixels)
        assert np.array_equal(decode_plain_png(encoded), pixels)
        with Image.open(io.BytesIO(encoded)) as image:
            assert np.array_equal(np.asarray(image), pixels)

    def test_a_header_that_promises_more_than_the_file_holds_gets_no_memory(self):
        encoded = bytearray(encode_png(random_pixels(0)))
        encoded[16:24] = struct.pack(">II", 2**31 - 1, 2**31 - 1)
        assert decode_plain_png(bytes(encoded)) is None


class TestReading:
    def test_pictures_come_in_the_order_of_their_names_as_chw(self, three_pictures):
        dataset = ImageDataset(three_pictures)
        assert (len(dataset), dataset.resolution, dataset.channels) == (3, 8, 3)
        for index in range(3):
            picture = dataset[index]
            assert picture.dtype == np.uint8
            assert picture.flags["C_CONTIGUOUS"]
            assert np.array_equal(picture, random_pixels(index).transpose(2, 0, 1))

    def test_mirror_adds_every_picture_flipped_left_right(self, three_pictures):
        dataset = ImageDataset(three_pictures, mirror=True)
        assert len(dataset) == 6
        assert np.array_equal(dataset[4], dataset[1][:, :, ::-1])

    def test_a_compressed_zip_with_pillows_png_and_grey_pictures_reads_the_same(self, tmp_path):
        pixels = random_pixels(0, channels=1)
        members = {f"{i}.png": pillow_bytes(Image.fromarray(pixels[:, :, 0]), "PNG") for i in range(2)}
        dataset = ImageDataset(write_zip(tmp_path / "d.zip", members, zipfile.ZIP_DEFLATED))
        assert dataset.channels == 1
        assert np.array_equal(dataset[1], pixels.transpose(2, 0, 1))

    def test_pictures_that_are_not_square_and_see_through_are_read(self, tmp_path):
        pixels = np.random.RandomState(0).randint(0, 256, (24, 16, 4)).astype(np.uint8)
        members = {"ours.png": encode_png(pixels), "pillows.png": pillow_bytes(Image.fromarray(pixels), "PNG")}
        dataset = ImageDataset(write_zip(tmp_path / "d.zip", members), mirror=True)
        assert (dataset.height, dataset.width, dataset.channels) == (24, 16, 4)
        assert (dataset.size.base_height, dataset.size.base_width, dataset.resolution) == (6, 4, 16)
        for index in (0, 1):
            assert np.array_equal(dataset[index], pixels.transpose(2, 0, 1))
            assert np.array_equal(dataset[2 + index], pixels[:, ::-1].transpose(2, 0, 1))

    def test_a_batch_is_read_into_the_memory_that_is_given(self, three_pictures):
        dataset = ImageDataset(three_pictures, mirror=True)
        out = np.zeros((3, 8, 8, 3), dtype=np.uint8)
        dataset.read([2, 0, 5], out)
        assert np.array_equal(out, [random_pixels(2), random_pixels(0), random_pixels(2)[:, ::-1]])

    @given(st.integers(1, 30), st.integers(0, 5))
    def test_a_subset_is_chosen_as_the_reference_chooses(self, some_pictures, subset, seed):
        order = np.arange(30)
        np.random.RandomState(seed).shuffle(order)
        expected = sorted(order[:subset].tolist())
        dataset = ImageDataset(some_pictures, subset=subset, seed=seed, mirror=True)
        assert dataset.names == [f"{index:02d}.png" for index in expected]
        assert len(dataset) == 2 * subset
        assert np.array_equal(dataset[subset][:, :, ::-1], random_pixels(expected[0]).transpose(2, 0, 1))

    def test_files_that_are_no_pictures_are_listed_and_hidden_ones_are_not(self, tmp_path):
        members = {"a.png": encode_png(random_pixels(0)), "b.tiff": b"", "notes.txt": b"", "dataset.json": b"broken"}
        dataset = ImageDataset(write_zip(tmp_path / "d.zip", members | {"__MACOSX/._a.png": b"", ".DS_Store": b""}))
        assert (dataset.names, dataset.passed_over) == (["a.png"], ["b.tiff", "notes.txt"])

    def test_a_folder_is_searched_with_its_sub_folders_but_not_hidden_ones(self, tmp_path):
        for name in ("b.png", "a/z.png", ".hidden/x.png", "a/._z.png"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(encode_png(random_pixels(len(name))))
        (tmp_path / "notes.txt").write_text("not a picture")
        (tmp_path / "a" / "linked.png").symlink_to(tmp_path / "b.png")
        dataset = ImageDataset(tmp_path)
        assert dataset.names == ["a/z.png", "b.png"]
        assert np.array_equal(dataset[1], random_pixels(5).transpose(2, 0, 1))

    def test_a_pickled_data_set_opens_the_zip_again(self, three_pictures):
        dataset = ImageDataset(three_pictures)
        assert np.array_equal(pickle.loads(pickle.dumps(dataset))[2], dataset[2])

    def test_an_index_past_the_end_is_an_index_error(self, three_pictures):
        dataset = ImageDataset(three_pictures)
        with pytest.raises(IndexError):
            dataset[3]
        with pytest.raises(IndexError):
            dataset[-1]


class TestRefusals:
    def test_a_missing_path_is_named(self, tmp_path):
        with pytest.raises(DatasetError, match=r"nowhere\.zip"):
            ImageDataset(tmp_path / "nowhere.zip")

    def test_a_file_that_is_no_zip_is_named(self, tmp_path):
        (tmp_path / "text.zip").write_text("hello")
        with pytest.raises(DatasetError, match=r"text\.zip is not a zip"):
            ImageDataset(tmp_path / "text.zip")

    def test_a_zip_without_pictures_is_refused(self, tmp_path):
        with pytest.raises(DatasetError, match="holds no pictures"):
            ImageDataset(write_zip(tmp_path / "e.zip", {"dataset.json": b"{}"}))

    @pytest.mark.parametrize(
        ("second", "reason"),
        [
            (encode_png(random_pixels(0, size=16)), r"odd\.png.*16 x 16 pixels.*8 x 8"),
            (encode_png(random_pixels(0, channels=1)), r"odd\.png.*1 channel, but.*3 channels"),
            (pillow_bytes(Image.new("RGBA", (8, 8)), "PNG"), r"odd\.png.*4 channels, but.*3 channels"),
            (pillow_bytes(Image.new("P", (8, 8)), "PNG"), r"odd\.png.*palette"),
            (pillow_bytes(Image.new("CMYK", (8, 8)), "JPEG"), r"odd\.png.*neither plain grey, RGB"),
            (b"text", r"odd\.png.*is not a picture"),
        ],
        ids=["size", "channels", "alpha", "palette", "cmyk", "text"],
    )
    def test_a_picture_unlike_the_first_is_named_when_the_data_set_is_opened(self, tmp_path, second, reason):
        path = write_zip(tmp_path / "d.zip", {"a.png": encode_png(random_pixels(0)), "odd.png": second})
        with pytest.raises(DatasetError, match=reason):
            ImageDataset(path)

    @pytest.mark.parametrize("size", [(34, 34), (8, 72), (2, 2), (256, 250)])
    def test_a_first_picture_of_no_usable_size_is_refused(self, tmp_path, size):
        path = write_zip(tmp_path / "d.zip", {"a.png": pillow_bytes(Image.new("RGB", size), "PNG")})
        with pytest.raises(DatasetError, match=r"a\.png.*power of two"):
            ImageDataset(path)

    @pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "x\\..\\a.png", "a\x1b[2J.png"])
    def test_unsafe_member_names_are_refused(self, tmp_path, name):
        with pytest.raises(DatasetError, match="unsafe name"):
            ImageDataset(write_zip(tmp_path / "d.zip", {name: encode_png(random_pixels(0))}))

    def test_a_member_that_leads_outside_is_refused_even_if_it_is_no_picture(self, tmp_path):
        members = {"a.png": encode_png(random_pixels(0)), "../../etc/cron.d/x": b""}
        with pytest.raises(DatasetError, match=r"unsafe name: '\.\./\.\./etc/cron\.d/x'"):
            ImageDataset(write_zip(tmp_path / "d.zip", members))

    def test_an_encrypted_member_is_named(self, three_pictures):
        data = bytearray(three_pictures.read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        three_pictures.write_bytes(data)
        with pytest.raises(
            DatasetError, match=r"img00000002\.png' in .* is encrypted; make the zip without a password"
        ):
            ImageDataset(three_pictures)

    def test_a_member_that_unpacks_to_hundreds_of_times_its_size_is_refused(self, tmp_path):
        path = write_zip(tmp_path / "d.zip", {"a.png": b"\0" * 20_000_000}, zipfile.ZIP_DEFLATED)
        with pytest.raises(DatasetError, match=r"a\.png.* to 20000000, as only a decompression bomb does"):
            ImageDataset(path)

    @pytest.mark.parametrize("keep", [0.3, 0.95])
    def test_a_truncated_zip_is_named(self, three_pictures, keep):
        os.truncate(three_pictures, int(three_pictures.stat().st_size * keep))
        with pytest.raises(DatasetError, match=r"three\.zip is not a zip that can be read"):
            ImageDataset(three_pictures)

    def test_a_subset_larger_than_the_data_set_is_refused(self, three_pictures):
        with pytest.raises(DatasetError, match=r"^subset: must be from 1 to 3, .* not 4"):
            ImageDataset(three_pictures, subset=4)

    def test_two_members_of_one_name_are_refused(self, tmp_path):
        path = tmp_path / "d.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.png", encode_png(random_pixels(0)))
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr("a.png", encode_png(random_pixels(1)))
        with pytest.raises(DatasetError, match="two members"):
            ImageDataset(path)

    def test_a_member_that_claims_gigabytes_is_refused_without_reading_it(self, tmp_path):
        path = write_zip(tmp_path / "d.zip", {"a.png": b"\0" * 1000}, zipfile.ZIP_DEFLATED)
        data = bytearray(path.read_bytes())
        directory = data.index(b"PK\x01\x02")
        data[directory + 24 : directory + 28] = struct.pack("<I", 0xF0000000)
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="4026531840 bytes"):
            ImageDataset(path)

    def test_a_deflate_bomb_is_cut_at_the_size_it_claims(self, tmp_path):
        path = write_zip(tmp_path / "d.zip", {"a.png": b"\0" * 50_000_000}, zipfile.ZIP_DEFLATED)
        data = bytearray(path.read_bytes())
        directory = data.index(b"PK\x01\x02")
        data[directory + 24 : directory + 28] = struct.pack("<I", 100)
        path.write_bytes(data)
        with pytest.raises(DatasetError, match=r"a\.png"):
            ImageDataset(path)

    def test_a_truncated_zip_member_is_named(self, tmp_path, three_pictures):
        dataset = ImageDataset(three_pictures)
        os.truncate(three_pictures, 100)
        with pytest.raises(DatasetError, match="img00000002"):
            dataset[2]

    def test_damaged_pixels_are_an_error_that_names_the_picture(self, three_pictures):
        data = bytearray(three_pictures.read_bytes())
        data[data.index(b"IDAT") + 40] ^= 0xFF
        three_pictures.write_bytes(data)
        with pytest.raises(DatasetError, match=r"img00000002.*damaged"):
            ImageDataset(three_pictures)[2]

    def test_a_picture_replaced_by_a_larger_one_after_opening_is_refused(self, tmp_path):
        (tmp_path / "a.png").write_bytes(encode_png(random_pixels(0)))
        dataset = ImageDataset(tmp_path)
        (tmp_path / "a.png").write_bytes(encode_png(random_pixels(0, size=64)))
        with pytest.raises(DatasetError, match="changed its size"):
            dataset[0]


class TestFingerprint:
    def test_it_is_the_same_for_the_same_pictures_elsewhere(self, three_pictures, tmp_path):
        moved = three_pictures.rename(tmp_path / "moved.zip")
        copied = tmp_path / "copied.zip"
        copied.write_bytes(moved.read_bytes())
        assert ImageDataset(moved).fingerprint() == ImageDataset(copied, mirror=True).fingerprint()

    @pytest.mark.parametrize("change", ["add", "remove", "rename", "replace"])
    @pytest.mark.parametrize("kind", ["zip", "folder"])
    def test_it_changes_when_pictures_come_go_or_are_replaced(self, tmp_path, change, kind):
        before = {f"{i}.png": encode_png(random_pixels(i)) for i in range(3)}
        after = dict(before)
        if change == "add":
            after["3.png"] = encode_png(random_pixels(3))
        elif change == "remove":
            del after["1.png"]
        elif change == "rename":
            after["x.png"] = after.pop("1.png")
        else:
            pixels = random_pixels(1)
            pixels[0, 0, 0] ^= 1
            after["1.png"] = encode_png(pixels)
        fingerprints = []
        for number, members in enumerate([before, after]):
            path = tmp_path / str(number)
            if kind == "zip":
                write_zip(path, members)
            else:
                path.mkdir()
                for name, data in members.items():
                    (path / name).write_bytes(data)
            fingerprints.append(ImageDataset(path).fingerprint())
        assert fingerprints[0] != fingerprints[1]


class TestInfiniteSampler:
    def test_the_order_is_the_references(self):
        expected = FACTS["InfiniteSampler_n10_seed0"]
        assert list(islice(InfiniteSampler(10), len(expected))) == expected

    @pytest.mark.parametrize("rank", [0, 1])
    def test_two_ranks_share_the_references_order(self, rank):
        expected = FACTS[f"InfiniteSampler_n7_seed3_rank{rank}of2"]
        assert list(islice(InfiniteSampler(7, rank=rank, num_replicas=2, seed=3), len(expected))) == expected

    @given(st.integers(1, 50), st.integers(0, 5000), st.integers(0, 3), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
    def test_a_later_start_continues_the_same_order(self, length, start, seed, window):
        whole = list(islice(InfiniteSampler(length, seed=seed, window=window), start + 20))
        assert list(islice(InfiniteSampler(length, seed=seed, window=window, start=start), 20)) == whole[start:]

    @given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 100))
    def test_the_ranks_together_give_the_order_of_one(self, length, replicas, start):
        one = list(islice(InfiniteSampler(length, start=start), replicas * 10))
        for rank in range(replicas):
            mine = InfiniteSampler(length, rank=rank, num_replicas=replicas, start=start)
            assert list(islice(mine, 10)) == one[(rank - start) % replicas :: replicas]

    def test_every_picture_is_shown_about_equally_often(self):
        shown = np.bincount(list(islice(InfiniteSampler(30, seed=1), 30 * 40)), minlength=30)
        assert shown.min() >= 35
        assert shown.max() <= 45

    @pytest.mark.parametrize(
        "arguments", [{"length": 0}, {"length": 3, "rank": 2, "num_replicas": 2}, {"length": 3, "window": 2}]
    )
    def test_impossible_arguments_are_refused(self, arguments):
        with pytest.raises(ValueError, match="must be"):
            InfiniteSampler(**arguments)
