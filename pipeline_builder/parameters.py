"""The pipeline's parameters: what may differ from one run to the next.

A parameter without a default must be given at every start. The service refuses unknown names and hands every value
to the jobs as the type named here, so number parameters need `.to_string()` wherever a job takes strings.

There is no parameter for managed spot training. CreateTrainingJob refuses `MaxWaitTimeInSeconds` unless spot is on
("It is only supported when EnableManagedSpotTraining is set to true") and demands it when spot is on, and no
expression of a pipeline definition can leave a field out (aws/sagemaker-python-sdk#4140). Spot is therefore chosen
when the pipeline is deployed: see `deploy.render_definition`.
"""

from __future__ import annotations

from pipeline_builder.sdk import ParameterFloat, ParameterInteger, ParameterString

# What is trained.
DATASET = ParameterString("Dataset")
FINGERPRINT = ParameterString("Fingerprint")
PROCESS_INPUT = ParameterString("ProcessInput")  # URI of the snapshot's record, one JSON object
MIN_IMAGES = ParameterInteger("MinImages", default_value=20)

# Preparation.
PROCESS_IMAGE = ParameterString("ProcessImage")
PROCESS_INSTANCE_COUNT = ParameterInteger("ProcessInstanceCount", default_value=1)
PROCESS_INSTANCE_TYPE = ParameterString("ProcessInstanceType", default_value="ml.m5.xlarge")

# Training.
TRAIN_IMAGE = ParameterString("TrainImage")
TRAIN_INSTANCE_COUNT = ParameterInteger("TrainInstanceCount", default_value=1)
TRAIN_INSTANCE_TYPE = ParameterString("TrainInstanceType", default_value="ml.g5.xlarge")
TRAIN_CHECKPOINT_PATH = ParameterString("TrainCheckpointPath")  # prefix of this snapshot's own
TRAIN_OUTPUT_PATH = ParameterString("TrainOutputPath")  # s3://BUCKET/runs/<dataset>
WARM_START_MODEL = ParameterString("WarmStartModel")  # prefix of a base network; base/none/ for "from scratch"

# Pictures.
INFERENCE_IMAGE = ParameterString("InferenceImage")
INFERENCE_CODE_PATH = ParameterString("InferenceCodePath")  # prefix code/<hash>/
INFERENCE_IMAGE_PATH = ParameterString("InferenceImagePath")  # URI of the .targets.json, a record, too
INFERENCE_INSTANCE_COUNT = ParameterInteger("InferenceInstanceCount", default_value=1)
# A CPU makes a run's pictures in minutes (benchmarks/projecting.py), and a GPU costs six times as much an hour.
INFERENCE_INSTANCE_TYPE = ParameterString("InferenceInstanceType", default_value="ml.m5.xlarge")
INFERENCE_MODE = ParameterString(
    "InferenceMode", default_value="all", enum_values=["all", "generate", "mix", "project"]
)

# How it is trained.
PRESET = ParameterString("Preset", default_value="auto")
KIMG = ParameterFloat("Kimg", default_value=1000.0)  # thousands of images shown to the discriminator
RESOLUTION = ParameterInteger("Resolution", default_value=256)  # side in pixels
MIRROR = ParameterString("Mirror", default_value="false", enum_values=["true", "false"])
SEED = ParameterInteger("Seed", default_value=0)

# Limits, in seconds.
MAX_TRAIN_SECONDS = ParameterInteger("MaxTrainSeconds", default_value=86_400)
MAX_PROCESS_SECONDS = ParameterInteger("MaxProcessSeconds", default_value=7_200)

ALL = [
    DATASET,
    FINGERPRINT,
    PROCESS_INPUT,
    MIN_IMAGES,
    PROCESS_IMAGE,
    PROCESS_INSTANCE_COUNT,
    PROCESS_INSTANCE_TYPE,
    TRAIN_IMAGE,
    TRAIN_INSTANCE_COUNT,
    TRAIN_INSTANCE_TYPE,
    TRAIN_CHECKPOINT_PATH,
    TRAIN_OUTPUT_PATH,
    WARM_START_MODEL,
    INFERENCE_IMAGE,
    INFERENCE_CODE_PATH,
    INFERENCE_IMAGE_PATH,
    INFERENCE_INSTANCE_COUNT,
    INFERENCE_INSTANCE_TYPE,
    INFERENCE_MODE,
    PRESET,
    KIMG,
    RESOLUTION,
    MIRROR,
    SEED,
    MAX_TRAIN_SECONDS,
    MAX_PROCESS_SECONDS,
]
