"""A deployed workshop: its resources, found by their logical ids in template.yaml, and a client for each service."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from operations.aws import ClientFactory, error_code
from operations.errors import WorkshopStackError

DEAD_LETTERS = "DeadLetters"


@dataclass(frozen=True)
class Queue:
    """A queue of the stack. `dead_letters_arn` is where its own undeliverable messages go, if anywhere."""

    name: str
    url: str
    arn: str
    waiting: int
    being_handled: int
    dead_letters_arn: str | None


class Workshop:
    """The resources of one stack. Clients are made on first use."""

    def __init__(self, client: ClientFactory, stack: str) -> None:
        """Look the stack up. Raises StackError if there is none, or none of ours."""
        self._make = client
        self._clients: dict[str, Any] = {}
        self.stack = stack
        cloudformation = self.client("cloudformation")
        self._outputs = _outputs(cloudformation, stack)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        # The id is missing while a resource is being made.
        self._resources: dict[str, tuple[str, str]] = {
            found["LogicalResourceId"]: (found["ResourceType"], found.get("PhysicalResourceId", ""))
            for page in pages
            for found in page["StackResourceSummaries"]
        }

    def client(self, service: str) -> Any:
        """The one client of a service."""
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource."""
        _, physical_id = self._resources.get(logical_id, ("", ""))
        if not physical_id:
            raise WorkshopStackError(
                f"The stack {self.stack!r} has no {logical_id}: is it a stack of this template.yaml?"
            )
        return physical_id

    @property
    def bucket(self) -> str:
        return self.resource("Bucket")

    @property
    def table(self) -> str:
        return self.resource("Ledger")

    @property
    def topic(self) -> str:
        return self.resource("Notices")

    @property
    def pipeline(self) -> str:
        """The pipeline's name."""
        if "PipelineName" not in self._outputs:
            raise WorkshopStackError(
                f"The stack {self.stack!r} has no output PipelineName: is it a stack of this template.yaml?"
            )
        return self._outputs["PipelineName"]

    @property
    def web_app_url(self) -> str:
        """The web app's address; "" of a stack without one."""
        return self._outputs.get("WebAppUrl", "")

    @property
    def mail_sender(self) -> str:
        """Whose mails the notices are; "" where SNS mails them."""
        return self._outputs.get("MailSender", "")

    @property
    def functions(self) -> set[str]:
        """The names of the stack's functions."""
        return {physical for kind, physical in self._resources.values() if kind == "AWS::Lambda::Function"}

    def queues(self) -> list[Queue]:
        """All queues of the stack, with their present counts."""
        sqs = self.client("sqs")
        found = {name: url for name, (kind, url) in self._resources.items() if kind == "AWS::SQS::Queue"}
        return [_queue(sqs, name, url) for name, url in sorted(found.items())]


def _outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        raise WorkshopStackError(
            f"There is no stack {stack!r} in this account and region: name it with --stack or WORKSHOP_STACK, "
            "and check AWS_PROFILE and AWS_REGION."
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _queue(sqs: Any, name: str, url: str) -> Queue:
    wanted = ["QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "RedrivePolicy"]
    values = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    policy = json.loads(values.get("RedrivePolicy") or "{}")
    return Queue(
        name=name,
        url=url,
        arn=values["QueueArn"],
        waiting=int(values["ApproximateNumberOfMessages"]),
        being_handled=int(values["ApproximateNumberOfMessagesNotVisible"]),
        dead_letters_arn=policy.get("deadLetterTargetArn"),
    )
