"""Step Prepare: makes one clean, equally sized training set of the snapshot's images.

Bad files are set aside with a reason each; `prepare.json` lists them (for the page and the notices), `counts.json`
counts them (for EnoughImages).
"""

from __future__ import annotations

from contract import jobs, layout
from contract.pipeline import Step
from pipeline_builder.jobs import Build, retry_policies, s3_input, s3_output
from pipeline_builder.parameters import as_string, given
from pipeline_builder.sdk import ProcessingStep, Processor, PropertyFile

COUNTS = PropertyFile(name="Counts", output_name=jobs.PREPARE_REPORT_OUTPUT, path=layout.COUNTS_FILE)


def prepare_step(build: Build) -> ProcessingStep:
    """The Processing step; its outputs go to the run's folders prepared, prepare-report and set-aside."""
    processor = Processor(
        role=build.job_role_arn,
        image_uri=given("ProcessImage"),
        entrypoint=["python3", "-m", "containers.prepare"],
        instance_count=given("ProcessInstanceCount"),
        instance_type=given("ProcessInstanceType"),
        volume_size_in_gb=given("ProcessVolumeGB"),
        max_runtime_in_seconds=given("MaxProcessSeconds"),
        env={
            jobs.DATASET_VARIABLE: given("Dataset"),
            jobs.RESOLUTION_VARIABLE: as_string(given("Resolution")),
            jobs.PICTURE_SIZE_VARIABLE: given("PictureSize"),
            jobs.FIT_VARIABLE: given("Fit"),
            jobs.BACKGROUND_VARIABLE: given("Background"),
            jobs.LABELS_VARIABLE: given("Labels"),
        },
        sagemaker_session=build.session,
    )
    return ProcessingStep(
        name=Step.PREPARE,
        step_args=processor.run(
            inputs=[s3_input(jobs.SNAPSHOT_INPUT, given("ProcessInput"))],
            outputs=[
                s3_output(jobs.PREPARED_OUTPUT, layout.PREPARED),
                s3_output(jobs.PREPARE_REPORT_OUTPUT, layout.PREPARE_REPORT),
                s3_output(jobs.SET_ASIDE_OUTPUT, layout.SET_ASIDE),
            ],
        ),
        property_files=[COUNTS],
        retry_policies=retry_policies(),
    )
