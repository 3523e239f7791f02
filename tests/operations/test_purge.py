"""purge: everything of one dataset and nothing of another, as often as it takes."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.s3.models import s3_backends

from contract import layout
from contract.names import check_dataset
from contract.run_identity import RunIdentity
from operations.errors import Unfinished
from operations.purging import folders_of, purge, take_inventory
from tests.chaos.fakes import client_error
from tests.operations.shell import FINGERPRINT, PIPELINE_ARN, Shell
from workshop.ledger import Claim, Claimed, DatasetState, Ledger

FOLDERS = ("uploads", "inference", "manifests", "checkpoints", "runs")


def put(shell: Shell, key: str, body: bytes = b"12345") -> None:
    shell.client("s3").put_object(Bucket=shell.bucket, Key=key, Body=body)


def versions(shell: Shell) -> list[str]:
    """The keys of every version and delete marker."""
    found: list[str] = []
    for page in shell.client("s3").get_paginator("list_object_versions").paginate(Bucket=shell.bucket):
        found += [entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, [])]
    return sorted(found)


def fill(shell: Shell, dataset: str) -> None:
    """A file in each folder, and the ledger's items of a run that has ended."""
    for folder in FOLDERS:
        put(shell, f"{folder}/{dataset}/x/file.bin")
    arn = shell.start_execution(dataset)
    shell.put_item(f"RUN#{arn}", "STATE", dataset=dataset, startedAt=1)
    shell.put_item(f"RUN#{arn}", "STEP#Train", status="Succeeded")
    shell.put_item(f"RUN#{arn}", "NOTICE#started", sentAt=1)
    shell.put_item(f"DATASET#{dataset}", "STATE", phase="IDLE", attempt=1, lastFingerprint=FINGERPRINT)
    shell.put_item(f"DATASET#{dataset}", f"NOTICE#attention#{FINGERPRINT}", sentAt=1)
    shell.put_item(f"DATASET#{dataset}", "RUN#001795435200000#old", arn=arn)
    shell.put_item(f"DATASET#{dataset}", "FAVOURITES#old", names="[]")


def test_a_purged_dataset_leaves_its_name_and_the_count_of_its_attempts_only(shell: Shell) -> None:
    fill(shell, "cats")

    said = shell.succeed("purge", "cats", typed="cats\n")

    assert versions(shell) == []
    assert shell.items() == {("DATASET#cats", "STATE")}
    assert Ledger(shell.client("dynamodb"), shell.table).read("cats") == DatasetState("cats", attempt=1)
    assert ["together", "5", "0", "25", "B"] in [line.split() for line in said.splitlines()]
    assert "7 records in the ledger, of 1 run" in said


def test_other_datasets_whose_names_begin_alike_keep_everything(shell: Shell) -> None:
    for dataset in ("cats", "cats-2", "cat", "catsup"):
        fill(shell, dataset)
    others = {item for item in shell.items() if "cats" not in item[0].split("#")[1:]}

    shell.succeed("purge", "cats", "--yes")

    assert versions(shell) == sorted(f"{f}/{d}/x/file.bin" for f in FOLDERS for d in ("cats-2", "cat", "catsup"))
    kept = {item for item in shell.items() if not item[0].startswith("RUN#")}
    assert kept == {item for item in others if not item[0].startswith("RUN#")} | {("DATASET#cats", "STATE")}
    assert len({pk for pk, _ in shell.items() if pk.startswith("RUN#")}) == 3


def test_overwritten_and_deleted_files_go_in_all_versions_over_several_pages(shell: Shell) -> None:
    inside = s3_backends["123456789012"]["aws"]  # past the API, which takes a minute for so many
    for number in range(1010):
        inside.put_object(shell.bucket, f"uploads/cats/{number:04}.png", b"x")
    for number in range(3):
        put(shell, f"uploads/cats/{number:04}.png", b"xx")
        shell.client("s3").delete_object(Bucket=shell.bucket, Key=f"uploads/cats/{number:04}.png")

    said = shell.succeed("purge", "cats", "--yes")

    assert versions(shell) == []
    assert [line.split() for line in said.splitlines() if line.startswith("uploads/")] == [
        ["uploads/cats/", "1,013", "3", "1.0", "kB"]
    ]


class Bucket:
    """Fakes list_object_versions, delete_objects and delete_object of S3, with one version a key: moto cannot list a
    key that XML cannot carry. As S3, it does not understand DeleteObjects with such a key."""

    def __init__(self, *keys: str) -> None:
        self.keys = set(keys)

    def get_paginator(self, name: str) -> "Bucket":
        assert name == "list_object_versions"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        found = sorted(key for key in self.keys if key.startswith(Prefix))
        return [{"Versions": [{"Key": key, "VersionId": "1", "Size": 1} for key in found]}]

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        keys = {entry["Key"] for entry in Delete["Objects"]}
        if any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" for key in keys for c in key):
            raise client_error("MalformedXML", "DeleteObjects")
        self.keys -= keys
        return {}

    def delete_object(self, Bucket: str, Key: str, VersionId: str) -> None:
        self.keys.remove(Key)


