import base64
import json
import os
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.unit.conftest import Stage
from workshop.platform import clients
from workshop.platform.addresses import SECONDS, Addresses


@pytest.fixture
def addresses(stage: Stage) -> Addresses:
    return Addresses(clients.s3(), os.environ["BUCKET"])


def answered(url: str) -> tuple[str, str]:
    """Content-Type and Content-Disposition that S3 is to answer with."""
    query = parse_qs(urlsplit(url).query)
    return query["response-content-type"][0], query["response-content-disposition"][0]


def test_a_picture_is_shown_and_whatever_else_it_is_saved(addresses: Addresses) -> None:
    assert answered(addresses.show("runs/a/1/inference/x.PNG")) == ("image/png", "inline")
    for key in ("uploads/a/x.html", "uploads/a/x.svg", "uploads/a/png", "runs/a/1/report/index.html"):
        media_type, disposition = answered(addresses.show(key))
        assert media_type == "application/octet-stream"
        assert disposition.startswith("attachment; ")


@pytest.mark.parametrize("name", ['a"; x="b.png', "红椅.zip", "a\\b.png", "a\r\nSet-Cookie: x", "a;b,c.png"])
def test_the_name_to_save_under_cannot_break_out_of_its_header(addresses: Addresses, name: str) -> None:
    disposition = answered(addresses.save("runs/a/1/x.zip", name))[1]
    plain, encoded = disposition.removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert not {'"', "\\", "\r", "\n"} & set(plain)
    assert unquote(encoded) == name
    assert not {"\r", "\n", '"', ";"} & set(encoded)


def test_a_form_is_for_one_object_of_one_size_and_type_for_an_hour(addresses: Addresses) -> None:
    form = addresses.form("uploads/a/x y.png", 123, "image/png")
    policy = json.loads(base64.b64decode(form.fields["policy"]))
    assert {"key": "uploads/a/x y.png"} in policy["conditions"]
    assert ["content-length-range", 123, 123] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert not [one for one in policy["conditions"] if isinstance(one, list) and one[0] == "starts-with"]
    expires = datetime.fromisoformat(policy["expiration"])
    assert 0 < (expires - datetime.now(UTC)).total_seconds() <= SECONDS


def test_behind_another_server_the_same_object_is_signed_for(stage: Stage) -> None:
    own = Addresses(clients.s3(), os.environ["BUCKET"], "http://localhost:81/")
    plain = Addresses(clients.s3(), os.environ["BUCKET"])
    assert own.origin == "http://localhost:81"
    assert urlsplit(own.show("a/x.png")).path == urlsplit(plain.show("a/x.png")).path
    assert own.form("a/x.png", 1, "image/png").url.startswith("http://localhost:81/")
