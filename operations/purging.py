"""Deletes a dataset for good: every version of its files, its manifests, checkpoints and results, and its items in the
ledger.

It may be cut short anywhere and be repeated: files go first, the ledger's items last, and what finds the others goes
after them. What it leaves, on purpose: one ledger item with the dataset's name and the number of its attempts. A run's
ClientRequestToken is a function of dataset, fingerprint and attempt, so counting from 1 again could make SageMaker
answer the first run of the same pictures with the purged one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contract import layout
from contract.names import check_dataset
from operations.aws import error_code
from operations.errors import DatasetBusy, Unfinished
from operations.runs import ACTIVE, executions, identity_of
from operations.text import one_line, plural
from operations.workshop_stack import Workshop
from workshop.ledger import Ledger, Phase
from workshop.ledger.datasets import IS_IDLE, NEVER_CLAIMED, NOT_CLAIMED_SINCE_READ, dataset_key
from workshop.platform.items import from_item, to_item

Key = tuple[str, str]

_STATE = "STATE"
_SHOWN_FAILURES = 5
# What XML 1.0 cannot carry, DeleteObjects cannot name.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class PurgedFolder:
    """What lies under a prefix of the bucket."""

    prefix: str
    versions: int = 0
    markers: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Inventory:
    """Everything there is of a dataset. `items` are keys of ledger items, in the order in which they can go; the
    dataset's state is not among them. `attempt` is 0 for a dataset that was never run."""

    dataset: str
    folders: list[PurgedFolder]
    items: list[Key]
    runs: int
    attempt: int
    has_state: bool

    @property
    def is_empty(self) -> bool:
        return not (self.items or self.has_state or self.objects)

    @property
    def objects(self) -> int:
        """Versions and delete markers."""
        return sum(folder.versions + folder.markers for folder in self.folders)

    @property
    def bytes(self) -> int:
        return sum(folder.bytes for folder in self.folders)


def folders_of(dataset: str) -> list[str]:
    """The prefixes of everything of a dataset; each ends in a slash, so that `cats` has nothing of `cats-2`."""
    keys = (
        layout.uploads(dataset),
        layout.targets(dataset),
        layout.snapshot_record(dataset, ""),
        layout.checkpoints(dataset, "", ""),
        layout.run(dataset, ""),
    )
    return ["/".join(key.split("/")[:2]) + "/" for key in keys]


def refuse_if_active(workshop: Workshop, dataset: str) -> None:
    """Raises DatasetBusy if a run of the dataset is active, or is being started."""
    for execution in executions(workshop):
        if execution["PipelineExecutionStatus"] in ACTIVE and identity_of(execution)[0] == dataset:
            run_id = execution["PipelineExecutionArn"].rsplit("/", 1)[-1]
            raise DatasetBusy(
                f"The run {run_id} of {dataset} is active: cancel it first (cancel {run_id} --wait), or wait for it."
            )
    phase = Ledger(workshop.client("dynamodb"), workshop.table).read(dataset).phase
    if phase is not Phase.IDLE:
        raise DatasetBusy(
            f"The ledger has {dataset} as {phase}: wait a minute, or have it looked at (look {dataset}), and try again."
        )


def take_inventory(workshop: Workshop, dataset: str) -> Inventory:
    """Count everything there is of a dataset. Raises RefusedName for what is no dataset's name."""
    check_dataset(dataset)
    folders = [_count(workshop, prefix) for prefix in folders_of(dataset)]
    state = Ledger(workshop.client("dynamodb"), workshop.table).read(dataset)
    items, runs, has_state = _ledger_items(workshop, dataset)
    return Inventory(dataset, folders, items, runs, state.attempt, has_state)


def purge(workshop: Workshop, inventory: Inventory, progress: Callable[[int], Any] = lambda _: None) -> None:
    """Delete everything in the inventory, and whatever has come under its folders since. `progress` is told how many
    objects have gone each time.

    Raises Unfinished if something could not be deleted.
    """
    failures = [failure for folder in inventory.folders for failure in _empty(workshop, folder.prefix, progress)]
    if failures:
        shown = "; ".join(failures[:_SHOWN_FAILURES]) + ("; ..." if len(failures) > _SHOWN_FAILURES else "")
        raise Unfinished(
            f"{plural(len(failures), 'object')} could not be deleted: {shown}. "
            "The ledger was left alone until they are gone: purge again."
        )
    dynamodb = workshop.client("dynamodb")
    for pk, sk in inventory.items:
        dynamodb.delete_item(TableName=workshop.table, Key=to_item({"pk": pk, "sk": sk}))
    Ledger(dynamodb, workshop.table).forget_debts(inventory.dataset)
    if inventory.has_state:
        _forget_state(workshop, inventory)


