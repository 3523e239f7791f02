"""The web app on the embedded AWS, through the door, as a browser asks it: every operation of openapi.json, uploads by
form, the app's own files. In this order: the drop of one test is the run of the next.
"""

import base64
import json
import re
from typing import Any

import pytest

from local_aws.workshop import LocalWorkshop
from tests.e2e.drops import png
from tests.e2e.following import wait_for, wait_for_mails, wait_until_over
from tests.e2e.visiting import BODIES, Visitor, owner, post_form, send
from workshop.platform.addresses import Addresses
from workshop.web.interface import Operation, operations

pytestmark = pytest.mark.e2e

DATASET = "red-chairs"
IMAGES = {f"{number}.png": png(number) for number in range(12)}
# What ends something is asked last.
LAST = ("revokeLink",)
# Of a run that has ended there is nothing to finish or to cancel, and of a dataset without images to find none to look
# for: an answer of the documented form, too.
CONFLICTS = {"finishRun", "cancelRun", "findImages", "makeMore"}


def ask(visitor: Visitor, operation: Operation, run: str = "exec1", link: str = "0" * 20) -> Any:
    body = BODIES.get(operation.id, {} if operation.body else None)
    return visitor.ask(operation.method, operation.path.format(dataset=DATASET, run=run, link=link), body)


def offer(visitor: Visitor, files: dict[str, bytes]) -> Any:
    """The forms for these files."""
    offered = [{"name": name, "size": len(content), "type": "image/png"} for name, content in files.items()]
    answer = visitor.ask("POST", f"/api/datasets/{DATASET}/uploads", {"folder": "images", "files": offered})
    assert answer.status == 200, answer.content
    return answer.body


def stored(workshop: LocalWorkshop) -> set[str]:
    """All that was uploaded to any dataset, but what the function itself writes."""
    listed = workshop.endpoint.client("s3").list_objects_v2(Bucket=workshop.bucket, Prefix="uploads/")
    keys = {entry["Key"].removeprefix("uploads/") for entry in listed["Contents"]}
    return keys - {f"{DATASET}/", f"{DATASET}/settings.yaml"}


