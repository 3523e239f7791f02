"""The stand-in for SageMaker, as the rest of local_aws sees it."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from local_aws.keys import RootKey
from local_aws.sagemaker.api import ApiServer
from local_aws.sagemaker.errors import StandInError
from local_aws.sagemaker.executor import Executor
from local_aws.sagemaker.jobs import CHECKPOINT_SECONDS, GRACE_SECONDS, JobSettings
from local_aws.sagemaker.processes import can_have_own_opt
from local_aws.sagemaker.records import ExecutionRecord, ExecutionSnapshot
from local_aws.sagemaker.roles import Clients

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0


class SageMakerStandIn:
    """SageMaker's pipelines on one machine: an API endpoint, and an executor that runs what is started there.

    Pipelines and executions are in memory only: they end with this process, and a job that runs is stopped with it.

    Args:
        root: the repository; containers/*/Dockerfile say what the images are.
        data_dir: gets a folder for each execution, with the log of each job.
        clients: makes a boto3 client of the embedded AWS: (service, credentials as boto3's keyword arguments or None
        for the account's
            root). Called when something runs, not before. The `lambda` client must wait for a function's answer as long
            as the function may take, and must not send the call twice.
        account: the account that pipelines and jobs belong to; the region is the one that callers name.
        root_key: whose signatures, and whose sessions', the endpoint takes; no other's.
        job_environment: returns variables that every job's process carries, besides those of its image and request and
            the credentials of its role: where the embedded AWS is.
        duplicate_events: put every event twice on the bus, as SageMaker may.
        grace_seconds: from a job's SIGTERM to its SIGKILL, when a run is stopped or a job has reached its maximum
        runtime. checkpoint_seconds: between two looks at a training job's checkpoints. own_opt: whether each job gets
        an /opt/ml of its own; None finds out what this machine allows.
    """

    def __init__(
        self,
        root: Path,
        data_dir: Path,
        clients: Clients,
        account: str,
        root_key: RootKey,
        *,
        job_environment: Callable[[], Mapping[str, str]] = dict,
        duplicate_events: bool = False,
        grace_seconds: float = GRACE_SECONDS,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        own_opt: bool | None = None,
    ) -> None:
        root, data_dir = root.resolve(), data_dir.resolve()
        settings = JobSettings(
            root=root,
            own_opt=can_have_own_opt(root, data_dir) if own_opt is None else own_opt,
            environment=job_environment,
            grace_seconds=grace_seconds,
            checkpoint_seconds=checkpoint_seconds,
        )
        self._executor = Executor(data_dir / "executions", clients, settings, duplicate_events)
        self._server = ApiServer(self._executor, account, root_key)
        logger.info(
            "jobs run with %s",
            "an /opt/ml of their own" if settings.own_opt else "SAGEMAKER_BASE_DIR in place of /opt/ml",
        )

    @property
    def url(self) -> str:
        """The endpoint's URL; its port is bound, but answers only after `start`."""
        return self._server.url

    def start(self) -> str:
        """Begin to answer; return the endpoint's URL."""
        self._executor.open()
        self._server.start()
        return self.url

    def stop(self, grace_seconds: float = SHUTDOWN_SECONDS) -> None:
        """Stop all executions (SIGTERM, and SIGKILL after the grace time) and the endpoint; leaves no process
        behind."""
        self._executor.close(grace_seconds)
        self._server.stop()

    def stop_execution(self, execution_arn: str) -> None:
        """Stop one execution, as StopPipelineExecution does."""
        self._executor.stop(self._find(execution_arn))

    def wait(self, execution_arn: str, timeout_seconds: float) -> ExecutionSnapshot:
        """Wait until an execution has ended, at most so long, and return what is known of it then."""
        self._executor.wait(self._find(execution_arn), timeout_seconds)
        return next(snapshot for snapshot in self.snapshot() if snapshot.arn == execution_arn)

    def job_logs(self, execution_arn: str) -> dict[str, Path]:
        """Return the log file of each job step's latest job, by step name; a file may not be there before the job's
        program runs."""
        record = self._find(execution_arn)
        with self._executor.lock:
            return {name: step.jobs[-1].job.log for name, step in record.steps.items() if step.jobs}

    def snapshot(self, tail_lines: int = 8) -> list[ExecutionSnapshot]:
        """Return all executions, oldest first, with their steps and the tail of the running job's log."""
        return self._executor.snapshot(tail_lines)

    def _find(self, execution_arn: str) -> ExecutionRecord:
        record = self._executor.find(execution_arn)
        if record is None:
            raise StandInError(f"no execution {execution_arn}")
        return record
