"""The records of runs and notices in the table. They expire; the datasets' own items do not.

RUN#<execution-arn>  STATE           the run: what its notices say about it
DATASET#<name>       RUN#<started at, epoch ms>#<execution id>   finds the runs of a dataset: the run's ARN
RUN#<execution-arn>  STEP#<step>     the last news of a step
RUN#<execution-arn>  NOTICE#<name>   one notice: being sent until a lease ends, then sent
DATASET#<name>       NOTICE#attention#<fingerprint>   as above, for a snapshot that has no run
DATASET#<name>       NOTICE#refused#..., NOTICE#delayed#...   as above, for a run that cannot be started
MAIL#<message id>    READER#<hash>   as above, for one reader of a notice (workshop.ledger.readers)
"""

from typing import Any

from botocore.exceptions import ClientError

from contract.names import parse_execution
from contract.statuses import EXECUTING, STARTING, STOPPING
from workshop.estimates import Estimate
from workshop.ledger.datasets import dataset_key
from workshop.ledger.state import Claim, RunRecord
from workshop.platform.clients import DynamoDB, error_code
from workshop.platform.errors import NoticeBusy
from workshop.platform.items import from_item, to_item

KEEP_SECONDS = 400 * 86_400
# Longer than any function runs that publishes (start_run: 120 s), shorter than an asynchronous invocation is retried
# for (after 1 minute and after 2 more).
NOTICE_LEASE_MS = 150_000
MOST_LISTED = 100  # as many as BatchGetItem takes
_PLACE = "RUN#"

IS_NEW = "attribute_not_exists(pk)"
IS_NEWER = "(attribute_not_exists(pk) OR newsOrder < :order)"
NOT_SENT = "attribute_not_exists(sentAt)"
LEASE_IS_OVER = "(attribute_not_exists(leaseUntil) OR leaseUntil <= :now)"

_STEP_ORDER = {STARTING: 1, EXECUTING: 2, STOPPING: 3}
_STEP_ENDED = 4


def run_notice_key(arn: str, name: str) -> dict[str, str]:
    """Key of a run's notice: its kind, or a name for those of which a run may have several."""
    return {"pk": f"RUN#{arn}", "sk": f"NOTICE#{name}"}


def attention_key(dataset: str, fingerprint: str, since: str = "") -> dict[str, str]:
    """Key of the one attention notice for a snapshot that could not be run; `since`: what makes it news again."""
    return {"pk": f"DATASET#{dataset}", "sk": f"NOTICE#attention#{fingerprint}{since and '#'}{since}"}


def unstarted_key(name: str, dataset: str, claim: Claim, last_arn: str | None) -> dict[str, str]:
    """Key of the one notice that a run cannot be started. The same images, and the same ones to project, are news
    again once another run has ended since: `last_arn` is the dataset's last one."""
    run = (last_arn or "").rpartition("/")[2]
    return {"pk": f"DATASET#{dataset}", "sk": f"NOTICE#{name}#{claim.fingerprint}#{claim.targets}#{run}"}


