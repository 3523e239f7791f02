"""Settings as a form, written back, and what a run with them would take."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from contract.train_options import NO_OPTIONS
from tests.unit.conftest import BUCKET, Stage
from tests.unit.dropping.conftest import ADDRESS, DATASET
from tests.unit.properties import quick
from tests.unit.web.conftest import CheckedBrowser
from workshop.config import StartRunConfig
from workshop.dataset import Caps, default_choice, parse_settings
from workshop.dataset.settings import MAX_SETTINGS_BYTES, rules
from workshop.dataset.settings_forms import form_fields, write_settings
from workshop.dataset.settings_lines import Setting, read_lines
from workshop.ledger import Ledger
from workshop.platform.errors import BadRequest, SettingsError
from workshop.words import words

CAPS = Caps(86_400, {"ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52}, 50, ("gamma", "augpipe"))
SETTINGS = f"uploads/{DATASET}/settings.yaml"


def fields(answer: Any) -> dict[str, dict[str, Any]]:
    return {field["key"]: field for field in answer.body["fields"]}


def put(browser: CheckedBrowser, **values: str) -> Any:
    return browser.ask("PUT", f"{ADDRESS}/settings", values)


def stored(stage: Stage) -> str | None:
    try:
        text: str = stage.s3.get_object(Bucket=BUCKET, Key=SETTINGS)["Body"].read().decode()
    except ClientError:
        return None
    return text


# ---------------------------------------------------------------------------------------------------------------- form


def test_without_a_file_the_form_has_every_key_with_its_bounds_and_default(artist: CheckedBrowser) -> None:
    form = fields(artist.ask("GET", f"{ADDRESS}/settings"))
    assert list(form) == list(rules(StartRunConfig.from_env().caps))
    assert {field["value"] for field in form.values()} == {None}
    assert form["preset"] == {
        "key": "preset",
        "kind": "choice",
        "choices": ["laptop", "tiny", "sketch", "balanced", "best"],
        "low": None,
        "high": None,
        "default": "sketch",
        "value": None,
        "allowed": "one of laptop, tiny, sketch, balanced, best",
    }
    assert (form["kimg"]["kind"], form["kimg"]["low"], form["kimg"]["high"], form["kimg"]["default"]) == (
        "number", 0.1, 25_000, "400",
    )  # fmt: skip
    assert (form["mirror"]["kind"], form["mirror"]["default"]) == ("truth", "false")
    assert (form["max_hours"]["high"], form["max_hours"]["default"]) == (24, "24")
    assert form["instance_type"]["choices"] == ["ml.g5.xlarge", "ml.g5.2xlarge"]
    assert (form["classes"]["kind"], form["options"]["default"]) == ("text", "")


def test_the_form_has_what_the_file_says_and_defaults_of_its_preset(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(SETTINGS, b"preset: tiny\nmirror: yes\nclasses: 'cats, dogs'\nlabels: folders\n")
    form = fields(artist.ask("GET", f"{ADDRESS}/settings"))
    assert {key: field["value"] for key, field in form.items() if field["value"] is not None} == {
        "preset": "tiny",
        "mirror": "yes",
        "classes": "cats, dogs",
        "labels": "folders",
    }
    assert (form["kimg"]["default"], form["resolution"]["default"]) == ("0.5", "16")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"preset: huge\n", "preset must be one of"),
        (b"\xff\xfe", "text"),
        (b"kimg: 1\n" * 1000, "larger than"),
        (b"presett: tiny\n", "not a setting"),
        (b"a: [b\n", "line 1"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_beside_the_form(
    artist: CheckedBrowser, stage: Stage, content: bytes, found: str
) -> None:
    stage.put(SETTINGS, content)
    answer = artist.ask("GET", f"{ADDRESS}/settings")
    assert answer.status == 200
    assert found in answer.body["problems"][0]


def test_faults_are_told_in_the_readers_language_whatever_the_file_says(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(SETTINGS, b"language: en\npreset: huge\n")
    (problem,) = artist.ask("GET", f"{ADDRESS}/settings", accept_language="de").body["problems"]
    assert "Zeile 2" in problem


def test_a_settings_file_out_of_reach_is_told(
    artist: CheckedBrowser, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.s3.put_object(Bucket=BUCKET, Key=SETTINGS, Body=b"preset: tiny", StorageClass="GLACIER")
    answer = artist.ask("GET", f"{ADDRESS}/settings")
    assert answer.body["problems"]
    assert {field["value"] for field in answer.body["fields"]} == {None}
    assert put(artist, preset="sketch").status == 200
    assert "preset: sketch" in (stored(stage) or "")


@quick
@given(st.binary(max_size=200))
def test_a_form_is_made_of_any_bytes(content: bytes) -> None:
    form = form_fields(words("en"), content, default_choice("sketch"), "ml.g5.xlarge", CAPS)
    assert [field["key"] for field in form] == list(rules(CAPS))


# --------------------------------------------------------------------------------------------------------------- write


def test_entries_are_written_and_read_back(artist: CheckedBrowser, stage: Stage) -> None:
    answer = put(artist, mirror="true", preset="tiny", kimg="0.4", classes="all", background="#ff0000")
    assert answer.status == 200
    assert fields(answer)["kimg"]["value"] == "0.4"
    assert stored(stage) == (
        "# Chosen in the workshop's web app.\n"
        "preset: tiny\nbackground: '#ff0000'\nclasses: all\nkimg: 0.4\nmirror: true\n"
    )


def test_entries_that_cannot_be_are_told_and_nothing_is_written(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(SETTINGS, b"preset: tiny\n")
    answer = put(artist, preset="tiny", kimg="1000000", resolution="512")
    assert (answer.status, answer.body["error"]) == (422, "bad_settings")
    assert len(answer.body["problems"]) == 1
    assert "kimg" in answer.body["problems"][0]
    assert stored(stage) == "preset: tiny\n"


@pytest.mark.parametrize(
    "values",
    [
        {"preset": "sketch\nkimg: 25000"},
        {"preset": "sketch\r"},
        {"classes": "a\u2028b", "labels": "folders"},
        {"classes": "a\0b", "labels": "folders"},
        {"preset": ""},
        {"preset": "!!python/object:os.system"},
        {"kimg": "&a 1"},
        {"kimg": "1e3"},
        {"no_such_key": "1"},
        {"instance_type": "ml.p4d.24xlarge"},
        {"max_hours": "999"},
        {"classes": "cats"},
        {"options": "gamma=10\nkimg: 1"},
    ],
)
def test_hostile_entries_write_nothing(artist: CheckedBrowser, stage: Stage, values: dict[str, str]) -> None:
    answer = put(artist, **values)
    assert (answer.status, stored(stage)) == (422, None)
    assert answer.body["problems"]


@pytest.mark.parametrize("body", [[], {"preset": 7}, {"preset": "x" * 401}, {"A": "x"}, {"a" * 41: "x"}])
def test_a_body_of_another_form_is_refused(artist: CheckedBrowser, stage: Stage, body: Any) -> None:
    assert artist.ask("PUT", f"{ADDRESS}/settings", body).status == 422
    assert stored(stage) is None


def test_no_entries_where_there_is_no_file_leave_it_so(artist: CheckedBrowser, stage: Stage) -> None:
    assert put(artist).status == 200
    assert stored(stage) is None
    put(artist, preset="tiny")
    put(artist)
    assert stored(stage) == "# Chosen in the workshop's web app.\n"


def test_the_same_entries_again_are_no_news(artist: CheckedBrowser, stage: Stage) -> None:
    put(artist, preset="tiny", seed="3")
    before = stage.s3.head_object(Bucket=BUCKET, Key=SETTINGS)["LastModified"]
    versions = stage.s3.put_bucket_versioning
    versions(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put(artist, seed="3", preset="tiny")
    assert stage.s3.head_object(Bucket=BUCKET, Key=SETTINGS)["LastModified"] == before
    assert len(stage.s3.list_object_versions(Bucket=BUCKET, Prefix=SETTINGS)["Versions"]) == 1


ENTRIES = {
    "preset": st.sampled_from(["laptop", "tiny", "sketch", "balanced", "best"]),
    "kimg": st.one_of(st.integers(1, 25_000).map(str), st.sampled_from(["0.1", "12.5", ".5"])),
    "resolution": st.sampled_from(["16", "32", "64", "128", "256"]),
    "mirror": st.sampled_from(["true", "No", "ON"]),
    "seed": st.integers(0, 2**31 - 1).map(str),
    "inference_mode": st.sampled_from(["all", "generate", "mix", "project"]),
    "network": st.sampled_from(["best", "last"]),
    "aspect": st.sampled_from(["1:1", "3:2", "16:9"]),
    "fit": st.sampled_from(["crop", "letterbox"]),
    "background": st.sampled_from(["#ff0000", "ffffff", "white", "#Ab12cD"]),
    "labels": st.sampled_from(["none", "folders"]),
    "classes": st.text(max_size=30) | st.sampled_from(["it's, #2", "a: b", "- c", "'x'", '"y"', "yes", "{}", "红, 绿"]),
    "projection_targets": st.integers(1, 16).map(str),
    "language": st.sampled_from(["en", "de"]),
    "max_hours": st.sampled_from(["0.5", "24", "3"]),
    "instance_type": st.sampled_from(["ml.g5.xlarge", "ml.g5.2xlarge"]),
    "options": st.sampled_from(["gamma=10", "gamma=10 augpipe=bg", ""]),
}


@quick
@given(st.fixed_dictionaries({}, optional=ENTRIES))
def test_what_is_written_reads_as_it_was_entered_or_is_refused(values: dict[str, str]) -> None:
    content = write_settings(values)
    assert write_settings(dict(reversed(values.items()))) == content
    try:
        text = content.decode()
        choice = parse_settings(content, default_choice("sketch"), CAPS)
    except (SettingsError, UnicodeDecodeError):
        return
    read = {line.key: line.text for line in read_lines(text) if isinstance(line, Setting)}
    assert read == values
    known = rules(CAPS)
    own = {key: known[key].read(values[key]) for key in ("mirror", "seed", "fit", "background", "classes", "options")
           if key in values}  # fmt: skip
    assert {key: getattr(choice, key) for key in own} == own
    assert choice.options == NO_OPTIONS or "options" in values


@quick
@given(st.dictionaries(st.sampled_from(sorted(ENTRIES)), st.text(max_size=60), max_size=6))
def test_no_entry_becomes_another_line(values: dict[str, str]) -> None:
    content = write_settings(values)
    lines = content.split(b"\n")
    assert len(lines) == len(values) + 2
    assert content.count(b"\r") == 0


def test_a_file_longer_than_any_is_read_is_not_written(artist: CheckedBrowser, stage: Stage) -> None:
    values = {f"k{chr(97 + number)}": "x" * 400 for number in range(20)}
    answer = put(artist, **values)
    assert answer.status == 422
    assert f"{MAX_SETTINGS_BYTES:,}" in answer.body["problems"][0]


# ------------------------------------------------------------------------------------------------------------ estimate


def estimate(browser: CheckedBrowser, images: int = 1000, /, **values: str) -> Any:
    return browser.ask("POST", f"{ADDRESS}/estimate", {"values": values, "images": images})


def test_an_estimate_has_time_and_cost_and_changes_nothing(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put_images(DATASET, 3)
    before = stage.dynamodb.scan(TableName="ledger")["Items"]
    told = estimate(artist, preset="sketch").body
    assert told["problems"] == []
    assert told["seconds"] > told["training_seconds"] > 600
    assert 0 < told["cost"] < told["cost_cap"]
    # MaxTrainSeconds: 24 h at 1.41 dollars
    assert told["cost_cap"] == pytest.approx(24 * 1.41)
    assert stage.dynamodb.scan(TableName="ledger")["Items"] == before
    assert stored(stage) is None
    assert (stage.timers, stage.mails, stage.sagemaker.executions) == ([], [], {})


def test_it_is_the_estimate_that_the_run_itself_gets(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(SETTINGS, b"preset: tiny\nkimg: 0.4\n")
    stage.put_images(DATASET, 3)
    told = estimate(artist, 3, preset="tiny", kimg="0.4").body
    artist.ask("POST", f"{ADDRESS}/start", {"again": False})
    own = Ledger(stage.dynamodb, "ledger").read(DATASET).held_claim.estimate
    assert own is not None
    assert (told["seconds"], told["training_seconds"]) == (own.seconds, own.training_seconds)


def test_more_of_it_takes_longer_and_costs_more(artist: CheckedBrowser) -> None:
    short, long = (estimate(artist, preset="sketch", kimg=kimg).body for kimg in ("100", "400"))
    few, many = (estimate(artist, images, preset="sketch").body for images in (100, 100_000))
    assert (short["seconds"], short["cost"]) < (long["seconds"], long["cost"])
    assert few["seconds"] < many["seconds"]
    limited = estimate(artist, preset="sketch", max_hours="0.5").body
    assert limited["training_seconds"] == 1800


def test_entries_that_cannot_be_have_no_estimate_but_sentences(artist: CheckedBrowser) -> None:
    told = estimate(artist, kimg="no").body
    assert len(told["problems"]) == 1
    assert (told["seconds"], told["cost"], told["is_guess"]) == (None, None, False)


def test_more_images_than_there_is_room_for_are_told_early(artist: CheckedBrowser, stage: Stage) -> None:
    stage.put(f"uploads/{DATASET}/a.png", bytes(60_000_000))
    assert estimate(artist, 1000).body["problems"] == []
    assert "GB" in estimate(artist, 300_000).body["problems"][0]
    assert "64 MB" in estimate(artist, 9_000_000).body["problems"][0]


def test_images_beyond_all_bounds_are_refused(artist: CheckedBrowser) -> None:
    answer = estimate(artist, 10**15)
    assert (answer.status, answer.body["problems"] != []) == (422, True)


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (ReadTimeoutError(endpoint_url="x"), 409, "busy"),
        (EndpointConnectionError(endpoint_url="x"), 409, "busy"),
        (ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke"), 409, "busy"),
        (ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"), 409, "busy"),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke"), 500, "failed"),
    ],
)
def test_while_start_run_does_not_answer_nothing_is_written(
    artist: CheckedBrowser, stage: Stage, error: Exception, status: int, word: str
) -> None:
    stage.functions.error = error
    for answer in (artist.ask("GET", f"{ADDRESS}/settings"), put(artist, preset="tiny"), estimate(artist)):
        assert (answer.status, answer.body["error"]) == (status, word)
    assert stored(stage) is None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"estimate": {}, "images": -1}, "images"),
        ({"estimate": {}, "images": True}, "images"),
        ({"estimate": {}, "images": "9"}, "images"),
        ({"estimate": []}, "estimate"),
        ({"estimate": {"preset": 7}}, "estimate"),
        ({"settings": "yes"}, "settings"),
    ],
)
def test_start_run_says_what_is_wrong_with_a_question(stage: Stage, event: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        stage.invoke("start_run", {"source": "manual", "dataset": DATASET, **event})


def test_a_language_that_the_notices_do_not_have_is_told_in_theirs(stage: Stage) -> None:
    answer = stage.invoke("start_run", {"source": "manual", "dataset": DATASET, "settings": True, "language": ["x"]})
    assert answer["fields"][0]["allowed"].startswith("one of")


def test_a_file_that_is_written_over_and_over_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.put(SETTINGS, b"preset: tiny")
    get = stage.s3.get_object

    def another(**request: Any) -> Any:
        return get(**request) | {"ContentLength": 13}

    monkeypatch.setattr(stage.s3, "get_object", another)
    with pytest.raises(BadRequest, match="over and over"):
        stage.invoke("start_run", {"source": "manual", "dataset": DATASET, "settings": True})
