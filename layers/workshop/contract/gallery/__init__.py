"""gallery.json: every picture that a run has made, as a program shows them. Infer writes it, the web app reads it.

    items       one picture, sheet or film: what it is, where it lies, what it was made of
    document    all of them, and what holds for all; read with every field checked

The app links to the files that are named here and lists nothing.
"""

from contract.gallery.document import MAX_BYTES, MAX_ITEMS, Gallery, ModelFacts, PictureArchive
from contract.gallery.items import (
    LONGEST_TEXT,
    DirectionStep,
    FilmFacts,
    GalleryItem,
    GalleryKind,
    MixedOf,
)

__all__ = [
    "LONGEST_TEXT",
    "MAX_BYTES",
    "MAX_ITEMS",
    "DirectionStep",
    "FilmFacts",
    "Gallery",
    "GalleryItem",
    "GalleryKind",
    "MixedOf",
    "ModelFacts",
    "PictureArchive",
]
