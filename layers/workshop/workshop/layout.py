"""Where everything lies in the bucket. The only place that spells these prefixes."""

from workshop.names import INFERENCE, UPLOADS

REPORT_PAGE = "index.html"
REPORT_DATA = "report.json"
PREPARE_REPORT = "prepare.json"


def uploads(dataset: str) -> str:
    """The artists' folder."""
    return f"{UPLOADS}{dataset}/"


def targets(dataset: str) -> str:
    """Optional images to project."""
    return f"{INFERENCE}{dataset}/"


def snapshot_record(dataset: str, fingerprint: str) -> str:
    """The snapshot itself: every image with ETag and size, and the settings in force."""
    return f"manifests/{dataset}/{fingerprint}.json"


def targets_record(dataset: str, digest: str) -> str:
    """The images to project, in the same form, by the digest of their list."""
    return f"manifests/{dataset}/{digest}.targets.json"


def contents(dataset: str) -> str:
    """The index of what the dataset's objects hold (see workshop.contents)."""
    return f"manifests/{dataset}/contents.json"


def runs(dataset: str) -> str:
    """Outputs of a dataset's runs; no trailing slash, as the pipeline joins with "/"."""
    return f"runs/{dataset}"


def run(dataset: str, execution_id: str) -> str:
    """Outputs of one run."""
    return f"runs/{dataset}/{execution_id}/"


def made(dataset: str, execution_id: str) -> str:
    """The pictures that one run has made; not to be taken for `targets`, which has the same name one level above."""
    return f"{run(dataset, execution_id)}inference/"


def checkpoints(dataset: str, fingerprint: str, variant: str) -> str:
    """Checkpoints of one training. Another training never finds them: a new snapshot, a success in between or other
    parameters each give another prefix, while a rerun of a failed run finds its own."""
    return f"checkpoints/{dataset}/{fingerprint[:16]}-{variant}/"