class Runs:
    """Reads and writes of the runs' items."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def create(self, run: RunRecord, now: int) -> bool:
        """Write the run's record unless it exists. True if it was written now.

        What finds it is written before it: no run can be without. Two who know its start by different clocks leave two
        of these, and one record.
        """
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_place_key(run)),
            UpdateExpression="SET arn = :arn, expires = if_not_exists(expires, :expires)",
            ExpressionAttributeValues=to_item({":arn": run.arn, ":expires": expiry(now)}),
        )
        item: dict[str, Any] = _run_key(run.arn) | {
            "dataset": run.dataset,
            "fingerprint": run.fingerprint,
            "attempt": run.attempt,
            "images": run.images,
            "leftOut": run.left_out,
            "preset": run.preset,
            "resolution": run.resolution,
            "speedKey": run.speed_key,
            "maxTrainSeconds": run.max_train_seconds,
            "estimate": None if run.estimate is None else run.estimate.to_json(),
            "startedAt": run.started_at,
            "hourlyPrice": str(run.hourly_price),
            "machines": run.machines,
            "language": run.language,
            "sourceArn": run.source_arn,
            "size": run.size,
            "folders": run.folders,
            "previews": run.previews,
            "expires": expiry(now),
        }
        try:
            self._dynamodb.put_item(TableName=self._table, Item=to_item(item), ConditionExpression=IS_NEW)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def read(self, arn: str) -> RunRecord | None:
        """The run's record, if it was started by this application and is not too old."""
        return _record(arn, self._get(_run_key(arn)))

    def of_dataset(self, dataset: str) -> list[RunRecord]:
        """The newest MOST_LISTED runs of a dataset, newest first."""
        found = self._dynamodb.query(**self._places(dataset))
        arns = {from_item(item)["arn"] for item in found["Items"]}
        records = [_record(arn, values) for arn, values in self._get_all(arns).items()]
        return sorted((record for record in records if record is not None), key=lambda run: -run.started_at)

    def title_of(self, dataset: str) -> str:
        """What the dataset's people call it; "" if that is its name."""
        return str(self._get(dataset_key(dataset)).get("title", ""))

    def find(self, dataset: str, execution_id: str) -> RunRecord | None:
        """The run of a dataset with this id, if it was started by this application and is not too old."""
        request: dict[str, Any] = self._places(dataset)
        while True:
            found = self._dynamodb.query(**request)
            for item in map(from_item, found["Items"]):
                if item["sk"].endswith(f"#{execution_id}"):
                    return self.read(item["arn"])
            if "LastEvaluatedKey" not in found:
                return None
            request["ExclusiveStartKey"] = found["LastEvaluatedKey"]

    def end(self, arn: str, status: str, ended_at: int, now: int) -> None:
        """Note a run's terminal status; the first word on it stands for the time it ended."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_run_key(arn)),
            UpdateExpression="SET #status = :status, endedAt = if_not_exists(endedAt, :ended), "
            "expires = if_not_exists(expires, :expires)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item({":status": status, ":ended": ended_at, ":expires": expiry(now)}),
        )

    def note_errors(self, arn: str, percent: int | None, early_percent: int | None) -> None:
        """Note by how many percent the estimates of a run were too long, before it began and early in its training;
        None: not known."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_run_key(arn)),
            UpdateExpression="SET estimateError = :error, earlyError = :early",
            ExpressionAttributeValues=to_item({":error": percent, ":early": early_percent}),
        )

    def note_bill(self, arn: str, seconds: int) -> None:
        """Note what a run's training is billed for, all machines together."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(_run_key(arn)),
            UpdateExpression="SET billedSeconds = :seconds",
            ExpressionAttributeValues=to_item({":seconds": seconds}),
        )

    def reopen(self, arn: str) -> None:
        """An ended run goes on, because somebody has had SageMaker retry it: its next end is news again, and a word of
        its end may be of the one before."""
        table = {"TableName": self._table}
        self._dynamodb.update_item(
            **table,
            Key=to_item(_run_key(arn)),
            UpdateExpression="SET isRetried = :yes REMOVE #status, endedAt",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item({":yes": True}),
        )
        self._dynamodb.update_item(
            **table, Key=to_item(run_notice_key(arn, "failed")), UpdateExpression="REMOVE sentAt, leaseUntil"
        )

    def record_step(self, arn: str, step: str, started: str, status: str, details: dict[str, str], now: int) -> bool:
        """Note news of a step; False for news older than what is known (events come in any order).

        News are ordered by the step's start time (a step that is run again starts later), then by status.
        """
        order = f"{started} {_STEP_ORDER.get(status, _STEP_ENDED)}"
        key = {"pk": f"RUN#{arn}", "sk": f"STEP#{step}"}
        values = details | {"status": status, "started": started, "newsOrder": order, "expires": expiry(now)}
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_item(key | values),
                ConditionExpression=IS_NEWER,
                ExpressionAttributeValues=to_item({":order": order}),
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def is_notice_sent(self, key: dict[str, str]) -> bool:
        """Whether the notice was published: the cheap question, before anything is gathered for it."""
        return "sentAt" in self._get(key)

    def known_since(self, key: dict[str, str], now: int) -> int:
        """Since when there is reason for a notice that is not due at once: `now`, the first time."""
        response = self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(key),
            UpdateExpression="SET knownSince = if_not_exists(knownSince, :now), "
            "expires = if_not_exists(expires, :expires)",
            ExpressionAttributeValues=to_item({":now": now, ":expires": expiry(now)}),
            ReturnValues="ALL_NEW",
        )
        return int(from_item(response["Attributes"])["knownSince"])

    def begin_notice(self, key: dict[str, str], now: int) -> bool:
        """Take the right to send a notice. False if it was sent; NoticeBusy while somebody else may be sending it."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item(key),
                UpdateExpression="SET leaseUntil = :until",
                ConditionExpression=f"{NOT_SENT} AND {LEASE_IS_OVER}",
                ExpressionAttributeValues=to_item({":now": now, ":until": now + NOTICE_LEASE_MS}),
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            if self.is_notice_sent(key):
                return False
            raise NoticeBusy(f"The notice {key['sk']} is being sent by somebody else.") from error
        return True

    def end_notice(self, key: dict[str, str], now: int) -> None:
        """The notice was published. A run's notice, and a mail, expire; a notice on a snapshot stays known for good."""
        values = {":now": now}
        update = "SET sentAt = :now"
        if key["pk"].startswith(("RUN#", "MAIL#")):
            update += ", expires = :expires"
            values[":expires"] = expiry(now)
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(key),
            UpdateExpression=update + " REMOVE leaseUntil",
            ExpressionAttributeValues=to_item(values),
        )

    def count_as_sent(self, key: dict[str, str], now: int) -> None:
        """The notice need not be sent: another one has said what it would say."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_item(key),
            UpdateExpression="SET sentAt = if_not_exists(sentAt, :now)",
            ExpressionAttributeValues=to_item({":now": now}),
        )

    def _get(self, key: dict[str, str]) -> dict[str, Any]:
        response = self._dynamodb.get_item(TableName=self._table, Key=to_item(key), ConsistentRead=True)
        return from_item(response.get("Item", {}))

    def _places(self, dataset: str) -> dict[str, Any]:
        """The query for where the runs of a dataset are found, newest first."""
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :run)",
            "ExpressionAttributeValues": to_item({":pk": f"DATASET#{dataset}", ":run": _PLACE}),
            "ScanIndexForward": False,
            "Limit": MOST_LISTED,
            "ConsistentRead": True,
        }

    def _get_all(self, arns: set[str]) -> dict[str, dict[str, Any]]:
        """The runs' items by their ARN, at most MOST_LISTED of them."""
        keys = [to_item(_run_key(arn)) for arn in sorted(arns)]
        wanted: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}} if keys else {}
        items: dict[str, dict[str, Any]] = {}
        while wanted:
            answer = self._dynamodb.batch_get_item(RequestItems=wanted)
            for item in map(from_item, answer["Responses"].get(self._table, [])):
                items[item["pk"].removeprefix("RUN#")] = item
            wanted = answer.get("UnprocessedKeys") or {}
        return items


