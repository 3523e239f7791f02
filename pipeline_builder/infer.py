"""Step Infer: makes the images and the report with the trained network.

The code comes from S3, under its content's hash, so that images can be changed without a new image.
"""

from __future__ import annotations

from contract import jobs, layout
from contract.pipeline import Step
from pipeline_builder.jobs import IN_PROCESSING, Build, retry_policies, s3_input, s3_output
from pipeline_builder.parameters import as_string, given
from pipeline_builder.sdk import ExecutionVariables, ProcessingStep, Processor, TrainingStep

_CODE = f"{IN_PROCESSING}/input/{jobs.CODE_INPUT}"


def infer_step(build: Build, prepare_step: ProcessingStep, train_step: TrainingStep) -> ProcessingStep:
    """The Processing step; its outputs go to the run's folders inference and report."""
    # A plain Processor and not FrameworkProcessor: that one uploads code under a timestamp at build time.
    processor = Processor(
        role=build.job_role_arn,
        image_uri=given("InferenceImage"),
        entrypoint=["python3", "-m", "containers.infer"],
        instance_count=given("InferenceInstanceCount"),
        instance_type=given("InferenceInstanceType"),
        volume_size_in_gb=given("InferenceVolumeGB"),
        max_runtime_in_seconds=given("MaxProcessSeconds"),
        env={
            "PYTHONPATH": f"{_CODE}:{_CODE}/stylegan2-ada-pytorch",
            jobs.DATASET_VARIABLE: given("Dataset"),
            jobs.EXECUTION_ID_VARIABLE: ExecutionVariables.PIPELINE_EXECUTION_ID,
            jobs.INFERENCE_MODE_VARIABLE: given("InferenceMode"),
            jobs.INFERENCE_CLASSES_VARIABLE: given("InferenceClasses"),
            jobs.INFERENCE_SEEDS_VARIABLE: given("InferenceSeeds"),
            jobs.INFERENCE_NETWORK_VARIABLE: given("InferenceNetwork"),
            jobs.SEED_VARIABLE: as_string(given("Seed")),
            jobs.PAGE_LANGUAGE_VARIABLE: given("Language"),
        },
        sagemaker_session=build.session,
    )
    prepare_report = prepare_step.properties.ProcessingOutputConfig.Outputs[jobs.PREPARE_REPORT_OUTPUT].S3Output.S3Uri
    return ProcessingStep(
        name=Step.INFER,
        step_args=processor.run(
            inputs=[
                s3_input(jobs.CODE_INPUT, given("InferenceCodePath")),
                s3_input(jobs.MODEL_INPUT, train_step.properties.ModelArtifacts.S3ModelArtifacts),
                s3_input(jobs.TARGETS_INPUT, given("InferenceImagePath")),
                s3_input(jobs.PREPARE_REPORT_INPUT, prepare_report),
            ],
            outputs=[s3_output(jobs.MADE_OUTPUT, layout.MADE), s3_output(jobs.REPORT_OUTPUT, layout.REPORT)],
        ),
        retry_policies=retry_policies(),
    )
