"""A small world around the real handlers: services with true semantics, a clock, an agenda, and bad luck by seed.

What happens to the functions here happens to them at AWS: upload events come late, twice, in any order or never;
timers come after their delay and again after the visibility timeout; asynchronous invocations are retried twice and
then given up; executions end when they like, and their events come before, between and after everything else; a
function dies before or after any call, or a service throttles it; and while it waits for an answer, others act
(`interleave`, and `between` for one exact place).
"""

import heapq
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contract.errors import WorkshopError
from contract.run_identity import RunIdentity
from tests.chaos.fake_dynamodb import FakeDynamoDB
from tests.chaos.fakes import FakeClock, FakeExecution, FakeLambda, FakeS3, FakeSageMaker, FakeSNS, FakeSQS
from tests.chaos.invariants import (
    came_back,
    contradicted,
    never_projected,
    never_run,
    run_twice,
    stuck,
    untold,
    waits_untold,
)
from tests.chaos.luck import Crash, Luck
from tests.unit.conftest import CONTEXT, ENVIRONMENT, forget_assembled, load_handler
from workshop.dataset import contents
from workshop.platform import clients, clock

VISIBILITY_SECONDS = 720
MAX_RECEIVES = 5
MAX_HAPPENINGS = 20_000
ASYNC_RETRY_SECONDS = (60, 120)
ANSWER_SECONDS = 10  # until botocore asks again
TIMEOUT_SECONDS = 120  # start_run's: the longest
SETTINGS = ENVIRONMENT | {
    "SETTLE_QUEUE_URL": "settle",
    "TOPIC_ARN": "topic",
    "LINK_KEY_ID": "",
    "MIN_IMAGES": "1",
}
FUNCTIONS = ("upload_trigger", "start_run", "status_listener", "report_success", "report_failure")


@dataclass
class _Frame:
    """One invocation: the record of the notice that it may send, and those it has published and not yet recorded."""

    began: int
    leased: tuple[str, str] = ("", "")
    unrecorded: list[tuple[str, str]] = field(default_factory=list)


