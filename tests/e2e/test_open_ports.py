"""Who else has an account on this machine reaches every port of a workshop, and gets nothing from any."""

import hashlib
import os
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import ACCOUNT, Endpoint, trust_certificate
from local_aws.deploy import find_resource
from local_aws.keys import RootKey
from local_aws.watchdog import marked_processes
from local_aws.workshop import LocalWorkshop, Options
from tests.e2e.conftest import ROOT
from tests.e2e.visiting import post_form

pytestmark = pytest.mark.e2e

LISTENING = "0A"  # as /proc/net/tcp spells the state, and loopback's addresses
IPV4, IPV6 = "0100007F", "00000000000000000000000001000000"
CALLS = {
    "s3": "list_buckets",
    "sqs": "list_queues",
    "sns": "list_topics",
    "dynamodb": "list_tables",
    "lambda": "list_functions",
    "kms": "list_keys",
    "iam": "list_roles",
    "sts": "get_caller_identity",
    "events": "list_rules",
    "scheduler": "list_schedules",
    "cloudformation": "describe_stacks",
    "logs": "describe_log_groups",
    "sagemaker": "list_pipelines",
}


def listening(pids: set[int]) -> set[tuple[str, int]]:
    """Address (as the kernel writes it) and port of every TCP socket that these processes listen on."""
    sockets = set()
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed while we look
                sockets.add(os.readlink(file))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (line.split()[i] for i in (1, 3, 9))
            if state == LISTENING and f"socket:[{inode}]" in sockets:
                address, port = local.split(":")
                found.add((address, int(port, 16)))
    return found


@pytest.fixture(scope="module")
def ports_before() -> set[tuple[str, int]]:
    return listening({os.getpid()})


