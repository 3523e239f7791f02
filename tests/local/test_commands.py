"""The commands around a workshop, as far as they need none: errors are one sentence, and nothing hostile gets out of
its folder.
"""

import datetime
import json
import os
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from contract.errors import RefusedName
from contract.layout import FROM_SCRATCH
from local_aws import ROOT, cli, demo, mailbox, server
from local_aws.aws import Endpoint
from local_aws.cli import base_for, main
from local_aws.drop import drop_folder, files_to_drop
from local_aws.errors import DropError
from local_aws.keys import RootKey
from local_aws.mailbox import Mail, Mailbox, mails_in
from local_aws.package import zip_folder
from local_aws.results import fetch_results
from local_aws.runs import RunView, StepView, describe_run, last_log_line
from local_aws.sagemaker import StandInError
from pipeline_builder.errors import BundleError
from stylegan2.formats.network_file import load_network


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
@pytest.mark.parametrize("command", [["down"], ["runs"], ["mail"], ["watch"], ["env"], ["link"], ["drop", ".", "a"]])
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
        endpoint=endpoint,
        outputs=outputs,
        bucket="b",
        folder=tmp_path,
        app_url="http://127.0.0.1:8347",
        app_token="token",
    )
    tmp_path.chmod(0o755)
    (tmp_path / "running.new").write_text("left by one that was killed")
    open_to_all = os.umask(0)
    try:
        with server.lock_state():
            server._publish(workshop)  # type: ignore[arg-type]
            assert exported(CliRunner().invoke(main, ["env"]).output) == endpoint.environment()
            assert CliRunner().invoke(main, ["link"]).output == "http://127.0.0.1:8347/#t=token&go=/\n"
            assert "token" not in repr(server.running_workshop())
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


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    """A folder with a file that is one, one that is empty, and one whose file has no name in UTF-8."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "emp\"t'y $x").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / os.fsdecode(b"odd/\xff.png")).write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--kimg", "abc", "'abc' is no number from 0.1 to 25000"),
        ("--kimg", "-1", "is no number"),
        ("--kimg", "0", "is no number"),
        ("--kimg", "nan", "is no number"),
        ("--kimg", "1e3", "is no number"),
        ("--kimg", "25001", "is no number"),
        ("--kimg", "9" * 400, "is no number"),
        ("--kimg", "٣", "is no number"),
        ("--preset", "cheap", "'cheap' is not one of"),
        ("--images", "{}/nowhere", "nowhere is no folder"),
        ("--images", "{}/file", "file is no folder"),
        ("--images", "{}/emp\"t'y $x", "emp\"t'y $x holds no files"),
        ("--images", "{}/odd", "is not valid UTF-8; rename the file"),
        ("--images", "", "the name of a folder is missing"),
        ("--images", " ", "the name of a folder is missing"),
        ("--output", "{}/file", "file: File exists"),
        ("--output", "{}/file/out", "file/out: Not a directory"),
        ("--port", "80", "80 is not in the range 1024<=x<=65534"),
        ("--port", "65535", "65535 is not in the range"),
    ],
)
def test_whatever_is_wrong_with_a_demo_is_a_sentence_before_anything_is_started(
    hostile_folder: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str, sentence: str
) -> None:
    monkeypatch.setattr(server, "start_workshop", lambda *_, **__: pytest.fail("a workshop is started"))
    result = CliRunner().invoke(main, ["demo", option, value.format(hostile_folder)])
    assert result.exit_code in (1, 2), result.output
    assert sentence in result.output
    assert isinstance(result.exception, SystemExit)  # no traceback


def test_an_output_that_cannot_be_written_to_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "start_workshop", lambda *_, **__: pytest.fail("a workshop is started"))
    monkeypatch.setattr(demo.os, "access", lambda path, mode: False)  # root may write anywhere
    result = CliRunner().invoke(main, ["demo", "--output", str(tmp_path)])
    assert f"{tmp_path} cannot be written to; choose another folder with --output" in result.output


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied", "/pictures/a.png"), "/pictures/a.png: Permission denied"),
        (EndpointConnectionError(endpoint_url="https://localhost:1"), "the embedded AWS did not do it: Could not"),
        (BundleError("the base network has no file"), "the base network has no file"),
        (StandInError("written for another moto"), "written for another moto"),
    ],
)
def test_what_fails_on_the_way_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(server, "start_workshop", fail)
    result = CliRunner().invoke(main, ["demo", "--output", str(tmp_path)])
    assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True)
    assert sentence in result.output


def test_down_says_what_it_ends_before_it_does_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "running_workshop", lambda: "the workshop")
    monkeypatch.setattr(server, "end_workshop", lambda state: click.echo(f"(ended {state})"))
    told = CliRunner().invoke(main, ["down"]).output.splitlines()
    assert told[0].startswith("Ending the workshop: its runs, its processes, and everything in its bucket")
    assert told[1:] == [
        "(ended the workshop)",
        "The workshop is down. Nothing of it is left but what you have fetched.",
    ]


@pytest.mark.usefixtures("nothing_up")
def test_down_says_that_there_is_nothing_to_end() -> None:
    result = CliRunner().invoke(main, ["down"])
    assert result.exit_code == 1
    assert "there is nothing to end: no workshop is up here" in result.output


def test_a_persons_own_profile_has_no_say_in_a_workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "there-is-none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    client = Endpoint("https://localhost:1", tmp_path, "http://127.0.0.1:2", RootKey.make()).client("s3")
    assert client.meta.region_name == "eu-central-1"


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


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


FETCHED = ["out", "out/d-x", "out/d-x/report", "out/d-x/report/index.html"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil",  # lands beside the folder of the part
        "../../evil",  # beside that of the run
        "../../../evil",  # beside the one that was asked for
        "a/../../../evil",
        "../../d-xy/evil",  # a folder whose name begins like that of the run
        "../../../{root}/evil",
        "{root}/evil",  # an absolute path
        "link/evil",  # through a link that leads out
        "..",
        ".",
        "",
        "sub/",
    ],
)
def test_an_object_whose_name_leads_out_of_the_folder_is_fetched_nowhere(tmp_path: Path, name: str) -> None:
    """The whole way up to the test's own folder is looked at: `name` would land in it."""
    place = tmp_path / "one/two"
    (place / "out/d-x/report").mkdir(parents=True)
    (place / "elsewhere").mkdir()
    (place / "out/d-x/report/link").symlink_to(place / "elsewhere")
    before = everything_below(tmp_path)
    hostile = f"runs/d/x/report/{name.format(root=place)}"
    bucket = Objects({"runs/d/x/report/index.html": b"page", hostile: b"evil"})

    left_out: list[str] = []
    page = fetch_results(bucket, "bucket", "d", "x", place / "out", left_out.append)

    assert page == place / "out/d-x/report/index.html"
    assert set(everything_below(tmp_path)) - set(before) == {"one/two/out/d-x/report/index.html"}
    assert left_out == [hostile]


