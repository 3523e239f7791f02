"""The commands around a workshop, as far as they need none: errors are one sentence, and nothing hostile gets out of
its folder.
"""

import os
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from local_aws import server
from local_aws.aws import Endpoint
from local_aws.cli import base_for, main
from local_aws.drop import drop_folder, files_to_drop
from local_aws.errors import DropError
from local_aws.keys import RootKey
from local_aws.mailbox import Mail, mails_in
from local_aws.package import zip_folder
from local_aws.results import fetch_results
from local_aws.rooms import ROOT
from local_aws.workshop import FROM_SCRATCH
from stylegan2.network_file import load_network
from workshop.errors import RefusedName


class Objects:
    """Fakes the bucket of an S3 client: keeps what is put, hands out what is listed, in memory."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = objects or {}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:
        self.objects[Key] = Body

    def get_paginator(self, name: str) -> "Objects":
        assert name == "list_objects_v2"
        return self

    def paginate(self, *, Prefix: str, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}]

    def download_file(self, bucket: str, key: str, file: str) -> None:
        Path(file).write_bytes(self.objects[key])


def exported(commands: str) -> dict[str, str]:
    """What a shell that evaluates these commands exports."""
    shell = subprocess.run(["/bin/sh", "-c", f"{commands}\nenv -0"], env={}, capture_output=True, check=True)
    return dict(line.split("=", 1) for line in shell.stdout.decode().split("\0") if line.startswith("AWS_"))


@pytest.fixture
def nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HOME", tmp_path)
    monkeypatch.setattr(server, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(server, "STATE", tmp_path / "running.json")


@pytest.mark.usefixtures("nothing_up")
@pytest.mark.parametrize("command", [["down"], ["runs"], ["mail"], ["watch"], ["env"], ["drop", ".", "a"]])
def test_a_command_without_a_workshop_says_how_to_start_one(command: list[str]) -> None:
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "python -m local_aws up" in result.output


@pytest.mark.usefixtures("nothing_up")
def test_a_stale_state_file_of_a_killed_workshop_is_no_workshop(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text("{}")
    assert CliRunner().invoke(main, ["down"]).exit_code == 1


def test_what_another_process_needs_to_know_is_written_for_its_owner_alone(
    nothing_up: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Endpoint("https://localhost:1", tmp_path / "server.crt", "http://127.0.0.1:2", RootKey.make())
    outputs = {"PipelineName": "workshop", "StartRunFunctionName": "start"}
    workshop = SimpleNamespace(
        endpoint=endpoint, outputs=outputs, bucket="b", door=SimpleNamespace(url="http://127.0.0.1:3/"), folder=tmp_path
    )
    tmp_path.chmod(0o755)
    (tmp_path / "running.new").write_text("left by one that was killed")
    open_to_all = os.umask(0)
    try:
        with server.lock():
            server._publish(workshop)  # type: ignore[arg-type]
            assert exported(CliRunner().invoke(main, ["env"]).output) == endpoint.environment()
    finally:
        os.umask(open_to_all)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "running.json").stat().st_mode) == 0o600


def test_every_workshop_has_keys_of_its_own_and_prints_none() -> None:
    one, other = RootKey.make(), RootKey.make()
    assert (one.id != other.id, one.secret != other.secret) == (True, True)
    assert one.session("ASIAX") != other.session("ASIAX")
    assert one.secret not in repr(one)
    assert one.session("ASIAX").secret not in repr(one.session("ASIAX"))


def test_the_demo_of_a_folder_that_is_none_says_so_before_anything_is_started(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["demo", "--images", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert "nowhere is no folder" in result.output


def test_a_drop_uploads_every_file_under_its_own_name_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b c.png").write_bytes(b"1")
    (tmp_path / "sub" / "ä.png").write_bytes(b"2")
    (tmp_path / "link.png").symlink_to("/etc/hostname")
    bucket, calls = Objects(), []

    assert drop_folder(bucket, "bucket", tmp_path, "chairs", lambda *progress: calls.append(progress)) == 2

    assert bucket.objects == {"uploads/chairs/b c.png": b"1", "uploads/chairs/sub/ä.png": b"2"}
    assert calls == [(1, 2), (2, 2)]


def test_an_empty_folder_is_no_drop(tmp_path: Path) -> None:
    with pytest.raises(DropError, match="holds no files"):
        files_to_drop(tmp_path)


def test_a_drop_into_no_dataset_is_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    bucket = Objects()
    with pytest.raises(RefusedName, match="lower-case"):
        drop_folder(bucket, "bucket", tmp_path, "../other")
    assert bucket.objects == {}


def test_results_with_hostile_names_stay_in_their_folder(tmp_path: Path) -> None:
    bucket = Objects({"runs/d/x/report/index.html": b"page", "runs/d/x/report/../../../../../evil.html": b"evil"})

    page = fetch_results(bucket, "bucket", "d", "x", tmp_path / "out")

    assert page == tmp_path / "out" / "d-x" / "report" / "index.html"
    assert [file.name for file in tmp_path.rglob("*.html")] == ["index.html"]


def test_equal_folders_make_equal_archives(tmp_path: Path) -> None:
    for name, order in (("one", ("a", "b")), ("two", ("b", "a"))):
        for file in order:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_text(file)
    assert zip_folder(tmp_path / "one") == zip_folder(tmp_path / "two")


def test_mails_are_read_in_the_order_they_came(tmp_path: Path) -> None:
    for number, subject in enumerate(["Zebra", "Ape"]):
        (tmp_path / f"{number:03d}-{subject}.txt").write_text(Mail(subject, "body", "d", "started").text())
    assert [text.splitlines()[0] for text in mails_in(tmp_path)] == ["Subject: Zebra", "Subject: Ape"]


@pytest.mark.parametrize("preset", ["tiny", "laptop", "sketch", "balanced", "best"])
def test_only_the_preset_that_the_shipped_network_was_made_with_is_fine_tuned_from_it(preset: str) -> None:
    base = base_for(preset, from_scratch=False)
    if base == FROM_SCRATCH:
        assert preset != "laptop"
    else:
        assert load_network(ROOT / "stylegan2-ada-pytorch" / base).meta["preset"] == preset
    assert base_for(preset, from_scratch=True) == FROM_SCRATCH
