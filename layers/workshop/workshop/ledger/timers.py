"""Timers: delayed messages per dataset that say "look again", of which one is recorded; and nudges: "look now".

A timer is a message on the SettleQueue. Its due time may be recorded in the ledger, so that whoever else needs a look
need not send another one. One law makes that safe:

    A recorded timer's message is still to come.

- The record goes when the message comes, before anything is looked at (Ledger.receive_timer): whoever has read the
  record is looked after by that look, however soon or late it ends, and no end of a look removes a record.
- A message is sent first and recorded second, on the condition that no message was received since
  (Ledger.record_timer): a message that has overtaken its own record is never recorded, and a crash in between leaves a
  message without a record, which is served like any other. Messages received are counted where the dataset is known,
  and it is before the first one is sent (Ledger.note_uploads, Ledger.meet).
- A message is dropped only while another one is recorded, which is still to come: two chains of timers become one.
- A look that dies is had again: its message, or the event that has led to it, is delivered again.

tests/chaos/protocol.py explores every order of these steps.
"""

import json
import math
from dataclasses import dataclass

from contract.names import check_dataset
from workshop.ledger.datasets import Ledger
from workshop.ledger.state import DatasetState
from workshop.platform import clock
from workshop.platform.clients import SQS
from workshop.platform.errors import BadRequest

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


def is_live(state: DatasetState, quiet_seconds: int) -> bool:
    """A timer is recorded and not so long overdue that its message must be lost."""
    return state.timer_due is not None and not is_lost(state, quiet_seconds)


def is_lost(state: DatasetState, quiet_seconds: int) -> bool:
    """A timer is recorded and so long overdue that its message must be lost: somebody has emptied the queue."""
    grace_ms = max(3 * quiet_seconds, 60) * 1000
    return state.timer_due is not None and clock.now_ms() > state.timer_due + grace_ms


class Timers:
    """Sends, records and receives timers."""

    def __init__(self, sqs: SQS, queue_url: str, ledger: Ledger) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._ledger = ledger

    def arm(self, state: DatasetState, seconds: float) -> int:
        """Look at the dataset again in `seconds` (or sooner, then once more); replaces the timer of `state`.

        Returns the due time. Losing the race to record it is fine: the message comes all the same.
        """
        due = self.send(state.dataset, seconds)
        self._ledger.record_timer(state, due)
        return due

    def ensure(self, dataset: str, seconds: float, quiet_seconds: int) -> None:
        """Have the dataset looked at in `seconds`, or when the recorded timer is due."""
        # Read now: the timer of a state that was read before may have come since, and then nobody looks again.
        state = self._ledger.read(dataset)
        if not state.is_known:
            state = self._ledger.meet(dataset)
        if not is_live(state, quiet_seconds):
            self.arm(state, seconds)

    def receive(self, timer: Timer) -> DatasetState:
        """The dataset's state, once a timer's message or a nudge has come."""
        if timer.due == NUDGE:
            return self._ledger.read(timer.dataset)
        return self._ledger.receive_timer(timer.dataset, timer.due)

    def send(self, dataset: str, seconds: float) -> int:
        """Send a message that is not recorded: it is served, unless another timer is recorded when it comes."""
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