def test_a_stranger_gets_the_apps_page_and_nothing_by_any_operation(workshop: LocalWorkshop) -> None:
    stranger = Visitor(workshop.app_url)
    page = stranger.ask("GET", "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Set-Cookie" not in page.headers
    answers = {operation.id: ask(stranger, operation).status for operation in operations() if operation.right}
    assert {"listDatasets", "offerFiles", "getRun", "getInbox"} <= set(answers)
    assert answers == dict.fromkeys(answers, 401)
    assert stranger.open(f"{workshop.app_url}/#t=W10.W10").status == 401


def test_all_that_the_apps_page_asks_for_is_there_and_is_what_it_is_said_to_be(workshop: LocalWorkshop) -> None:
    page = send(f"{workshop.app_url}/")
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert policy["connect-src"] == f"'self' {objects_of(workshop)}"
    assert (page.headers["X-Content-Type-Options"], page.headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert files
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    for path in files:
        file = send(f"{workshop.app_url}/{path.lstrip('./')}")
        assert (file.status, file.headers["Content-Type"]) == (200, kinds[f".{path.rpartition('.')[2]}"]), path
        assert file.content


def test_a_link_opens_a_session_that_lasts_and_can_be_ended(workshop: LocalWorkshop) -> None:
    visitor = Visitor(workshop.app_url)
    opened = visitor.open(workshop.app_link())
    cookie = opened.headers["Set-Cookie"]
    port = workshop.app_url.rpartition(":")[2]
    assert cookie.startswith(f"__Host-workshop-{port}=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    me = visitor.ask("GET", "/api/me")
    assert (me.status, me.body) == (200, opened.body)
    again = visitor.ask("GET", "/api/me", If_None_Match=me.headers["ETag"])
    assert (again.status, again.content) == (304, b"")
    assert visitor.ask("DELETE", "/api/session", Origin="http://localhost:1").status == 403
    ended = visitor.ask("DELETE", "/api/session")
    assert (ended.status, ended.content) == (204, b"")
    assert visitor.ask("GET", "/api/me").status == 401


def test_whether_another_page_may_ask_is_the_functions_to_say(workshop: LocalWorkshop) -> None:
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    answer = send(f"{workshop.app_url}/api/session", "OPTIONS", headers=asked)
    assert (answer.status, answer.body["error"]) == (404, "no_such_address")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_images_are_uploaded_by_form_and_nothing_else_is(workshop: LocalWorkshop) -> None:
    visitor = owner(workshop)
    made = visitor.ask("POST", "/api/datasets", {"title": "Red chairs"})
    assert (made.status, made.body["dataset"]) == (201, DATASET)
    assert visitor.ask("PUT", f"/api/datasets/{DATASET}/settings", {"kimg": "0.2"}).status == 200
    forms = offer(visitor, IMAGES)
    first = {form["name"]: form["fields"] for form in forms["files"]}["0.png"]
    policy = json.loads(base64.b64decode(first["policy"])) | {"expiration": "2099-01-01T00:00:00Z"}
    altered = {
        "another key": first | {"key": f"uploads/{DATASET}/_READY"},
        "another dataset": first | {"key": "uploads/blue-chairs/0.png"},
        "a page": first | {"Content-Type": "text/html"},
        "another policy": first | {"policy": base64.b64encode(json.dumps(policy).encode()).decode()},
        "a further field": first | {"acl": "public-read"},
        "no signature": {"key": first["key"]},
        "half a signature": {name: value for name, value in first.items() if name != "x-amz-signature"},
    }
    for what, fields in altered.items():
        assert post_form(forms["url"], fields, IMAGES["0.png"]).status in (400, 403), what
    assert post_form(forms["url"], first, IMAGES["0.png"] + b"\0").status == 400, "a larger file"
    assert post_form(forms["url"], first, IMAGES["0.png"][:-1]).status == 400, "a smaller one"
    late = workshop.endpoint.client("s3").generate_presigned_post(
        Bucket=workshop.bucket, Key=f"uploads/{DATASET}/late.png", ExpiresIn=-1
    )
    assert post_form(forms["url"], late["fields"], b"late").status == 403
    assert stored(workshop) == set()

    for form in forms["files"]:
        answer = post_form(forms["url"], form["fields"], IMAGES[form["name"]], Origin=workshop.app_url)
        assert answer.status in (200, 201, 204), answer.content
        assert answer.headers["Access-Control-Allow-Origin"] == workshop.app_url, "or the page would see a failure"
    assert stored(workshop) == {f"{DATASET}/{name}" for name in IMAGES}


def objects_of(workshop: LocalWorkshop) -> str:
    return str(owner(workshop).ask("GET", "/api/me").body["objects_origin"])


def test_only_the_apps_own_pages_may_read_objects_and_only_by_presigned_addresses(workshop: LocalWorkshop) -> None:
    s3, key = workshop.endpoint.client("s3"), f"uploads/{DATASET}/0.png"
    url = Addresses(s3, workshop.bucket, f"{objects_of(workshop)}/").show(key)
    shown = send(url, headers={"Origin": workshop.app_url})
    assert (shown.status, shown.content) == (200, IMAGES["0.png"])
    assert shown.headers["Access-Control-Allow-Origin"] == workshop.app_url
    assert (shown.headers["Content-Security-Policy"], shown.headers["X-Content-Type-Options"]) == ("sandbox", "nosniff")
    strange = send(url, headers={"Origin": "https://evil.example.com"})
    assert "Access-Control-Allow-Origin" not in strange.headers
    bare = url.partition("?")[0]
    for method in ("GET", "HEAD", "POST"):
        assert send(bare, method).status == 403
    assert send(url.replace("0.png", "1.png")).status == 403
    for origin, method, status in (
        (workshop.app_url, "POST", 200),
        (workshop.app_url, "PUT", 403),
        ("https://evil.example.com", "POST", 403),
        (objects_of(workshop), "GET", 403),
    ):
        asked = {"Origin": origin, "Access-Control-Request-Method": method}
        assert send(bare, "OPTIONS", headers=asked).status == status, (origin, method)


def decided_start(visitor: Visitor) -> dict[str, Any] | None:
    """What Start has answered; None while another look at the dataset, as after a new settings file, is under way."""
    answer = visitor.ask("POST", f"/api/datasets/{DATASET}/start", {"again": False})
    assert answer.status == 200, answer.content
    return None if answer.body["outcome"] == "waiting" else dict(answer.body)


def test_every_operation_answers_whoever_may(workshop: LocalWorkshop) -> None:
    visitor = owner(workshop)
    started = wait_for(workshop, "a decided start", lambda: decided_start(visitor), lambda: "it is being looked at")
    assert started["outcome"] in ("started", "active")
    (run,) = wait_until_over(workshop, DATASET)
    assert run.status == "Succeeded"
    wait_for_mails(workshop, DATASET, ["started", "succeeded"])
    mails = visitor.ask("GET", "/api/inbox").body["mails"]
    assert sorted(mail["kind"] for mail in mails if mail["dataset"] == DATASET) == ["started", "succeeded"]

    shared = visitor.ask("POST", f"/api/datasets/{DATASET}/links", BODIES["shareLink"]).body
    in_order = sorted(operations(), key=lambda operation: LAST.index(operation.id) if operation.id in LAST else -1)
    for operation in (one for one in in_order if one.right):
        answer = ask(visitor, operation, run.execution_id, shared["link"]["id"])
        expected = {operation.status} | ({409} if operation.id in CONFLICTS else set())
        assert answer.status in expected, (operation.id, answer.status, answer.content)
    assert Visitor(workshop.app_url).open(shared["url"]).status == 401, "it was revoked"
