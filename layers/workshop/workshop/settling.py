"""Timers: at most one live delayed message per dataset that says "look again"; and nudges, which say "look now".

A timer is a message on the SettleQueue plus its due time in the ledger. The message is sent first and recorded second:
a crash in between leaves a message that nobody waits for, never a record of a timer that does not exist. A message
whose due time is not the recorded one is stale and dropped, so that two timers never breed two chains.

A nudge has no record. It is never stale, and it arms a timer only if none is live. A timer that is due at once would
not do in its place: its message can arrive before its record is written, and then the record promises a look that has
been had already.
"""

import json
import math
from dataclasses import dataclass

from workshop import clock
from workshop.clients import SQS
from workshop.errors import BadRequest
from workshop.ledger import Ledger
from workshop.names import check_dataset
from workshop.state import DatasetState

# SQS's longest delay of a message (SendMessage, DelaySeconds); a longer wait is a chain of timers.
MAX_DELAY_SECONDS = 900


NUDGE = 0


@dataclass(frozen=True)
class Timer:
    """The content of a SettleQueue message; `due` in epoch milliseconds, or NUDGE."""

    dataset: str
    due: int

    @classmethod
    def parse(cls, body: str) -> "Timer":
        """Raises BadRequest or RefusedName for a message that is no timer."""
        try:
            fields = json.loads(body)
            dataset, due = fields["dataset"], fields["due"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise BadRequest('A settle message must be {"dataset": name, "due": epoch milliseconds}.') from error
        if type(due) is not int:
            raise BadRequest("A settle message's due time must be a whole number of milliseconds.")
        return cls(check_dataset(dataset), due)

    def is_stale(self, state: DatasetState, quiet_seconds: int) -> bool:
        """Another timer than this one is live, and will do the work."""
        return self.due != NUDGE and state.timer_due != self.due and is_live(state, quiet_seconds)


def is_live(state: DatasetState, quiet_seconds: int) -> bool:
    """A timer is recorded and not so long overdue that its message must be lost."""
    grace_ms = max(3 * quiet_seconds, 60) * 1000
    return state.timer_due is not None and clock.now_ms() <= state.timer_due + grace_ms


class Timers:
    """Arms timers."""

    def __init__(self, sqs: SQS, queue_url: str, ledger: Ledger) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._ledger = ledger

    def arm(self, state: DatasetState, seconds: float) -> int:
        """Look at the dataset again in `seconds` (or sooner, then once more); replaces the timer of `state`.

        Returns the due time. Losing the race to record it is fine: then another timer is live.
        """
        due = self.send(state.dataset, seconds)
        self._ledger.record_timer(state.dataset, due, state.timer_due)
        return due

    def send(self, dataset: str, seconds: float) -> int:
        """Send the message alone; the caller records the due time together with something else."""
        delay = min(max(1, math.ceil(seconds)), MAX_DELAY_SECONDS)
        due = clock.now_ms() + delay * 1000
        self._send(Timer(dataset, due), delay)
        return due

    def nudge(self, dataset: str) -> None:
        """Have the dataset looked at now, whatever timers there are."""
        self._send(Timer(dataset, NUDGE), 0)

    def _send(self, timer: Timer, delay: int) -> None:
        body = json.dumps({"dataset": timer.dataset, "due": timer.due})
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body, DelaySeconds=delay)
