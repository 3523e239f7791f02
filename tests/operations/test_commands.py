"""What all commands have in common: the stack, AWS's errors, the policy, the runbook, the text."""

import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from hypothesis import given
from hypothesis import strategies as st

from operations import aws, text
from operations.aws import explain_error
from operations.cli import main
from operations.purging import folders_of
from tests.chaos.fakes import client_error
from tests.operations.permissions import POLICY, ROOT, STATEMENTS, actions, sids
from tests.operations.shell import Shell, real_client
from workshop.platform import clients

COMMANDS = {
    "runs": ["runs"],
    "describe": ["describe", "abc"],
    "rerun": ["rerun", "cats"],
    "start": ["start", "cats"],
    "look": ["look", "--all"],
    "release": ["release", "cats"],
    "finish": ["finish", "abc"],
    "cancel": ["cancel", "abc"],
    "dead-letters": ["dead-letters"],
    "redrive": ["redrive", "all"],
    "purge": ["purge", "cats", "--yes"],
    "subscribe": ["subscribe", "cats", "a@b.example"],
    "invite": ["invite", "cats"],
    "link": ["link", "abc"],
    "links": ["links", "cats"],
    "revoke": ["revoke", "cats", "0123456789abcdef0123"],
    "unsubscribe": ["unsubscribe", "cats", "a@b.example"],
}


def test_these_are_all_commands() -> None:
    assert set(COMMANDS) == set(main.commands)


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_stack_that_does_not_exist_is_one_sentence_that_says_what_to_do(shell: Shell, arguments: list[str]) -> None:
    said = shell.fail(*arguments, "--stack", "nope")
    assert said.startswith("Error: There is no stack 'nope' in this account and region: name it with --stack")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", "Your AWS credentials have expired: log in again."),
        ("InvalidClientTokenId", "AWS does not accept these credentials (InvalidClientTokenId)"),
        ("AccessDenied", "You may not call DescribeStacks: AccessDenied. operations/iam-policy.json has"),
        ("Throttling", "AWS refuses DescribeStacks: Throttling: Throttling."),
    ],
)
def test_an_error_of_aws_is_one_sentence_that_says_what_to_do(shell: Shell, code: str, sentence: str) -> None:
    shell.refuse("cloudformation", "describe_stacks", code)
    said = shell.fail("runs")
    assert said.startswith(f"Error: {sentence}")
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_every_command_ends_with_status_1_and_a_sentence_if_aws_refuses_it(shell: Shell, arguments: list[str]) -> None:
    shell.refuse("cloudformation", "describe_stacks", "ExpiredToken")
    assert shell.fail(*arguments) == "Error: Your AWS credentials have expired: log in again.\n"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoCredentialsError(), "There are no AWS credentials here: log in, or set AWS_PROFILE."),
        (NoRegionError(), "No AWS region is chosen: set AWS_REGION or AWS_DEFAULT_REGION."),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached: Could not connect"),
        (ProfileNotFound(profile="p\x1b"), "AWS could not be asked: The config profile (p?) could not be found"),
        (client_error("AccessDenied", "GetItem"), "You may not call GetItem: AccessDenied."),
    ],
)
def test_what_keeps_a_command_from_asking_aws_is_one_sentence(
    error: BotoCoreError | ClientError, sentence: str
) -> None:
    assert explain_error(error).startswith(sentence)


