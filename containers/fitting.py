"""How an image comes to the size of the training images: alike in Prepare and, for images to project, in Infer."""

from __future__ import annotations

from stylegan2.data.vetting import Transform, Wanted

_TRANSFORMS: dict[str, Transform] = {"crop": "center-crop", "letterbox": "letterbox"}


def wanted_images(width: int, height: int, fit: str, background: str) -> Wanted:
    """RGB images of this size, by the pipeline's parameters Fit and Background. Raises KeyError for another `fit`."""
    red, green, blue = bytes.fromhex(background)
    return Wanted(height, width, transform=_TRANSFORMS[fit], background=(red, green, blue))
