"""Step Prepare: makes one clean, square, equally sized training set of the snapshot's images.

Bad files are set aside with a reason each; `prepare.json` counts them (read by EnoughImages, the report, the notices).
"""

from __future__ import annotations

from pipeline_builder import parameters as p
from pipeline_builder.jobs import Build, retry_policies, s3_input, s3_output
from pipeline_builder.sdk import ProcessingStep, Processor, PropertyFile

NAME = "Prepare"
PREPARED = "prepared"
REPORT = "report"

PREPARE_REPORT = PropertyFile(name="PrepareReport", output_name=REPORT, path="prepare.json")


def prepare_step(build: Build) -> ProcessingStep:
    """The Processing step; its outputs go to the run's folders prepared, prepare-report and set-aside."""
    processor = Processor(
        role=build.job_role_arn,
        image_uri=p.PROCESS_IMAGE,
        entrypoint=["python3", "-m", "containers.prepare"],
        instance_count=p.PROCESS_INSTANCE_COUNT,
        instance_type=p.PROCESS_INSTANCE_TYPE,
        max_runtime_in_seconds=p.MAX_PROCESS_SECONDS,
        # A job takes strings only, and the SDK emits a number parameter bare: convert it in the definition.
        env={"DATASET": p.DATASET, "RESOLUTION": p.RESOLUTION.to_string()},
        sagemaker_session=build.session,
    )
    return ProcessingStep(
        name=NAME,
        step_args=processor.run(
            inputs=[s3_input("snapshot", p.PROCESS_INPUT)],
            outputs=[
                s3_output(PREPARED, "prepared"),
                s3_output(REPORT, "prepare-report"),
                s3_output("set-aside", "set-aside"),
            ],
        ),
        property_files=[PREPARE_REPORT],
        retry_policies=retry_policies(),
    )
