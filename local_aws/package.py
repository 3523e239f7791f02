"""Functions and layer packaged as `sam build` packages them, and template.yaml translated as CloudFormation
translates it.

sam-cli itself is not used: it pins another boto3 than MiniStack, and the demo installs only what runs.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local_aws.errors import PackageError

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest that zip knows: equal files make equal archives
IGNORED = {"__pycache__", ".pytest_cache", ".mypy_cache"}


def zip_folder(folder: Path) -> bytes:
    """Return a zip archive of the files below `folder`; equal contents give equal bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, file.read_bytes())
    return archive.getvalue()


def build_function(folder: Path) -> bytes:
    """Package one function: its files as they stand (dependencies are in the layer)."""
    with tempfile.TemporaryDirectory() as stage:
        for file in folder.rglob("*"):
            if file.is_file() and not IGNORED & set(file.parts):
                target = Path(stage) / file.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
        return zip_folder(Path(stage))


def build_layer(folder: Path, logical_id: str, cache: Path) -> bytes:
    """Build a layer with its own Makefile, as `BuildMethod: makefile` does, or take it from the cache.

    Raises:
        PackageError: make failed; the message ends with what it printed.
    """
    built = cache / f"{logical_id}-{_fingerprint(folder)}.zip"
    if built.exists():
        return built.read_bytes()
    with tempfile.TemporaryDirectory() as artifacts:
        make = subprocess.run(
            [
                "make",
                "--directory",
                folder,
                f"build-{logical_id}",
                f"ARTIFACTS_DIR={artifacts}",
                f"PYTHON={sys.executable}",
                f"RUNTIME={sys.version_info.major}.{sys.version_info.minor}",
            ],
            capture_output=True,
            text=True,
            env={
                name: value
                for name, value in os.environ.items()
                if name not in ("MAKEFLAGS", "MAKELEVEL", "PYTHONPATH")
            },
        )
        if make.returncode:
            raise PackageError(f"layer {logical_id} could not be built:\n{make.stdout[-1000:]}{make.stderr[-2000:]}")
        archive = zip_folder(Path(artifacts))
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = built.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(archive)
    unfinished.replace(built)  # a second workshop beside this one sees all of it or nothing
    return archive


def build_all(root: Path, cache: Path) -> dict[str, bytes]:
    """Package every function and layer of template.yaml; return logical id -> zip archive."""
    archives = {}
    for logical_id, resource in _read_template(root)["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            archives[logical_id] = build_function(root / resource["Properties"]["CodeUri"])
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            archives[logical_id] = build_layer(root / resource["Properties"]["ContentUri"], logical_id, cache)
    return archives


def translate_template(root: Path, locations: Mapping[str, str], region: str) -> str:
    """Return template.yaml as plain CloudFormation JSON.

    Args:
        locations: logical id of each function and layer -> `s3://bucket/key` of its archive.

    Raises:
        PackageError: aws-sam-translator refuses the template.
    """
    template = _read_template(root)
    for logical_id, location in locations.items():
        resource = template["Resources"][logical_id]
        resource["Properties"]["CodeUri" if resource["Type"].endswith("Function") else "ContentUri"] = location
    translator = Translator(
        managed_policy_map={}, sam_parser=Parser(), boto_session=boto3.session.Session(region_name=region)
    )
    # Parameters that stand in lists of AWS's own (Architectures) must be known to the translation.
    defaults = {name: spec["Default"] for name, spec in template["Parameters"].items() if "Default" in spec}
    try:
        translated = translator.translate(sam_template=template, parameter_values=defaults)
    except Exception as error:  # its exceptions share no base class
        raise PackageError(f"template.yaml cannot be translated: {error}") from error
    return json.dumps(translated, indent=1, sort_keys=True)


def _read_template(root: Path) -> dict[str, Any]:
    template: dict[str, Any] = yaml_parse((root / "template.yaml").read_text())
    return template


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not IGNORED & set(path.parts)):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def main() -> None:
    """Write the translation of template.yaml, with archives named but not built, for the linters."""
    root = Path(__file__).resolve().parent.parent
    resources = _read_template(root)["Resources"]
    packaged = {name for name, resource in resources.items() if resource["Type"].startswith("AWS::Serverless::")}
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        translate_template(root, {name: f"s3://artifacts/{name}.zip" for name in packaged}, "eu-central-1")
    )


if __name__ == "__main__":
    main()
