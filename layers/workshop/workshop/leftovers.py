"""The files in a dataset's folders that no run looks at, and how their owner hears of them.

A file that is called like settings, where none are read, keeps a run from starting: its owner has chosen something,
and would pay for something else. Pictures to project wait while there is no network of their name, nor pictures for
one (somebody has mistyped the name, or begins at the end), and while the settings ask for no projection.

All are told once: with the next notice "attention", as a number with "started", or, where neither is due, with a
notice of their own.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workshop import clock, layout, notice_content
from workshop.errors import NoticeBusy
from workshop.names import printable, unlinked
from workshop.notices import Notices
from workshop.runs import Runs, attention_key
from workshop.settings import Choice
from workshop.snapshot import Listing, Targets
from workshop.state import DatasetState
from workshop.words import Words

# How many files a notice names.
MAX_NAMED = 5


class Reason(StrEnum):
    """Why pictures to project wait."""

    NO_NETWORK = "no_network"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Waiting:
    """The pictures to project of a dataset, and why they wait."""

    reason: Reason
    targets: Targets

    def problem(self, say: Words) -> str:
        return say.targets_waiting[self.reason].format(folder=layout.targets(self.targets.dataset))

    def next_step(self, say: Words) -> str:
        return say.targets_next[self.reason].format(folder=layout.uploads(self.targets.dataset))


def waiting_targets(state: DatasetState, listing: Listing, targets: Targets, choice: Choice) -> Waiting | None:
    """The pictures to project, if they wait for something that nobody but their owner can do."""
    if targets.digest in ("", state.last_targets):
        return None
    if not choice.projects:
        return Waiting(Reason.NOT_ASKED, targets)
    if listing.is_empty and state.good_arn is None:
        return Waiting(Reason.NO_NETWORK, targets)
    return None


@dataclass(frozen=True)
class Leftovers:
    """The names of such files, the newest first; those of `inference/<dataset>/` with that folder before them."""

    others: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()
    of_targets: tuple[str, ...] = ()
    waiting: Waiting | None = None

    @classmethod
    def of(cls, listing: Listing, targets: Targets, waiting: Waiting | None = None) -> "Leftovers":
        folder = layout.targets(targets.dataset)
        return cls(listing.others, listing.lookalikes, tuple(folder + name for name in targets.others), waiting)

    def __bool__(self) -> bool:
        return bool(self.others or self.lookalikes or self.of_targets or self.waiting)

    def digest(self, fingerprint: str = "") -> str:
        """SHA-256 (hex) of a snapshot's `fingerprint` and of all these; the fingerprint itself if there are none."""
        if not self:
            return fingerprint
        names = [sorted(self.others), sorted(self.lookalikes), sorted(self.of_targets)]
        waiting = [self.waiting.reason, self.waiting.targets.digest] if self.waiting else []
        return hashlib.sha256(json.dumps([fingerprint, *names, *waiting]).encode()).hexdigest()

    def problems(self, say: Words) -> list[str]:
        """On the pictures that wait, on each file that is called like settings, and on all others: a sentence each."""
        problems = [self.waiting.problem(say)] if self.waiting else []
        problems += [say.settings_unread.format(name=_shown(name)) for name in self.lookalikes[:MAX_NAMED]]
        if others := self.others + self.of_targets:
            problems.append(f"{say.count(say.files_unused, len(others))}: {_listed(say, others)}")
        return problems

    def next_steps(self, say: Words) -> list[str]:
        """What can be done about them."""
        steps = [self.waiting.next_step(say)] if self.waiting else []
        if self.lookalikes:
            steps.append(say.rename_settings)
        if self.others or self.of_targets:
            steps.append(say.convert_files)
        return steps


def unread_settings(say: Words, listing: Listing) -> list[str]:
    """The faults of a folder that has settings, but not where they are read; none if there is a settings.yaml, be it
    empty: then everybody knows which file counts."""
    if listing.settings is not None:
        return []
    return Leftovers(lookalikes=listing.lookalikes).problems(say)


class LeftoverNotices:
    """Tells a dataset's subscribers of its leftovers, once."""

    def __init__(self, notices: Notices, runs: Runs, bucket: str) -> None:
        self._notices = notices
        self._runs = runs
        self._bucket = bucket

    def tell(self, say: Words, listing: Listing, targets: Targets, waiting: Waiting | None) -> bool:
        """No run is due, and so no other notice. True if this one was published now."""
        left = Leftovers.of(listing, targets, waiting)
        if not left:
            return False
        notice = notice_content.attention(
            say,
            listing.dataset,
            self._bucket,
            left.problems(say),
            len(listing.images),
            listing.left_out,
            left.next_steps(say),
            template="unused",
        )
        try:
            return self._notices.publish_once(attention_key(listing.dataset, left.digest()), notice)
        except NoticeBusy:  # the next look asks again, if whoever sends it has died
            return False

    def on_start(self, say: Words, listing: Listing, targets: Targets, waiting: Waiting | None) -> None:
        """A run starts, and its notice has their number: that is enough, unless somebody means them to be used."""
        left = Leftovers.of(listing, targets, waiting)
        if left.lookalikes or left.of_targets or left.waiting:
            self.tell(say, listing, targets, waiting)
        elif left:
            self._runs.count_as_sent(attention_key(listing.dataset, left.digest()), clock.now_ms())


def _shown(name: str) -> str:
    return unlinked(printable(name, 80))


def _listed(say: Words, names: Sequence[str]) -> str:
    shown = ", ".join(map(_shown, names[:MAX_NAMED]))
    further = len(names) - MAX_NAMED
    return f"{shown} {say.count(say.and_more, further)}" if further > 0 else shown
