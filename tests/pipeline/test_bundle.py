"""What is uploaded for the jobs: which files, under which name, and how often."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import assume, given
from hypothesis import strategies as st

from contract.names import LANGUAGES
from pipeline_builder.bundle import (
    base_networks,
    bundle_files,
    bundle_hash,
    bundle_prefix,
    upload_base_networks,
    upload_bundle,
)
from pipeline_builder.errors import BundleError

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = st.dictionaries(st.text("abc/.", min_size=1, max_size=5), st.binary(max_size=5), max_size=5)


# --------------------------------------------------------------------------------------------------------- the files


def test_the_code_of_the_inference_step_is_bundled_and_nothing_else(checkout: Path) -> None:
    assert list(bundle_files(checkout)) == [
        "containers/__init__.py",
        "containers/infer/__main__.py",
        "containers/infer/templates/index.html",
        "containers/job.py",
        "contract/layout.py",
        "stylegan2-ada-pytorch/stylegan2/model/networks.py",
        "stylegan2-ada-pytorch/train.py",
    ]


def test_the_page_and_the_reasons_find_their_words_in_the_bundle_in_every_language() -> None:
    places = ("containers/infer/templates/words", "contract/reasons")
    assert {f"{place}/{language}.json" for place in places for language in LANGUAGES} <= bundle_files(ROOT).keys()


def test_what_tools_leave_behind_does_not_change_the_bundle(checkout: Path) -> None:
    before = bundle_files(checkout)
    for path in ("containers/infer/__pycache__/x.py", "containers/infer/old.pyc", "containers/infer/.swp", ".git/x.py"):
        file = checkout / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"left behind")

    assert bundle_files(checkout) == before


def test_a_link_is_refused_because_it_may_lead_out_of_the_checkout(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("private")
    (checkout / "containers/infer/shared.py").symlink_to(tmp_path / "private.txt")

    with pytest.raises(BundleError, match="symbolic link"):
        bundle_files(checkout)


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="root of the checkout"):
        bundle_files(tmp_path)


def test_a_checkout_without_the_entry_point_is_refused(checkout: Path) -> None:
    (checkout / "containers/infer/__main__.py").unlink()

    with pytest.raises(BundleError, match=re.escape("containers/infer/__main__.py")):
        bundle_files(checkout)


def test_the_bundle_of_this_checkout_runs_without_the_rest_of_it(tmp_path: Path) -> None:
    """As the job sees it: only the bundle on PYTHONPATH, started in another folder."""
    for path, content in bundle_files(ROOT).items():
        file = tmp_path / "code" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}/code:{tmp_path}/code/stylegan2-ada-pytorch",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    result = subprocess.run(
        [sys.executable, "-c", "import containers.infer.__main__, stylegan2; print(containers.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(str(tmp_path))


# ---------------------------------------------------------------------------------------------------------- the hash


@given(BUNDLES, st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order_of_the_files(files: dict[str, bytes], random: object) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert bundle_hash(dict(shuffled)) == bundle_hash(files)


@given(BUNDLES, BUNDLES)
def test_another_name_or_content_makes_another_hash(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assume(one != other)

    assert bundle_hash(one) != bundle_hash(other)


def test_a_byte_that_moves_from_a_name_to_a_content_makes_another_hash() -> None:
    assert bundle_hash({"ab": b"c"}) != bundle_hash({"a": b"bc"})
    assert bundle_hash({"a": b"bc", "d": b""}) != bundle_hash({"a": b"b", "cd": b""})


def test_the_prefix_is_one_that_the_template_accepts(checkout: Path) -> None:
    assert re.fullmatch(r"code/[0-9a-f]{16}/", bundle_prefix(bundle_files(checkout)))


# -------------------------------------------------------------------------------------------------------- the upload


def test_the_bundle_lies_under_its_hash(checkout: Path, bucket: str) -> None:
    files = bundle_files(checkout)
    uri = upload_bundle(boto3.client("s3"), bucket, files)

    prefix = bundle_prefix(files)
    assert uri == f"s3://{bucket}/{prefix}"
    assert _contents(bucket) == {prefix + path: content for path, content in files.items()}


def test_uploading_the_same_bundle_again_writes_nothing(checkout: Path, bucket: str) -> None:
    files = bundle_files(checkout)
    upload_bundle(boto3.client("s3"), bucket, files)
    s3 = boto3.client("s3")
    writes = _count_writes(s3)

    upload_bundle(s3, bucket, files)

    assert writes == []


def test_an_upload_that_was_cut_short_is_completed(checkout: Path, bucket: str) -> None:
    files = bundle_files(checkout)
    prefix = bundle_prefix(files)
    upload_bundle(boto3.client("s3"), bucket, files)
    boto3.client("s3").delete_object(Bucket=bucket, Key=f"{prefix}stylegan2-ada-pytorch/train.py")
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}containers/job.py", Body=b"half")
    s3 = boto3.client("s3")
    writes = _count_writes(s3)

    upload_bundle(s3, bucket, files)

    assert sorted(writes) == [f"{prefix}containers/job.py", f"{prefix}stylegan2-ada-pytorch/train.py"]
    assert _contents(bucket) == {prefix + path: content for path, content in files.items()}


def test_a_file_of_somebody_else_among_the_code_is_refused(checkout: Path, bucket: str) -> None:
    """The job would download it along with the code, and Python might import it."""
    files = bundle_files(checkout)
    boto3.client("s3").put_object(Bucket=bucket, Key=bundle_prefix(files) + "torch.py", Body=b"")

    with pytest.raises(BundleError, match=re.escape("'torch.py'")):
        upload_bundle(boto3.client("s3"), bucket, files)


# ----------------------------------------------------------------------------------------------------- base networks


def test_base_networks_and_the_empty_one_are_uploaded_once(checkout: Path, bucket: str) -> None:
    assert upload_base_networks(boto3.client("s3"), bucket, checkout) == [
        f"s3://{bucket}/base/none/",
        f"s3://{bucket}/base/sketches/",
    ]
    s3 = boto3.client("s3")
    writes = _count_writes(s3)

    upload_base_networks(s3, bucket, checkout)

    assert writes == []
    assert list(_contents(bucket)) == [
        "base/none/README.txt",
        "base/sketches/network.json",
        "base/sketches/network.safetensors",
    ]


def test_a_base_network_with_other_weights_is_uploaded_again(checkout: Path, bucket: str) -> None:
    upload_base_networks(boto3.client("s3"), bucket, checkout)
    (checkout / "stylegan2-ada-pytorch/base/sketches/network.safetensors").write_bytes(b"WEIGHTS\n")  # same length

    upload_base_networks(boto3.client("s3"), bucket, checkout)

    assert _contents(bucket)["base/sketches/network.safetensors"] == b"WEIGHTS\n"


def test_an_answer_that_is_not_about_a_missing_object_is_not_taken_for_one(checkout: Path, aws: None) -> None:
    s3 = boto3.client("s3")
    stubber = Stubber(s3)
    stubber.add_client_error("head_object", service_error_code="403", http_status_code=403)

    with stubber, pytest.raises(s3.exceptions.ClientError, match="403"):
        upload_base_networks(s3, "any", checkout)


def test_a_checkout_without_base_networks_still_allows_to_start_from_scratch(tmp_path: Path) -> None:
    assert list(base_networks(tmp_path)) == ["base/none/README.txt"]


@pytest.mark.parametrize("name", ["none", "Upper", "with_underscore", "x" * 64])
def test_a_base_network_whose_name_the_template_refuses_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "stylegan2-ada-pytorch" / "base" / name
    folder.mkdir(parents=True)
    (folder / "network.json").write_text("{}")

    with pytest.raises(BundleError, match="needs a name"):
        base_networks(tmp_path)


def test_half_a_base_network_is_refused(checkout: Path) -> None:
    (checkout / "stylegan2-ada-pytorch/base/sketches/network.json").unlink()

    with pytest.raises(BundleError, match=re.escape("'sketches' has no network.json")):
        base_networks(checkout)


def _contents(bucket: str) -> dict[str, bytes]:
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {entry["Key"]: s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in found}


def _count_writes(s3: object) -> list[str]:
    """A list to which every PutObject of this client adds its key."""
    keys: list[str] = []
    events = s3.meta.events  # type: ignore[attr-defined]
    events.register("provide-client-params.s3.PutObject", lambda params, **_: keys.append(params["Key"]))
    return keys
