"""Which fault is noticed by which story: `PYTHONPATH=layers/workshop python -m benchmarks.mutants` prints the table of
docs/testing.md.

Each guard of the orchestration is broken once (tests/chaos/test_mutants.py) and every story told to the broken code.
"""

import logging

import pytest

from tests.chaos import stories, stories_of_retries, stories_of_trust
from tests.chaos.test_mutants import MUTANTS, notices_a_fault


def main() -> None:
    logging.disable()
    told = stories.STORIES + stories_of_trust.STORIES + stories_of_retries.STORIES
    print("| broken guard | stories that notice | the first of them |\n|---|---|---|")
    for mutant in MUTANTS:
        with pytest.MonkeyPatch.context() as patch:
            mutant(patch)
            noticed = [story.__name__ for story in told if notices_a_fault(story)]
        print(f"| {mutant.__name__.replace('_', ' ')} | {len(noticed)} | {noticed[0].replace('_', ' ')} |", flush=True)


if __name__ == "__main__":
    main()
