"""The stories that test_stories.py tells of the code as it is, and test_mutants.py of the code with a fault in it."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.chaos.fakes import FakeExecution, client_error
from tests.chaos.world import Crash, World


def make_world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world without bad luck but that of the story."""
    return World(monkeypatch)


def drop(world: World, dataset: str = "cats", images: int = 3) -> None:
    for number in range(images):
        world.upload(dataset, f"{number:04d}.png")


def crash() -> None:
    raise Crash


def schedule_comes_by(world: World) -> None:
    """The weekly schedule fires after the quiet time, and everything comes to rest."""
    world.run(100)
    world.schedule()
    world.run()


def only(world: World, count: int) -> list[FakeExecution]:
    """The executions, of which there must be so many."""
    executions = list(world.sagemaker.executions.values())
    assert len(executions) == count, f"{len(executions)} runs instead of {count}"
    return executions


def a_drop_of_1000_starts_one_run_and_one_more_image_during_it_exactly_one_further_run(world: World) -> None:
    for number in range(1000):
        world.at(number * 0.05, lambda number=number: world.upload("cats", f"{number:04d}.png"))  # type: ignore[misc]
    world.run(300)
    (first,) = only(world, 1)
    assert len(world.images_of(first)) == 1000
    assert first.is_active

    world.upload("cats", "late.png")
    world.run()
    _, second = only(world, 2)
    assert len(world.images_of(second)) == 1001
    kinds = Counter(kind for _, kind in world.notices().elements())
    assert kinds == {"started": 2, "succeeded": 2}
    world.check()


def an_upload_between_listing_and_claim_waits_for_the_drop_to_settle(world: World) -> None:
    def rival() -> None:
        world.upload("cats", "late.png")
        world.run(30)

    drop(world)
    world.run(30)
    world.between("s3", "put_object", rival)
    world.run()
    (execution,) = only(world, 1)
    assert "late.png" in world.images_of(execution)
    world.check()


def a_rival_starts_the_run_between_read_and_claim(world: World) -> None:
    drop(world)
    world.run(30)
    world.between("s3", "put_object", lambda: start_by_hand(world))
    world.run()
    only(world, 1)
    world.check()


def start_by_hand(world: World) -> None:
    world.invoke("start_run", {"source": "manual", "dataset": "cats"})


def a_whole_run_comes_and_goes_between_read_and_claim(world: World) -> None:
    def rival() -> None:
        start_by_hand(world)
        world.run(50)

    world.run_seconds = lambda: 1
    drop(world)
    world.run(30)
    world.between("s3", "put_object", rival)
    world.run()
    only(world, 1)
    world.check()


def a_rival_with_a_newer_listing_starts_between_read_and_claim(world: World) -> None:
    def rival() -> None:
        world.upload("cats", "late.png", heard=False)
        start_by_hand(world)

    drop(world)
    world.run(30)
    world.between("s3", "put_object", rival)
    world.run()
    (execution,) = only(world, 1)
    assert "late.png" in world.images_of(execution)
    world.check()


def a_starter_dies_between_claim_and_start(world: World) -> None:
    drop(world)
    world.run(30)
    world.between("dynamodb", "transact_write_items", crash)
    world.run()
    only(world, 1)
    world.check()


def a_starter_dies_between_start_and_record_and_nobody_hears_of_the_start(world: World) -> None:
    drop(world)
    world.run(30)
    world.run_seconds = lambda: 5000
    world.deaf_to = {"Executing"}
    world.between("sagemaker", "start_pipeline_execution", crash)
    world.run()
    only(world, 1)
    assert world.notices()["run00001", "started"] == 1
    world.check()


def a_starter_dies_after_the_start_and_whoever_takes_over_is_throttled(world: World) -> None:
    drop(world)
    world.run(30)
    world.run_seconds = lambda: 5000
    world.deaf_to = {"Executing"}
    world.between("sagemaker", "start_pipeline_execution", crash)
    world.run(100)
    world.sagemaker.refusals = [client_error("ThrottlingException", "StartPipelineExecution")]
    world.run()
    only(world, 1)
    world.check()


def a_run_ends_before_its_start_is_recorded(world: World) -> None:
    drop(world)
    world.run(30)
    world.run_seconds = lambda: 1
    world.deaf_to = {"Executing"}
    world.between("sagemaker", "start_pipeline_execution", lambda: world.run(40))
    world.run()
    only(world, 1)
    world.check()


