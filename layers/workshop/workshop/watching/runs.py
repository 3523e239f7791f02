"""What the web app asks of runs: which there are, how one goes, and to end one."""

from collections.abc import Callable
from typing import Any

from contract.names import Execution
from workshop.ledger import Ledger, RunRecord, Runs
from workshop.platform.addresses import Addresses
from workshop.platform.clients import S3, SageMaker
from workshop.platform.errors import CannotEnd
from workshop.platform.refusals import NotNow, NotThere
from workshop.watching.ending_runs import cancel_run, finish_training
from workshop.watching.run_views import short_view, version_of, whole_view
from workshop.watching.watched_run import RunGatherer
from workshop.web.calls import Call, Reply
from workshop.web.sentences import sentence
from workshop.words import words


class Watching:
    """The operations of the addresses .../runs, but for what runs have made."""

    def __init__(
        self, ledger: Ledger, runs: Runs, s3: S3, sagemaker: SageMaker, bucket: str, addresses: Addresses
    ) -> None:
        self._ledger = ledger
        self._runs = runs
        self._s3 = s3
        self._sagemaker = sagemaker
        self._bucket = bucket
        self._addresses = addresses
        self._gatherer = RunGatherer(s3, sagemaker, bucket)

    def list(self, call: Call) -> Reply:
        return Reply({"runs": [short_view(run) for run in self._runs.of_dataset(call.dataset)]})

    def get(self, call: Call) -> Reply:
        return self._reply(call, found_run(self._runs, call))

    def finish(self, call: Call) -> Reply:
        return self._ended(call, lambda run: finish_training(self._s3, self._sagemaker, self._bucket, run))

    def cancel(self, call: Call) -> Reply:
        return self._ended(call, lambda run: cancel_run(self._sagemaker, run))

    def _ended(self, call: Call, end: Callable[[Execution], Any]) -> Reply:
        record = found_run(self._runs, call)
        try:
            end(record.execution)
        except CannotEnd as error:
            raise NotNow(f"cannot_end_{error.why}") from error
        return self._reply(call, record)

    def _reply(self, call: Call, record: RunRecord) -> Reply:
        now, restart = call.visitor.now, (sentence("start_again", call.language),)
        run = self._gatherer.gather(record, words(call.language), restart)
        title = self._ledger.read(record.dataset).called
        view = whole_view(run, title, call.language, self._addresses.show, now)
        return Reply(view, version=version_of(view, run, now))


def found_run(runs: Runs, call: Call) -> RunRecord:
    """The run of the address. Raises NotThere if the dataset of the address has none of that id."""
    record = runs.find(call.dataset, call.run)
    if record is None:
        raise NotThere("no_such_run")
    return record
