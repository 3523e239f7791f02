"""Several runs at once: each is complete and told of in order, jobs wait for their turn, and nothing is left behind."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local_aws.sagemaker.processes import ProcessStop
from local_aws.sagemaker.slot_queue import SlotQueue
from tests.executor.support import Place, eventually, named, notify, processing, training
from tests.patience import HARD_END

RUNS = 6
# Each fails if another job of its kind is at work: then the folder is there.
PROCESSES_ALONE = "mkdir {0} && sleep 0.05 && rmdir {0}"
TRAINS_ALONE = "import os, time\nos.mkdir({0!r})\ntime.sleep(0.05)\nos.rmdir({0!r})\n"
STATUSES = ("Starting", "Executing", "Succeeded")


def test_runs_that_are_started_together_all_succeed_and_are_told_of_in_order(place: Place, tmp_path: Path) -> None:
    place.program(TRAINS_ALONE.format(str(tmp_path / "training")))
    alone = processing(PROCESSES_ALONE.format(tmp_path / "processing"))
    place.create([alone, named("Train", training(), DependsOn=["Step"]), notify(DependsOn=["Train"])])
    with ThreadPoolExecutor(RUNS) as threads:
        arns = list(threads.map(place.start, [str(number) * 32 for number in range(RUNS)]))
    assert len(set(arns)) == RUNS
    for arn in arns:
        assert place.finish(arn)["PipelineExecutionStatus"] == "Succeeded", place.steps(arn)
    place.standin.stop()
    expected = [(step, status) for step in ("Step", "Train", "Notify") for status in STATUSES]
    for arn in arns:
        assert list(changes(place, arn)) == [(None, "Executing"), *expected, (None, "Succeeded")]


def changes(place: Place, arn: str) -> Iterator[tuple[str | None, str]]:
    """Yield what the events told of a run, in their order: (step or None, status)."""
    told = [entry for entry in place.aws.bus.entries if arn in entry["Resources"]]
    times = [entry["Time"] for entry in told]
    assert times == sorted(times)
    for entry in told:
        detail = json.loads(entry["Detail"])
        yield detail.get("stepName"), detail.get("currentStepStatus") or detail["currentPipelineExecutionStatus"]


def test_runs_that_have_ended_leave_no_thread(place: Place) -> None:
    place.create([notify()])
    for number in range(RUNS):
        place.finish(place.start(str(number) * 32))
    eventually(lambda: not any(each.name.startswith("execution-") for each in threading.enumerate()), "their end")


def test_a_training_waits_for_another_and_a_processing_job_does_not(place: Place) -> None:
    place.program("import time\nprint('up', flush=True)\ntime.sleep(600)\n")
    place.create([processing("true"), named("Train", training(), DependsOn=["Step"])])
    first = place.start("1" * 32)
    eventually(lambda: place.running(first).log_tail == ("up",), "the first training")
    second = place.start("2" * 32)
    eventually(lambda: phases(place, second) == ["Completed", "Pending"], "the second training's place in the line")
    waiting = place.api.describe_training_job(TrainingJobName=job_name(place, second, "Train"))
    assert (waiting["TrainingJobStatus"], waiting["SecondaryStatus"]) == ("InProgress", "Pending")
    assert "TrainingStartTime" not in waiting
    place.standin.stop_execution(first)
    eventually(lambda: place.running(second).log_tail == ("up",), "the second training")
    working = place.api.describe_training_job(TrainingJobName=job_name(place, second, "Train"))
    assert working["SecondaryStatus"] == "Training"
    ended = place.api.describe_training_job(TrainingJobName=job_name(place, first, "Train"))
    assert working["TrainingStartTime"] >= ended["TrainingEndTime"]


def phases(place: Place, arn: str) -> list[str | None]:
    return [step.phase for step in place.running(arn).steps]


def job_name(place: Place, arn: str, step: str) -> str:
    (job,) = place.steps(arn)[step]["Metadata"].values()
    return str(job["Arn"]).rsplit("/", 1)[-1]


def test_stopping_a_run_whose_job_waits_starts_no_job(place: Place) -> None:
    place.create([processing("echo up; sleep 600")])
    working = place.start("1" * 32)
    eventually(lambda: place.running(working).log_tail, "the program")
    waiting = place.start("2" * 32)
    eventually(lambda: phases(place, waiting) == ["Pending"], "the second job's place in the line")
    place.standin.stop_execution(waiting)
    assert place.finish(waiting)["PipelineExecutionStatus"] == "Stopped"
    assert not place.standin.job_logs(waiting)["Step"].exists()
    described = place.api.describe_processing_job(ProcessingJobName=job_name(place, waiting, "Step"))
    assert described["ProcessingJobStatus"] == "Stopped"
    assert "ProcessingStartTime" not in described
    assert place.running(working).status == "Executing"


class Waiting(ProcessStop):
    """A stop request that tells when somebody has begun to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def wait(self, seconds: float) -> bool:
        self.begun.set()
        return super().wait(seconds)


def test_turns_come_in_the_order_of_asking() -> None:
    line, order = SlotQueue(), list[int]()

    def take_turn(number: int, stop: ProcessStop) -> None:
        with line.turn(stop) as come:
            assert come
            order.append(number)

    threads = []
    with line.turn(ProcessStop()) as come:
        assert come
        for number in range(5):
            stop = Waiting()
            threads.append(threading.Thread(target=take_turn, args=(number, stop)))
            threads[-1].start()
            assert stop.begun.wait(HARD_END)
        assert order == []
    for thread in threads:
        thread.join(HARD_END)
    assert order == list(range(5))


def test_a_stop_request_ends_the_wait_and_gives_up_the_place() -> None:
    line, stop = SlotQueue(), ProcessStop()
    stop.request(grace_seconds=0)
    with line.turn(ProcessStop()), line.turn(stop) as come:
        assert not come
    with line.turn(ProcessStop()) as come:
        assert come
