"""What objects hold, however they were uploaded: the same bytes again start nothing, other bytes a run."""

import hashlib
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.chaos.fakes import FakeClock, client_error
from tests.unit.conftest import BUCKET, REGION, Stage
from tests.unit.handlers.test_start_run import executions, finish
from workshop.dataset import contents
from workshop.dataset.checksums import ALGORITHMS, as_s3_writes_it, new_digest
from workshop.dataset.contents import identify_objects
from workshop.dataset.snapshot import StoredObject
from workshop.platform import clock

PART = 5 << 20  # the smallest part of a multipart upload


def checksum(kind: str, body: bytes) -> str:
    digest = new_digest(kind)
    digest.update(body)
    return as_s3_writes_it(digest)


# ------------------------------------------------------------------------------------------------------- the checksums


@pytest.mark.parametrize(
    ("kind", "value"),
    [  # of "123456789": the check values of the catalogue of CRCs
        ("CRC32", "y/Q5Jg=="),
        ("CRC32C", "4waSgw=="),
        ("CRC64NVME", "rosUhgp5mIg="),
    ],
)
@pytest.mark.parametrize("cuts", [(), (4,), (1, 2, 8), (3, 6)])
def test_checksums_are_s3s_however_the_bytes_come(kind: str, value: str, cuts: tuple[int, ...]) -> None:
    digest = new_digest(kind)
    for start, end in itertools.pairwise((0, *cuts, 9)):
        digest.update(b"123456789"[start:end])
    assert as_s3_writes_it(digest) == value


# ------------------------------------------------------------------------------------------- a folder uploaded again

BODY = bytes(PART) + b"the last part "
Way = Callable[[Stage, str, bytes], None]


def plain(stage: Stage, key: str, body: bytes) -> None:
    stage.s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def by_sha256(stage: Stage, key: str, body: bytes) -> None:
    stage.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ChecksumAlgorithm="SHA256")


def without_a_checksum(stage: Stage, key: str, body: bytes) -> None:
    config = Config(request_checksum_calculation="when_required")
    boto3.client("s3", region_name=REGION, config=config).put_object(Bucket=BUCKET, Key=key, Body=body)


