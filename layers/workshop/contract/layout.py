"""Where everything lies in the bucket, and in a run's folder. The only place that spells these names.

    uploads/<dataset>/                  what artists drop
    inference/<dataset>/                images to project
    manifests/<dataset>/                snapshots' records, lists of targets, the index of contents
    checkpoints/<dataset>/<training>/   of trainings that are under way
    runs/<dataset>/<execution id>/      one folder for each kind of thing that a run makes (see below)
    base/<name>/                        networks to fine-tune
    code/<hash>/                        the code of step Infer
    credentials/                        the certificates that pictures are signed with

template.yaml says the prefixes once more, in policies and lifecycle rules; tests/template compares them.
"""

UPLOADS = "uploads/"
INFERENCE = "inference/"
MANIFESTS = "manifests/"
CHECKPOINTS = "checkpoints/"
RUNS = "runs/"
BASE = "base/"
CODE = "code/"
CREDENTIALS = "credentials/"
CERTIFICATES = f"{CREDENTIALS}certificates.pem"
# A training channel cannot be an empty prefix: this one stands for "from scratch", and has a README.txt.
FROM_SCRATCH = f"{BASE}none/"

# The folders of a run ...
PREPARED = "prepared"
PREPARE_REPORT = "prepare-report"
SET_ASIDE = "set-aside"
TRAINING = "training"
MADE = "inference"
REPORT = "report"
# ... the object that asks its training to end now, with what it has learned ...
FINISH_REQUEST = "finish"
# ... and the files in them that others look for.
DATASET_ARCHIVE = "dataset.zip"
PREPARE_REPORT_FILE = "prepare.json"
COUNTS_FILE = "counts.json"
MODEL_ARCHIVE = "model.tar.gz"
MODEL_PATH = f"output/{MODEL_ARCHIVE}"  # below the training job's own folder
REPORT_PAGE = "index.html"
REPORT_DATA = "report.json"
GALLERY = "gallery.json"
PICTURE_ARCHIVE = "pictures.zip"
# In the model's archive: what it learned from, and what that allows.
MODEL_NOTE = "MODEL-NOTE.txt"
# Beside the checkpoints: how far a training that is under way has come.
PROGRESS = "progress.json"

# The kinds of images in a run's folder MADE, each a folder of its own, and a count in REPORT_DATA.
GENERATED, MIXED, PROJECTED = "generated", "mixed", "projected"
MADE_KINDS = (GENERATED, MIXED, PROJECTED)
# What else lies there shows the same network once more, and is counted by nobody: pictures moved along directions, a
# film from picture to picture, small copies of everything.
DIRECTIONS, FILM, THUMBNAILS = "directions", "film", "thumbnails"
UNCOUNTED_KINDS = (DIRECTIONS, FILM, THUMBNAILS)
# Names there that are no further images: a sheet of many, what each mixture is made of, a target beside its likeness.
SHEET = "sheet"
SEED = "seed"
LIKENESS = "-drawn"


def uploads(dataset: str) -> str:
    """The artists' folder."""
    return f"{UPLOADS}{dataset}/"


def targets(dataset: str) -> str:
    """Optional images to project."""
    return f"{INFERENCE}{dataset}/"


def snapshot_record(dataset: str, fingerprint: str) -> str:
    """The snapshot itself: every image with ETag and size, and the settings in force."""
    return f"{MANIFESTS}{dataset}/{fingerprint}.json"


def targets_record(dataset: str, digest: str) -> str:
    """The images to project, in the same form, by the digest of their list."""
    return f"{MANIFESTS}{dataset}/{digest}.targets.json"


def contents(dataset: str) -> str:
    """The index of what the dataset's objects hold (see workshop.dataset.contents)."""
    return f"{MANIFESTS}{dataset}/contents.json"


def runs(dataset: str) -> str:
    """Outputs of a dataset's runs; no trailing slash, as the pipeline joins with "/"."""
    return f"{RUNS}{dataset}"


def run(dataset: str, execution_id: str) -> str:
    """Outputs of one run."""
    return f"{runs(dataset)}/{execution_id}/"


def finish_request(dataset: str, execution_id: str) -> str:
    """The object that asks a run's training to end now. What it holds does not matter."""
    return f"{run(dataset, execution_id)}{FINISH_REQUEST}"


def made(dataset: str, execution_id: str) -> str:
    """The images that one run has made; not to be taken for `targets`, which has the same name one level above."""
    return f"{run(dataset, execution_id)}{MADE}/"


def checkpoints(dataset: str, images: str, variant: str) -> str:
    """Checkpoints of one training: of the images with this fingerprint, with this digest of what else decides the
    network. Whatever run trains it finds what earlier ones have left, and goes on from there."""
    return f"{CHECKPOINTS}{dataset}/{images[:16]}-{variant[:8]}/"
