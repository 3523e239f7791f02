"""The datasets' items in the table: every write is conditional, and every clause of a condition has a name.

    DATASET#<name>  STATE                   the dataset's state
    SLOTS           STATE                   `holders`: the datasets that are STARTING or RUNNING; `owing`: those that
                                            may owe a notice, and may have no folder any more

A claim writes the dataset's state and the slots in one transaction, and so do its release and its end. "Holds a slot"
and "is not IDLE" are therefore the same thing after any crash, the number of runs at a time is bounded by a strongly
consistent count, and no slot can leak.

    IDLE --claim--> STARTING --record_running--> RUNNING --finish--> IDLE
                       |  |                                           ^
                       |  +------------------finish------------------>|   the end may be heard before the start
                       +-------------------release------------------->+   is recorded; nothing was started

    IDLE --reopen--> RUNNING    somebody has had SageMaker retry the last run
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from contract.run_identity import RunIdentity
from contract.statuses import SUCCEEDED
from workshop.ledger.state import NOT_CONSIDERED, Claim, DatasetState, Phase
from workshop.platform.clients import DynamoDB, error_code
from workshop.platform.errors import LedgerBusy
from workshop.platform.items import from_item, to_item

# Clauses of the conditions. Values are bound where they are used.
IS_IDLE = "(attribute_not_exists(phase) OR phase = :idle)"
NOTHING_SEEN_SINCE_READ = "uploads = :uploads"
NOTHING_EVER_SEEN = "attribute_not_exists(uploads)"
UPLOADS_WERE_SEEN = "attribute_exists(uploads)"
IS_KNOWN = "attribute_exists(pk)"
# Of a purged dataset the number of its attempts is left.
IS_FREE = "attribute_not_exists(title) AND attribute_not_exists(uploads) AND attribute_not_exists(considered)"
# Without it a whole run may have come and gone between read and claim, and its token would be used again.
NOT_CLAIMED_SINCE_READ = "attempt = :read_attempt"
NEVER_CLAIMED = "attribute_not_exists(attempt)"
IS_STARTING = "phase = :starting"
IS_THIS_ATTEMPT = "attempt = :attempt"
# Without it one could start a claim while another, who has just found nothing started under it, gives it back.
LEASE_IS_AS_READ = "(leaseAt = :lease OR attribute_not_exists(leaseAt))"  # a claim older than leases has none
IS_LAST_RUN = "lastExecutionArn = :arn"
IS_STARTING_OR_THIS_RUN = "(phase = :starting OR (phase = :running AND executionArn = :arn))"
OWES_NOTHING_ELSE = "(unreported = :arn OR attribute_not_exists(unreported))"
SOMEBODY_OWES = "attribute_exists(owing)"
A_SLOT_IS_FREE = "(attribute_not_exists(holders) OR size(holders) < :limit)"
TIMER_IS_AS_READ = "timerDue = :previous"
NO_TIMER = "attribute_not_exists(timerDue)"
IS_RECORDED_TIMER = "timerDue = :due"
# Without them a timer could be recorded whose message has come and gone, and others would wait for it in vain.
NO_TIMER_RECEIVED_SINCE_READ = "timersReceived = :received"
NO_TIMER_EVER_RECEIVED = "attribute_not_exists(timersReceived)"

SLOTS_KEY = {"pk": "SLOTS", "sk": "STATE"}


class Claimed(StrEnum):
    """How a claim went."""

    WON = "won"
    LOST = "lost"  # somebody acted since the state was read: look again
    FULL = "full"  # as many runs as allowed are under way


def dataset_key(dataset: str) -> dict[str, str]:
    return {"pk": f"DATASET#{dataset}", "sk": "STATE"}


class Ledger:
    """Reads and writes of the datasets' items."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def read(self, dataset: str) -> DatasetState:
        """The dataset's state, strongly consistent; a fresh one for a dataset never heard of."""
        return DatasetState.from_values(dataset, self._get(dataset_key(dataset)))

    def note_uploads(self, dataset: str, count: int, now: int) -> DatasetState:
        """Upload events were processed at `now`. Unconditional: the last one wins, and any of them will do."""
        return self._change(dataset, "SET lastSeen = :now ADD uploads :count", {":now": now, ":count": count})

    def note_deletion(self, dataset: str, now: int) -> DatasetState | None:
        """A file of the dataset was deleted, which counts like an upload. None, and nothing to look at, if no upload of
        the dataset is known."""
        update = "SET lastSeen = :now ADD uploads :one"
        return self._change_if(UPLOADS_WERE_SEEN, dataset, update, {":now": now, ":one": 1})

    def meet(self, dataset: str) -> DatasetState:
        """A dataset that no event has told of has a folder: it is outstanding, whatever becomes of its timers."""
        update = "SET considered = if_not_exists(considered, :not_considered)"
        return self._change(dataset, update, {":not_considered": NOT_CONSIDERED})

    def name(self, dataset: str, title: str) -> bool:
        """A dataset is made that its people call `title`; outstanding, as one that is met. False if there is one of
        this name already, whatever it is called."""
        update = "SET title = :title, considered = :not_considered"
        return self._update(dataset_key(dataset), update, IS_FREE, {":title": title, ":not_considered": NOT_CONSIDERED})

    def record_timer(self, state: DatasetState, due: int) -> bool:
        """Record the timer whose message was sent after `state` was read, in the place of the one that `state` has.

        False, and nothing is recorded, if another timer was recorded or any timer's message received since: that
        message may have been this one.
        """
        values: dict[str, Any] = {":due": due}
        as_read = _timer_clause(state, values)
        none_received = NO_TIMER_EVER_RECEIVED
        if state.timers_received:
            none_received = NO_TIMER_RECEIVED_SINCE_READ
            values[":received"] = state.timers_received
        return self._update(dataset_key(state.dataset), "SET timerDue = :due", f"{as_read} AND {none_received}", values)

    def receive_timer(self, dataset: str, due: int) -> DatasetState:
        """A timer's message has been received: it is the recorded one no more. Returns the state after that.

        Of a dataset that is not known, because it was purged, nothing is written: whoever sends a timer of one that is
        to be known has noted or met it before.
        """
        while True:
            take = "REMOVE timerDue ADD timersReceived :one"
            state = self._change_if(IS_RECORDED_TIMER, dataset, take, {":one": 1, ":due": due})
            if state is None:
                state = self._change_if(IS_KNOWN, dataset, "ADD timersReceived :one", {":one": 1})
            if state is None:
                return DatasetState(dataset)
            # Still there if it was recorded between the two writes. From the second one on nobody can record it.
            if state.timer_due != due:
                return state

    def conclude(self, state: DatasetState, problems: Sequence[str] = (), *, timer_is_lost: bool) -> None:
        """A look has left nothing to do: what was noted until `state` is not outstanding any more, and a timer whose
        message is lost is forgotten; `problems` are the sentences on what keeps a run from starting. Nothing, if more
        was noted or another timer recorded since."""
        values: dict[str, Any] = {":considered": state.uploads}
        condition = f"{_seen_clause(state, values)} AND {_timer_clause(state, values)}"
        update, gone = "SET considered = :considered", [] if problems else ["problems"]
        if problems:
            update += ", problems = :problems"
            values[":problems"] = json.dumps(problems)
        gone += ["timerDue"] if timer_is_lost else []
        update += f" REMOVE {', '.join(gone)}" if gone else ""
        self._update(dataset_key(state.dataset), update, condition, values)

    def claim(self, state: DatasetState, claim: Claim, now: int, limit: int) -> Claimed:
        """Claim the dataset and a slot, if nothing has happened since `state` was read. The attempt is
        `state.attempt + 1`."""
        values: dict[str, Any] = {
            ":idle": Phase.IDLE,
            ":starting": Phase.STARTING,
            ":attempt": state.attempt + 1,
            ":now": now,
            ":claim": claim.to_json(),
            ":considered": state.uploads,
        }
        seen = _seen_clause(state, values)
        if state.attempt:
            values[":read_attempt"] = state.attempt
        unclaimed = NOT_CLAIMED_SINCE_READ if state.attempt else NEVER_CLAIMED
        set_claim = self._write(
            dataset_key(state.dataset),
            "SET phase = :starting, attempt = :attempt, claimAt = :now, leaseAt = :now, claim = :claim, "
            "considered = :considered "
            "REMOVE executionArn, runStartedAt, problems",
            f"{IS_IDLE} AND {unclaimed} AND {seen}",
            values,
        )
        take_slot = self._write(
            SLOTS_KEY, "ADD holders :dataset", A_SLOT_IS_FREE, {":dataset": {state.dataset}, ":limit": limit}
        )
        try:
            refused = self._transact(set_claim, take_slot)
        except LedgerBusy:
            return Claimed.LOST
        if not refused:
            return Claimed.WON
        return Claimed.FULL if refused == [False, True] else Claimed.LOST

    def take_over(self, state: DatasetState, now: int) -> bool:
        """Lease a claim whose lease is over, to start it or to give it back; False if somebody else was quicker."""
        return self._update(
            dataset_key(state.dataset),
            "SET leaseAt = :now",
            f"{IS_STARTING} AND {IS_THIS_ATTEMPT} AND {LEASE_IS_AS_READ}",
            {":starting": Phase.STARTING, ":attempt": state.attempt, ":lease": state.lease_at, ":now": now},
        )

    def release(self, dataset: str, attempt: int) -> bool:
        """Give a claim back of which certainly nothing was started; its drop is outstanding again."""
        back = self._write(
            dataset_key(dataset),
            "SET phase = :idle, considered = :not_considered REMOVE claim",
            f"{IS_STARTING} AND {IS_THIS_ATTEMPT}",
            {
                ":idle": Phase.IDLE,
                ":starting": Phase.STARTING,
                ":attempt": attempt,
                ":not_considered": NOT_CONSIDERED,
            },
        )
        return not self._transact(back, self._leave_slot(dataset))

    def record_running(self, dataset: str, attempt: int, arn: str, now: int) -> bool:
        """The claim has become the execution `arn`; False if that is known already, or the run is over."""
        return self._update(
            dataset_key(dataset),
            "SET phase = :running, executionArn = :arn, runStartedAt = :now",
            f"{IS_STARTING} AND {IS_THIS_ATTEMPT}",
            {":starting": Phase.STARTING, ":running": Phase.RUNNING, ":attempt": attempt, ":arn": arn, ":now": now},
        )

    def finish(
        self, identity: RunIdentity, claim: Claim, arn: str, status: str, now: int, *, has_trained: bool = False
    ) -> bool:
        """The run of `claim` is over: the dataset is idle, its slot free, its notice owed.

        `has_trained`: it has trained a network, and succeeded: the network of later runs that train none. False if
        this run does not hold the dataset (any more).
        """
        values: dict[str, Any] = {
            ":idle": Phase.IDLE,
            ":starting": Phase.STARTING,
            ":running": Phase.RUNNING,
            ":attempt": identity.attempt,
            ":arn": arn,
            # After a part that failed, nothing is repeated or gone on with by itself.
            ":targets": claim.targets if status == SUCCEEDED else claim.targets.partition("@")[0],
            ":status": status,
            ":now": now,
            ":owed": {arn},
        }
        update = (
            "SET phase = :idle, lastExecutionArn = :arn, lastStatus = :status, lastTargets = :targets, endedAt = :now"
        )
        if claim.source_arn is None:  # else the snapshot's images have not been learned
            update += ", lastFingerprint = :fingerprint"
            values[":fingerprint"] = identity.fingerprint
        if has_trained:
            update += ", goodArn = :arn"
        over = self._write(
            dataset_key(identity.dataset),
            update + " REMOVE executionArn, runStartedAt ADD unreported :owed",
            f"{IS_THIS_ATTEMPT} AND {IS_STARTING_OR_THIS_RUN}",
            values,
        )
        leave = self._write(
            SLOTS_KEY, "DELETE holders :dataset ADD owing :dataset", None, {":dataset": {identity.dataset}}
        )
        return not self._transact(over, leave)

    def reopen(self, identity: RunIdentity, arn: str, now: int) -> bool:
        """The dataset's last run goes on, because somebody has had SageMaker retry it: it holds the dataset and a slot
        again, even if none is free. False if another run has been claimed since."""
        again = self._write(
            dataset_key(identity.dataset),
            "SET phase = :running, executionArn = :arn, runStartedAt = :now",
            f"{IS_IDLE} AND {IS_THIS_ATTEMPT} AND {IS_LAST_RUN}",
            {
                ":idle": Phase.IDLE,
                ":running": Phase.RUNNING,
                ":attempt": identity.attempt,
                ":arn": arn,
                ":now": now,
            },
        )
        take_slot = self._write(SLOTS_KEY, "ADD holders :dataset", None, {":dataset": {identity.dataset}})
        return not self._transact(again, take_slot)

    def leave_stray_slot(self, dataset: str) -> None:
        """Free the slot of an idle dataset: only somebody who has edited the table can have left it one."""
        is_idle = self._write(dataset_key(dataset), "SET phase = :idle", IS_IDLE, {":idle": Phase.IDLE})
        self._transact(is_idle, self._leave_slot(dataset))

    def mark_reported(self, dataset: str, arn: str) -> None:
        """The notice on the end of the run `arn` has been sent."""
        update, values = "DELETE unreported :arn", {":arn": {arn}}
        last_debt = self._write(dataset_key(dataset), update, OWES_NOTHING_ELSE, values)
        owes_nothing = self._write(SLOTS_KEY, "DELETE owing :dataset", None, {":dataset": {dataset}})
        if self._transact(last_debt, owes_nothing) and not self._change(dataset, update, values).unreported:
            self._transact(last_debt, owes_nothing)  # the other debts were paid between the two writes

    def forget_debts(self, dataset: str) -> None:
        """The dataset is purged: whatever it owes is told to nobody."""
        self._update(SLOTS_KEY, "DELETE owing :dataset", SOMEBODY_OWES, {":dataset": {dataset}})

    def unsettled_datasets(self) -> set[str]:
        """The active datasets, and those that may owe a notice: whether or not there is still a folder of theirs."""
        slots = self._get(SLOTS_KEY)
        return {*slots.get("holders", ()), *slots.get("owing", ())}

    def _get(self, key: dict[str, str]) -> dict[str, Any]:
        response = self._dynamodb.get_item(TableName=self._table, Key=to_item(key), ConsistentRead=True)
        return from_item(response.get("Item", {}))

    def _change(self, dataset: str, update: str, values: dict[str, Any], condition: str | None = None) -> DatasetState:
        """The dataset's state after an update."""
        request = self._write(dataset_key(dataset), update, condition, values)
        response = self._dynamodb.update_item(**request, ReturnValues="ALL_NEW")
        return DatasetState.from_values(dataset, from_item(response["Attributes"]))

    def _change_if(self, condition: str, dataset: str, update: str, values: dict[str, Any]) -> DatasetState | None:
        """As `_change`; None if the condition refused."""
        try:
            return self._change(dataset, update, values, condition)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return None
            raise

    def _write(self, key: dict[str, str], update: str, condition: str | None, values: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": to_item(key),
            "UpdateExpression": update,
            "ExpressionAttributeValues": to_item(values),
        }
        return request | ({"ConditionExpression": condition} if condition else {})

    def _update(self, key: dict[str, str], update: str, condition: str, values: dict[str, Any]) -> bool:
        try:
            self._dynamodb.update_item(**self._write(key, update, condition, values))
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _leave_slot(self, dataset: str) -> dict[str, Any]:
        return self._write(SLOTS_KEY, "DELETE holders :dataset", None, {":dataset": {dataset}})

    def _transact(self, *writes: dict[str, Any]) -> list[bool]:
        """Empty if all was written; else, for each write, whether its own condition refused.

        Raises LedgerBusy if another transaction was at work on an item (two datasets reach for the slots at once).
        """
        try:
            self._dynamodb.transact_write_items(TransactItems=[{"Update": write} for write in writes])
        except ClientError as error:
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            if "ConditionalCheckFailed" in reasons:
                return [reason == "ConditionalCheckFailed" for reason in reasons]
            if "TransactionConflict" in reasons:
                raise LedgerBusy("Another transaction is at work on the same items; nothing was written.") from error
            raise
        return []


def _seen_clause(state: DatasetState, values: dict[str, Any]) -> str:
    """The clause "no upload was noted since the state was read"; its value is added to `values`."""
    if not state.uploads:
        return NOTHING_EVER_SEEN
    values[":uploads"] = state.uploads
    return NOTHING_SEEN_SINCE_READ


def _timer_clause(state: DatasetState, values: dict[str, Any]) -> str:
    """The clause "the recorded timer is the one that was read"; its value is added to `values`."""
    if state.timer_due is None:
        return NO_TIMER
    values[":previous"] = state.timer_due
    return TIMER_IS_AS_READ