def an_image_comes_while_a_run_is_active_and_its_timer_is_served_in_vain(world: World) -> None:
    world.run_seconds = lambda: 5000
    drop(world)
    world.run(300)
    world.upload("cats", "late.png")
    world.run(300)
    only(world, 1)
    world.run()
    only(world, 2)
    world.check()


def an_upload_event_lost_during_a_run_is_made_good_by_its_end(world: World) -> None:
    drop(world)
    world.run(300)
    world.upload("cats", "late.png", heard=False)
    world.run()
    only(world, 2)
    world.check()


def more_datasets_than_slots_are_all_run_in_the_end(world: World) -> None:
    for dataset in ("a", "b", "c", "d", "e"):
        drop(world, dataset)
    world.run()
    only(world, 5)
    assert world.max_active == 2
    world.check()


def the_marker_starts_the_run_at_once(world: World) -> None:
    world.run_seconds = lambda: 20
    drop(world)
    world.upload("cats", "_READY")
    world.run(40)
    only(world, 1)
    world.run()
    only(world, 1)
    world.check()


def the_same_timer_delivered_ten_times_starts_one_run(world: World) -> None:
    drop(world)
    world.run(30)
    for _ in range(10):
        world.repeat_timers()
    world.run()
    only(world, 1)
    assert world.notices()["run00001", "started"] == 1
    world.check()


def an_upload_comes_between_a_look_that_finds_nothing_new_and_the_end_of_its_timer(world: World) -> None:
    def rival() -> None:
        world.upload("cats", "late.png")
        world.run(30)

    drop(world)
    world.run()
    world.upload("cats", "notes.txt")
    world.run(30)
    world.between("s3", "list_objects_v2", rival)
    world.run()
    only(world, 2)
    world.check()


def a_long_drop_whose_timers_all_come_twice_breeds_no_timers(world: World) -> None:
    for number in range(60):
        world.at(number * 30, lambda number=number: world.upload("cats", f"{number:04d}.png"))  # type: ignore[misc]
        world.at(number * 30 + 1, world.repeat_last_timer)
    world.run()
    (execution,) = only(world, 1)
    assert len(world.images_of(execution)) == 60
    assert len(world.timers_sent) < 80
    assert world.looks <= len(world.timers_sent) + 2
    world.check()


def an_image_comes_during_a_run_and_the_look_at_its_end_comes_at_once(world: World) -> None:
    """SQS delivers within milliseconds: before the sender has come to its next call."""
    drop(world)
    world.run(300)
    world.upload("cats", "late.png")
    world.run(200)
    only(world, 1)
    world.prompt = True
    world.run()
    only(world, 2)
    world.check()


def an_end_that_nobody_hears_is_found_by_the_sweep(world: World) -> None:
    world.deaf_to = {"Succeeded"}
    drop(world)
    world.run()
    only(world, 1)
    world.settle_everything(sweeps=1)
    world.check()


def a_request_for_a_report_that_is_lost_is_repeated_by_the_sweep(world: World) -> None:
    world.final_status = lambda: "Failed"
    world.deaf_to_calls = {"report_failure"}
    drop(world)
    world.run()
    assert world.notices().total() == 1
    world.deaf_to_calls = set()
    world.settle_everything(sweeps=1)
    world.check()


def pictures_to_project_alone_use_the_network_that_is_there_once(world: World) -> None:
    drop(world)
    world.run()
    world.choose_target("cats", "mine.png")
    for _ in range(2):
        schedule_comes_by(world)
    first, second = only(world, 2)
    assert (first.source, second.source) == (None, first.arn)
    world.check()


def an_inference_that_fails_is_neither_repeated_nor_taken_for_a_training(world: World) -> None:
    drop(world)
    world.run()
    world.final_status = lambda: "Failed"
    for name in ("a.png", "b.png"):
        world.choose_target("cats", name)
        for _ in range(2):
            schedule_comes_by(world)
    first, second, third = only(world, 3)
    assert (second.source, third.source) == (first.arn, first.arn)
    world.check()


def a_second_inference_uses_the_run_that_trained(world: World) -> None:
    drop(world)
    world.run()
    for name in ("a.png", "b.png"):
        world.choose_target("cats", name)
        schedule_comes_by(world)
    first, second, third = only(world, 3)
    assert (second.source, third.source) == (first.arn, first.arn)
    world.check()