class World:
    """One account, one bucket, one pipeline."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, seed: int = 0, luck: Luck | None = None, slots: int = 2
    ) -> None:
        self.random = random.Random(seed)
        self.slots = slots
        self.luck = luck or Luck()
        self.clock = FakeClock()
        self.s3 = FakeS3(self.clock)
        self.dynamodb = FakeDynamoDB()
        self.sns = FakeSNS()
        self.sagemaker = FakeSageMaker(self.clock)
        self.sagemaker.on_start = self._on_start
        self.dead_letters: list[str] = []
        self._calm_since = 0.0
        self.published: Counter[tuple[str, str]] = Counter()  # how often, by the notice's record
        self.excused: Counter[tuple[str, str]] = Counter()  # notices that a crash may have doubled
        self.run_seconds: Callable[[], float] = lambda: 600.0
        self.final_status: Callable[[], str] = lambda: "Succeeded"
        self.deaf_to: set[str] = set()  # statuses whose events are lost, beyond all luck
        self.deaf_to_calls: set[str] = set()  # functions whose asynchronous invocations are lost
        self.retried: set[str] = set()  # executions
        self.reruns: Counter[str] = Counter()  # how often somebody asked for a run of a dataset
        self.purged: dict[str, set[str]] = {}  # dataset -> executions of which nothing must be left
        self.dying_notify = False  # the pipeline's last step sends its notice and dies
        self.timers_sent: list[str] = []
        self.prompt = False  # SQS delivers what has no delay before its sender goes on
        self.looks = 0  # listings of a dataset's folder
        self.max_active = 0
        self.breaches: list[str] = []  # of what must hold at any time
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._frames: list[_Frame] = []
        self._between: dict[tuple[str, str], Callable[[], None]] = {}
        self._uploads: list[str] = []
        self._polling = False
        self._done = 0
        services = {
            "s3": self.s3,
            "dynamodb": self.dynamodb,
            "sns": self.sns,
            "sagemaker": self.sagemaker,
            "sqs": FakeSQS(self._send_timer),
            "lambda": FakeLambda(lambda name, event: self._deliver_async(name, event)),
            "kms": None,
        }
        wired = {name: _Wire(self, name, client) for name, client in services.items()}
        monkeypatch.setattr(clients, "_client", wired.__getitem__)
        monkeypatch.setattr(clock, "now_ms", self.clock.now_ms)
        monkeypatch.setattr(contents, "FEW", 10**9)
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MAX_CONCURRENT_RUNS", str(slots))
        forget_assembled()
        self._handlers = _handlers()

    # ------------------------------------------------------------------------------------------------- what people do

    def upload(self, dataset: str, name: str, heard: bool = True, body: bytes | None = None) -> None:
        """An artist drops a file, of new content unless `body` is given; `heard`: its event is not lost for certain."""
        key = f"uploads/{dataset}/{name}"
        if body is None:
            body = b"" if name == "_READY" else f"{name} {self.random.random()}".encode()
        self.s3.put_object("bucket", key, body)
        size = len(self.s3.objects[key][0])
        event = {"detail-type": "Object Created", "detail": {"object": {"key": key, "size": size}}}
        if heard:
            self._event(lambda: self._queue_upload(json.dumps(event)), 0, 5)

    def upload_again(self, dataset: str) -> None:
        """An artist drops the whole folder once more, unchanged."""
        folder = f"uploads/{dataset}/"
        for key, (body, _) in list(self.s3.objects.items()):
            if key.startswith(folder):
                self.upload(dataset, key.removeprefix(folder), body=body)

    def delete(self, dataset: str, name: str) -> None:
        """An artist deletes a file."""
        key = f"uploads/{dataset}/{name}"
        if key in self.s3.objects:
            self.s3.delete_object("bucket", key)
            event = {"detail-type": "Object Deleted", "detail": {"object": {"key": key}}}
            self._event(lambda: self._queue_upload(json.dumps(event)), 0, 5)

    def retry(self, execution: FakeExecution) -> None:
        """Somebody has SageMaker retry a run that has failed (RetryPipelineExecution)."""
        self.retried.add(execution.arn)
        execution.status, execution.steps = "Executing", []
        self._status_event(execution, "Executing", 3)
        self.at(self.run_seconds(), lambda: self.end(execution, self.final_status()))

    def choose_target(self, dataset: str, name: str) -> None:
        """An artist puts a picture to project beside the dataset; no event tells of it."""
        self.s3.put_object("bucket", f"inference/{dataset}/{name}", f"{name} {self.random.random()}".encode())

    def sweep(self) -> None:
        """The hourly sweep fires."""
        self._deliver_async("start_run", {"source": "sweep"})

    def schedule(self) -> None:
        """The weekly schedule fires."""
        self._deliver_async("start_run", {"source": "schedule"})

    # --------------------------------------------------------------------------------------------------- time passing

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something `seconds` from now."""
        self._order += 1
        heapq.heappush(self._agenda, (self.clock.now + round(seconds * 1000), self._order, action))

    def run(self, seconds: float = 10**9) -> None:
        """Let the agenda run empty, or so much time pass."""
        until = self.clock.now + round(seconds * 1000)
        while self._agenda and self._agenda[0][0] <= until:
            self._do_next()
        if seconds < 10**9:
            self.clock.now = max(self.clock.now, until)

    def settle_everything(self, sweeps: int) -> None:
        """Let the agenda run empty, with as many hourly sweeps after it."""
        self.run()
        for _ in range(sweeps):
            self.clock.now += 3_600_000
            self.sweep()
            self.run()

    def recover(self, looks: int) -> None:
        """Let sweep and schedule fire in turn, at most so often, until all is well, and come to rest. Once more, they
        change nothing."""
        for number in range(looks):
            if not self.faults():
                break
            (self.schedule if number % 2 else self.sweep)()
            self.run(3600)
        assert not (faults := self.faults()), faults
        self.run()
        before = len(self.sagemaker.executions), len(self.sns.published)
        self.settle_everything(sweeps=1)
        self.schedule()
        self.run()
        assert before == (len(self.sagemaker.executions), len(self.sns.published)), "a sweep at rest did something"

    def end_storm(self) -> None:
        """From now on all goes well. What was first tried before may still be buried: who died then may have left
        its lease on a notice, and a message may have fewer tries left than the lease lasts."""
        self.luck = Luck()
        self.dead_letters.clear()
        self._calm_since = self.clock.now

    def between(self, service: str, operation: str, action: Callable[[], None]) -> None:
        """Once, right after the next such call has been answered and before its caller goes on, do something."""
        self._between[service, operation] = action

    def repeat_timers(self) -> None:
        """The SettleQueue delivers everything once more that it ever got."""
        for body in list(self.timers_sent):
            self._deliver_timer(body, 0)

    def repeat_last_timer(self) -> None:
        """The SettleQueue delivers the newest timer twice, the second time a little later."""
        if self.timers_sent:
            body = self.timers_sent[-1]
            self._deliver_timer(body, max(0, json.loads(body)["due"] - self.clock.now) / 1000 + 1)

    def _do_next(self) -> None:
        self._done += 1
        assert self._done < MAX_HAPPENINGS, "the world does not come to rest"
        due, _, action = heapq.heappop(self._agenda)
        self.clock.now = max(self.clock.now, due)
        action()

    # ----------------------------------------------------------------------------------------------- calls and crashes

    def before_call(self, service: str, operation: str) -> None:
        self._maybe_crash()
        if self._frames and (refusal := self.luck.refusal(self.random, service, operation)):
            self._excuse(self._frames[-1])
            raise refusal

    def after_call(self, service: str, operation: str, request: dict[str, Any]) -> None:
        self._note(service, operation, request)
        # Objects are asked about many at a time: here one after the other, so that a seed tells one story.
        self.clock.now += self.random.randint(0, 3) if operation == "head_object" else self.random.randint(5, 300)
        action = self._between.pop((service, operation), None)
        if action:
            action()
        is_someone_due = self._agenda and self._agenda[0][0] <= self.clock.now
        if is_someone_due and len(self._frames) < 3 and self.random.random() < self.luck.interleave:
            self._do_next()
        self._maybe_crash()

    def loses_answer(self, operation: str) -> bool:
        """Whether the answer to a start gets lost, so that botocore repeats the request."""
        if operation != "start_pipeline_execution" or self.random.random() >= self.luck.lose_answer:
            return False
        self.clock.now += ANSWER_SECONDS * 1000
        return True

    def _maybe_crash(self) -> None:
        if not self._frames:
            return
        if self.random.random() < self.luck.crash:
            raise Crash
        if self.random.random() < self.luck.hang:
            self.clock.now += TIMEOUT_SECONDS * 1000
        if self.clock.now - self._frames[-1].began > TIMEOUT_SECONDS * 1000:
            raise Crash

    def _note(self, service: str, operation: str, request: dict[str, Any]) -> None:
        """Count looks; remember which notices of this invocation are published and not recorded."""
        if not self._frames:
            return
        if operation == "list_objects_v2" and "ContinuationToken" not in request and "Delimiter" not in request:
            self.looks += request["Prefix"].startswith("uploads/")
        frame = self._frames[-1]
        if (service, operation) == ("sns", "publish"):
            frame.unrecorded.append(frame.leased)
            self.published[frame.leased] += 1
        elif operation == "update_item" and "leaseUntil = :until" in request["UpdateExpression"]:
            frame.leased = (request["Key"]["pk"]["S"], request["Key"]["sk"]["S"])
        elif operation == "update_item" and "sentAt = :now" in request["UpdateExpression"]:
            frame.unrecorded.pop()

    def invoke(self, function: str, event: Any) -> Any:
        """Run a handler. None if it raised or its environment died."""
        self._frames.append(_Frame(self.clock.now))
        try:
            return self._handlers[function](event, CONTEXT)
        except Crash:
            self._excuse(self._frames[-1])
            return None
        except (WorkshopError, ClientError):
            return None
        finally:
            self._frames.pop()

    @property
    def is_at_work(self) -> bool:
        """Whether a function is in the middle of something."""
        return bool(self._frames)

    def _excuse(self, frame: _Frame) -> None:
        """What was published and could not be recorded may be published once more."""
        self.excused.update(frame.unrecorded)
        frame.unrecorded.clear()

    # -------------------------------------------------------------------------------------------------------- delivery

    def _event(self, deliver: Callable[[], None], soonest: float, latest: float) -> None:
        """Through EventBridge: at least once unless lost, in any order."""
        if self.random.random() < self.luck.loss:
            return
        self.at(self.random.uniform(soonest, latest), deliver)
        if self.random.random() < self.luck.double:
            self.at(self.random.uniform(soonest, 10 * latest), deliver)

    def _queue_upload(self, body: str) -> None:
        self._uploads.append(body)
        if not self._polling:
            self._polling = True
            self.at(self.random.uniform(0, 20), self._poll_uploads)

    def _poll_uploads(self) -> None:
        """One batch of the UploadQueue; what fails comes back."""
        self._polling = False
        size = self.random.randint(1, 400)
        batch, self._uploads = self._uploads[:size], self._uploads[size:]
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(batch)]
        result = self.invoke("upload_trigger", {"Records": records})
        failed = (
            range(len(batch)) if result is None else [int(f["itemIdentifier"]) for f in result["batchItemFailures"]]
        )
        for number in failed:
            self.at(180, lambda body=batch[number]: self._queue_upload(body))  # type: ignore[misc]
        if self._uploads:
            self._polling = True
            self.at(1, self._poll_uploads)

    def _send_timer(self, body: str, delay: int) -> None:
        self.timers_sent.append(body)
        self._deliver_timer(body, delay)
        if self.prompt and not delay:
            self.between("sqs", "send_message", lambda: self.run(1))

    def _bury(self, message: str, first_tried: float) -> None:
        if first_tried >= self._calm_since:
            self.dead_letters.append(message)

    def _deliver_timer(self, body: str, delay: float, receives: int = 1, first_tried: float | None = None) -> None:
        """The SettleQueue: after the delay, at least once, again after the visibility timeout, at last dead."""

        def receive() -> None:
            began = self.clock.now if first_tried is None else first_tried
            result = self.invoke("start_run", {"Records": [{"messageId": "m", "body": body}]})
            if result == {"batchItemFailures": []}:
                if self.random.random() < self.luck.double:
                    self.at(self.random.uniform(0, 60), receive)
            elif receives < MAX_RECEIVES:
                self._deliver_timer(body, VISIBILITY_SECONDS, receives + 1, began)
            else:
                self._bury(body, began)

        self.at(delay, receive)

    def _deliver_async(
        self, function: str, event: dict[str, Any], tries: int = 0, first_tried: float | None = None
    ) -> None:
        """Lambda's asynchronous invocation: two retries, now and then twice without reason."""
        if function in self.deaf_to_calls:
            return

        def receive() -> None:
            began = self.clock.now if first_tried is None else first_tried
            if self.invoke(function, event) is not None:
                if self.random.random() < self.luck.double:
                    self.at(self.random.uniform(0, 60), receive)
            elif tries < len(ASYNC_RETRY_SECONDS):
                self.at(ASYNC_RETRY_SECONDS[tries], lambda: self._deliver_async(function, event, tries + 1, began))
            else:
                self._bury(f"{function} {event}", began)

        self.at(0.1, receive)

    # ------------------------------------------------------------------------------------------------------- executions

    def _on_start(self, execution: FakeExecution) -> None:
        identity = RunIdentity.from_json(execution.description)
        assert identity, execution.description
        active = [e for e in self.sagemaker.executions.values() if e.is_active]
        same = [e for e in active if e.parameters["Dataset"] == identity.dataset]
        # Written down and not raised: start_run takes whatever is raised for trouble with one timer.
        if same:
            self.breaches.append(f"two runs of {identity.dataset} at once")
        own = [e for e in active if e.arn not in self.retried]  # a retried run takes a slot, even if none is free
        self.max_active = max(self.max_active, len(own) + 1)
        if self.max_active > self.slots:
            self.breaches.append("more runs at once than allowed")
        self._status_event(execution, "Executing", 3)
        self.at(self.run_seconds(), lambda: self.end(execution, self.final_status()))

    def end(self, execution: FakeExecution, status: str) -> None:
        """The execution comes to its end; a good one runs its Notify step first."""
        if not execution.is_active:
            return
        dataset, run = execution.parameters["Dataset"], execution.arn.rsplit("/", 1)[1]
        if status == "Succeeded":
            for name in (
                "report/index.html",
                "report/report.json",
                "training/j/output/model.tar.gz",
                "inference/a.png",
            ):
                self.s3.put_object("bucket", f"runs/{dataset}/{run}/{name}", b"x")
            event = {"source": "pipeline", "dataset": dataset, "pipelineExecutionArn": execution.arn}
            if self.invoke("report_success", event) is None or self.dying_notify:
                status = "Failed"
            execution.steps = [{"StepName": name, "StepStatus": "Succeeded"} for name in ("Prepare", "Train", "Infer")]
            execution.steps.append({"StepName": "Notify", "StepStatus": status})
        else:
            execution.steps = [{"StepName": "Prepare", "StepStatus": status}]
        self.sagemaker.end(execution.arn, status)
        self._status_event(execution, status, 30)

    def _status_event(self, execution: FakeExecution, status: str, latest: float) -> None:
        event = _event_of(execution, status)
        if status not in self.deaf_to:
            self._event(lambda: self._deliver_async("status_listener", event), 0, latest)

    def end_event(self, execution: FakeExecution) -> dict[str, Any]:
        """The event of its last end, to be heard once more."""
        return _event_of(execution, execution.status)

    def hear(self, event: dict[str, Any]) -> None:
        """The listener hears a status event."""
        self._deliver_async("status_listener", event)

    # ------------------------------------------------------------------------------------------------------ invariants

    def notices(self) -> Counter[tuple[str, str]]:
        """(run, kind) -> how often it was published."""
        attributes = ({"kind": {"StringValue": p.kind}} for p in self.sns.published)
        return Counter(_notice_name(p.message, a) for p, a in zip(self.sns.published, attributes, strict=True))

    def datasets(self) -> set[str]:
        return {key.split("/")[1] for key in self.s3.objects if key.startswith(("uploads/", "inference/"))}

    def executions(self, dataset: str) -> list[FakeExecution]:
        return [e for e in self.sagemaker.executions.values() if e.parameters["Dataset"] == dataset]

    def images_of(self, execution: FakeExecution) -> list[str]:
        """The images in the record that an execution reads."""
        key = execution.parameters["ProcessInput"].split("/", 3)[3]
        return [image["name"] for image in json.loads(self.s3.objects[key][0])["objects"]]

    def check(self) -> None:
        """What must hold once everything has come to rest."""
        assert not (faults := self.faults()), faults
        for record, times in self.published.items():
            allowed = 1 + self.excused[record] + (record[0].removeprefix("RUN#") in self.retried)
            assert times <= allowed, f"the notice {record} was sent {times} times"
        if not (self.luck.crash or self.luck.throttle):
            assert not self.dead_letters

    def faults(self) -> list[str]:
        """What is not as it must be in the end; after crashes and losses, the sweeps' work."""
        found = (stuck, never_run, never_projected, waits_untold, run_twice, untold, contradicted, came_back)
        return self.breaches + [fault for invariant in found for fault in invariant(self)]