def _empty(workshop: Workshop, prefix: str, progress: Callable[[int], Any]) -> list[str]:
    """Delete everything under a prefix; returns what could not be deleted."""
    while True:
        gone = 0
        failures: list[str] = []
        for page in _pages(workshop, prefix):
            failed = _delete(workshop, [entry for entry, _ in page])
            progress(len(page) - len(failed))
            gone += len(page) - len(failed)
            failures += failed
        # Again until nothing more goes: a page's marker may be gone itself, and files may have come meanwhile.
        if not gone:
            return failures


def _count(workshop: Workshop, prefix: str) -> PurgedFolder:
    folder = PurgedFolder(prefix)
    for page in _pages(workshop, prefix):
        for _, bytes_ in page:
            folder.versions += bytes_ is not None
            folder.markers += bytes_ is None
            folder.bytes += bytes_ or 0
    return folder


def _pages(workshop: Workshop, prefix: str) -> Iterator[list[tuple[dict[str, str], int | None]]]:
    """Key and version of up to 1,000 objects at a time, each with its size; None for a delete marker."""
    pages = workshop.client("s3").get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=workshop.bucket, Prefix=prefix):
        found = [(entry, entry["Size"]) for entry in page.get("Versions", [])]
        found += [(entry, None) for entry in page.get("DeleteMarkers", [])]
        if found:
            yield [({"Key": entry["Key"], "VersionId": entry["VersionId"]}, size) for entry, size in found]


def _delete(workshop: Workshop, entries: list[dict[str, str]]) -> list[str]:
    """Delete up to 1,000 versions; returns those that could not be, each with S3's code."""
    s3 = workshop.client("s3")
    failures: list[str] = []
    alone = [entry for entry in entries if _NOT_IN_XML.search(entry["Key"])]
    together = [entry for entry in entries if entry not in alone] if alone else entries
    if together:
        answer = s3.delete_objects(Bucket=workshop.bucket, Delete={"Objects": together, "Quiet": True})
        failures += [_failure(error["Key"], error["Code"]) for error in answer.get("Errors", [])]
    for entry in alone:
        try:
            s3.delete_object(Bucket=workshop.bucket, **entry)
        except ClientError as error:
            failures.append(_failure(entry["Key"], error_code(error)))
    return failures


def _failure(key: str, code: str) -> str:
    return f"{one_line(key, 200)} ({code})"


def _ledger_items(workshop: Workshop, dataset: str) -> tuple[list[Key], int, bool]:
    """Keys of the items of the dataset and of its runs, a run's own record after its other items; how many runs they
    belong to; and whether the dataset's state says more than its attempts.

    Runs cannot be looked up by dataset, so that the whole table is read: this is done seldom, and must miss nothing.
    """
    names = to_item({":dataset": f"DATASET#{dataset}", ":run": "RUN#"})
    pages = (
        workshop.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=workshop.table,
            FilterExpression="pk = :dataset OR begins_with(pk, :run)",
            ExpressionAttributeValues=names,
            ConsistentRead=True,
        )
    )
    own: list[Key] = []
    has_state = False
    of_runs: dict[str, list[str]] = {}
    listed = (e["PipelineExecutionArn"] for e in executions(workshop) if identity_of(e)[0] == dataset)
    wanted = {f"RUN#{arn}" for arn in listed}
    for item in (from_item(found) for page in pages for found in page["Items"]):
        if not item["pk"].startswith("RUN#"):
            if item["sk"] == _STATE:
                has_state = set(item) != {"pk", "sk", "attempt"}
            else:
                own.append((item["pk"], item["sk"]))
            continue
        of_runs.setdefault(item["pk"], []).append(item["sk"])
        if item.get("dataset") == dataset:
            wanted.add(item["pk"])
    found_runs = sorted(wanted & of_runs.keys())
    items = [(pk, sk) for pk in found_runs for sk in sorted(of_runs[pk], key=lambda sk: (sk == _STATE, sk))]
    return items + sorted(own), len(found_runs), has_state


def _forget_state(workshop: Workshop, inventory: Inventory) -> None:
    """Leave nothing of the dataset's state but the number of its attempts, unless it was claimed meanwhile."""
    dynamodb = workshop.client("dynamodb")
    key = dataset_key(inventory.dataset)
    values: dict[str, Any] = {":idle": Phase.IDLE}
    try:
        if inventory.attempt:
            dynamodb.put_item(
                TableName=workshop.table,
                Item=to_item(key | {"attempt": inventory.attempt}),
                ConditionExpression=f"{IS_IDLE} AND {NOT_CLAIMED_SINCE_READ}",
                ExpressionAttributeValues=to_item(values | {":read_attempt": inventory.attempt}),
            )
        else:
            dynamodb.delete_item(
                TableName=workshop.table,
                Key=to_item(key),
                ConditionExpression=f"{IS_IDLE} AND {NEVER_CLAIMED}",
                ExpressionAttributeValues=to_item(values),
            )
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        raise Unfinished(
            f"A run of {inventory.dataset} was started meanwhile, with pictures that were still there: cancel it "
            "and purge again."
        ) from error
