"""Puts the steps together and writes the definition: the same bytes from the same source, without a network.

Prepare -> EnoughImages -> Train -> Infer -> Notify
                 '-> TooFewImages
"""

from __future__ import annotations

import json

from pipeline_builder import parameters
from pipeline_builder.enough_images import enough_images_step
from pipeline_builder.errors import DefinitionError
from pipeline_builder.infer import infer_step
from pipeline_builder.jobs import Build
from pipeline_builder.notify import notify_step
from pipeline_builder.prepare import prepare_step
from pipeline_builder.sdk import Pipeline, offline_session
from pipeline_builder.train import train_step

# The SDK takes a role's name for something to look up in IAM, so the placeholders go in after it has finished.
_STAND_INS = {
    "arn:aws:iam::000000000000:role/stand-in-job-role": "${JobRoleArn}",
    "arn:aws:lambda:us-east-1:000000000000:function:stand-in-notify": "${NotifyFunctionArn}",
}


def build_definition() -> str:
    """The pipeline's definition as indented JSON with placeholders `${JobRoleArn}` and `${NotifyFunctionArn}`.

    It holds no account, region, bucket or date, and is the same at every call.
    """
    job_role_arn, notify_function_arn = _STAND_INS
    build = Build(offline_session(), job_role_arn, notify_function_arn)
    prepare = prepare_step(build)
    train = train_step(build, prepare)
    infer = infer_step(build, prepare, train)
    notify = notify_step(build, infer)
    pipeline = Pipeline(
        name="workshop",  # appears nowhere in the definition; the pipeline gets its name when it is deployed
        parameters=list(parameters.ALL.values()),
        # No SageMaker Experiment for each run. The default would also depend on the region.
        pipeline_experiment_config=None,
        steps=[prepare, enough_images_step([train, infer, notify])],
        sagemaker_session=build.session,
    )
    definition = json.loads(pipeline.definition())
    _drop_null_mlflow_config(definition)
    text = json.dumps(definition, indent=2) + "\n"
    for stand_in, placeholder in _STAND_INS.items():
        if stand_in not in text:
            raise DefinitionError(f"the SDK did not use {placeholder}; its definition cannot be deployed.")
        text = text.replace(stand_in, placeholder)
    return text


def _drop_null_mlflow_config(definition: dict[str, object]) -> None:
    # SDK 3.27 writes "MlflowConfig": null into every definition. Whether the service takes it is not documented;
    # leaving an optional field out is what every earlier SDK did. A value would be meant and must not be lost.
    if definition.pop("MlflowConfig", None) is not None:
        raise DefinitionError("the definition has a value for MlflowConfig, which this pipeline does not use.")
