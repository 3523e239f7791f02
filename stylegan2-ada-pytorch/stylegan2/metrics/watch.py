"""Whether a training still comes nearer to its images, told from the scores of its snapshots alone.

A score is a distance: less is better, and 0 the least. Scores are noisy: in trainings that go well they rise by a third
now and then, and stay there for some snapshots (docs/performance.md). So no verdict rests on a single score: a bad one
must be followed by another, and progress is what the middle one of three makes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from stylegan2.options.words import Trouble

FAR_WORSE, NEARLY_HOPELESS = 1.5, 0.9
"""Times the best score, and times that of a generator that draws one and the same image, for a network that has lost
what it had learned. Both: the best of a hopeless training is hopeless, too."""
TOLD_AFTER, GIVEN_UP_AFTER = 2, 5
"""Scores in a row like that, before it is told of, and before a training ends early: some networks find back."""
STANDSTILL = 25
"""Snapshots without progress that are told of, also where a training does not end for them."""
PROGRESS = 0.02
"""What a middle score must have gained on the best one before it, as a share of that, to count as progress."""


class ScoreWatch:
    """Follows the scores of a training.

    `hopeless` is the score of a generator that draws one and the same image, whatever it is asked for: one that has
    learned something and falls back to nearly that has collapsed. `patience`: so many snapshots without progress end
    the training early; 0: none do.
    """

    def __init__(self, hopeless: float, patience: int = 0) -> None:
        self.hopeless, self.patience = hopeless, patience
        self.scores: list[float] = []
        """Of all snapshots so far; infinite where the images were no finite numbers. Enough to go on with."""

    def add(self, score: float) -> None:
        """Take in the score of the next snapshot."""
        self.scores.append(score if math.isfinite(score) else math.inf)

    @property
    def without_progress(self) -> int:
        """How many snapshots have brought nothing better."""
        return snapshots_without_progress(self.scores)

    @property
    def trouble(self) -> Trouble | None:
        """What is the matter at the last snapshot, or None."""
        if self._has_collapsed(TOLD_AFTER):
            return "collapsed"
        enough = min(self.patience or STANDSTILL, STANDSTILL)
        return "stalled" if self.without_progress >= enough else None

    @property
    def ending(self) -> Trouble | None:
        """Why the training should end at the last snapshot, or None."""
        is_lost = self._has_collapsed(min(max(self.patience, TOLD_AFTER), GIVEN_UP_AFTER))
        is_over = self.without_progress >= self.patience
        return self.trouble if self.patience and (is_lost or is_over) else None

    def _has_collapsed(self, in_a_row: int) -> bool:
        """Whether so many last scores are far worse than the best, which came before them, and nearly hopeless."""
        last = self.scores[-in_a_row:]
        return len(last) == in_a_row and min(last) > max(FAR_WORSE * min(self.scores), NEARLY_HOPELESS * self.hopeless)


def snapshots_without_progress(scores: Sequence[float]) -> int:
    """How many snapshots have gone by since the scores, each the middle one of three, last became better."""
    best, since = math.inf, 0
    for three in zip(scores, scores[1:], scores[2:], strict=False):
        middle = sorted(three)[1]
        if middle < best * (1 - PROGRESS):
            best, since = middle, 0
        else:
            since += 1
    return since
