"""One file becomes training pixels, or is refused with a sentence that a designer understands."""

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from stylegan2.data.refusals import RefusedImage
from stylegan2.data.vetting import load_training_pixels
from tests.data.pictures import encoded, photo

ORIENTATION = 0x0112
DAMAGED = "damaged, incomplete, or stored in a way that cannot be read here; save it anew as PNG or JPEG"
CAMERA_RAW = r"^This is a camera's raw file; export it as JPEG or PNG\.$"


def load(tmp_path: Path, data: bytes, resolution: int = 32, name: str = "upload") -> np.ndarray:
    path = tmp_path / name
    path.write_bytes(data)
    return load_training_pixels(path, resolution)


def mean_difference(first: np.ndarray, second: np.ndarray) -> float:
    assert first.shape == second.shape
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def huge_png(side: int) -> bytes:
    """A valid PNG of side x side black pixels in a few KB."""

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side + 7) // 8 + 1) * side, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_with_texts(size: int, count: int) -> bytes:
    """A PNG with so many compressed texts of so many bytes."""
    data, text = encoded(photo(), "PNG"), b"key\0\0" + zlib.compress(b"a" * size, 9)
    return data[:33] + chunk(b"zTXt", text) * count + data[33:]


def grey_tiff(signature: bytes) -> bytes:
    """A TIFF of 32 x 32 black pixels, with the signature where Canon's raw files have theirs."""
    tags = {256: 32, 257: 32, 258: 8, 259: 1, 262: 1, 273: 128, 278: 32, 279: 32 * 32}
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = b"II*\0\x10\0\0\0" + signature + bytes(4) + struct.pack("<H", len(tags)) + directory
    return header.ljust(128 + 32 * 32, b"\0")


class TestKindsOfPictures:
    @pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
    def test_every_allowed_format_gives_the_same_picture_whatever_its_name(self, tmp_path, file_format):
        pixels = load(tmp_path, encoded(photo(), file_format), name="holiday.xyz")
        assert pixels.dtype == np.uint8
        assert pixels.shape == (32, 32, 3)
        assert mean_difference(pixels, load(tmp_path, encoded(photo(), "PNG"))) < 6

    def test_a_picture_of_the_right_size_is_taken_pixel_by_pixel(self, tmp_path):
        assert np.array_equal(load(tmp_path, encoded(photo(), "PNG"), resolution=48), np.asarray(photo()))

    @pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
    def test_other_colour_modes_become_rgb(self, tmp_path, mode):
        grey = photo().convert("L")
        if mode in ("I;16", "I"):
            image = Image.fromarray(np.asarray(grey).astype({"I;16": np.uint16, "I": np.int32}[mode]) * 257)
        elif mode == "F":
            image = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
        elif mode == "LAB":
            image = Image.merge("LAB", [grey, Image.new("L", grey.size, 128), Image.new("L", grey.size, 128)])
        else:
            image = photo().convert(mode)
        pixels = load(tmp_path, encoded(image, "JPEG" if mode in ("CMYK", "YCbCr") else "TIFF"))
        expected = photo() if mode in ("P", "CMYK", "YCbCr") else grey
        tolerance = {"1": 90, "LAB": 25}.get(mode, 8)
        assert mean_difference(pixels, load(tmp_path, encoded(expected.convert("RGB"), "PNG"))) < tolerance

    def test_16_bit_grey_keeps_white_white_and_middle_grey_grey(self, tmp_path):
        values = np.full((32, 32), 65535, dtype=np.uint16)
        values[:, :16] = 32896
        pixels = load(tmp_path, encoded(Image.fromarray(values), "PNG"))
        assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == ([128] * 3, [255] * 3)

    def test_32_bit_grey_up_to_255_is_as_bright_as_8_bit_grey(self, tmp_path):
        grey = photo().convert("L")
        pixels = load(tmp_path, encoded(Image.fromarray(np.asarray(grey).astype(np.int32)), "TIFF"))
        assert mean_difference(pixels, load(tmp_path, encoded(grey, "PNG"))) < 1

    @pytest.mark.parametrize(("odd", "shown"), [(np.inf, 255), (-np.inf, 0), (np.nan, 0)])
    def test_one_pixel_without_a_finite_value_leaves_the_others_as_they_are(self, tmp_path, odd, shown):
        values = np.full((32, 32), 0.5, dtype=np.float32)
        values[0, 0] = odd
        pixels = load(tmp_path, encoded(Image.fromarray(values), "TIFF"))
        assert (pixels[0, 0].tolist(), pixels[0, 1].tolist()) == ([shown] * 3, [128] * 3)

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_what_is_transparent_becomes_white(self, tmp_path, mode):
        image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
        image.paste((0, 0, 0, 255), (0, 0, 16, 32))
        data = encoded(image.convert(mode), "PNG")
        pixels = load(tmp_path, data)
        assert (pixels[16, 0].tolist(), pixels[16, -1].tolist()) == ([0] * 3, [255] * 3)

    def test_half_transparent_black_over_white_is_middle_grey(self, tmp_path):
        pixels = load(tmp_path, encoded(Image.new("RGBA", (32, 32), (0, 0, 0, 128)), "PNG"))
        assert abs(int(pixels[5, 5, 0]) - 127) <= 1

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(encoded(photo(), "PNG", icc_profile=bytes(3 << 20)), id="profile"),
            pytest.param(png_with_texts(3 << 20, count=2), id="texts"),
        ],
    )
    def test_a_png_may_have_a_large_colour_profile_and_large_texts(self, tmp_path, data):
        assert np.array_equal(load(tmp_path, data), load(tmp_path, encoded(photo(), "PNG")))

    def test_of_an_animation_the_first_frame_is_taken(self, tmp_path):
        frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
        for file_format in ("GIF", "WEBP", "TIFF"):
            data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:])
            assert load(tmp_path, data)[0, 0, 0] > 240

    def test_of_a_phones_multi_picture_jpeg_the_photo_is_taken(self, tmp_path):
        data = encoded(photo(), "MPO", save_all=True, append_images=[Image.new("RGB", (48, 48), "blue")])
        assert mean_difference(load(tmp_path, data), load(tmp_path, encoded(photo(), "PNG"))) < 6

    def test_a_landscape_is_cropped_around_its_middle(self, tmp_path):
        image = Image.new("RGB", (96, 32), "red")
        image.paste("blue", (32, 0, 64, 32))
        assert (load(tmp_path, encoded(image, "PNG")) == (0, 0, 255)).all()

    def test_a_picture_between_a_quarter_and_the_whole_resolution_is_enlarged(self, tmp_path):
        assert load(tmp_path, encoded(photo(width=48, height=10), "PNG"), resolution=32).shape == (32, 32, 3)


