"""What a run has found in its dataset's folder, in short: of very many skipped images as much as a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.names import FALLBACK_LANGUAGE, printable
from contract.prepare_report import ImageClass, PrepareReport
from contract.reasons import Reason

MOST_GROUPS = 50
MOST_NAMES = 50
_LONGEST_NAME = 200


@dataclass(frozen=True)
class SkippedImages:
    """Images that were skipped for one reason; `names` has the first MOST_NAMES of `count`."""

    reason: Reason
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class ImagesFound:
    """How many images there were, how many can be used, and why not the others: the largest groups first."""

    found: int
    good: int
    skipped: tuple[SkippedImages, ...]
    classes: Sequence[ImageClass]


def summarize(report: PrepareReport) -> ImagesFound:
    """At most MOST_GROUPS groups; what is in none is still counted by `found` and `good`."""
    names: dict[str, list[str]] = {}
    reasons: dict[str, Reason] = {}
    for one in report.set_aside:
        sentence = one.reason.sentence(FALLBACK_LANGUAGE)
        reasons.setdefault(sentence, one.reason)
        names.setdefault(sentence, []).append(one.name)
    groups = [
        SkippedImages(reasons[told], len(found), tuple(printable(name, _LONGEST_NAME) for name in found[:MOST_NAMES]))
        for told, found in sorted(names.items(), key=lambda group: (-len(group[1]), group[0]))[:MOST_GROUPS]
    ]
    return ImagesFound(report.found, report.good, tuple(groups), report.classes)
