"""The sub-folders of a dataset, whose names may be the classes of its images."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contract.prepare_report import MAX_CLASSES
from workshop.dataset.snapshot import StoredObject

MIN_CLASSES = 2


@dataclass(frozen=True)
class Folders:
    """How many images lie in each of the outermost sub-folders, in the order of their names, and how many in none.

    A class in the data set is such a folder with at least one good image; Prepare numbers them in the same order.
    """

    images: Mapping[str, int]
    outside: int

    @classmethod
    def of(cls, images: Iterable[StoredObject]) -> "Folders":
        counts: Counter[str] = Counter()
        outside = 0
        for image in images:
            folder, slash, _ = image.name.partition("/")
            if slash:
                # Systems write an é in two ways: names that look alike are one class.
                counts[unicodedata.normalize("NFC", folder)] += 1
            else:
                outside += 1
        return cls({name: counts[name] for name in sorted(counts, key=str.encode)}, outside)

    @property
    def can_be_classes(self) -> bool:
        return MIN_CLASSES <= len(self.images) <= MAX_CLASSES

    def unknown(self, asked: Iterable[str]) -> list[str]:
        """Those of these names or numbers (contract.pipeline.class_names) that no class has."""
        numbers = map(str, range(len(self.images)))
        known = {*self.images, *numbers}
        return [name for name in asked if name not in known]
