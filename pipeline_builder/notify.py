"""Step Notify: asks the function report_success to check the results and to send the success notice."""

from __future__ import annotations

from contract import layout
from contract.pipeline import Step
from pipeline_builder.jobs import Build, run_folder
from pipeline_builder.parameters import given
from pipeline_builder.sdk import (
    ExecutionVariables,
    Lambda,
    LambdaOutput,
    LambdaOutputTypeEnum,
    LambdaStep,
    ProcessingStep,
)


def notify_step(build: Build, infer_step: ProcessingStep) -> LambdaStep:
    """The Lambda step. Its arguments are the function's event; `notified` is a key of the function's answer."""
    return LambdaStep(
        name=Step.NOTIFY,
        # The ARN alone: with code or a name the SDK would make or change a function while it builds.
        lambda_func=Lambda(function_arn=build.notify_function_arn),
        inputs={
            "source": "pipeline",
            "dataset": given("Dataset"),
            "fingerprint": given("Fingerprint"),
            "pipelineExecutionArn": ExecutionVariables.PIPELINE_EXECUTION_ARN,
            "reportUri": run_folder(layout.REPORT),
        },
        outputs=[LambdaOutput(output_name="notified", output_type=LambdaOutputTypeEnum.String)],
        # The arguments name no property of Infer, so nothing else makes this step wait for the report.
        depends_on=[infer_step],
    )
