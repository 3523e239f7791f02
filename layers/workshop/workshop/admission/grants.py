"""What somebody may do with which dataset, and until when."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contract.errors import RefusedName
from contract.names import check_dataset

ALL_DATASETS = "*"
_LINK_ID = re.compile(r"[a-z0-9]{16,40}")


class Right(StrEnum):
    DROP = "drop"  # add images, choose settings, start, end
    WATCH = "watch"  # see how runs go
    TAKE = "take"  # see pictures, and keep them


@dataclass(frozen=True)
class Grant:
    """The rights that a link gives. `link` is its id, by which it is revoked; `dataset` may be ALL_DATASETS, which is
    those to come, too; `expires` is in epoch seconds."""

    link: str
    dataset: str
    rights: frozenset[Right]
    expires: int

    def allows(self, right: Right, dataset: str, now: int) -> bool:
        """At `now`, in epoch seconds."""
        return self.dataset in (ALL_DATASETS, dataset) and right in self.rights and now < self.expires

    def as_list(self) -> list[Any]:
        """For a token: the same grant always as the same list."""
        return [self.link, self.dataset, [right.value for right in Right if right in self.rights], self.expires]

    @classmethod
    def from_list(cls, value: Any) -> "Grant | None":
        """None for what `as_list` cannot have made."""
        match value:
            case [str(link), str(dataset), [*rights], int(expires)] if _LINK_ID.fullmatch(link):
                try:
                    grant = cls(link, _dataset(dataset), frozenset(map(Right, rights)), expires)
                except (ValueError, TypeError, RefusedName):  # TypeError: a right that is a list
                    return None
                return grant if grant.as_list() == value and type(expires) is int else None
        return None


def _dataset(name: str) -> str:
    return name if name == ALL_DATASETS else check_dataset(name)
