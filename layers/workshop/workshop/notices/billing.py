"""What a run has cost, as SageMaker bills it."""

from collections.abc import Iterable

from botocore.exceptions import ClientError

from workshop.platform.clients import NOT_FOUND, Response, SageMaker, error_code, list_steps


def billed_training_seconds(sagemaker: SageMaker, execution_arn: str) -> int | None:
    """What the run's training is billed for: its billable seconds times its machines (API_DescribeTrainingJob); None
    if SageMaker does not say (yet), or does not know the run any more."""
    try:
        return billed_seconds(sagemaker, list_steps(sagemaker, execution_arn))
    except ClientError as error:
        if error_code(error) not in NOT_FOUND:
            raise
    return None


def billed_seconds(sagemaker: SageMaker, steps: Iterable[Response]) -> int | None:
    """The same, of a run's steps as SageMaker lists them."""
    for step in steps:
        if "SelectiveExecutionResult" in step:
            continue  # another run's, and on its bill
        arn = step.get("Metadata", {}).get("TrainingJob", {}).get("Arn")
        if arn:
            job = sagemaker.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
            seconds = job.get("BillableTimeInSeconds")
            return None if seconds is None else seconds * job.get("ResourceConfig", {}).get("InstanceCount", 1)
    return None
