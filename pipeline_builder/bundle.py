"""The files that the pipeline's jobs read besides images: the inference code and the base networks.

    code/<hash>/...      the code of step Infer; the prefix is a hash of names and contents, so a run that started
                         with one version of the code ends with it, and equal code is stored once
    base/<name>/...      networks to fine-tune, shipped with the model's code; base/none/ means "from scratch"

Nothing of it is imported here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contract import layout
from pipeline_builder.errors import BundleError

_MODEL_CODE = "stylegan2-ada-pytorch"
_BASE_NETWORKS = f"{_MODEL_CODE}/base"
# Lies beside the functions' package, and at the top of the bundle.
_CONTRACT = Path("layers/workshop/contract")
_ENTRY_POINT = "containers/infer/__main__.py"
_NETWORK_NAME = re.compile(r"(?!none$)[a-z0-9-]{1,63}")
_NETWORK_FILES = ("network.json", "network.safetensors")
_FROM_SCRATCH = f"{layout.FROM_SCRATCH}README.txt"
_FROM_SCRATCH_TEXT = (
    b"A training channel needs at least one object. This one stands for: no base network, train from scratch.\n"
)
_DIGEST = "sha256"  # key of the user metadata that says what an object's content is


def bundle_files(root: Path) -> dict[str, bytes]:
    """The files of the inference code: path in the bundle, with "/", and content.

    These are the modules that all containers share, the inference container's modules and templates, the model's
    modules and the contract. The order is that of the paths.

    Raises:
        BundleError: `root` is no checkout of this project, or a file is a link.
    """
    containers = root / "containers"
    inference = [*_files_below(containers / "infer"), *_files_below(root / _MODEL_CODE)]
    chosen = [
        *containers.glob("*.py"),
        # Not what the image is built of: a new Dockerfile is no new code.
        *(file for file in inference if file.suffix == ".py" or "templates" in file.relative_to(root).parts),
    ]
    files = {file.relative_to(root).as_posix(): _content(file) for file in chosen}
    contract = root / _CONTRACT
    files |= {file.relative_to(contract.parent).as_posix(): _content(file) for file in _files_below(contract)}
    files = dict(sorted(files.items()))
    if _ENTRY_POINT not in files or not any(path.startswith(f"{_MODEL_CODE}/") for path in files):
        raise BundleError(f"{root} holds no inference code: expected {_ENTRY_POINT} and {_MODEL_CODE}/*.py.")
    return files


def bundle_hash(files: Mapping[str, bytes]) -> str:
    """16 hexadecimal digits that depend on every path and content, and on nothing else."""
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.encode()
        # Lengths first: without them ("ab", "c") and ("a", "bc") would be the same bytes.
        digest.update(len(name).to_bytes(8, "big") + name)
        digest.update(len(files[path]).to_bytes(8, "big") + files[path])
    return digest.hexdigest()[:16]


def bundle_prefix(files: Mapping[str, bytes]) -> str:
    """Where these files belong in the bucket: "code/<hash>/"; what the template calls InferenceCodePath."""
    return f"{layout.CODE}{bundle_hash(files)}/"


def upload_bundle(s3: Any, bucket: str, files: Mapping[str, bytes]) -> str:
    """Store the files under their hash and return the S3 URI of the prefix.

    Only what is missing is written, so it can be repeated, also after it was cut short.

    Raises:
        BundleError: the prefix holds something else too, which the jobs would download along with the code.
    """
    prefix = bundle_prefix(files)
    stored = _sizes(s3, bucket, prefix)
    if strangers := sorted(stored.keys() - files.keys()):
        raise BundleError(f"s3://{bucket}/{prefix} holds {strangers[0]!r}, which is not part of the code; delete it.")
    for path, content in files.items():
        if stored.get(path) != len(content):
            s3.put_object(Bucket=bucket, Key=prefix + path, Body=content)
    return f"s3://{bucket}/{prefix}"


def base_networks(root: Path) -> dict[str, bytes]:
    """The objects below base/: key and content of each base network of the checkout, and the one for "from scratch".

    A base network is a folder of `stylegan2-ada-pytorch/base` that holds a network's two files.

    Raises:
        BundleError: one of the two files is missing, or the folder's name cannot be the template's WarmStartModel.
    """
    objects = {_FROM_SCRATCH: _FROM_SCRATCH_TEXT}
    for found in sorted((root / _BASE_NETWORKS).glob("*/network.*")):
        folder = found.parent
        if not _NETWORK_NAME.fullmatch(folder.name):
            raise BundleError(f"the base network {folder.name!r} needs a name of small letters, digits and hyphens.")
        for name in _NETWORK_FILES:
            if not (folder / name).is_file():
                raise BundleError(f"the base network {folder.name!r} has no {name}.")
            objects[f"{layout.BASE}{folder.name}/{name}"] = _content(folder / name)
    return objects


def upload_base_networks(s3: Any, bucket: str, root: Path) -> list[str]:
    """Store the base networks and return their prefixes' S3 URIs; objects with the same content are left alone."""
    objects = base_networks(root)
    for key, content in objects.items():
        digest = hashlib.sha256(content).hexdigest()
        if _stored_digest(s3, bucket, key) != digest:
            s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={_DIGEST: digest})
    return sorted({f"s3://{bucket}/{key.rpartition('/')[0]}/" for key in objects})


def _files_below(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise BundleError(f"{folder} is missing; is this the root of the checkout?")
    for file in sorted(folder.rglob("*")):
        inner = file.relative_to(folder).parts
        # What an interpreter, an editor or a desktop left behind must not change the hash.
        left_behind = "__pycache__" in inner or file.suffix == ".pyc" or any(part.startswith(".") for part in inner)
        if file.is_file() and not left_behind:
            yield file


def _content(file: Path) -> bytes:
    # A link may lead out of the checkout, to something that nobody meant to publish to the jobs.
    if file.is_symlink():
        raise BundleError(f"{file} is a symbolic link; only ordinary files are bundled.")
    return file.read_bytes()


def _sizes(s3: Any, bucket: str, prefix: str) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {found["Key"][len(prefix) :]: found["Size"] for page in pages for found in page.get("Contents", [])}


def _stored_digest(s3: Any, bucket: str, key: str) -> str | None:
    head = find_object(s3, bucket, key)
    digest: str | None = head["Metadata"].get(_DIGEST) if head else None
    return digest


def find_object(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    """What HeadObject says of an object; None if there is none."""
    try:
        found: dict[str, Any] = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise
    return found
