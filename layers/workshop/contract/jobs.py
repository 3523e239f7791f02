"""The names under which the pipeline hands things to its jobs, and under which they find and leave them; and the words
with which a job says how it failed.

An input and an output of a processing job is a folder of this name, a training job's channel likewise. Texts: SageMaker
gives hyperparameters and environment variables as such, whatever their parameter's type is.
"""

from enum import StrEnum

# Prepare
SNAPSHOT_INPUT = "snapshot"  # the snapshot's record, one object
PREPARED_OUTPUT = "prepared"
PREPARE_REPORT_OUTPUT = "report"
SET_ASIDE_OUTPUT = "set-aside"

# Train
TRAIN_CHANNEL = "train"  # what Prepare has prepared
BASE_CHANNEL = "base"  # the network to begin with
# Hyperparameter -> the pipeline's parameter that it is.
HYPERPARAMETERS = {
    "dataset": "Dataset",
    "preset": "Preset",
    "kimg": "Kimg",
    "resolution": "Resolution",
    "mirror": "Mirror",
    "seed": "Seed",
    "options": "TrainOptions",
    "labels": "Labels",
    "patience": "Patience",
    "train_seconds": "TrainSeconds",
    "max_train_seconds": "MaxTrainSeconds",
}
# Of the training job: the object of S3 that asks it to end with what it has learned (operations finish).
FINISH_VARIABLE = "FINISH_REQUEST"

# Of the jobs that make pictures, where the deployer signs them: the key's ARN, and the object of S3 that holds its
# certificates.
SIGNING_KEY_VARIABLE = "SIGNING_KEY"
CERTIFICATES_VARIABLE = "CERTIFICATES"
LARGEST_CHAIN_BYTES = 1 << 14  # as PEM; they are in every picture

# Infer
CODE_INPUT = "code"
MODEL_INPUT = "model"  # model.tar.gz; a processing job does not unpack it
TARGETS_INPUT = "targets"  # the record of the images to project, one object
PREPARE_REPORT_INPUT = "prepare-report"
MADE_OUTPUT = "inference"
REPORT_OUTPUT = "report"

# Environment variables of the processing jobs
DATASET_VARIABLE = "DATASET"
RESOLUTION_VARIABLE = "RESOLUTION"
PICTURE_SIZE_VARIABLE = "PICTURE_SIZE"
FIT_VARIABLE = "FIT"
BACKGROUND_VARIABLE = "BACKGROUND"
LABELS_VARIABLE = "LABELS"
EXECUTION_ID_VARIABLE = "EXECUTION_ID"
INFERENCE_MODE_VARIABLE = "INFERENCE_MODE"
INFERENCE_CLASSES_VARIABLE = "INFERENCE_CLASSES"
INFERENCE_SEEDS_VARIABLE = "INFERENCE_SEEDS"
INFERENCE_NETWORK_VARIABLE = "INFERENCE_NETWORK"
SEED_VARIABLE = "SEED"
PAGE_LANGUAGE_VARIABLE = "PAGE_LANGUAGE"  # (LANGUAGE would change what programs say)


class FailureCode(StrEnum):
    """Stands before a job's own sentence in its failure or exit message, with a colon. The mail's advice goes by it
    (workshop.notices.reasons), since sentences name files, which may be called anything."""

    DISK_FULL = "DiskFull"
    OUT_OF_MEMORY = "OutOfMemory"
    PEER_LOST = "PeerLost"  # machines or GPUs of one training have lost each other
    DIVERGED = "Diverged"  # the training's numbers have become useless
    ACCESS_DENIED = "AccessDenied"
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105  a word, not a secret
