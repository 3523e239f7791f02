"""Step Infer: makes the pictures and the report with the trained network.

The code comes from S3, under its content's hash, so that pictures can be changed without a new image.
"""

from __future__ import annotations

from pipeline_builder import parameters as p
from pipeline_builder import prepare
from pipeline_builder.jobs import IN_PROCESSING, Build, retry_policies, s3_input, s3_output
from pipeline_builder.sdk import ExecutionVariables, ProcessingStep, Processor, TrainingStep

NAME = "Infer"

_CODE = f"{IN_PROCESSING}/input/code"


def infer_step(build: Build, prepare_step: ProcessingStep, train_step: TrainingStep) -> ProcessingStep:
    """The Processing step; its outputs go to the run's folders inference and report."""
    # A plain Processor and not FrameworkProcessor: that one uploads code under a timestamp at build time.
    processor = Processor(
        role=build.job_role_arn,
        image_uri=p.INFERENCE_IMAGE,
        entrypoint=["python3", "-m", "containers.infer"],
        instance_count=p.INFERENCE_INSTANCE_COUNT,
        instance_type=p.INFERENCE_INSTANCE_TYPE,
        max_runtime_in_seconds=p.MAX_PROCESS_SECONDS,
        env={
            "PYTHONPATH": f"{_CODE}:{_CODE}/stylegan2-ada-pytorch",
            "DATASET": p.DATASET,
            "EXECUTION_ID": ExecutionVariables.PIPELINE_EXECUTION_ID,
            "INFERENCE_MODE": p.INFERENCE_MODE,
            "SEED": p.SEED.to_string(),
        },
        sagemaker_session=build.session,
    )
    prepare_report = prepare_step.properties.ProcessingOutputConfig.Outputs[prepare.REPORT].S3Output.S3Uri
    return ProcessingStep(
        name=NAME,
        step_args=processor.run(
            inputs=[
                s3_input("code", p.INFERENCE_CODE_PATH),
                # One object, model.tar.gz; a processing job does not unpack it.
                s3_input("model", train_step.properties.ModelArtifacts.S3ModelArtifacts),
                s3_input("targets", p.INFERENCE_IMAGE_PATH),
                s3_input("prepare-report", prepare_report),
            ],
            outputs=[s3_output("inference", "inference"), s3_output("report", "report")],
        ),
        retry_policies=retry_policies(),
    )
