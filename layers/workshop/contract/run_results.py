"""report.json: what a run has made, in numbers. Infer writes it beside the page; the notices read it, and others.

It says more than stands here: what only its readers outside care for, `containers.infer.report` adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.documents import as_count, parse_json, reading
from contract.layout import MADE_KINDS, PROJECTED
from contract.prepare_report import SetAside

# Of the targets that could not be used, which are named: more than a run projects.
MAX_SKIPPED = 200


@dataclass(frozen=True)
class RunResults:
    """How many images of each of MADE_KINDS were made, and how many of the listed targets were projected. The first of
    those that were not are named with their reason."""

    made: Mapping[str, int]
    targets_listed: int
    skipped_targets: Sequence[SetAside] = ()

    @property
    def projected(self) -> int:
        return self.made[PROJECTED]

    @property
    def made_count(self) -> int:
        """As the page counts them."""
        return sum(self.made.values())

    def as_dict(self) -> dict[str, Any]:
        skipped = self.targets_listed - self.projected
        return {
            "pictures": dict(self.made),
            "targets": {"listed": self.targets_listed, "projected": self.projected, "skipped": skipped},
            "skipped_targets": [one.as_dict() for one in self.skipped_targets[:MAX_SKIPPED]],
        }

    @classmethod
    def from_json(cls, text: str | bytes) -> "RunResults":
        """Raises DocumentError with what is wrong."""
        with reading():
            value = parse_json(text)
            return cls(
                {kind: as_count(value["pictures"][kind]) for kind in MADE_KINDS},
                as_count(value["targets"]["listed"]),
                tuple(map(SetAside.from_dict, value["skipped_targets"])),
            )