class TestExif:
    @pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_photo_taken_with_a_turned_camera_comes_out_upright(self, tmp_path, file_format, orientation):
        stored_from_upright = {
            1: (),
            2: (Image.Transpose.FLIP_LEFT_RIGHT,),
            3: (Image.Transpose.ROTATE_180,),
            4: (Image.Transpose.FLIP_TOP_BOTTOM,),
            5: (Image.Transpose.TRANSPOSE,),
            6: (Image.Transpose.ROTATE_90,),
            7: (Image.Transpose.TRANSVERSE,),
            8: (Image.Transpose.ROTATE_270,),
        }
        upright = photo(width=64, height=48)
        stored = upright
        for step in stored_from_upright[orientation]:
            stored = stored.transpose(step)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        pixels = load(tmp_path, encoded(stored, file_format, exif=exif))
        assert mean_difference(pixels, load(tmp_path, encoded(upright, "PNG"))) < 5

    def test_unreadable_exif_does_not_spoil_a_good_picture(self, tmp_path):
        data = encoded(photo(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
        assert load(tmp_path, data).shape == (32, 32, 3)


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            pytest.param(b"", "empty", id="empty"),
            pytest.param(b"my notes", "not an image but text", id="text"),
            pytest.param(b"BM stands for bitmap. " * 3, "not an image but text", id="text-like-bmp"),
            pytest.param(b"RIFF\xff\xff\0\0WAVEfmt " + bytes(60), "not an image that can be read", id="sound"),
            pytest.param(b"%PDF-1.7\n%\xe2\xe3", "PDF document; export its pages", id="pdf"),
            pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript", id="eps"),
            pytest.param(b"8BPS\0\1" + bytes(60), "Photoshop", id="psd"),
            pytest.param(b"PK\x03\x04" + bytes(60), "zip archive", id="zip"),
            pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", id="svg"),
            pytest.param(b"\0\0\0\x18ftypheic" + bytes(60), "HEIC photo; export it as JPEG", id="heic"),
            pytest.param(b"\0\0\0\x18ftyphevc" + bytes(60), "HEIC photo; export it as JPEG", id="heic-sequence"),
            pytest.param(b"\0\0\0\x18ftyphevx" + bytes(60), "HEIC photo; export it as JPEG", id="heic-10-bit-sequence"),
            pytest.param(b"\0\0\0\x18ftypmsf1" + bytes(60), "HEIC photo; export it as JPEG", id="heif-sequence"),
            pytest.param(b"\0\0\0\x18ftypavis" + bytes(60), "AVIF image; export it as PNG", id="avif-sequence"),
            pytest.param(b"\0\0\0\x18ftypcrx " + bytes(60), CAMERA_RAW, id="cr3"),
            pytest.param(b"II*\0\x10\0\0\0CR\2\0" + bytes(60), CAMERA_RAW, id="cr2-that-pillow-cannot-open"),
            pytest.param(b"\0\0\0\x18ftypisom" + bytes(60), "video", id="video"),
            pytest.param(bytes(range(256)), "cannot be read|can be read", id="binary"),
            pytest.param(b"\x89PNG\r\n\x1a\n", DAMAGED, id="png-start"),
            pytest.param(b"BM" + bytes(12) + b"\x28" + bytes(60), DAMAGED, id="bmp-start"),
            pytest.param(png_with_texts(700_000, count=100), DAMAGED, id="png-of-too-many-texts"),
            pytest.param(encoded(photo(width=8, height=8), "PNG"), r"only 8 x 8 pixels; at least 16", id="tiny"),
            pytest.param(encoded(photo(width=400, height=8), "PNG"), r"only 400 x 8 pixels", id="flat"),
            pytest.param(huge_png(20_000), "more than 89 million pixels", id="bomb-error"),
            pytest.param(huge_png(11_000), "more than 89 million pixels", id="bomb-warning"),
        ],
    )
    def test_what_is_no_usable_picture_is_refused_with_its_reason(self, tmp_path, data, reason):
        with pytest.raises(RefusedImage, match=reason):
            load(tmp_path, data, resolution=64, name="picture.png")

    @pytest.mark.parametrize("side", [48, 4])
    @pytest.mark.parametrize(("tag", "kind", "value"), [(254, 4, 1), (254, 4, 5), (50706, 1, b"\1\4\0\0")])
    def test_the_preview_in_a_cameras_raw_file_is_no_picture_to_learn_from(self, tmp_path, tag, kind, value, side):
        tags = ImageFileDirectory_v2()
        tags.tagtype[tag] = kind
        tags[tag] = value
        data = encoded(photo(width=side, height=side), "TIFF", tiffinfo=tags)
        with pytest.raises(RefusedImage, match=CAMERA_RAW):
            load(tmp_path, data)

    def test_a_canon_raw_file_is_told_by_its_first_bytes(self, tmp_path):
        with pytest.raises(RefusedImage, match=CAMERA_RAW):
            load(tmp_path, grey_tiff(b"CR\2\0"))
        assert load(tmp_path, grey_tiff(b"\0\0\0\0")).shape == (32, 32, 3)

    @pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
    @pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
    def test_a_truncated_picture_is_refused(self, tmp_path, file_format, part):
        data = encoded(photo(3, 200, 200), file_format)
        with pytest.raises(RefusedImage, match=DAMAGED):
            load(tmp_path, data[: int(len(data) * part)])

    def test_a_link_is_not_followed(self, tmp_path):
        (tmp_path / "secret.png").write_bytes(encoded(photo(), "PNG"))
        (tmp_path / "link.png").symlink_to(tmp_path / "secret.png")
        with pytest.raises(RefusedImage, match="a link to another file"):
            load_training_pixels(tmp_path / "link.png", 32)

    def test_a_named_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.png")
        with pytest.raises(RefusedImage, match="not an ordinary file"):
            load_training_pixels(tmp_path / "pipe.png", 32)

    def test_a_file_that_vanished_is_refused_with_the_systems_reason(self, tmp_path):
        with pytest.raises(RefusedImage, match="No such file"):
            load_training_pixels(tmp_path / "gone.png", 32)

    def test_a_file_larger_than_the_limit_is_refused_without_being_read(self, tmp_path):
        with (tmp_path / "large.bmp").open("wb") as file:
            file.truncate(10**12)  # sparse
        with pytest.raises(RefusedImage, match="larger than 300 MB"):
            load_training_pixels(tmp_path / "large.bmp", 32)

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_damaged_bytes_give_pixels_or_a_refusal_but_never_another_error(self, tmp_path_factory, data):
        file_format = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"]))
        damaged = bytearray(encoded(photo(1, 24, 24), file_format))
        for _ in range(data.draw(st.integers(1, 6))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        path = tmp_path_factory.mktemp("damaged") / "picture"
        path.write_bytes(damaged)
        with contextlib.suppress(RefusedImage):
            assert load_training_pixels(path, 16).shape == (16, 16, 3)


def test_pillow_reads_the_bomb_of_these_tests_as_a_picture():
    """Otherwise the bomb would be refused as damaged, and the limit would stay untested."""
    with Image.open(io.BytesIO(huge_png(64))) as image:
        image.load()
    assert len(huge_png(20_000)) < 100_000
