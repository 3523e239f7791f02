"""More stories: of what one relies on that another is about to change, and of answers that got lost."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from tests.chaos.fakes import client_error
from tests.chaos.operators import purge
from tests.chaos.stories import crash, drop, only, schedule_comes_by, start_by_hand
from tests.chaos.world import World
from workshop.ledger import Ledger


def refusal(code: str = "ValidationException", *, repeated: bool = False) -> ClientError:
    """SageMaker refuses a start; `repeated`: only botocore's second try, whose first one's answer got lost."""
    error = client_error(code, "StartPipelineExecution")
    error.response["ResponseMetadata"]["RetryAttempts"] = int(repeated)
    return error


def holders(world: World) -> object:
    return world.dynamodb.items.get(("SLOTS", "STATE"), {}).get("holders")


def an_upload_during_a_look_at_a_dataset_at_rest_is_run(world: World) -> None:
    """The look has listed the folder; whoever notes the upload must not wait for the timer that is being served."""
    drop(world)
    world.run()
    world.upload("cats", "notes.txt")
    world.run(30)
    world.between("dynamodb", "update_item", lambda: world.upload("cats", "late.png"))
    world.run()
    assert "late.png" in world.images_of(only(world, 2)[-1])
    world.check()


def a_timer_whose_message_overtakes_its_record_is_waited_for_by_nobody(world: World) -> None:
    def rival() -> None:
        start_by_hand(world)
        world.between("sqs", "send_message", lambda: world.run(10))

    world.run_seconds = lambda: 20
    drop(world)
    world.run(30)
    world.between("s3", "put_object", rival)
    world.run(100)
    only(world, 1)
    world.upload("cats", "late.png")
    world.run()
    only(world, 2)
    world.check()


def a_timer_of_a_dataset_that_no_event_has_told_of_overtakes_its_record(world: World) -> None:
    world.run_seconds = lambda: 20
    world.upload("cats", "0000.png", heard=False)
    world.schedule()
    world.run(0.15)  # the nudge is on its way
    world.between("sqs", "send_message", lambda: world.run(62))
    world.run(100)
    only(world, 1)
    world.upload("cats", "late.png")
    world.run()
    only(world, 2)
    world.check()


def a_dataset_that_was_never_run_is_purged_before_its_timer_comes(world: World) -> None:
    drop(world)
    world.run(30)
    purge(world, "cats")
    world.run()
    assert not [key for key in world.dynamodb.items if key[0] == "DATASET#cats"], "its name came back"
    only(world, 0)
    world.check()


def two_looks_at_once_agree_on_what_a_picture_holds(world: World) -> None:
    """The one that starts the run was refused an answer, and has read the bytes instead."""
    ask = world.s3.head_object

    def refuse_once(**_: object) -> None:
        world.s3.head_object = ask
        raise client_error("400", "HeadObject")

    def rival() -> None:
        world.s3.head_object = refuse_once
        start_by_hand(world)

    drop(world)
    world.between("s3", "head_object", rival)
    world.run()
    world.sweep()
    only(world, 1)
    world.check()


def an_end_that_a_look_has_found_leaves_no_timer_behind(world: World) -> None:
    world.deaf_to = {"Succeeded"}
    world.run_seconds = lambda: 30
    drop(world)
    world.run(1000)
    world.upload("cats", "late.png")
    world.run(62)  # its timer finds the end
    world.upload("cats", "later.png")
    world.deaf_to = set()
    world.run()
    assert {"late.png", "later.png"} <= {name for execution in only(world, 2) for name in world.images_of(execution)}
    world.check()


def a_start_refused_for_good_after_a_lost_answer_gives_its_slot_back(world: World) -> None:
    world.sagemaker.refusals = [refusal(repeated=True), *(refusal() for _ in range(20))]
    drop(world)
    world.settle_everything(sweeps=2)
    assert holders(world) is None, "a slot is held by a start that was refused for good"
    world.dead_letters.clear()
    world.sagemaker.refusals.clear()
    world.settle_everything(sweeps=1)
    only(world, 1)
    world.check()


def a_start_whose_answer_got_lost_is_found_where_its_repetition_is_refused(world: World) -> None:
    drop(world)
    world.run(30)
    world.run_seconds = lambda: 5000
    world.deaf_to = {"Executing"}
    world.between("sagemaker", "start_pipeline_execution", crash)
    world.run(100)
    world.sagemaker.refusals = [refusal("AccessDeniedException")]
    world.settle_everything(sweeps=2)
    only(world, 1)
    world.check()


def a_refused_start_is_not_forgotten_once_its_letter_is_purged(world: World) -> None:
    world.sagemaker.refusals = [refusal() for _ in range(5)]
    drop(world)
    world.run()
    assert world.dead_letters
    world.dead_letters.clear()
    world.settle_everything(sweeps=1)
    only(world, 1)
    world.check()


def a_refused_start_is_not_forgotten_over_pictures_that_somebody_asks_for(world: World) -> None:
    world.sagemaker.refusals = [refusal() for _ in range(5)]
    drop(world)
    world.run()
    world.dead_letters.clear()
    world.invoke("start_run", {"source": "manual", "dataset": "cats", "inferenceOnly": True})
    world.settle_everything(sweeps=1)
    only(world, 1)
    world.check()


def later() -> ClientError:
    return client_error("ResourceLimitExceeded", "StartPipelineExecution")


def a_start_that_is_put_off_for_hours_is_told_once_and_tried_on(world: World) -> None:
    world.sagemaker.refusals = [later() for _ in range(180)]
    drop(world)
    world.run(1800)
    assert not world.sns.published, "people are told of what may be over in a minute"
    world.run(5400)
    assert [published.kind for published in world.sns.published] == ["attention"]
    assert "ResourceLimitExceeded" in world.sns.published[0].message
    world.run()
    only(world, 1)
    assert [published.kind for published in world.sns.published] == ["attention", "started", "succeeded"]
    world.check()


def a_start_that_may_have_happened_is_put_off_for_hours_and_told_once(world: World) -> None:
    world.sagemaker.refusals = [refusal("ThrottlingException", repeated=True), *(later() for _ in range(60))]
    drop(world)
    world.run(7200)
    assert holders(world) == {"SS": ["cats"]}
    assert [published.kind for published in world.sns.published] == ["attention"]
    world.run()
    only(world, 1)
    world.check()


def the_same_pictures_are_refused_again_after_another_run(world: World) -> None:
    world.sagemaker.refusals = [refusal()]
    drop(world)
    world.run()
    world.upload("cats", "late.png")
    world.run()
    world.sagemaker.refusals = [refusal() for _ in range(5)]
    world.delete("cats", "late.png")
    world.run()
    only(world, 2)
    assert [published.kind for published in world.sns.published].count("attention") == 2


def other_pictures_to_project_are_refused_too(world: World) -> None:
    drop(world)
    world.run()
    world.sagemaker.refusals = [refusal() for _ in range(100)]
    for name in ("a.png", "b.png"):
        world.choose_target("cats", name)
        schedule_comes_by(world)
    only(world, 1)
    assert [published.kind for published in world.sns.published].count("attention") == 2


def a_dataset_that_needs_nothing_is_not_looked_at_every_hour(world: World) -> None:
    drop(world)
    world.run()
    world.upload_again("cats")
    world.run()
    before = world.looks
    world.settle_everything(sweeps=2)
    assert world.looks == before, "a dataset at rest is listed by the sweep"
    only(world, 1)
    world.check()


def the_last_step_mails_and_dies_and_the_run_is_told_once(world: World) -> None:
    world.dying_notify = True
    drop(world)
    world.run()
    (execution,) = only(world, 1)
    assert execution.status == "Failed"
    assert {kind for _, kind in world.notices()} == {"started", "succeeded"}
    assert Ledger(world.dynamodb, "ledger").read("cats").good_arn == execution.arn, "its network is not used"
    world.check()


def the_listener_dies_between_the_end_and_the_look_at_what_came_meanwhile(world: World) -> None:
    drop(world)
    world.run(300)
    world.upload("cats", "late.png")
    world.run(200)
    only(world, 1)
    world.between("dynamodb", "transact_write_items", crash)
    world.run()
    only(world, 2)
    world.check()


def a_run_is_retried_in_the_console_and_an_image_waits_for_its_end(world: World) -> None:
    world.final_status = lambda: "Failed"
    world.slots = 1
    drop(world)
    world.run()
    (execution,) = only(world, 1)
    world.final_status = lambda: "Succeeded"
    world.retry(execution)
    world.run(50)
    world.upload("cats", "late.png")
    world.run(300)
    only(world, 1)
    world.run()
    only(world, 2)
    world.check()


def a_folder_is_emptied_and_the_request_for_its_report_is_lost(world: World) -> None:
    world.final_status = lambda: "Failed"
    world.deaf_to_calls = {"report_failure"}
    drop(world)
    world.run(300)
    for number in range(3):
        world.delete("cats", f"{number:04d}.png")
    world.run()
    only(world, 1)
    world.deaf_to_calls = set()
    world.settle_everything(sweeps=1)
    world.check()


def a_dataset_that_owes_a_notice_is_purged(world: World) -> None:
    world.final_status = lambda: "Failed"
    world.deaf_to_calls = {"report_failure"}
    drop(world)
    world.run()
    purge(world, "cats")
    assert "cats" in world.purged
    world.deaf_to_calls = set()
    world.settle_everything(sweeps=1)
    assert "owing" not in world.dynamodb.items[("SLOTS", "STATE")], "a purged dataset is looked at every hour for ever"
    world.check()


def an_operator_releases_a_claim_while_somebody_takes_it_over(world: World) -> None:
    drop(world)
    world.run(30)
    world.between("dynamodb", "transact_write_items", crash)
    world.run(100)
    only(world, 0)
    world.clock.now += 301_000
    release = {"source": "manual", "dataset": "cats", "release": True}
    world.between("dynamodb", "get_item", lambda: world.invoke("start_run", release))
    start_by_hand(world)
    world.settle_everything(sweeps=1)
    only(world, 1)
    world.check()


STORIES: tuple[Callable[[World], None], ...] = (
    an_upload_during_a_look_at_a_dataset_at_rest_is_run,
    a_timer_whose_message_overtakes_its_record_is_waited_for_by_nobody,
    a_timer_of_a_dataset_that_no_event_has_told_of_overtakes_its_record,
    a_dataset_that_was_never_run_is_purged_before_its_timer_comes,
    two_looks_at_once_agree_on_what_a_picture_holds,
    an_end_that_a_look_has_found_leaves_no_timer_behind,
    a_start_refused_for_good_after_a_lost_answer_gives_its_slot_back,
    a_start_whose_answer_got_lost_is_found_where_its_repetition_is_refused,
    a_refused_start_is_not_forgotten_once_its_letter_is_purged,
    a_refused_start_is_not_forgotten_over_pictures_that_somebody_asks_for,
    a_start_that_is_put_off_for_hours_is_told_once_and_tried_on,
    a_start_that_may_have_happened_is_put_off_for_hours_and_told_once,
    the_same_pictures_are_refused_again_after_another_run,
    other_pictures_to_project_are_refused_too,
    a_dataset_that_needs_nothing_is_not_looked_at_every_hour,
    the_last_step_mails_and_dies_and_the_run_is_told_once,
    the_listener_dies_between_the_end_and_the_look_at_what_came_meanwhile,
    a_run_is_retried_in_the_console_and_an_image_waits_for_its_end,
    a_folder_is_emptied_and_the_request_for_its_report_is_lost,
    a_dataset_that_owes_a_notice_is_purged,
    an_operator_releases_a_claim_while_somebody_takes_it_over,
)
