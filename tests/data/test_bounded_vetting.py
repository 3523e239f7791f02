"""One picture costs so much and no more; the largest honest ones pass."""

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stylegan2.base.worker_pool import OutOfMemory, OutOfTime, WorkerLimits
from stylegan2.data import preparation
from stylegan2.data.bounded_vetting import LIMITS, load_images, why_lost
from stylegan2.data.preparation import prepare_images
from stylegan2.data.refusals import RefusedImage
from stylegan2.data.vetting import MOST_PIXELS
from tests.data.pictures import encoded, photo
from tests.patience import HARD_END

IMPATIENT = WorkerLimits(cpu_seconds=2, memory_bytes=2 << 30)
"""Hundreds of times what an ordinary picture takes, and a small part of what the hostile ones do."""
NARROW = WorkerLimits(cpu_seconds=HARD_END, memory_bytes=300 << 20)
SIDE = 9_459


def jpeg_of_many_scans(scans: int) -> bytes:
    """A progressive JPEG of 4096 x 4096 greys, with so many scans in which nothing changes: 1,000 take a second."""

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    blocks = (4096 // 8) ** 2
    parts = [
        segment(0xDB, b"\0" + bytes([1] * 64)),
        segment(0xC2, struct.pack(">BHHB", 8, 4096, 4096, 1) + b"\1\x11\0"),
        segment(0xC4, b"\0\1" + bytes(15) + b"\0"),  # code 0: the same grey as before
        segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0"),  # code 0: a run of 16,384 empty blocks, and 14 bits more
        segment(0xDA, b"\1\1\0\0\0\0") + bytes(blocks // 8),
        (segment(0xDA, b"\1\1\0\1\x3f\0") + bytes(15 * blocks // 16384 // 8)) * scans,
    ]
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def png_of_many_chunks(chunks: int) -> bytes:
    """A PNG with so many texts before its pixels: its reader does a little for each, in Python."""
    data, text = encoded(photo(), "PNG"), b"tEXta\0b"
    chunk = struct.pack(">I", 3) + text + struct.pack(">I", zlib.crc32(text))
    return data[:33] + chunk * chunks + data[33:]


@pytest.fixture
def hostile_uploads(uploads):
    return uploads(
        {
            "a.png": encoded(photo(1), "PNG"),
            "chunks.png": png_of_many_chunks(2_000_000),
            "scans.jpg": jpeg_of_many_scans(200_000),
            "scans2.jpg": jpeg_of_many_scans(200_000),
            "z.png": encoded(photo(2), "PNG"),
        }
    )


@pytest.mark.parametrize("workers", [None, 2])
def test_a_hostile_picture_is_set_aside_with_its_reason_and_the_others_are_used(
    hostile_uploads, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(preparation, "LIMITS", IMPATIENT)
    report = prepare_images(hostile_uploads, tmp_path / "d.zip", resolution=32, workers=workers)
    assert (report.found, report.good) == (5, 2)
    reasons = {item.name: item.reason for item in report.set_aside}
    assert reasons.keys() == {"chunks.png", "scans.jpg", "scans2.jpg"}
    assert all("takes longer than 2 seconds to decode" in reason for reason in reasons.values())


def test_one_hostile_file_alone_cannot_end_the_preparation_either(uploads, tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "LIMITS", IMPATIENT)
    folder = uploads({"a.jpg": jpeg_of_many_scans(200_000)})
    report = prepare_images(folder, tmp_path / "d.zip", resolution=32)
    assert (report.found, report.good) == (1, 0)
    assert "takes longer" in report.set_aside[0].reason


@pytest.mark.parametrize("workers", [None, 2])
def test_a_picture_that_needs_too_much_memory_is_set_aside_with_its_reason(uploads, tmp_path, monkeypatch, workers):
    monkeypatch.setattr(preparation, "LIMITS", NARROW)
    wide = Image.new("RGBA", (9_000, 9_000), (9, 9, 9, 99))  # honest, but too large for these limits
    folder = uploads({"a.png": encoded(photo(), "PNG"), "wide.png": encoded(wide, "PNG", compress_level=1)})
    report = prepare_images(folder, tmp_path / "d.zip", resolution=32, workers=workers)
    assert (report.found, report.good) == (2, 1)
    assert [item.name for item in report.set_aside] == ["wide.png"]
    assert "needs more than 300 MB of memory" in report.set_aside[0].reason


def test_pictures_for_the_network_are_bounded_too(hostile_uploads):
    names = ["a.png", "scans.jpg", "z.png"]
    outcomes = list(load_images([hostile_uploads / name for name in names], 32, IMPATIENT))
    assert [isinstance(outcome, RefusedImage) for outcome in outcomes] == [False, True, False]
    assert outcomes[0].shape == (32, 32, 3)
    assert "takes longer" in str(outcomes[1])


def gradient(mode: str) -> Image.Image:
    """A picture of as many pixels as are taken, hardly compressible in one direction."""
    row = np.random.default_rng(1).integers(0, 256, (1, SIDE, 4), dtype=np.uint8)
    pixels = np.broadcast_to(row, (SIDE, SIDE, 4))
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    return Image.frombuffer("RGBA", (SIDE, SIDE), pixels.tobytes()).convert(mode)


@pytest.mark.parametrize(
    ("mode", "file_format", "options"),
    [
        ("CMYK", "JPEG", {"quality": 95, "progressive": True}),
        ("RGBA", "PNG", {"compress_level": 1}),
        ("I;16", "PNG", {"compress_level": 1}),
        ("RGBA", "WEBP", {"lossless": True, "quality": 0, "method": 0}),
        ("RGB", "BMP", {}),
    ],
)
def test_the_largest_pictures_are_taken(tmp_path, mode, file_format, options):
    assert (SIDE + 1) ** 2 > MOST_PIXELS >= SIDE**2
    gradient(mode).save(tmp_path / "largest", file_format, **options)
    memory_alone = replace(LIMITS, cpu_seconds=HARD_END)  # how far its time lies below the bound, a benchmark tells
    [pixels] = load_images([tmp_path / "largest"], 256, memory_alone)
    assert not isinstance(pixels, RefusedImage), pixels
    assert pixels.shape == (256, 256, 3)


def test_the_bounds_are_those_that_the_sentence_tells():
    assert (LIMITS.cpu_seconds, LIMITS.memory_bytes) == (30, 2 << 30)
    assert "longer than 30 seconds" in str(why_lost(OutOfTime(), LIMITS))
    assert "more than 2048 MB" in str(why_lost(OutOfMemory(), LIMITS))
