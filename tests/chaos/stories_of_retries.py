"""Stories of work that goes on where it was: interrupted trainings, and runs that somebody has SageMaker retry."""

from collections.abc import Callable

from tests.chaos.stories import drop, only, schedule_comes_by
from tests.chaos.world import World


def rerun(world: World) -> None:
    world.reruns["cats"] += 1
    world.invoke("start_run", {"source": "manual", "dataset": "cats", "rerun": True})


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


STORIES: tuple[Callable[[World], None], ...] = (pictures_are_projected_before_an_interrupted_training_is_run_again,)
