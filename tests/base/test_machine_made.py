"""What a machine made says so in its file, whatever the format; read back by a reader of the formats of its own."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylegan2.base.machine_made import content_id, save_marked, xmp_packet
from stylegan2.synthesis.mp4 import write_mp4
from stylegan2.synthesis.video import write_video
from tests.marks import FIELDS, MACHINE, assert_says_a_machine_made_it, mark_of, mp4_keys

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 24, 20, 3), dtype=np.uint8)


def written(picture: Image.Image, image_format: str) -> bytes:
    place = io.BytesIO()
    save_marked(picture, place, image_format)
    return place.getvalue()


@pytest.mark.parametrize(
    ("image_format", "mode"),
    [
        *(("PNG", mode) for mode in ("L", "RGB", "RGBA")),
        ("JPEG", "L"),
        ("JPEG", "RGB"),
        ("WEBP", "RGB"),
        ("WEBP", "RGBA"),
    ],
)
def test_a_picture_of_any_format_says_who_made_it_and_keeps_its_pixels(
    tmp_path: Path, image_format: str, mode: str
) -> None:
    picture, file = Image.fromarray(PIXELS[0]).convert(mode), tmp_path / "picture"
    save_marked(picture, file, image_format)
    assert_says_a_machine_made_it(file)
    with Image.open(file) as read:
        assert read.info["xmp"].decode() == xmp_packet(content_id([picture]))
        assert (read.format, read.size) == (image_format, picture.size)
        if image_format == "PNG":
            assert np.array_equal(np.asarray(read), np.asarray(picture))


@pytest.mark.parametrize(("write", "suffix"), [(write_video, ".webp"), (write_mp4, ".mp4")])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_film_says_who_made_it(tmp_path: Path, write: Callable[..., None], suffix: str, channels: int) -> None:
    file = tmp_path / f"film{suffix}"
    write([*np.repeat(PIXELS[..., :1], channels, axis=-1)], file, frame_milliseconds=40)
    assert_says_a_machine_made_it(file)


def test_an_mp4_says_it_in_its_keys_too_and_another_program_plays_it(tmp_path: Path) -> None:
    """An odd height gets one more row: this format halves the colours' sides."""
    file = tmp_path / "film.mp4"
    ramp = np.broadcast_to(np.linspace(0, 255, 96, dtype=np.uint8)[:, None, None], (96, 64, 3))
    write_mp4([np.roll(ramp, 8 * number, axis=0)[:95] for number in range(6)], file, frame_milliseconds=50)
    data = file.read_bytes()
    label = json.loads(mp4_keys(data)["AIGC"])
    mark = mark_of(data)
    assert mark is not None
    assert label == mark.label
    with av.open(file) as film:
        assert json.loads(film.metadata["AIGC"]) == label
        (stream,) = film.streams.video
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(stream)]
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 20)
    assert [frame.shape for frame in frames] == [(96, 64, 3)] * 6
    for number, frame in enumerate(frames):
        assert np.abs(frame[:95] - np.roll(ramp, 8 * number, axis=0)[:95]).mean() < 8
    assert data.index(b"moov") < data.index(b"mdat"), "it begins to play before it is whole"


def test_pictures_and_films_are_named_by_what_is_seen_on_them() -> None:
    one, other = (Image.fromarray(pixels) for pixels in PIXELS[:2])
    assert content_id([one]) == content_id([one.copy()])
    names = {content_id([one]), content_id([other]), content_id([one, other]), content_id([other, one])}
    assert len(names) == 4
    assert content_id([one.resize((10, 48))]) != content_id([one.resize((48, 10))])


@given(name=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
def test_whoever_runs_the_model_is_named_whatever_the_name(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTENT_PRODUCER", name)
        mark = mark_of(written(Image.new("RGB", (2, 2)), "JPEG"))
    assert mark is not None
    assert (mark.source_type, list(mark.label)) == (MACHINE, FIELDS)
    shown = "".join(character for character in name.strip() if character.isprintable())
    assert mark.label["ContentProducer"] == (shown[:200] or "image-workshop")


def test_what_nothing_was_said_of_has_no_mark() -> None:
    for image_format in ("PNG", "JPEG", "WEBP"):
        place = io.BytesIO()
        Image.fromarray(PIXELS[0]).save(place, image_format)
        assert mark_of(place.getvalue()) is None