def test_the_stack_can_be_named_by_an_environment_variable(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STACK", "other")
    assert "There is no stack 'other'" in shell.fail("runs")


def test_a_stack_of_something_else_says_what_it_lacks(shell: Shell) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    real_client("cloudformation").create_stack(StackName="strange", TemplateBody=json.dumps(template))

    assert "The stack 'strange' has no StartRun" in shell.fail("start", "cats", "--stack", "strange")
    assert "The stack 'strange' has no Ledger" in shell.fail("runs", "--stack", "strange")


def test_clients_ask_a_function_once_and_patiently_and_find_buckets_of_an_endpoint_of_one_s_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://localhost:1")
    client = aws.session_client()

    function = client("lambda").meta.config
    assert function.retries["total_max_attempts"] == 1
    assert function.read_timeout > 120  # the timeout of start_run
    assert client("s3").meta.config.s3["addressing_style"] == "path"


def test_the_policy_has_a_statement_for_every_command_and_none_for_no_command() -> None:
    assert set(sids()) == set(main.commands)
    assert set().union(*sids().values()) == set(STATEMENTS)
    assert len(STATEMENTS) == len(POLICY["Statement"])


def test_the_policy_gives_nothing_that_no_command_calls() -> None:
    """Whether every call is in the policy is held by the shell."""
    reached = [*(ROOT / "operations").glob("*.py")]
    reached += [
        ROOT / "layers/workshop/workshop" / name
        for name in (
            "notices/failures.py", "ledger/datasets.py", "ledger/runs.py", "watching/ending_runs.py",
            "platform/documents.py",
        )
    ]  # fmt: skip
    code = "\n".join([*(file.read_text() for file in reached), inspect.getsource(clients.parameters_of)])
    methods = {
        "s3:ListBucketVersions": "list_object_versions",
        "s3:DeleteObjectVersion": "delete_objects",
        "lambda:InvokeFunction": "invoke",
    }
    for action in set().union(*map(actions, STATEMENTS.values())):
        if action.startswith("kms:"):
            continue  # SQS and DynamoDB use the key for whoever asks them
        words = re.findall("[A-Z][a-z0-9]*", action.split(":")[1])
        method = methods.get(action, "_".join(words).lower())
        assert re.search(rf"\b{method}\b", code), action


def test_the_policy_names_its_resources_and_fits_into_one() -> None:
    for statement in STATEMENTS.values():
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            assert resource.startswith("arn:aws:")
            assert not resource.endswith(":*")
    assert len("".join(json.dumps(POLICY).split())) < 6144  # characters of a managed policy, white space apart


def test_purge_may_reach_exactly_its_own_folders() -> None:
    folders = {folder.split("/")[0] + "/*" for folder in folders_of("cats")}
    assert set(STATEMENTS["ListVersions"]["Condition"]["StringLike"]["s3:prefix"]) == folders
    deletable = {resource.removeprefix("arn:aws:s3:::BUCKET/") for resource in STATEMENTS["DeleteVersions"]["Resource"]}
    assert deletable == folders


def test_the_policy_reaches_every_function_and_queue_that_a_letter_may_be_for(shell: Shell) -> None:
    """The template's asynchronous functions, and the queues that have dead letters or a rule."""
    template = (ROOT / "template.yaml").read_text()
    functions = {r.split("STACK-")[1].split("-")[0] for r in STATEMENTS["HandOverToFunctions"]["Resource"]}
    queues = {r.split("STACK-")[1].split("-")[0] for r in STATEMENTS["HandOverToQueues"]["Resource"]}
    asynchronous = {"StartRun"} | set(
        re.findall(r"^  (\w+):\n(?:    .*\n|\n)*?      EventInvokeConfig:", template, re.M)
    )
    assert functions == asynchronous
    assert queues == {queue.name for queue in shell.workshop.queues() if queue.dead_letters_arn}


def test_every_command_of_the_runbook_exists_and_every_command_is_in_it() -> None:
    named = set(re.findall(r"python -m operations ([a-z-]+)", (ROOT / "docs/runbook.md").read_text()))
    assert named == set(main.commands)


def test_no_file_of_the_room_but_the_clients_knows_an_endpoint_or_a_region() -> None:
    for file in Path(ROOT / "operations").glob("*.py"):
        assert not re.search(r"[a-z]{2}-[a-z]+-\d", file.read_text()), file


rows = st.lists(st.tuples(st.text(max_size=20), st.integers(), st.text(max_size=20)), max_size=5)


@given(rows)
def test_columns_are_aligned_whatever_strangers_wrote(cells: list[tuple[str, int, str]]) -> None:
    lines = text.table(("A", "B", "C"), cells).split("\n")
    assert len(lines) == len(cells) + 1
    assert all(line.isprintable() for line in lines)
    ends = [max(len(text.one_line(row[0])) for row in [("A", 0, ""), *cells])] if cells else []
    for end in ends:
        assert all(line[end : end + 2].strip() == "" for line in lines)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_999, "1.0 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_are_short(count: int, shown: str) -> None:
    assert text.size(count) == shown


def test_small_words() -> None:
    assert [text.plural(n, "reply", "replies") for n in (0, 1, 1200)] == ["0 replies", "1 reply", "1,200 replies"]
    assert text.moment(datetime(2026, 11, 23, 12, 5, tzinfo=UTC)) == "2026-11-23 12:05 UTC"
    assert text.moment(None) == ""
    assert text.fields([("A", "x"), ("Longer", "y"), ("Empty", "")]) == "A       x\nLonger  y"


def test_json_refuses_what_it_cannot_say() -> None:
    from operations.cli import _json

    value: Any = {"when": datetime(2026, 1, 1, tzinfo=UTC)}
    assert "2026-01-01T00:00:00+00:00" in _json(value)
    with pytest.raises(TypeError, match="set has no JSON form"):
        _json({"x": set()})
