"""Turn one uploaded file into training pixels, or say why it cannot be used.

Files may come from anyone. A format is recognised by its content, never by the file's name, and only formats whose
decoders are meant for untrusted data are tried (an EPS would start another program).
"""

from __future__ import annotations

import io
import os
import re
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from stylegan2.data.refusals import RefusalCode, RefusedImage, refusal

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
MOST_PIXELS = 89_478_485
"""Larger images are refused. It is Pillow's own limit against decompression bombs: 256 MiB as RGB."""
LARGEST_FILE = 300_000_000
"""Larger files are refused; in bytes."""
# Honest colour profiles and XMP texts are larger than Pillow's 1 MiB for one. So many bytes it allows to all of them.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
_SMALLEST_FRACTION = 4  # the shorter side needs resolution / 4 pixels: enlarging less than that gives only blur

# Sounds and videos are RIFF, too, and a text may begin with "BM": no text has the zeros that follow in a BMP.
_IMAGE_START = re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP|BM.{13}\0\0\0|II\*\0|MM\0\*|GIF8", re.DOTALL)
_OTHER_KINDS = (  # where the first bytes tell, which bytes, what people took for an image
    (0, b"%PDF", RefusalCode.PDF),
    (0, b"%!PS", RefusalCode.POSTSCRIPT),
    (0, b"8BPS", RefusalCode.PHOTOSHOP),
    (0, b"PK\x03\x04", RefusalCode.ARCHIVE),
    (0, b"<svg", RefusalCode.SVG),
    (0, b"<?xml", RefusalCode.XML),
    (4, b"ftyphei", RefusalCode.HEIC),
    (4, b"ftyphev", RefusalCode.HEIC),
    (4, b"ftypmif1", RefusalCode.HEIC),
    (4, b"ftypmsf1", RefusalCode.HEIC),
    (4, b"ftypavif", RefusalCode.AVIF),
    (4, b"ftypavis", RefusalCode.AVIF),
    (4, b"ftyp", RefusalCode.VIDEO),
)
_CR2_MAGIC, _CR3_MAGIC = b"II*\0\x10\0\0\0CR\2", b"ftypcrx "  # the latter after four bytes
_NEW_SUBFILE_TYPE, _DNG_VERSION = 254, 50706  # tags of TIFF 6.0 (bit 0: a smaller copy of another image) and of DNG
_EXIF_ORIENTATION = 0x0112  # Exif 2.32, table 4: how to turn the stored pixels to see them upright
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)  # these exchange width and height
_ROWS_AT_ONCE = 64  # as floating point; all of them would be four times the image, several times over
_FILTERS = {"lanczos": Image.Resampling.LANCZOS, "box": Image.Resampling.BOX}


Channels = Literal[1, 3, 4]
ResizeFilter = Literal["lanczos", "box"]
Transform = Literal["center-crop", "center-crop-wide", "letterbox"]
"""How an image of other proportions fits: by its middle; so, in a square with bars above and below; or whole, with
bars at two sides."""
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Wanted:
    """What the images of a data set are like, and how they come to be so."""

    height: int
    width: int
    channels: Channels = 3
    """Grey, RGB (on the background where an image is transparent), or RGBA."""
    resize_filter: ResizeFilter = "lanczos"
    transform: Transform = "center-crop"
    background: Colour | None = None
    """What is under transparency, and the colour of bars (with an alpha channel these are nothing). None: white, and
    black bars."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels. With center-crop-wide, `height` is that of the part which is not black."""
        return (self.width if self.transform == "center-crop-wide" else self.height), self.width, self.channels

    @property
    def record(self) -> dict[str, str]:
        """What the data set should say of its making: the choices that are not the usual ones."""
        usual = Wanted(self.height, self.width)
        chosen = {"resize_filter": self.resize_filter, "transform": self.transform}
        record: dict[str, str] = {n: choice for n, choice in chosen.items() if choice != getattr(usual, n)}
        if self.background is not None and (self.background != _WHITE or "transform" in record):
            record["background"] = "".join(f"{part:02x}" for part in self.background)
        return record


