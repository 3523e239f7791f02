"""Exact stories: each puts one event into the one place where it hurts."""

from collections.abc import Callable

import pytest

from tests.chaos import stories, stories_of_retries, stories_of_trust
from tests.chaos.stories import make_world
from tests.chaos.world import World

TOLD = stories.STORIES + stories_of_trust.STORIES + stories_of_retries.STORIES


@pytest.mark.parametrize("story", TOLD, ids=lambda story: story.__name__)
def test_each_story_ends_well(story: Callable[[World], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The stories are named and told in stories.py, where the mutants' test finds them, too."""
    story(make_world(monkeypatch))
