"""A dataset whose run is under way, and a browser in front of the real operations."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contract.run_results import TrainingOutcome
from contract.training_progress import Point, Sheet, TrainingPhase, TrainingProgress, Verdict
from tests.unit.conftest import Stage
from tests.unit.web.conftest import CheckedBrowser, app, asked, browser_of, door

__all__ = ["app", "asked", "browser_of", "door"]

DATASET = "red-chairs"
RUNS = f"/api/datasets/{DATASET}/runs"


class UnderWay:
    """A run of DATASET that start_run has started, and what its jobs do."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.settle(DATASET)
        (self.execution,) = stage.sagemaker.executions.values()
        self.arn = self.execution.arn
        self.id = self.arn.rpartition("/")[2]
        self.begun = stage.date().replace(microsecond=0)  # as documents tell times
        self.folder = f"runs/{DATASET}/{self.id}"
        self.checkpoints = self.execution.parameters["TrainCheckpointPath"].removeprefix("s3://workshop-bucket/")

    @property
    def address(self) -> str:
        return f"{RUNS}/{self.id}"

    def step(self, name: str, status: str = "Executing", begin: float = 0, end: float | None = None) -> None:
        """A step begins, or goes on, so many seconds after the run."""
        found: dict[str, Any] = {"StepName": name, "StepStatus": status, "StartTime": self.after(begin), "Metadata": {}}
        if end is not None:
            found["EndTime"] = self.after(end)
        self.execution.steps = [one for one in self.execution.steps if one["StepName"] != name] + [found]

    def after(self, seconds: float) -> datetime:
        return self.begun + timedelta(seconds=seconds)

    def prepare(self) -> None:
        self.step("Prepare", "Succeeded", 60, 120)
        self.stage.leave_artefacts(DATASET, self.id)

    def train(self, kimg: float = 40, written: float = 400, **told: Any) -> TrainingProgress:
        """It trains since second 200, and has told of `kimg` thousand images."""
        self.prepare()
        self.step("Train", begin=200)
        outcome = TrainingOutcome(kimg, 400, "", 190, 4.5)
        told = {"seconds_left": 1600.0, "verdict": Verdict.IMPROVING} | told
        progress = TrainingProgress(TrainingPhase.TRAINING, outcome, self.after(written), **told)
        self.tell(progress.to_json().encode())
        return progress

    def tell(self, progress: bytes) -> None:
        self.stage.put(f"{self.checkpoints}progress.json", progress)

    def end(self, status: str = "Succeeded", at: float = 1000) -> None:
        """It has ended, and everybody has heard of it."""
        self.stage.later(at)
        self.stage.sagemaker.end(self.arn, status)
        event = {"source": "manual", "dataset": DATASET, "release": True}
        self.stage.later(1000)
        self.stage.invoke("start_run", event)


SHEETS = (Sheet("abc/samples/sheet-00.jpg", 0), Sheet("abc/samples/sheet-40.jpg", 40))
CURVE = (Point(20, 95, None), Point(40, 190, 31.5))


@pytest.fixture
def run(stage: Stage) -> UnderWay:
    return UnderWay(stage)


@pytest.fixture
def watcher(app: CheckedBrowser) -> CheckedBrowser:
    """Somebody with every right to DATASET."""
    app.open(DATASET)
    return app