def load_training_pixels(path: Path, wanted: int | Wanted) -> NDArray[np.uint8]:
    """Return the image at ``path`` as ``training_pixels``; a number stands for RGB and a square of that side.

    Raises:
        RefusedImage: with the reason.
    """
    if isinstance(wanted, int):
        wanted = Wanted(wanted, wanted)
    return training_pixels(read_ordinary_file(path), wanted)


def training_pixels(data: bytes, wanted: Wanted) -> NDArray[np.uint8]:
    """Return an encoded image as pixels, uint8 ``wanted.shape``.

    The image is turned upright as its Exif data say, made to fit as ``wanted.transform`` says, and resized.
    Of an animation the first frame is taken. Metadata do not survive.

    Some files take minutes or gigabytes to decode: strangers' are for a process that may die, see bounded_vetting.

    Raises:
        RefusedImage: with the reason.
        MemoryError: there is too little for this image.
    """
    try:
        with warnings.catch_warnings():
            # Warnings about damaged metadata do not matter (the pixels decide), those about a bomb do.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _to_training_pixels(data, wanted)
    except (RefusedImage, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        megapixels = MOST_PIXELS // 1_000_000
        raise RefusedImage(refusal(RefusalCode.TOO_MANY_PIXELS, megapixels=megapixels)) from error
    except UnidentifiedImageError as error:
        raise RefusedImage(refusal(_what_it_is(data))) from error
    except Exception as error:
        # Decoders raise a dozen unrelated types on damaged data (OSError, SyntaxError, struct.error, IndexError ...),
        # and one bad file must not end the preparation of the others.
        if isinstance(error, OSError) and "memory" in str(error):  # Pillow's for what its C code could not allocate
            raise MemoryError from error
        raise RefusedImage(refusal(_what_it_is(data))) from error


def read_ordinary_file(path: Path) -> bytes:
    """Return a file's bytes, without following a link and without waiting at a pipe or device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedImage(refusal(RefusalCode.NOT_ORDINARY))
            if status.st_size == 0:
                raise RefusedImage(refusal(RefusalCode.EMPTY))
            if status.st_size > LARGEST_FILE:
                raise RefusedImage(refusal(RefusalCode.TOO_LARGE, megabytes=LARGEST_FILE // 1_000_000))
            return file.read(LARGEST_FILE)
    except OSError as error:
        if path.is_symlink():
            raise RefusedImage(refusal(RefusalCode.LINK)) from error
        raise RefusedImage(refusal(RefusalCode.CANNOT_OPEN, why=str(error.strerror))) from error


def _to_training_pixels(data: bytes, wanted: Wanted) -> NDArray[np.uint8]:
    if data.startswith(_CR2_MAGIC) or data.startswith(_CR3_MAGIC, 4):
        raise RefusedImage(refusal(RefusalCode.CAMERA_RAW))
    with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
        if _is_preview(image):
            raise RefusedImage(refusal(RefusalCode.CAMERA_RAW))
        if image.width * image.height > MOST_PIXELS:
            raise Image.DecompressionBombError
        if wanted.transform != "letterbox" and min(image.size) * _SMALLEST_FRACTION < min(wanted.height, wanted.width):
            raise _too_small(image, wanted)  # before it costs anything
        image.load()  # verify() would let an image pass whose second half is missing
        orientation = _orientation(image)  # after load(), which turns a TIFF by itself
        # Turning commutes with the central crop, so it is done on the small image.
        width, height = wanted.width, wanted.height
        if orientation in _LYING:
            width, height = height, width
        crop_width, crop_height = image.size
        if wanted.transform == "letterbox":
            scale = min(width / image.width, height / image.height)
            width, height = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        else:
            crop_width = min(image.width, round(image.height * width / height))
            crop_height = min(image.height, round(image.width * height / width))
        if crop_width * _SMALLEST_FRACTION < width or crop_height * _SMALLEST_FRACTION < height:
            raise _too_small(image, wanted)
        left, top = (image.width - crop_width) // 2, (image.height - crop_height) // 2
        fitted = _with_channels(image, wanted)
        if fitted.size != (width, height):
            fitted = fitted.resize(
                (width, height),
                _FILTERS[wanted.resize_filter],
                box=(left, top, left + crop_width, top + crop_height),
                reducing_gap=2.0,  # halves the time on photos; at most 1/255 away from a plain Lanczos
            )
    if orientation in _UPRIGHT:
        fitted = fitted.transpose(_UPRIGHT[orientation])
    return np.asarray(_between_bars(fitted, wanted)).reshape(wanted.shape)


def _is_preview(image: Image.Image) -> bool:
    """Return whether this is the first image of a camera's raw file, which may be a TIFF like others: NEF, DNG."""
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    kind = tags.get(_NEW_SUBFILE_TYPE)
    return _DNG_VERSION in tags or (isinstance(kind, int) and kind & 1 == 1)


def _between_bars(image: Image.Image, wanted: Wanted) -> Image.Image:
    """Put the image into the middle of one of the wanted size; around it are bars, or nothing with transparency."""
    height, width, _ = wanted.shape
    if image.size == (width, height):
        return image
    if wanted.channels == 4:
        ground = Image.new("RGBA", (width, height))
    else:
        ground = Image.new("RGB", (width, height), wanted.background or _BLACK).convert(image.mode)
    ground.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return ground


def _too_small(image: Image.Image, wanted: Wanted) -> RefusedImage:
    height, width = (-(-side // _SMALLEST_FRACTION) for side in (wanted.height, wanted.width))
    if wanted.transform != "letterbox" and height == width:
        few = refusal(RefusalCode.TOO_FEW_PIXELS, width=image.width, height=image.height, side=width)
        return RefusedImage(few)
    code = RefusalCode.TOO_FEW_IN_FRAME if wanted.transform == "letterbox" else RefusalCode.TOO_FEW_AFTER_CROP
    return RefusedImage(refusal(code, width=image.width, height=image.height, least_width=width, least_height=height))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - as above; an image with unreadable metadata is still an image
        return 1


def _with_channels(image: Image.Image, wanted: Wanted) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _to_8_bit(image)
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[wanted.channels]
    if wanted.channels != 4 and image.has_transparency_data:
        with_alpha = image if image.mode == "RGBA" else image.convert("RGBA")
        image = Image.new("RGB", image.size, wanted.background or _WHITE)
        image.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return image if image.mode == mode else image.convert(mode)


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Scale grey values of 16 or 32 bits, or floating point, so that white becomes 255."""
    stored = np.asarray(image)

    def values(start: int) -> NDArray[np.float32]:
        return stored[start : start + _ROWS_AT_ONCE].astype(np.float32)

    starts = range(0, len(stored), _ROWS_AT_ONCE)
    # One infinite pixel must not leave the others black.
    brightest = max(float(rows.max(initial=0.0, where=np.isfinite(rows))) for rows in map(values, starts))
    usual_whites = {"F": (1.0, 255.0, 65535.0), "I": (255.0, 65535.0)}.get(image.mode, (65535.0,))
    white = next((white for white in usual_whites if brightest <= white), brightest)
    scaled = np.empty(stored.shape, np.uint8)
    for start in starts:
        scaled[start : start + _ROWS_AT_ONCE] = np.nan_to_num(values(start) * (255 / white) + 0.5).clip(0, 255)
    return Image.fromarray(scaled)


def _what_it_is(data: bytes) -> RefusalCode:
    if _IMAGE_START.match(data):
        return RefusalCode.DAMAGED
    for offset, magic, kind in _OTHER_KINDS:
        if data.startswith(magic, offset):
            return kind
    return RefusalCode.TEXT if data[:1000].isascii() else RefusalCode.UNREADABLE
