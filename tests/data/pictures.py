"""Small pictures to upload."""

import io

import numpy as np
from PIL import Image


def photo(seed: int = 0, width: int = 48, height: int = 48) -> Image.Image:
    """A smooth coloured picture with a light to dark gradient, so that turning and cropping it can be seen."""
    coarse = np.random.RandomState(seed).randint(0, 256, (4, 4, 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    light = np.linspace(0.3, 1.0, width)[np.newaxis, :, np.newaxis]
    return Image.fromarray((smooth * light).astype(np.uint8))


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()
