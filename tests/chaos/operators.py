"""`python -m operations purge` in a world: the command's own code on the world's services."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from operations import purging
from operations.errors import DatasetBusy, Unfinished

if TYPE_CHECKING:
    from tests.chaos.world import World


def purge(world: World, dataset: str) -> None:
    """Purge a dataset, unless the command refuses; and, as the runbook has it, not while a function is in the middle of
    something, which could write a record after it."""
    if world.is_at_work:
        world.at(1, lambda: purge(world, dataset))
        return
    workshop: Any = SimpleNamespace(
        bucket="bucket", table="ledger", pipeline="workshop", client=lambda name: _CLIENTS[name](world)
    )
    try:
        purging.refuse_if_active(workshop, dataset)
        purging.purge(workshop, purging.take_inventory(workshop, dataset))
    except (DatasetBusy, Unfinished):
        return
    world.purged[dataset] = {execution.arn for execution in world.executions(dataset)}


class _Pages:
    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self._pages)


class _S3:
    """ListObjectVersions of a bucket that keeps no old ones, and DeleteObjects."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_object_versions"
        return SimpleNamespace(paginate=lambda Bucket, Prefix: iter([self._versions(Prefix)]))

    def _versions(self, prefix: str) -> dict[str, Any]:
        found = self._world.s3.objects.items()
        return {
            "Versions": [
                {"Key": key, "VersionId": "null", "Size": len(body)}
                for key, (body, _) in found
                if key.startswith(prefix)
            ]
        }

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        for entry in Delete["Objects"]:
            self._world.s3.delete_object(Bucket, entry["Key"])
        return {}


class _DynamoDB:
    """The table, with Scan."""

    def __init__(self, world: World) -> None:
        self._table = world.dynamodb

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._table, operation)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "scan"
        return SimpleNamespace(
            paginate=lambda **request: iter([{"Items": list(self._scanned(request["ExpressionAttributeValues"]))}])
        )

    def _scanned(self, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for (pk, _), item in self._table.items.items():
            if pk == values[":dataset"]["S"] or pk.startswith(values[":run"]["S"]):
                yield dict(item)


class _SageMaker:
    """ListPipelineExecutions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_pipeline_executions"
        summaries = [
            {
                "PipelineExecutionArn": e.arn,
                "PipelineExecutionStatus": e.status,
                "PipelineExecutionDescription": e.description,
            }
            for e in self._world.sagemaker.executions.values()
        ]
        return _Pages({"PipelineExecutionSummaries": summaries})


_CLIENTS = {"s3": _S3, "dynamodb": _DynamoDB, "sagemaker": _SageMaker}
