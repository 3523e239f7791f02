"""Data in S3: whatever keys and manifests say, files land below the folder that they are meant for."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.errors import DataError
from local_aws.sagemaker.storage import (
    download_objects,
    parse_uri,
    read_json,
    regular_files,
    upload_archive,
    upload_folder,
)
from tests.executor.support import BUCKET, FakeAws

PREFIX = "uploads/cats/"


class Objects:
    """Fakes an S3 client's ListObjectsV2 pages and GetObject: a dictionary of keys."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_paginator(self, name: str) -> "Objects":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:
        yield {}
        yield {"Contents": [{"Key": key} for key in sorted(self.objects) if key.startswith(Prefix)]}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        content = self.objects[Key]
        return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def no_check() -> None:
    """Let the copying go on."""


segments = st.one_of(
    st.sampled_from(["", ".", "..", "...", "a", "b.png", "~", "\0", "*", "-rf", "C:\\x"]), st.text(max_size=6)
)
names = st.lists(segments, min_size=1, max_size=6).map("/".join)


@given(st.lists(names, max_size=5), st.booleans())
def test_files_land_below_the_folder_or_nowhere(hostile: list[str], manifest: bool) -> None:
    objects = {PREFIX + name: b"hostile" for name in hostile}
    uri = f"s3://b/{PREFIX}"
    if manifest:
        objects["m"] = json.dumps([{"prefix": uri}, *hostile]).encode()
        uri = "s3://b/m"
    with TemporaryDirectory() as parent:
        folder = Path(parent, *"deepfolder")  # deeper than any of the names climbs
        try:
            count = download_objects(
                Objects(objects), uri, "ManifestFile" if manifest else "S3Prefix", folder, no_check
            )
        except DataError:
            count = None
        files = [path for path in Path(parent).rglob("*") if not path.is_dir()]
        assert all(path.is_relative_to(folder) and path.read_bytes() == b"hostile" for path in files)
        assert count is None or len(files) == count


def test_prefix_means_every_key_that_begins_with_it(tmp_path: Path) -> None:
    objects = Objects({"train/a": b"1", "train/sub/b": b"2", "train-2/c": b"3", "train/folder/": b"", "other": b"4"})
    assert download_objects(objects, "s3://b/train", "S3Prefix", tmp_path, no_check) == 3
    assert sorted(name for name, _ in regular_files(tmp_path)) == ["-2/c", "a", "sub/b"]


def test_two_objects_that_would_be_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="would be the same file"):
        download_objects(Objects({"in/a": b"1", "in//a": b"2"}), "s3://b/in/", "S3Prefix", tmp_path, no_check)


def test_copying_can_be_given_up(tmp_path: Path) -> None:
    class GivenUpError(Exception):
        pass

    def give_up() -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        download_objects(Objects({f"in/{n}": b"" for n in range(100)}), "s3://b/in/", "S3Prefix", tmp_path, give_up)


def test_property_file_has_a_size_limit() -> None:
    with pytest.raises(DataError, match="larger than 10 bytes"):
        read_json(Objects({"x": b"[" + b"1," * 10 + b"1]"}), "s3://b/x", largest=10)
    with pytest.raises(DataError, match="not valid JSON"):
        read_json(Objects({"x": b"[" * 100_000}), "s3://b/x")


@pytest.mark.parametrize("uri", ["", "s3://", "s3:///key", "http://bucket/key", "bucket/key"])
def test_other_uris_are_refused(uri: str) -> None:
    with pytest.raises(DataError, match="is not an S3 URI"):
        parse_uri(uri)


def test_symbolic_links_are_not_uploaded(aws: FakeAws, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/file").write_text("x")
    (tmp_path / "sub/link").symlink_to("/etc/hostname")
    (tmp_path / "folder").symlink_to("/etc")
    assert upload_folder(aws.s3, tmp_path, f"s3://{BUCKET}/out/") == 1
    assert aws.stored("out/") == ["out/sub/file"]


def test_what_is_uploaded_bears_no_type(aws: FakeAws, tmp_path: Path) -> None:
    """As SageMaker's own uploads: a page that is meant to be shown must be shown by whoever links to it."""
    (tmp_path / "index.html").write_text("<html></html>")
    upload_folder(aws.s3, tmp_path, f"s3://{BUCKET}/report")
    assert aws.s3.head_object(Bucket=BUCKET, Key="report/index.html")["ContentType"] == "binary/octet-stream"


def test_archive_holds_the_contents_of_the_folder(aws: FakeAws, tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "samples").mkdir(parents=True)
    (model / "network.json").write_text("{}")
    (model / "samples/reals.png").write_text("png")
    upload_archive(aws.s3, model, f"s3://{BUCKET}/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(aws.read("model.tar.gz"))) as archive:
        assert sorted(archive.getnames()) == ["network.json", "samples", "samples/reals.png"]
    assert list(tmp_path.iterdir()) == [model]
