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

from contract import layout
from contract.file_kinds import is_archive
from workshop.dataset import Choice, Listing, Targets
from workshop.ledger import DatasetState, Runs
from workshop.ledger.runs import attention_key
from workshop.notices import Notices, content
from workshop.notices.links import with_actions
from workshop.notices.quoting import MAX_SHOWN_CHARS, quoted
from workshop.platform import clock
from workshop.platform.errors import NoticeBusy
from workshop.words import Words

# How many files a notice names.
MAX_NAMED = 5


class WaitingReason(StrEnum):
    """Why pictures to project wait."""

    NO_NETWORK = "no_network"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Waiting:
    """The pictures to project of a dataset, and why they wait."""

    reason: WaitingReason
    targets: Targets

    def problem(self, say: Words) -> str:
        return say.targets_waiting[self.reason].format(folder=layout.targets(self.targets.dataset))

    def next_step(self, say: Words) -> str:
        return say.targets_next[self.reason].format(folder=layout.uploads(self.targets.dataset))


def waiting_targets(state: DatasetState, targets: Targets, choice: Choice, *, trains: bool) -> Waiting | None:
    """The pictures to project, if they wait for something that nobody but their owner can do. `trains`: a training is
    due, and its run projects them."""
    if targets.digest in ("", state.last_targets):
        return None
    if not choice.projects:
        return Waiting(WaitingReason.NOT_ASKED, targets)
    if state.good_arn is None and not trains:
        return Waiting(WaitingReason.NO_NETWORK, targets)
    return None


@dataclass(frozen=True)
class Leftovers:
    """The names of such files, the newest first: no pictures, names that could do harm, and what is called like
    settings. Those of `inference/<dataset>/` have that folder before them; `of_targets`, if there are any."""

    others: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()
    of_targets: bool = False
    waiting: Waiting | None = None

    @classmethod
    def of(cls, listing: Listing, targets: Targets, waiting: Waiting | None = None) -> "Leftovers":
        def all_of(learned: tuple[str, ...], projected: tuple[str, ...]) -> tuple[str, ...]:
            return learned + tuple(layout.targets(targets.dataset) + name for name in projected)

        return cls(
            all_of(listing.others, targets.others),
            all_of(listing.refused, targets.refused),
            all_of(listing.lookalikes, targets.lookalikes),
            bool(targets.others or targets.refused or targets.lookalikes),
            waiting,
        )

    def __bool__(self) -> bool:
        return bool(self.others or self.refused or self.lookalikes or self.waiting)

    @property
    def is_meant(self) -> bool:
        """Whether somebody means one of them to be used now: a number in the notice of the start is no answer."""
        return bool(self.lookalikes or self.of_targets or self.waiting)

    def digest(self, fingerprint: str = "") -> str:
        """SHA-256 (hex) of a snapshot's `fingerprint` and of all these; the fingerprint itself if there are none."""
        if not self:
            return fingerprint
        names = [sorted(self.others), sorted(self.refused), sorted(self.lookalikes)]
        waiting = [self.waiting.reason, self.waiting.targets.digest] if self.waiting else []
        return hashlib.sha256(json.dumps([fingerprint, *names, *waiting]).encode()).hexdigest()

    def problems(self, say: Words) -> list[str]:
        """On the pictures that wait, on each file that is called like settings, and on all others: a sentence each."""
        problems = [self.waiting.problem(say)] if self.waiting else []
        problems += [
            say.settings_unread.format(name=quoted(name, MAX_SHOWN_CHARS)) for name in self.lookalikes[:MAX_NAMED]
        ]
        for phrase, names in ((say.files_unused, self.others), (say.files_refused, self.refused)):
            if names:
                problems.append(say.named.format(name=say.count(phrase, len(names)), text=_listed(say, names)))
        return problems

    def next_steps(self, say: Words) -> list[str]:
        """What can be done about them."""
        steps = [self.waiting.next_step(say)] if self.waiting else []
        if self.lookalikes:
            steps.append(say.rename_settings)
        if self.refused:
            steps.append(say.rename_files)
        if any(map(is_archive, self.others)):
            steps.append(say.unpack_archives)
        if self.others:
            steps.append(say.convert_files)
        return steps


def unread_settings(say: Words, listing: Listing, targets: Targets) -> list[str]:
    """The faults of folders that have settings, but not where they are read; none if there is a settings.yaml, be it
    empty: then everybody knows which file counts."""
    if listing.settings is not None:
        return []
    return Leftovers(lookalikes=Leftovers.of(listing, targets).lookalikes).problems(say)


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
        notice = content.attention(
            say,
            listing.dataset,
            self._bucket,
            left.problems(say),
            len(listing.images),
            listing.left_out,
            left.next_steps(say),
            template="unused",
        )
        notice = with_actions(self._notices.links, notice)
        try:
            return self._notices.publish_once(attention_key(listing.dataset, left.digest()), notice)
        except NoticeBusy:  # the next look asks again, if whoever sends it has died
            return False

    def before_start(
        self, say: Words, listing: Listing, targets: Targets, waiting: Waiting | None, *, trains: bool
    ) -> bool:
        """A run is about to start, and the notice of a training's start has their number: whether that is enough.
        If somebody means them to be used, or nothing is trained, they are told now."""
        left = Leftovers.of(listing, targets, waiting)
        if trains and not left.is_meant:
            return True
        self.tell(say, listing, targets, waiting)
        return False

    def count_as_told(self, listing: Listing, targets: Targets) -> None:
        """The run has started, and its notice has their number."""
        if left := Leftovers.of(listing, targets):
            self._runs.count_as_sent(attention_key(listing.dataset, left.digest()), clock.now_ms())


def _listed(say: Words, names: Sequence[str]) -> str:
    shown = say.listing(quoted(name, MAX_SHOWN_CHARS) for name in names[:MAX_NAMED])
    further = len(names) - MAX_NAMED
    return say.count(say.and_more, further, names=shown) if further > 0 else shown