def in_parts(stage: Stage, key: str, body: bytes) -> None:
    """Its checksum is one of the parts'."""
    where = {"Bucket": BUCKET, "Key": key}
    # The type is S3's default for CRC-32; moto has to be told.
    begun = stage.s3.create_multipart_upload(**where, ChecksumAlgorithm="CRC32", ChecksumType="COMPOSITE")
    upload = where | {"UploadId": begun["UploadId"]}
    parts = []
    for number, part in enumerate((body[:PART], body[PART:]), start=1):
        stored = stage.s3.upload_part(**upload, PartNumber=number, Body=part, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": stored["ETag"], "ChecksumCRC32": stored["ChecksumCRC32"]})
    stage.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


WAYS = (plain, by_sha256, without_a_checksum, in_parts)


def drop(stage: Stage, way: Way, body: bytes = BODY) -> None:
    """Three pictures, one of them also as one to project, and the look that follows."""
    for number in range(3):
        way(stage, f"uploads/red-chairs/{number}.png", body + bytes([number]))
    way(stage, "inference/red-chairs/me.png", body)
    stage.upload_event("uploads/red-chairs/0.png")
    stage.later(61)
    stage.serve_timer()


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_the_same_folder_uploaded_again_starts_nothing_by_whatever_tool(stage: Stage, first: Way, again: Way) -> None:
    drop(stage, first)
    finish(stage, "Succeeded")
    drop(stage, again)
    assert len(executions(stage)) == 1
    assert stage.mail_kinds.count("started") == 1

    drop(stage, again, BODY[:-1] + b"!")  # as many bytes, but others
    assert len(executions(stage)) == 2


def test_a_second_look_asks_about_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.settle()
    finish(stage, "Succeeded")
    monkeypatch.setattr(stage.s3, "head_object", None)
    stage.upload_event("uploads/red-chairs/0000.png")
    stage.later(61)
    stage.serve_timer()
    assert len(executions(stage)) == 1


# ------------------------------------------------------------------------------------------------- one request a look


@dataclass
class Item:
    """An object: its bytes, and what S3 knows of them."""

    body: bytes
    etag: str
    checksums: dict[str, str] = field(default_factory=dict)
    refusal: str = ""  # with which S3 answers to a GET
    more: dict[str, str] = field(default_factory=dict)  # that the answer to a HEAD has

    @property
    def modified(self) -> datetime:
        """A second after the one that was uploaded before it."""
        return datetime.fromtimestamp(1_795_435_200 + int(self.etag), UTC)

    @property
    def facts(self) -> dict[str, Any]:
        return {"LastModified": self.modified, "ContentLength": len(self.body)}


class Shelf:
    """An S3 with the calls that `identify` makes, on a clock that each of them moves on."""

    def __init__(self, fake_clock: FakeClock) -> None:
        self.clock = fake_clock
        self.items: dict[str, Item] = {}
        self.index = b""
        self.is_index_readable = True
        self.meanwhile: list[Callable[[], object]] = []  # what others do before the next writing of the index
        self.head_seconds = 0.0
        self.read_seconds = 0.0
        self.heads: list[str] = []
        self.gets: list[str] = []

    def _found(self, key: str, operation: str) -> Item:
        if key not in self.items:
            raise client_error("AccessDenied", operation, 403)  # without the right to list the bucket
        return self.items[key]

    def head_object(self, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, Any]:
        self.heads.append(Key)
        self.clock.now += round(self.head_seconds * 1000)
        item = self._found(Key, "HeadObject")
        if item.refusal and not item.more:
            raise client_error("400", "HeadObject", 400 if item.refusal == "InvalidRequest" else 403)
        return {f"Checksum{kind}": value for kind, value in item.checksums.items()} | item.more | item.facts

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key == "manifests/cats/contents.json":
            if not (self.index and self.is_index_readable):
                raise client_error("AccessDenied", "GetObject", 403)
            return {"Body": io.BytesIO(self.index), "ETag": self._version}
        self.gets.append(Key)
        item = self._found(Key, "GetObject")
        if item.refusal:
            raise client_error(item.refusal, "GetObject", 503 if item.refusal == "SlowDown" else 403)
        self.clock.now += round(self.read_seconds * 1000)
        return {"Body": io.BytesIO(item.body)} | item.facts

    @property
    def _version(self) -> str:
        return hashlib.md5(self.index).hexdigest()

    def put_object(
        self, Bucket: str, Key: str, Body: bytes, ContentType: str, IfMatch: str = "", IfNoneMatch: str = ""
    ) -> None:
        assert Key == "manifests/cats/contents.json"
        while self.meanwhile:
            self.meanwhile.pop()()
        if (IfNoneMatch and self.index) or (IfMatch and IfMatch != self._version):
            raise client_error("PreconditionFailed", "PutObject", 412)
        self.index = Body

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:
        found = [
            {"Key": key, "LastModified": item.modified, "Size": len(item.body)}
            for key, item in sorted(self.items.items())
            if key.startswith(Prefix)
        ]
        return {"Contents": found[:MaxKeys]}

    def listed(self, *archived: str) -> dict[str, StoredObject]:
        return {
            key: StoredObject(key, item.etag, len(item.body), clock.to_ms(item.modified), key in archived)
            for key, item in self.items.items()
        }

    def identify(self, *archived: str) -> dict[str, str] | None:
        return identify_objects(self, BUCKET, "cats", self.listed(*archived))  # type: ignore[arg-type]  # only the calls made


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    fake_clock = FakeClock()
    monkeypatch.setattr(clock, "now_ms", fake_clock.now_ms)
    return Shelf(fake_clock)


def test_a_checksum_of_the_whole_is_believed_and_one_of_the_parts_is_not(shelf: Shelf) -> None:
    shelf.items = {
        "a": Item(b"one", "1", {"CRC64NVME": "whole"}),
        "b": Item(b"two", "2", {"CRC32": "cGFydHM=-3"}),
    }
    assert shelf.identify() == {"a": "CRC64NVME:whole", "b": f"SHA256:{checksum('SHA256', b'two')}"}
    assert shelf.gets == ["b"]


@pytest.mark.parametrize("new", ALGORITHMS)
@pytest.mark.parametrize("old", ALGORITHMS)
def test_another_kind_of_checksum_is_compared_by_the_bytes(shelf: Shelf, old: str, new: str) -> None:
    shelf.items = {"a": Item(b"picture", "1", {old: checksum(old, b"picture")})}
    before = shelf.identify()
    shelf.items = {"a": Item(b"picture", "2", {new: checksum(new, b"picture")})}
    assert shelf.identify() == before
    assert (shelf.gets == []) is (old == new)
    shelf.items = {"a": Item(b"another", "3", {new: checksum(new, b"another")})}
    assert shelf.identify() != before


def test_a_look_without_time_leaves_what_it_learned_and_the_next_goes_on(shelf: Shelf) -> None:
    shelf.items = {f"{n:03}": Item(b"%d" % n, f"{n}", {"CRC32": f"c{n}"}) for n in range(10)}
    shelf.head_seconds = contents.ASK_SECONDS / 4
    assert shelf.identify() is None
    assert len(shelf.heads) == 4
    assert shelf.identify() is None
    assert shelf.identify() == {f"{n:03}": f"CRC32:c{n}" for n in range(10)}
    assert len(shelf.heads) == 10


@pytest.mark.parametrize("index", [b"", b"{}", b"damaged"])
def test_of_two_looks_at_once_one_alone_decides_what_an_object_holds(shelf: Shelf, index: bytes) -> None:
    """S3 hangs in one of them: what it would say is true, but nobody else would ever say it."""

    def rival() -> None:
        shelf.read_seconds = 0
        learned.append(shelf.identify())

    learned: list[dict[str, str] | None] = []
    shelf.index = index
    shelf.items = {"a": Item(b"picture", "1")}
    shelf.read_seconds = contents.READ_SECONDS
    shelf.meanwhile = [rival]
    assert shelf.identify() is None
    assert learned == [{"a": f"SHA256:{checksum('SHA256', b'picture')}"}] == [shelf.identify()]


def test_an_index_that_may_not_be_read_is_an_error_and_no_endless_loop(shelf: Shelf) -> None:
    shelf.items = {"a": Item(b"picture", "1")}
    shelf.identify()
    shelf.is_index_readable = False
    with pytest.raises(ClientError, match="AccessDenied"):
        shelf.identify()


def test_every_look_gets_on_even_where_nothing_can_be_read_in_time(shelf: Shelf) -> None:
    """Else a folder of huge or slow objects would be looked at for ever."""
    shelf.items = {f"{n}": Item(b"slow", f"{n}") for n in range(3)}
    shelf.read_seconds = contents.READ_SECONDS
    assert [shelf.identify() for _ in range(2)] == [None, None]
    assert shelf.identify() == {f"{n}": f"ETAG:{n}" for n in range(3)}


def test_objects_that_wait_to_be_read_are_not_cut_off_but_left_to_the_next_look(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "FEW", 0)
    monkeypatch.setattr(contents, "READ_SECONDS", 10**9)
    shelf.items = {f"{n:02}": Item(b"%d" % n, f"{n}") for n in range(20)}
    shelf.read_seconds = contents.ASK_SECONDS / 2
    looks = [shelf.identify()]
    while looks[-1] is None:
        before = len(shelf.gets)
        looks.append(shelf.identify())
        assert len(shelf.gets) > before
    assert len(looks) >= 3  # four at a time, and none is begun after 45 s
    assert set(looks[-1].values()) == {f"SHA256:{checksum('SHA256', b'%d' % n)}" for n in range(20)}


def test_what_is_too_large_for_an_image_is_not_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LARGEST_READ", 3)
    shelf.items = {"a": Item(b"film", "1")}
    assert shelf.identify() == {"a": "ETAG:1"}
    assert shelf.gets == []


@pytest.mark.parametrize(
    "refusal",
    ["AccessDenied", "InvalidRequest", "InvalidObjectState", "KMS.DisabledException", "KMS.NotFoundException"],
)
def test_an_object_that_cannot_be_read_counts_as_its_upload(shelf: Shelf, refusal: str) -> None:
    """So that the culprit, uploaded again in a readable way, is a change: the run that set it aside is not repeated."""
    shelf.items = {"a": Item(b"x", "1", refusal=refusal), "b": Item(b"y", "2", {"CRC32": "c"})}
    assert shelf.identify() == {"a": "ETAG:1", "b": "CRC32:c"}
    shelf.items["a"] = Item(b"x", "3", {"CRC32": "d"})
    assert shelf.identify() == {"a": "CRC32:d", "b": "CRC32:c"}


def test_archived_objects_count_as_their_upload(shelf: Shelf) -> None:
    shelf.items = {
        "glacier": Item(b"x", "1", {"CRC32": "c"}),
        "tiering": Item(b"y", "2", {"CRC32": "d"}, more={"ArchiveStatus": "ARCHIVE_ACCESS"}),
    }
    assert shelf.identify("glacier") == {"glacier": "ETAG:1", "tiering": "ETAG:2"}
    assert shelf.heads == ["tiering"]


@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_an_outdated_listing_is_made_anew(shelf: Shelf, change: str) -> None:
    shelf.items = {"a": Item(b"x", "1", {"CRC32": "c"}), "b": Item(b"y", "2", {"CRC32": "d"})}
    listed = shelf.listed()
    if change == "replaced":
        shelf.items["a"] = Item(b"z", "9", {"CRC32": "z"})
    else:
        del shelf.items["a"]
    assert identify_objects(shelf, BUCKET, "cats", listed) is None  # type: ignore[arg-type]
    assert json.loads(shelf.index) == {"b": ["2", 1, "CRC32:d"]}
    shelf.heads.clear()
    assert shelf.identify() is not None
    assert "b" not in shelf.heads


def test_trouble_of_s3_itself_is_no_property_of_the_object(shelf: Shelf) -> None:
    """The queue tries again; what was learned before is kept."""
    shelf.items = {"a": Item(b"x", "1", {"CRC32": "c"}), "b": Item(b"y", "2", refusal="SlowDown")}
    with pytest.raises(ClientError, match="SlowDown"):
        shelf.identify()
    assert json.loads(shelf.index) == {"a": ["1", 1, "CRC32:c"]}


def test_many_objects_are_asked_about_at_a_time(shelf: Shelf) -> None:
    shelf.items = {f"{n:03}": Item(b"%d" % n, f"{n}", {"CRC32": f"c{n}"}) for n in range(contents.FEW + 50)}
    identified = shelf.identify()
    assert identified == {key: f"CRC32:{item.checksums['CRC32']}" for key, item in shelf.items.items()}


@pytest.mark.parametrize("index", [b"{", b"[]", b'{"a": 1}', b'{"a": ["1", 1]}', b'{"a": ["1", "x", "y"]}', b"\xff"])
def test_a_damaged_index_is_made_anew(shelf: Shelf, index: bytes) -> None:
    shelf.items = {"a": Item(b"x", "1", {"CRC32": "c"})}
    shelf.index = index
    assert shelf.identify() == {"a": "CRC32:c"}
    assert json.loads(shelf.index) == {"a": ["1", 1, "CRC32:c"]}


def test_the_index_forgets_what_is_gone(shelf: Shelf) -> None:
    shelf.items = {"a": Item(b"x", "1", {"CRC32": "c"}), "b": Item(b"y", "2", {"CRC32": "d"})}
    shelf.identify()
    del shelf.items["a"]
    shelf.identify()
    assert json.loads(shelf.index) == {"b": ["2", 1, "CRC32:d"]}
