"""The grammar of names: what becomes a path, and what never does."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract import layout
from contract.errors import RefusedName
from contract.file_kinds import FileKind
from contract.names import check_dataset, check_fingerprint, parse_execution, parse_upload_key, printable
from tests.unit.conftest import RUN_ARN
from tests.unit.properties import quick
from workshop.notices.quoting import unlinked

DATASET = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


@pytest.mark.parametrize("name", ["a", "0", "red-chairs", "a--b", "x" * 63])
def test_a_dataset_name_is_taken_as_it_is(name: str) -> None:
    assert check_dataset(name) == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a b", "a/b", "..", "x" * 64, "a\n", "\uff41", None, 7, ["a"]]
)
def test_anything_else_is_refused(name: object) -> None:
    with pytest.raises(RefusedName):
        check_dataset(name)


@quick
@given(st.text())
@example("a\n")
def test_exactly_the_grammar_is_a_dataset_name(text: str) -> None:
    if DATASET.match(text):
        assert check_dataset(text) == text
    else:
        with pytest.raises(RefusedName) as caught:
            check_dataset(text)
        assert str(caught.value).isprintable()


@quick
@given(st.text(), st.text())
def test_a_parsed_key_never_leaves_its_dataset(folder: str, name: str) -> None:
    try:
        upload = parse_upload_key(f"uploads/{folder}/{name}")
    except RefusedName:
        return
    assert DATASET.match(upload.dataset)
    assert layout.uploads(upload.dataset) + upload.name == f"uploads/{folder}/{name}"
    if upload.kind is FileKind.IMAGE:
        segments = upload.name.split("/")
        assert all(segment and not segment.startswith(".") and "\\" not in segment for segment in segments)
        assert all(len(segment.encode()) <= 255 for segment in segments)


@pytest.mark.parametrize("key", ["", "uploads/", "uploads/a.png", "a/b/c.png", "/uploads/a/b.png", "uploads//b.png"])
def test_a_key_outside_of_a_datasets_folder_is_refused(key: str) -> None:
    with pytest.raises(RefusedName):
        parse_upload_key(key)


def test_an_execution_arn_is_taken_apart() -> None:
    execution = parse_execution(RUN_ARN)
    assert (execution.arn, execution.region, execution.id) == (RUN_ARN, "eu-central-1", "p4jn9xou8a8s")
    assert parse_execution(RUN_ARN.replace("arn:aws:", "arn:aws-cn:")).id == "p4jn9xou8a8s"


@pytest.mark.parametrize("arn", ["", None, RUN_ARN + "/x", RUN_ARN + "\n", "x" + RUN_ARN, "arn:aws:s3:::b"])
def test_another_arn_is_refused(arn: object) -> None:
    with pytest.raises(RefusedName):
        parse_execution(arn)


@pytest.mark.parametrize("text", ["0" * 63, "0" * 65, "G" * 64, "A" * 64, None])
def test_what_is_no_fingerprint_is_refused(text: object) -> None:
    with pytest.raises(RefusedName):
        check_fingerprint(text)


@quick
@given(st.text(), st.integers(min_value=3, max_value=50))
def test_printable_text_is_one_short_line(text: str, limit: int) -> None:
    line = printable(text, limit)
    assert len(line) <= limit
    assert line.isprintable()


# What mail programs look for in plain text, put together generously: schemes, www, mail addresses, shares, and any two
# words with a dot between them whose second one can be a top-level domain (.photo, .zip and .mov are some).
LINKED = re.compile(
    r"""[a-z][a-z0-9+.-]*(?<!\bs3)://\S | \b(mailto|tel|sms|file):\S | \bwww\.\S | \S@\S | \\\\\S
    | [\w-][.\u3002\uff0e\uff61](com|org|de|io|app|photo|zip|mov|py|sh|xn--\w+|\u0440\u0444)(?![\w])""",
    re.IGNORECASE | re.VERBOSE,
)
PIECES = st.sampled_from(
    [
        *(
            "http",
            "https",
            "HTTP",
            "ftp",
            ":",
            "//",
            "://",
            "mailto:",
            "tel:",
            "www",
            "evil",
            "com",
            "CoM",
            "zip",
            "photo",
        ),
        *("de", "xn--p1ai", "\u0440\u0444", "png", "jpg", "1", "-", "_", " ", "/", "[", "]", "?", "="),
        *(".", "\u3002", "@", "\uff20", "\\", "\\\\"),
    ]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://example.com/win", "http[:]//example[.]com/win"),
        ("www.1-2-3", "www[.]1-2-3"),
        ("your-account.com.png", "your-account[.]com.png"),
        ("example.com/a.png", "example[.]com/a.png"),
        ("prize@example.com", "prize(at)example[.]com"),
        ("sample.photo", "sample[.]photo"),
        ("mailto:me", "mailto[:]me"),
        (r"\\server\share", r"[\]\server\share"),
        ("cafe\u0301.com", "cafe\u0301[.]com"),
        ("\U0001f600.com", "\U0001f600[.]com"),
        ("\u0909\u0926\u093e.\u092d\u093e\u0930\u0924", "\u0909\u0926\u093e[.]\u092d\u093e\u0930\u0924"),
        ("x\u2024com", "x[\u2024]com"),
    ],
)
def test_a_strangers_text_never_becomes_a_link(text: str, shown: str) -> None:
    assert unlinked(text) == shown
    assert unlinked(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Kopie von 0001.png",
        "sub/panorama.JPG",
        "s3://workshop-bucket/uploads/red-chairs/a.png",
        "The picture is smaller than 64 x 64 pixels. It was left out.",
        "1.5 of 3.25 GB, ml.g5.2xlarge",
        "prepare.json of this run lists every file",
        "settings.yaml.txt, settings.yml, settings (1).yaml, settings.rtf",
        "",
    ],
)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert unlinked(text) == text


@settings(quick, max_examples=300)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("www..http")
def test_no_text_at_all_holds_a_link_afterwards(text: str) -> None:
    assert not LINKED.search(unlinked(text)), unlinked(text)
    assert unlinked(unlinked(text)) == unlinked(text)
