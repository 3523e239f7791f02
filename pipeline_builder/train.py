"""Step Train: trains the network in its own container; the image's ENTRYPOINT runs with the argument `train`."""

from __future__ import annotations

from contract import jobs, layout
from contract.pipeline import Step
from pipeline_builder.jobs import Build, retry_policies, run_folder
from pipeline_builder.parameters import as_string, given
from pipeline_builder.sdk import (
    CheckpointConfig,
    Compute,
    InputData,
    MetricDefinition,
    ModelTrainer,
    OutputDataConfig,
    ProcessingStep,
    S3DataSource,
    StoppingCondition,
    TrainingStep,
)

# The names that the training log's line of a tick uses: "... kimg=12.0 loss_g=0.712 loss_d=1.203 augment_p=0.040 ...".
_METRICS = ["kimg", "sec_per_kimg", "loss_g", "loss_d", "augment_p"]


def train_step(build: Build, prepare_step: ProcessingStep) -> TrainingStep:
    """The Training step; model.tar.gz goes to the run's folder training/<job>/output."""
    trainer = ModelTrainer(
        role=build.job_role_arn,
        training_image=given("TrainImage"),
        # Needed with an image that is a parameter (the SDK would cut the name out of the image's URI); it names
        # nothing, because the pipeline names its jobs itself.
        base_job_name="train",
        # Not checked by pydantic, which takes no pipeline parameter as a volume's size.
        compute=Compute.model_construct(
            instance_type=given("TrainInstanceType"),
            instance_count=given("TrainInstanceCount"),
            volume_size_in_gb=given("TrainVolumeGB"),
            # On demand. `deploy.render_definition(..., spot=True)` turns this into spot; `parameters` says why.
            enable_managed_spot_training=False,
        ),
        # Not checked by pydantic, which takes no pipeline parameter here. Without a condition it would be one hour.
        stopping_condition=StoppingCondition.model_construct(max_runtime_in_seconds=given("MaxTrainSeconds")),
        # Explicit, or the SDK asks S3 for the account's default bucket.
        output_data_config=OutputDataConfig(s3_output_path=run_folder(layout.TRAINING), compression_type="GZIP"),
        checkpoint_config=CheckpointConfig(s3_uri=given("TrainCheckpointPath"), local_path="/opt/ml/checkpoints"),
        training_input_mode="File",
        hyperparameters={key: as_string(given(name)) for key, name in jobs.HYPERPARAMETERS.items()},
        environment={jobs.FINISH_VARIABLE: run_folder(layout.FINISH_REQUEST)},
        sagemaker_session=build.session,
    ).with_metric_definitions([MetricDefinition(name=name, regex=rf"\b{name}=(\S+)") for name in _METRICS])
    prepared = prepare_step.properties.ProcessingOutputConfig.Outputs[jobs.PREPARED_OUTPUT].S3Output.S3Uri
    return TrainingStep(
        name=Step.TRAIN,
        step_args=trainer.train(
            input_data_config=[
                _channel(jobs.TRAIN_CHANNEL, prepared),
                _channel(jobs.BASE_CHANNEL, given("WarmStartModel")),
            ],
        ),
        retry_policies=retry_policies(),
    )


def _channel(name: str, prefix: object) -> InputData:
    return InputData(
        channel_name=name,
        data_source=S3DataSource(s3_data_type="S3Prefix", s3_uri=prefix, s3_data_distribution_type="FullyReplicated"),
    )