def test_names_that_no_xml_can_carry_are_deleted_too(shell: Shell) -> None:
    bucket = Bucket(
        "uploads/cats/\x01bell.png", "uploads/cats/\uffff", "uploads/cats/a\nb<&>.png", "uploads/cats-2/\x01"
    )
    shell.others["s3"] = bucket

    shell.succeed("purge", "cats", "--yes")

    assert bucket.keys == {"uploads/cats-2/\x01"}


@pytest.mark.parametrize("name", ["..", "", "cats/", "Cats", "uploads/cats", "c" * 64, "cats\n", "cäts", "*", "-x"])
def test_a_hostile_name_is_refused_before_anything_is_asked(shell: Shell, name: str) -> None:
    fill(shell, "cats")
    before = versions(shell)

    said = shell.fail("purge", "--yes", "--", name)

    assert "is no dataset name" in said
    assert versions(shell) == before


@given(st.text())
def test_no_name_that_is_accepted_has_a_folder_outside_its_own(name: str) -> None:
    try:
        check_dataset(name)
    except Exception:  # noqa: BLE001  a refused name is never used
        return
    assert folders_of(name) == [f"{folder}/{name}/" for folder in FOLDERS]


def test_every_place_that_the_layout_knows_is_purged() -> None:
    functions = [f for _, f in inspect.getmembers(layout, inspect.isfunction) if f.__module__ == layout.__name__]
    assert len(functions) >= 8
    for function in functions:
        others = len(inspect.signature(function).parameters) - 1
        key = function("cats", *[FINGERPRINT] * others)
        assert f"{key}/".startswith(tuple(folders_of("cats"))), function.__name__


def test_a_dry_run_says_the_same_and_deletes_nothing(shell: Shell) -> None:
    fill(shell, "cats")
    before, items = versions(shell), shell.items()

    said = shell.succeed("purge", "cats", "--dry-run")

    assert "uploads/cats/" in said
    assert "Nothing was deleted" in said
    assert (versions(shell), shell.items()) == (before, items)


def test_another_answer_than_the_name_deletes_nothing(shell: Shell) -> None:
    fill(shell, "cats")
    before = versions(shell)

    assert "Nothing was deleted" in shell.fail("purge", "cats", typed="yes\n")
    assert versions(shell) == before


def test_a_dataset_that_is_unknown_or_gone_is_no_error(shell: Shell) -> None:
    fill(shell, "cats")
    shell.succeed("purge", "cats", "--yes")

    assert shell.succeed("purge", "cats", "--yes") == "There is nothing of cats.\n"
    assert shell.succeed("purge", "dogs") == "There is nothing of dogs.\n"


@pytest.mark.parametrize("status", ["Executing", "Stopping"])
def test_a_dataset_with_an_active_run_is_refused(shell: Shell, status: str) -> None:
    fill(shell, "cats")
    arn = shell.start_execution("cats", 2, status)
    before = versions(shell)

    assert f"The run {arn.rsplit('/', 1)[-1]} of cats is active" in shell.fail("purge", "cats", "--yes")
    assert versions(shell) == before


def test_a_dataset_whose_start_is_under_way_is_refused(shell: Shell) -> None:
    fill(shell, "cats")
    shell.put_item("DATASET#cats", "STATE", phase="STARTING", attempt=2)

    assert "The ledger has cats as STARTING" in shell.fail("purge", "cats", "--yes")


def test_an_active_run_of_another_dataset_is_no_hindrance(shell: Shell) -> None:
    fill(shell, "cats")
    shell.start_execution("cats-2", 1, "Executing")

    shell.succeed("purge", "cats", "--yes")

    assert versions(shell) == []


def test_what_cannot_be_deleted_is_named_and_the_ledger_waits_until_a_repeat_has_done_it(shell: Shell) -> None:
    fill(shell, "cats")
    items = shell.items()
    s3 = shell.client("s3")

    class Stubborn:
        """S3, which keeps the files of runs/."""

        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
            kept = [o for o in Delete["Objects"] if o["Key"].startswith("runs/")]
            rest = [o for o in Delete["Objects"] if o not in kept]
            if rest:
                s3.delete_objects(Bucket=Bucket, Delete={"Objects": rest, "Quiet": True})
            return {"Errors": [{"Key": o["Key"], "Code": "AccessDenied"} for o in kept]}

    shell.others["s3"] = Stubborn()
    said = shell.fail("purge", "cats", "--yes")
    assert "1 object could not be deleted: runs/cats/x/file.bin (AccessDenied)" in said
    assert versions(shell) == ["runs/cats/x/file.bin"]
    assert shell.items() == items

    del shell.others["s3"]
    shell.succeed("purge", "cats", "--yes")
    assert versions(shell) == []
    assert shell.items() == {("DATASET#cats", "STATE")}


