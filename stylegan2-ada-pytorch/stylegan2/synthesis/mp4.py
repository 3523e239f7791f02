"""Films as MP4 (H.264), which messengers, slides and social networks take; written with PyAV, where it is installed."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylegan2.base.machine_made import aigc_label, content_id, xmp_packet
from stylegan2.base.signed_files import signed
from stylegan2.synthesis.video import as_image

_QUALITY = {"crf": "18", "preset": "veryfast"}  # hardly to be told from the pictures, in a moment
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # XMP specification, part 3, table 9
_BT709 = 1  # the code of ITU-R BT.709 for primaries, transfer and matrix alike (ITU-T H.273)


def can_write_mp4() -> bool:
    """Return whether there is what writes such films."""
    return importlib.util.find_spec("av") is not None


def write_mp4(images: Sequence[NDArray[np.uint8]], path: Path, *, frame_milliseconds: int) -> None:
    """Write images [H, W, 1, 3 or 4] as an MP4 that begins to play before it is whole, with the mark of what a machine
    made; signed where that was asked for.

    H.264 halves the colours' sides: an odd side gets one more row or column like its last.

    Raises:
        ImportError: PyAV is not installed; see `can_write_mp4`.
    """
    import av

    frames = [as_image(image) for image in images]
    produce_id = content_id(frames)
    options = {"movflags": "faststart+use_metadata_tags"}  # the second one keeps keys that QuickTime does not know
    with av.open(path, "w", format="mp4", options=options) as film:
        film.metadata["AIGC"] = aigc_label(produce_id)
        stream = film.add_stream("h264", rate=Fraction(1000, frame_milliseconds), options=_QUALITY)
        stream.width, stream.height = (side + side % 2 for side in frames[0].size)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        for image in frames:
            pixels = np.asarray(image.convert("RGB"))
            even = np.pad(pixels, [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)], mode="edge")
            frame = av.VideoFrame.from_ndarray(even, format="rgb24")
            film.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        film.mux(stream.encode())
    packet = xmp_packet(produce_id).encode()
    mark = struct.pack(">I4s", 8 + len(_XMP_BOX) + len(packet), b"uuid") + _XMP_BOX + packet
    path.write_bytes(signed(path.read_bytes() + mark, "video/mp4"))