@pytest.fixture(scope="module")
def guarded(ports_before: set[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkshop]:
    with LocalWorkshop(ROOT, tmp_path_factory.mktemp("guarded"), Options(preset="tiny")) as up:
        yield up


def status(url: str, context: ssl.SSLContext, method: str = "GET", headers: dict[str, str] | None = None) -> int:
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def objects_port(workshop: LocalWorkshop) -> int:
    return int(workshop.app_url.rpartition(":")[2]) + 1


def stranger_keys(workshop: LocalWorkshop) -> dict[str, dict[str, str]]:
    """What somebody may try who has read MiniStack's source, and knows every name in the workshop but no secret."""
    function = workshop.endpoint.client("lambda").get_function(FunctionName=workshop.outputs["StartRunFunctionName"])[
        "Configuration"
    ]
    digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()
    return {
        "MiniStack's root": RootKey("test", "test").arguments(),
        "the account": RootKey(ACCOUNT, "test").arguments(),
        "our root's id": RootKey(workshop.endpoint.root.id, "test").arguments(),
        "anything": RootKey.make().arguments(),
        "a function's, as MiniStack makes it": {
            "aws_access_key_id": f"ASIA{digest[:16].upper()}",
            "aws_secret_access_key": hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
            "aws_session_token": hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
        },
    }


def refused(endpoint: Endpoint, service: str, keys: dict[str, str]) -> int:
    client = endpoint.client(service, keys)
    with pytest.raises(ClientError) as caught:
        getattr(client, CALLS[service])()
    return int(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_every_port_is_on_loopback_and_is_one_of_the_four_known(
    guarded: LocalWorkshop, ports_before: set[tuple[str, int]]
) -> None:
    """A further port needs a guard, and a test below."""
    ours = listening({os.getpid(), *marked_processes(guarded.instance)}) - ports_before
    known = [guarded.endpoint.url, guarded.endpoint.sagemaker_url, guarded.app_url]
    objects = objects_port(guarded)
    expected = {(IPV4, urlsplit(url).port) for url in known} | {(IPV4, objects)}
    assert ours - {(IPV6, objects)} == expected  # "localhost" is both, on a machine that has both


def test_other_keys_get_403_from_every_service(guarded: LocalWorkshop) -> None:
    for whose, keys in stranger_keys(guarded).items():
        answers = {service: refused(guarded.endpoint, service, keys) for service in CALLS}
        assert answers == dict.fromkeys(CALLS, 403), whose


def test_our_own_keys_are_served_by_every_service(guarded: LocalWorkshop) -> None:
    """Or the test above would find closed ports only."""
    for service, call in CALLS.items():
        answer = getattr(guarded.endpoint.client(service), call)()
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200, service


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/{bucket}",
        "/{bucket}/uploads/a/b.png",
        "/{bucket}?list-type=2&prefix=runs/",
        "/_ministack/sqs/messages",
        "/_ministack/ses/messages",
        "/_ministack/lambda-code/{function}",
        "/_ministack/config",
        "/_localstack/health",
        "/health",
        "/_aws/lambda-url/x/",
        "//_ministack/sqs/messages",
        "/%5fministack/sqs/messages",
        "/?AWSAccessKeyId=test&Signature=x&Expires=9999999999",
        "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/eu-central-1/s3/aws4_request",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_who_has_no_keys_gets_403_from_every_address(guarded: LocalWorkshop, path: str, method: str) -> None:
    names = {"bucket": guarded.bucket, "function": guarded.outputs["StartRunFunctionName"]}
    url = guarded.endpoint.url + path.format(**names)
    context = trust_certificate(guarded.endpoint.ca_bundle)
    assert status(url, context, method) == 403
    virtual_host = {"Host": f"{guarded.bucket}.s3.eu-central-1.amazonaws.com"}
    assert status(url, context, method, virtual_host) == 403
    assert status(url, context, method, {"Authorization": "AWS4-HMAC-SHA256 Credential=test/x/y/s3/z"}) == 403


def test_a_reset_is_open_to_nobody(guarded: LocalWorkshop) -> None:
    assert (
        status(f"{guarded.endpoint.url}/_ministack/reset", trust_certificate(guarded.endpoint.ca_bundle), "POST") == 403
    )
    assert guarded.bucket in [b["Name"] for b in guarded.endpoint.client("s3").list_buckets()["Buckets"]]


def test_a_presigned_address_serves_what_our_keys_have_signed_and_nothing_else(guarded: LocalWorkshop) -> None:
    guarded.endpoint.client("s3").put_object(Bucket=guarded.bucket, Key="runs/a/page", Body=b"page")
    context = trust_certificate(guarded.endpoint.ca_bundle)

    def presigned(key: str, keys: dict[str, str] | None = None) -> str:
        s3 = guarded.endpoint.client("s3", keys)
        return str(s3.generate_presigned_url("get_object", Params={"Bucket": guarded.bucket, "Key": key}))

    ours = presigned("runs/a/page")
    assert status(ours, context) == 200
    assert status(ours.replace("/runs/a/page", "/runs/b/page"), context) == 403
    assert status(ours.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"), context) == 403
    assert status(ours + "&versionId=x", context) == 403
    assert status(ours, context, "PUT") == 403
    for whose, keys in stranger_keys(guarded).items():
        assert status(presigned("runs/a/page", keys), context) == 403, whose


@pytest.mark.parametrize(
    "path",
    [
        "/api/me",
        "/api/inbox",
        "/api/datasets",
        "/_ministack/sqs/messages",
        "/_aws/lambda-url/x/",
        "/{bucket}/uploads/a",
    ],
)
def test_the_door_shows_nothing_but_the_apps_own_page_without_a_session(guarded: LocalWorkshop, path: str) -> None:
    context = ssl.create_default_context()
    path = path.format(bucket=guarded.bucket)
    assert status(f"{guarded.app_url}{path}", context) in (401, 404)
    # Nor does another way to the same API.
    api = find_resource(guarded.endpoint, "WebApi")
    host = {"Host": f"{api}.execute-api.localhost:{urlsplit(guarded.endpoint.url).port}"}
    assert status(guarded.endpoint.url + path, trust_certificate(guarded.endpoint.ca_bundle), "GET", host) in (401, 404)


@pytest.mark.parametrize("path", ["/", "/{bucket}", "/{bucket}/uploads/a/b.png", "/_ministack/sqs/messages", "/health"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_objects_are_shown_by_presigned_addresses_alone(guarded: LocalWorkshop, path: str, method: str) -> None:
    url = f"http://localhost:{objects_port(guarded)}{path.format(bucket=guarded.bucket)}"
    assert status(url, ssl.create_default_context(), method) == 403


def test_a_bucket_cannot_be_written_to_by_a_form_that_others_have_signed(guarded: LocalWorkshop) -> None:
    url = f"http://localhost:{objects_port(guarded)}/{guarded.bucket}"
    for whose, keys in stranger_keys(guarded).items():
        signed = guarded.endpoint.client("s3", keys).generate_presigned_post(
            Bucket=guarded.bucket, Key="uploads/a/b.png"
        )
        assert post_form(url, signed["fields"], b"x").status == 403, whose
    ours = guarded.endpoint.client("s3").generate_presigned_post(Bucket=guarded.bucket, Key="uploads/a/b.png")
    assert post_form(url, ours["fields"], b"x").status == 204, "or the door is closed to everybody"


def test_what_the_workshop_writes_is_its_users_alone(guarded: LocalWorkshop) -> None:
    assert stat.S_IMODE(guarded.folder.stat().st_mode) == 0o700
