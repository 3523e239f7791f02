"""Tokens: one spelling for one content, and none that KMS has not signed."""

import base64
import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.conftest import Stage
from tests.unit.properties import quick
from workshop.platform import clients
from workshop.platform.signing import Signer, take_apart

LISTS = st.lists(st.text(max_size=9) | st.integers() | st.lists(st.text(max_size=5), max_size=3), max_size=5)


@pytest.fixture
def signer(stage: Stage) -> Signer:
    return Signer(clients.kms(), os.environ["LINK_KEY_ID"])


@pytest.mark.parametrize("values", [[], ["invite", ["a", "红椅", ["drop"], 1]], [1, -1, "a.b"]])
def test_what_is_signed_is_read_back(signer: Signer, values: list[Any]) -> None:
    read = take_apart(signer.sign(values))
    assert read is not None
    assert read[0] == values
    assert signer.is_genuine(*read)


def test_another_keys_signature_is_not_genuine(signer: Signer) -> None:
    key = clients.kms().create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]  # type: ignore[attr-defined]
    read = take_apart(Signer(clients.kms(), key).sign(["a"]))
    assert read is not None
    assert not signer.is_genuine(*read)


@quick
@given(values=LISTS, mac=st.binary(max_size=40), spelling=st.sampled_from(["compact", "spaced", "padded"]))
def test_only_the_one_spelling_is_a_token(values: list[Any], mac: bytes, spelling: str) -> None:
    text = json.dumps(values, separators=(",", ":") if spelling != "spaced" else None)
    parts = [base64.urlsafe_b64encode(part).decode() for part in (text.encode(), mac)]
    token = ".".join(part if spelling == "padded" else part.rstrip("=") for part in parts)
    compact = json.dumps(values, separators=(",", ":"))
    is_token = len(mac) == 32 and text == compact and "=" not in token
    assert take_apart(token) == ((values, mac) if is_token else None)


@quick
@given(token=st.none() | st.integers() | st.text(max_size=80) | st.binary(max_size=20))
def test_whatever_is_sent_is_no_error(token: Any) -> None:
    assert take_apart(token) is None or isinstance(token, str)
