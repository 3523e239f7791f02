"""The runbook's policy for an artist: enough for what the guide asks of them, and nothing of anybody else's."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.operations.permissions import ROOT

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "arn:aws:s3:::workshop-bucket-1abc"
VIA_S3 = {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}


def policy() -> dict[str, Any]:
    """The policy of the dataset red-chairs, as the runbook has it filled in."""
    text = (ROOT / "docs/runbook.md").read_text().split("### An artist's permissions", 1)[1].split("\n### ", 1)[0]
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert block, "the runbook has no policy"
    filled = block[1]
    values = {"BUCKET": "workshop-bucket-1abc", "DATASET": "red-chairs", "REGION": "eu-central-1", "KEY_ARN": KEY}
    for name, value in values.items():
        assert name in filled, f"the runbook says to replace {name}, which is not there"
        filled = filled.replace(name, value)
    document: dict[str, Any] = json.loads(filled)
    return document


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_allowed(action: str, resource: str, context: dict[str, str]) -> bool:
    """IAM's decision on one request, for policies of Allow statements with these two operators (IAM User Guide, "Policy
    evaluation logic"): a condition on a key that the request does not have is not met."""
    for statement in policy()["Statement"]:
        assert statement["Effect"] == "Allow"
        conditions = statement.get("Condition", {})
        assert conditions.keys() <= {"StringEquals", "StringLike"}
        if (
            any(fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
            and any(fnmatchcase(resource, pattern) for pattern in as_list(statement["Resource"]))
            and all(
                any(fnmatchcase(context.get(key, ""), pattern) for pattern in as_list(patterns))
                for keys in conditions.values()
                for key, patterns in keys.items()
            )
        ):
            return True
    return False


UPLOAD = ["s3:PutObject"]
# A file of more than 8 MB is sent in parts, and what has failed on the way is cleaned up.
IN_PARTS = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


@pytest.mark.parametrize(
    ("actions", "key"),
    [
        (UPLOAD, "uploads/red-chairs/a.png"),
        (IN_PARTS, "uploads/red-chairs/sub/large scan.tif"),
        (UPLOAD, "uploads/red-chairs/_READY"),
        (["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "uploads/red-chairs/settings.yaml"),
        (["s3:DeleteObject"], "uploads/red-chairs/clash"),
        (IN_PARTS, "inference/red-chairs/me.jpg"),
        (["s3:DeleteObject"], "inference/red-chairs/me.jpg"),
    ],
)
def test_an_artist_may_do_what_guide_and_mails_ask_of_them(actions: list[str], key: str) -> None:
    for action in actions:
        assert is_allowed(action, f"{BUCKET}/{key}", {}), action


@pytest.mark.parametrize("prefix", ["uploads/red-chairs/", "uploads/red-chairs/sub/", "inference/red-chairs/"])
def test_an_artists_program_may_look_into_their_own_folders(prefix: str) -> None:
    assert is_allowed("s3:ListBucket", BUCKET, {"s3:prefix": prefix})
    assert is_allowed("s3:GetBucketLocation", BUCKET, {})


@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_an_artist_may_use_the_key_through_s3_alone(action: str) -> None:
    assert is_allowed(action, KEY, VIA_S3)
    assert not is_allowed(action, KEY, {})
    assert not is_allowed(action, KEY, {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"})


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
@pytest.mark.parametrize(
    "key",
    [
        *("uploads/blue-chairs/a.png", "uploads/red-chairs-2/a.png", "uploads/a.png", "inference/blue-chairs/a.png"),
        *("runs/red-chairs/x/report/index.html", "manifests/red-chairs/x.json", "checkpoints/red-chairs/x", "base/x/y"),
    ],
)
def test_nothing_else_in_the_bucket_is_theirs(action: str, key: str) -> None:
    assert not is_allowed(action, f"{BUCKET}/{key}", {})


def test_nobody_elses_folder_can_be_listed_and_no_version_be_deleted_for_good() -> None:
    for prefix in ("", "uploads/", "uploads/blue-chairs/", "uploads/red-chairs-2/", "runs/red-chairs/"):
        assert not is_allowed("s3:ListBucket", BUCKET, {"s3:prefix": prefix})
    assert not is_allowed("s3:ListBucket", BUCKET, {})
    for action in ("s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:ListBucketVersions", "s3:PutBucketPolicy"):
        assert not is_allowed(action, f"{BUCKET}/uploads/red-chairs/a.png", {})
        assert not is_allowed(action, BUCKET, {})
