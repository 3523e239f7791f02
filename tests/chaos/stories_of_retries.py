"""Stories of work that goes on where it was: interrupted trainings, and runs that somebody has SageMaker retry."""

from collections.abc import Callable

from tests.chaos.fakes import FakeExecution
from tests.chaos.stories import drop, only, schedule_comes_by
from tests.chaos.stories_of_trust import holders, refusal
from tests.chaos.world import World
from workshop.ledger import Ledger


def rerun(world: World) -> None:
    world.reruns["cats"] += 1
    world.invoke("start_run", {"source": "manual", "dataset": "cats", "rerun": True})


def failed(world: World) -> FakeExecution:
    """A run that has failed, as will all that follow, and of which its people were told."""
    world.final_status = lambda: "Failed"
    drop(world)
    world.run()
    (execution,) = only(world, 1)
    return execution


def run_of(execution: FakeExecution) -> str:
    return execution.arn.rsplit("/", 1)[1]


def pictures_are_projected_before_an_interrupted_training_is_run_again(world: World) -> None:
    """They complete no training: the rerun finds the checkpoints of the interrupted one."""
    drop(world)
    world.run()
    world.final_status = lambda: "Failed"
    world.upload("cats", "late.png")
    world.run()
    world.final_status = lambda: "Succeeded"
    world.choose_target("cats", "mine.png")
    schedule_comes_by(world)
    rerun(world)
    world.run()
    _, interrupted, projecting, again = only(world, 4)
    assert projecting.source is not None
    assert again.parameters["TrainCheckpointPath"] == interrupted.parameters["TrainCheckpointPath"]
    world.check()


def the_first_end_of_a_retried_run_is_heard_again(world: World) -> None:
    execution = failed(world)
    first_end = world.end_event(execution)
    world.retry(execution)
    world.run(50)
    world.hear(first_end)
    world.run(50)
    assert holders(world) == {"SS": ["cats"]}, "the slot of a run that goes on was freed"
    world.upload("cats", "late.png")
    world.run(300)
    only(world, 1)
    world.run()
    only(world, 2)
    world.check()


def the_first_end_of_a_retried_run_is_heard_again_before_its_second(world: World) -> None:
    """SageMaker knows the second end already: it is the one that counts, once."""
    execution = failed(world)
    first_end = world.end_event(execution)
    world.retry(execution)
    world.run(599)
    world.end(execution, "Failed")
    world.hear(first_end)
    world.run()
    assert world.notices()[run_of(execution), "failed"] == 2
    world.check()


def the_first_failure_of_a_retried_run_is_reported_again(world: World) -> None:
    execution = failed(world)
    world.retry(execution)
    world.run(50)
    request = {"source": "listener", "dataset": "cats", "pipelineExecutionArn": execution.arn, "status": "Failed"}
    world.invoke("report_failure", request)
    assert world.notices()[run_of(execution), "failed"] == 1, "told of a failure while the retried run goes on"
    world.run()
    assert world.notices()[run_of(execution), "failed"] == 2, "the second failure is silent"
    world.check()


def nobody_hears_that_a_retried_run_executes_and_it_succeeds(world: World) -> None:
    execution = failed(world)
    world.final_status = lambda: "Succeeded"
    world.deaf_to = {"Executing"}
    world.retry(execution)
    world.run()
    world.deaf_to = set()
    assert Ledger(world.dynamodb, "ledger").read("cats").good_arn == execution.arn, "its network is not used"
    world.choose_target("cats", "mine.png")
    schedule_comes_by(world)
    assert only(world, 2)[1].source == execution.arn
    world.check()


def a_retried_run_fails_again_before_anybody_has_heard_that_it_executes(world: World) -> None:
    execution = failed(world)
    first_end = world.end_event(execution)
    world.run_seconds = lambda: 0.01
    world.run(3600)
    world.retry(execution)
    world.run()
    world.hear(first_end)
    world.run()
    assert world.notices()[run_of(execution), "failed"] == 2, "the second failure is silent"
    world.check()


def a_run_is_retried_after_another_start_was_refused_and_fails_again(world: World) -> None:
    """Its dataset has been claimed since, and it is not taken back: but its people are told."""
    execution = failed(world)
    world.sagemaker.refusals = [refusal() for _ in range(5)]
    world.upload("cats", "late.png")
    world.run()
    world.dead_letters.clear()
    world.retry(execution)
    world.run()
    assert world.notices()[run_of(execution), "failed"] == 2, "the second failure is silent"


STORIES: tuple[Callable[[World], None], ...] = (
    pictures_are_projected_before_an_interrupted_training_is_run_again,
    the_first_end_of_a_retried_run_is_heard_again,
    the_first_end_of_a_retried_run_is_heard_again_before_its_second,
    the_first_failure_of_a_retried_run_is_reported_again,
    nobody_hears_that_a_retried_run_executes_and_it_succeeds,
    a_retried_run_fails_again_before_anybody_has_heard_that_it_executes,
    a_run_is_retried_after_another_start_was_refused_and_fails_again,
)