class _Wire:
    """A client whose every call passes through the world."""

    def __init__(self, world: World, service: str, client: Any) -> None:
        self._world = world
        self._service = service
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._client, operation)

        def through(*args: Any, **request: Any) -> Any:
            if self._world.loses_answer(operation):
                call(*args, **request)
                try:
                    self._world.before_call(self._service, operation)
                except ClientError as refusal:
                    refusal.response["ResponseMetadata"]["RetryAttempts"] = 1
                    raise
            else:
                self._world.before_call(self._service, operation)
            answer = call(*args, **request)
            self._world.after_call(self._service, operation, request)
            return answer

        return through


@cache
def _handlers() -> dict[str, Callable[[Any, Any], Any]]:
    """Loaded once: they keep nothing of a world (what they keep is in the assembly, which is forgotten)."""
    return {name: load_handler(name) for name in FUNCTIONS}


def _event_of(execution: FakeExecution, status: str) -> dict[str, Any]:
    ended_at = execution.changed_at
    detail = {
        "currentPipelineExecutionStatus": status,
        "pipelineExecutionDescription": execution.description,
        "pipelineExecutionArn": execution.arn,
    } | ({} if status == "Executing" or ended_at is None else {"executionEndTime": ended_at.isoformat()})
    return {"detail-type": "SageMaker Model Building Pipeline Execution Status Change", "detail": detail}


def _notice_name(message: str, attributes: dict[str, dict[str, str]]) -> tuple[str, str]:
    run = re.search(r"^Run: +(\S+)$", message, re.MULTILINE)
    return run[1] if run else "", attributes["kind"]["StringValue"]
