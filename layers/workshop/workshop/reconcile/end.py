"""What the end of a run means, whoever noticed it: the listener, or reconcile asking SageMaker.

In this order, each step safe to repeat, so that a crash anywhere is repaired by the event's redelivery:
the run's record, the count of successes, then in one write: the dataset idle, the slot free, the notice owed. Then the
dataset is nudged: whatever came while the run was active becomes the next run. Last, the report function is invoked; it
publishes each notice once.

A run that has made everything is a success, even if the step that only tells of it has failed or was stopped: its
people have their mail, or get it now, and must not get a second one that contradicts it.
"""

import json

from botocore.exceptions import ClientError

from contract.pipeline import STEPS_WITHOUT_TRAINING
from contract.run_identity import RunIdentity
from contract.statuses import EXECUTING, LOST, STOPPING, SUCCEEDED, TERMINAL
from workshop.config import EndingConfig
from workshop.ledger import Claim, Ledger, Phase, RunRecord, Runs, Timers
from workshop.platform import clock
from workshop.platform.clients import NOT_FOUND, Lambda, SageMaker, error_code, list_steps

# Events and SageMaker's answers tell the time of one end a little differently; nobody retries a run so soon.
SAME_END_SECONDS = 10

_LAST_WORK, _TELLING = STEPS_WITHOUT_TRAINING


class Ending:
    """Takes note of the end of runs."""

    def __init__(
        self,
        ledger: Ledger,
        runs: Runs,
        timers: Timers,
        lambda_: Lambda,
        sagemaker: SageMaker,
        config: EndingConfig,
    ) -> None:
        self._ledger = ledger
        self._runs = runs
        self._timers = timers
        self._lambda = lambda_
        self._sagemaker = sagemaker
        self._config = config

    def ask(self, arn: str) -> tuple[str, int]:
        """SageMaker's status of a run, or LOST, and when it last changed (epoch milliseconds)."""
        try:
            described = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return LOST, clock.now_ms()
            raise
        changed = described.get("LastModifiedTime")
        return described["PipelineExecutionStatus"], clock.to_ms(changed) if changed else clock.now_ms()

    def newest_end(self, arn: str, status: str, ended_at: int | None) -> tuple[str, int | None] | None:
        """The end of a run of which such a word has come, and when it was, if that is known; None if the run goes on:
        it was retried, and the word is of an end before that, heard again."""
        run = self._runs.read(arn)
        if run is None or not run.is_retried:
            return status, ended_at
        newest = self.ask(arn)
        if newest[0] == LOST:
            return status, ended_at
        return newest if newest[0] in TERMINAL else None

    def finish(self, identity: RunIdentity, arn: str, status: str, ended_at: int | None) -> str | None:
        """The run `arn` has ended with SageMaker's `status`, or is LOST. Returns the status that it has for its people,
        if that was news for the dataset."""
        status = self._judged(arn, status)
        if self._has_ended_again(arn, status, ended_at):
            self._take_back(identity, arn)
        ended_at = ended_at or clock.now_ms()
        state = self._ledger.read(identity.dataset)
        claim = state.claim if state.attempt == identity.attempt and state.phase is not Phase.IDLE else None
        if claim is not None:
            started_at = state.run_started_at or state.claim_at or ended_at
            self._runs.create(RunRecord.of_claim(arn, identity, claim, started_at), clock.now_ms())
        self._runs.end(arn, status, ended_at, clock.now_ms())
        won = claim is not None and self._ledger.finish(
            identity, claim, arn, status, clock.now_ms(), has_trained=_has_trained(claim, status)
        )
        # After the write: a nudge that arrives before it would find the run still active. And again for an event that
        # comes again: whoever has written may have died before the nudge.
        if won or state.last_execution_arn == arn:
            self._timers.nudge(identity.dataset)
        self.ask_for_report(identity, arn, status)
        return status if won else None

    def reopen(self, identity: RunIdentity, arn: str) -> bool:
        """A run is said to be executing. True if it had ended and goes on: somebody has had SageMaker retry it
        (RetryPipelineExecution), past the ledger. It then holds its dataset and a slot like any other."""
        run = self._runs.read(arn)
        if run is None or run.status is None or self.ask(arn)[0] not in {EXECUTING, STOPPING}:
            return False
        self._take_back(identity, arn)
        return True

    def _take_back(self, identity: RunIdentity, arn: str) -> None:
        self._ledger.reopen(identity, arn, clock.now_ms())
        self._runs.reopen(arn)

    def _has_ended_again(self, arn: str, status: str, ended_at: int | None) -> bool:
        """Whether this is another end of a run than the one on record: it was retried, and that it executes was heard
        too late or never."""
        run = self._runs.read(arn)
        if run is None or run.status is None or run.ended_at is None:
            return False
        if status == SUCCEEDED and run.status != SUCCEEDED:
            return True
        return ended_at is not None and ended_at > run.ended_at + SAME_END_SECONDS * 1000

    def _judged(self, arn: str, status: str) -> str:
        if status in {SUCCEEDED, LOST}:
            return status
        try:
            steps = {step["StepName"]: step.get("StepStatus") for step in list_steps(self._sagemaker, arn)}
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return status
            raise
        steps.pop(_TELLING, None)
        made_everything = _LAST_WORK in steps and set(steps.values()) == {SUCCEEDED}
        return SUCCEEDED if made_everything else status

    def ask_for_report(self, identity: RunIdentity, arn: str, status: str) -> None:
        """Invoke the function that tells the people, asynchronously. Harmless to repeat."""
        succeeded = status == SUCCEEDED
        event = {
            "source": "listener",
            "pipelineExecutionArn": arn,
            "status": status,
            "dataset": identity.dataset,
            "fingerprint": identity.fingerprint,
        }
        self._lambda.invoke(
            FunctionName=self._config.report_success_function if succeeded else self._config.report_failure_function,
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )


def _has_trained(claim: Claim, status: str) -> bool:
    return status == SUCCEEDED and claim.source_arn is None