def an_inference_on_demand_does_not_make_images_forgotten_that_nobody_has_heard_of(world: World) -> None:
    drop(world)
    world.run()
    world.upload("cats", "late.png", heard=False)
    world.invoke("start_run", {"source": "manual", "dataset": "cats", "inferenceOnly": True})
    world.run()
    first, second, third = only(world, 3)
    assert (first.source, second.source, third.source) == (None, first.arn, None)
    assert "late.png" in world.images_of(third)
    world.check()


def pictures_to_project_under_a_mistyped_name_are_told_of(world: World) -> None:
    world.choose_target("cat", "mine.png")
    schedule_comes_by(world)
    assert [published.kind for published in world.sns.published] == ["attention"]
    world.check()


def images_that_come_during_an_inference_are_learned_after_it(world: World) -> None:
    drop(world)
    world.run()
    world.choose_target("cats", "mine.png")
    world.run(100)
    world.schedule()
    world.run(100)
    only(world, 2)
    world.upload("cats", "late.png")
    world.run()
    *_, third = only(world, 3)
    assert third.source is None
    assert "late.png" in world.images_of(third)
    world.check()


def an_artist_goes_away_with_the_folder_during_a_run_whose_end_nobody_hears(world: World) -> None:
    world.deaf_to = {"Succeeded"}
    drop(world)
    world.run()
    for key in [key for key in world.s3.objects if key.startswith("uploads/")]:
        del world.s3.objects[key]
    world.settle_everything(sweeps=1)
    world.check()


def an_end_is_reported_again_while_its_notice_is_being_gathered(world: World) -> None:
    def again() -> None:
        world.invoke("report_success", {
            "source": "listener", "dataset": "cats", "pipelineExecutionArn": execution.arn, "status": "Succeeded",
        })  # fmt: skip

    drop(world)
    world.run(100)
    (execution,) = only(world, 1)
    world.between("s3", "list_objects_v2", again)
    world.run()
    world.check()


def a_copy_of_the_workshop_has_the_same_pictures_and_its_run_fails(world: World) -> None:
    drop(world)
    world.run(100)
    (execution,) = only(world, 1)
    theirs = FakeExecution(execution.arn + "0", execution.description, {}, world.clock.date(), "Failed")
    for status in ("Executing", "Failed"):
        world._status_event(theirs, status, 3)
    world.run(60)
    assert execution.is_active
    assert set(world.notices()) == {(execution.arn.rsplit("/", 1)[1], "started")}
    world.run()
    world.check()


STORIES: tuple[Callable[[World], None], ...] = (
    a_drop_of_1000_starts_one_run_and_one_more_image_during_it_exactly_one_further_run,
    an_upload_between_listing_and_claim_waits_for_the_drop_to_settle,
    a_rival_starts_the_run_between_read_and_claim,
    a_whole_run_comes_and_goes_between_read_and_claim,
    a_rival_with_a_newer_listing_starts_between_read_and_claim,
    a_starter_dies_between_claim_and_start,
    a_starter_dies_between_start_and_record_and_nobody_hears_of_the_start,
    a_starter_dies_after_the_start_and_whoever_takes_over_is_throttled,
    a_run_ends_before_its_start_is_recorded,
    an_image_comes_while_a_run_is_active_and_its_timer_is_served_in_vain,
    an_upload_event_lost_during_a_run_is_made_good_by_its_end,
    more_datasets_than_slots_are_all_run_in_the_end,
    the_marker_starts_the_run_at_once,
    the_same_timer_delivered_ten_times_starts_one_run,
    an_upload_comes_between_a_look_that_finds_nothing_new_and_the_end_of_its_timer,
    a_long_drop_whose_timers_all_come_twice_breeds_no_timers,
    an_image_comes_during_a_run_and_the_look_at_its_end_comes_at_once,
    an_end_that_nobody_hears_is_found_by_the_sweep,
    a_request_for_a_report_that_is_lost_is_repeated_by_the_sweep,
    pictures_to_project_alone_use_the_network_that_is_there_once,
    an_inference_that_fails_is_neither_repeated_nor_taken_for_a_training,
    a_second_inference_uses_the_run_that_trained,
    an_inference_on_demand_does_not_make_images_forgotten_that_nobody_has_heard_of,
    pictures_to_project_under_a_mistyped_name_are_told_of,
    images_that_come_during_an_inference_are_learned_after_it,
    an_artist_goes_away_with_the_folder_during_a_run_whose_end_nobody_hears,
    an_end_is_reported_again_while_its_notice_is_being_gathered,
    a_copy_of_the_workshop_has_the_same_pictures_and_its_run_fails,
)