@pytest.mark.parametrize("calls", [0, 3, 6, 8, 9, 10, 11])
def test_a_purge_that_died_anywhere_is_finished_by_a_repeat(shell: Shell, calls: int) -> None:
    """Every call that deletes something is the last one, once."""
    fill(shell, "cats")
    fill(shell, "dogs")
    forgotten = f"RUN#{PIPELINE_ARN}/execution/-forgotten"  # by SageMaker: only its record says whose it was
    shell.put_item(forgotten, "STATE", dataset="cats")
    shell.put_item(forgotten, "STEP#Train", status="Succeeded")
    others = {item for item in shell.items() if "dogs" in item[0]}
    inventory = take_inventory(shell.workshop, "cats")
    left = [calls]

    class Dying:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            if name.startswith(("delete", "put")):
                if left[0] == 0:
                    raise KeyboardInterrupt
                left[0] -= 1
            return getattr(self._client, name)

    shell.others |= {"s3": Dying(shell.client("s3")), "dynamodb": Dying(shell.client("dynamodb"))}
    with pytest.raises(KeyboardInterrupt):
        purge(shell.workshop, inventory)
    shell.others.clear()

    shell.succeed("purge", "cats", "--yes")

    assert all(key.split("/")[1] == "dogs" for key in versions(shell))
    assert {item for item in shell.items() if item[0].startswith("DATASET#")} == {("DATASET#cats", "STATE")} | others
    assert len({pk for pk, _ in shell.items() if pk.startswith("RUN#")}) == 1


def test_a_run_that_is_claimed_while_purging_keeps_the_dataset_s_state_and_is_reported(shell: Shell) -> None:
    fill(shell, "cats")
    inventory = take_inventory(shell.workshop, "cats")
    ledger = Ledger(shell.client("dynamodb"), shell.table)
    assert ledger.claim(ledger.read("cats"), a_claim(), now=1, limit=2) is Claimed.WON

    with pytest.raises(Unfinished, match="started meanwhile"):
        purge(shell.workshop, inventory)

    assert ledger.read("cats").attempt == 2


def test_a_run_that_comes_and_goes_while_purging_does_not_set_the_attempts_back(shell: Shell) -> None:
    """Its token would be used again, and the purged execution answered."""
    fill(shell, "cats")
    inventory = take_inventory(shell.workshop, "cats")
    ledger = Ledger(shell.client("dynamodb"), shell.table)
    assert ledger.claim(ledger.read("cats"), a_claim(), now=1, limit=2) is Claimed.WON
    assert ledger.finish(RunIdentity("cats", FINGERPRINT, 2), a_claim(), "arn", "Failed", now=2)

    with pytest.raises(Unfinished, match="started meanwhile"):
        purge(shell.workshop, inventory)

    assert ledger.read("cats").attempt == 2


@pytest.mark.parametrize("was_run", [True, False])
def test_the_same_pictures_after_a_purge_are_claimed_with_a_token_never_used_before(
    shell: Shell, was_run: bool
) -> None:
    """The token counts attempts; starting at 1 again would get the purged execution back."""
    put(shell, "uploads/cats/1.png")
    ledger = Ledger(shell.client("dynamodb"), shell.table)
    ledger.note_uploads("cats", 1, now=1)
    if was_run:
        fill(shell, "cats")

    shell.succeed("purge", "cats", "--yes")

    assert ledger.claim(ledger.read("cats"), a_claim(), now=2, limit=2) is Claimed.WON
    assert ledger.read("cats").attempt == (2 if was_run else 1)


def test_a_run_s_items_are_found_through_sagemaker_when_their_record_is_gone(shell: Shell) -> None:
    arn = shell.start_execution("cats")
    shell.put_item(f"RUN#{arn}", "NOTICE#started", sentAt=1)
    shell.put_item(f"RUN#{PIPELINE_ARN}/execution/other", "NOTICE#started", sentAt=1)

    shell.succeed("purge", "cats", "--yes")

    assert shell.items() == {(f"RUN#{PIPELINE_ARN}/execution/other", "NOTICE#started")}


def test_a_right_that_is_missing_is_one_sentence(shell: Shell) -> None:
    fill(shell, "cats")
    shell.refuse("dynamodb", "delete_item", "AccessDeniedException")

    said = shell.fail("purge", "cats", "--yes")

    assert "You may not call DeleteItem" in said
    assert "iam-policy.json" in said


def a_claim() -> Claim:
    return Claim(FINGERPRINT, {}, 3, 0, "sketch", 64, "effort", 60, None)