def _record(arn: str, values: dict[str, Any]) -> RunRecord | None:
    if "startedAt" not in values:
        return None
    return RunRecord(
        arn=arn,
        dataset=values["dataset"],
        fingerprint=values["fingerprint"],
        attempt=values["attempt"],
        images=values["images"],
        left_out=values["leftOut"],
        preset=values["preset"],
        resolution=values["resolution"],
        speed_key=values.get("speedKey", ""),
        max_train_seconds=values["maxTrainSeconds"],
        estimate=Estimate.from_json(values.get("estimate")),
        started_at=values["startedAt"],
        hourly_price=float(values["hourlyPrice"]),
        machines=values.get("machines", 1),
        language=values["language"],
        source_arn=values["sourceArn"],
        size=values.get("size", ""),
        folders=values.get("folders", ""),
        previews=values.get("previews", False),
        status=values.get("status"),
        ended_at=values.get("endedAt"),
        is_retried=values.get("isRetried", False),
        estimate_error=values.get("estimateError"),
        early_error=values.get("earlyError"),
        billed_seconds=values.get("billedSeconds"),
    )


def _run_key(arn: str) -> dict[str, str]:
    return {"pk": f"RUN#{arn}", "sk": "STATE"}


def _place_key(run: RunRecord) -> dict[str, str]:
    """In the order of time: 15 digits are enough until the year 33658."""
    return {"pk": f"DATASET#{run.dataset}", "sk": f"{_PLACE}{run.started_at:015d}#{parse_execution(run.arn).id}"}


def expiry(now_ms: int) -> int:
    """When an item that is written now may be forgotten: seconds since 1970, as the table's time to live wants it."""
    return now_ms // 1000 + KEEP_SECONDS
