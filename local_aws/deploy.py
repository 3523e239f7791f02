"""Puts the application into the embedded AWS as `sam deploy` and `python -m pipeline_builder upsert` put it into a
real one.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import WaiterError

from local_aws.aws import ACCOUNT, REGION, Endpoint
from local_aws.errors import DeployError
from local_aws.package import build_all, translate_template

STACK = "workshop"
ARTIFACTS = f"workshop-artifacts-{ACCOUNT}"
TEMPLATE = "template.json"
IMAGES = {
    "ProcessImage": "workshop-prepare:local",
    "TrainImage": "workshop-train:local",
    "InferenceImage": "workshop-infer:local",
}


def deploy_stack(root: Path, endpoint: Endpoint, parameters: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Package, translate and create the stack; return its outputs.

    Raises:
        PackageError: something could not be packaged.
        DeployError: the stack was rolled back; the message names the resources that failed and why.
    """
    locations = _upload_archives(endpoint, build_all(root, cache))
    template = translate_template(root, locations, REGION)
    # From a bucket, as `sam deploy` does: a request itself may hold 51,200 bytes of template, which ours exceeds.
    endpoint.client("s3").put_object(Bucket=ARTIFACTS, Key=TEMPLATE, Body=template.encode())
    cloudformation = endpoint.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{endpoint.url}/{ARTIFACTS}/{TEMPLATE}",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in {**IMAGES, **parameters}.items()
        ],
    )
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
    except WaiterError as error:
        raise DeployError(f"the stack was not created:\n{_failures(cloudformation)}") from error
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def find_resource(endpoint: Endpoint, logical_id: str) -> str:
    """The physical id of a resource of the stack."""
    found = endpoint.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _upload_archives(endpoint: Endpoint, archives: Mapping[str, bytes]) -> dict[str, str]:
    s3 = endpoint.client("s3")
    s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})
    locations = {}
    for logical_id, archive in archives.items():
        key = f"{logical_id}/{hashlib.sha256(archive).hexdigest()[:16]}.zip"
        s3.put_object(Bucket=ARTIFACTS, Key=key, Body=archive)
        locations[logical_id] = f"s3://{ARTIFACTS}/{key}"
    return locations


def _failures(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
    )
