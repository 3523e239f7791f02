"""What SageMaker says of executions and their steps, as far as anything depends on it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribePipelineExecution.html
"""

STARTING = "Starting"  # of steps only
EXECUTING = "Executing"
STOPPING = "Stopping"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
STOPPED = "Stopped"
COMPLETED_WITH_FAILURES = "CompletedWithFailures"
TERMINAL = frozenset({SUCCEEDED, FAILED, STOPPED, COMPLETED_WITH_FAILURES})
# Our own word for a run that SageMaker no longer knows.
LOST = "Lost"
