"""A stand-in for SageMaker Pipelines on one machine.

It interprets the pipeline definition that is deployed to AWS, runs Processing and Training steps as processes with
SageMaker's container contract, invokes the Lambda step's function through the embedded AWS, and puts the same events on
its bus. It runs one machine: one step of an execution, one Processing and one Training job at a time. It is a
development tool and no scheduler. What it does not know it refuses, by name.

    service.py      SageMakerStandIn: what the rest of local_aws uses
    api.py          the HTTP API: moto's, filled in; its answers in descriptions.py
    executor.py     the executions; run.py: one of them, step by step; selection.py: some of its steps alone
    definition.py   the definition, with parameters.py, expressions.py, retry.py and job_requests.py
    jobs.py         a job, with images.py, processes.py, launcher.py, line.py, storage.py, checkpoints.py and roles.py
    records.py      what is known of executions, and events.py: what is told
"""

from local_aws.sagemaker.errors import StandInError
from local_aws.sagemaker.records import ExecutionSnapshot, StepSnapshot
from local_aws.sagemaker.service import SageMakerStandIn

__all__ = ["ExecutionSnapshot", "SageMakerStandIn", "StandInError", "StepSnapshot"]