def test_an_object_that_cannot_be_a_file_beside_the_others_is_left_out_and_named(tmp_path: Path) -> None:
    names = ["a", "a/b", "index.html", "x" * 256, "y\0z"]
    bucket = Objects({f"runs/d/x/report/{name}": b"x" for name in names})
    left_out: list[str] = []
    page = fetch_results(bucket, "bucket", "d", "x", tmp_path / "out", left_out.append)
    assert page is not None
    assert everything_below(tmp_path) == [*FETCHED[:3], "out/d-x/report/a", FETCHED[3]]
    assert left_out == [f"runs/d/x/report/{name}" for name in ("a/b", "x" * 256, "y\0z")]


class OneRun:
    """Fakes SageMaker's description of one run."""

    def __init__(self, description: str | None) -> None:
        self.description = description

    def describe_pipeline_execution(self, **_: Any) -> dict[str, Any]:
        moment = datetime.datetime.now(datetime.UTC)
        told = {} if self.description is None else {"PipelineExecutionDescription": self.description}
        times = {"CreationTime": moment, "LastModifiedTime": moment}
        return {"PipelineExecutionStatus": "Succeeded", **times, **told}

    def list_pipeline_execution_steps(self, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSteps": []}


@pytest.mark.parametrize(
    ("description", "dataset"),
    [
        ('{"dataset": "chairs"}', "chairs"),
        ('{"dataset": "../../evil"}', "?"),  # would name the folder that `fetch` writes to
        ('{"dataset": "/etc"}', "?"),
        ('{"dataset": 3}', "?"),
        ('["dataset"]', "?"),
        ("started by hand", "?"),
        ("[" * 5000, "?"),
        ("", "?"),
        (None, "?"),
    ],
)
def test_a_run_that_somebody_described_otherwise_is_nobodys(description: str | None, dataset: str) -> None:
    assert describe_run(OneRun(description), "arn:x/execution/abc").dataset == dataset


def test_equal_folders_make_equal_archives(tmp_path: Path) -> None:
    for name, order in (("one", ("a", "b")), ("two", ("b", "a"))):
        for file in order:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_text(file)
    assert zip_folder(tmp_path / "one") == zip_folder(tmp_path / "two")


def test_mails_are_kept_as_they_came(tmp_path: Path) -> None:
    came = [Mail("红椅子", "body\n", "red-chairs", "started", 1_800_000_000), Mail("Ape", "", "d", "failed", 0)]
    box = Mailbox(Endpoint("https://localhost:1", tmp_path, "", RootKey.make()), "arn", tmp_path)
    for mail in came:
        box._keep(mail)
    assert mails_in(tmp_path) == box.mails == came
    assert mails_in(tmp_path / "nowhere") == []


def test_a_mail_is_what_sns_hands_to_a_subscriber() -> None:
    envelope = {
        "Subject": "It begins",
        "Message": "body",
        "Timestamp": "2027-01-15T08:00:00.123Z",
        "MessageAttributes": {"dataset": {"Type": "String", "Value": "d"}, "kind": {"Type": "String", "Value": "k"}},
    }
    assert mailbox._read(json.dumps(envelope)) == Mail("It begins", "body", "d", "k", 1_800_000_000)


def test_a_browser_is_not_started_with_the_link_which_every_user_of_the_machine_would_see(
    nothing_up: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    cli._open_in_browser("http://127.0.0.1:8347/#t=token&go=/")
    (page,) = (Path(url.removeprefix("file://")) for url in opened)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "url=http://127.0.0.1:8347/#t=token&amp;go=/" in page.read_text()


@pytest.mark.parametrize("display", [True, False])
def test_a_machine_without_a_browser_is_none_to_complain_about(
    nothing_up: None, monkeypatch: pytest.MonkeyPatch, display: bool
) -> None:
    def fail(url: str) -> None:
        assert display
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "open", fail)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if display:
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    cli._open_in_browser("http://127.0.0.1:8347/")


def test_the_last_line_of_a_log_is_that_of_the_job_that_runs(tmp_path: Path) -> None:
    steps = [StepView("Prepare", "Succeeded", 1.0), StepView("Train", "Executing", 1.0)]
    run = RunView("arn:x/execution/abc", "d", "Executing", 1.0, steps)
    assert last_log_line(tmp_path, run) == ""
    for age, name in enumerate(["Prepare", "Train-2", "Train"]):
        log = tmp_path / "abc" / name / "log.txt"
        log.parent.mkdir(parents=True)
        log.write_text(f"first\nlast of {name}\n")
        os.utime(log, (1_800_000_000 - age,) * 2)
    assert last_log_line(tmp_path, run) == "last of Train-2"
    assert last_log_line(tmp_path, RunView("arn:x/execution/abc", "d", "Succeeded", 1.0, steps[:1])) == ""


@pytest.mark.parametrize("preset", ["tiny", "laptop", "sketch", "balanced", "best"])
def test_only_the_preset_that_the_shipped_network_was_made_with_is_fine_tuned_from_it(preset: str) -> None:
    base = base_for(preset, from_scratch=False)
    if base == FROM_SCRATCH:
        assert preset != "laptop"
    else:
        assert load_network(ROOT / "stylegan2-ada-pytorch" / base).meta["preset"] == preset
    assert base_for(preset, from_scratch=True) == FROM_SCRATCH
