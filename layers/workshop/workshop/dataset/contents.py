"""Which bytes an object holds, however and however often they were uploaded.

S3's ETag does not tell. Under SSE-KMS, as our bucket is, it differs with each upload of the same bytes, and after a
multipart upload with the size of the parts (S3 API reference, "Object", ETag). It tells one thing: equal key, ETag and
size mean that the object has not been replaced. So an object's *content* is one of

    CRC64NVME:bzWbwAqYD4k=  the checksum of the whole object that S3 keeps (HeadObject), or SHA-256 of the bytes, read
                            here, where it keeps none of the whole (a multipart upload's is one of the parts')
    ETAG:0f343b0931126a20   nobody here can read the bytes, or they are too many for an image: a new upload is a change

Asking costs one request an object. What was learned is kept in the dataset's index, so that only new objects are asked
about, and a look that runs out of time leaves what it has learned to the next one. Every object that was begun ends
with a content, whatever happens: looks that follow each other come to an end.

An answer about a moment (a refusal, a read that takes too long) may give an object a content of another form than it
would have had a second later. So only what is in the index counts, and of two looks at once one alone writes it: the
other one begins anew. Else a run would be recorded under one fingerprint, and its images taken for new under another.

The same bytes uploaded by another tool may carry another kind of checksum. Then the bytes are read, and the checksum
of the kind that is known of them decides.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Semaphore
from typing import NamedTuple, Protocol

from botocore.exceptions import ClientError

from contract import layout
from contract.capacity.artefacts import LARGEST_UPLOAD
from workshop.dataset.checksums import ALGORITHMS, as_s3_writes_it, new_digest
from workshop.platform import clock
from workshop.platform.clients import S3, S3_CONNECTIONS, Response, error_code, http_status
from workshop.platform.telemetry import logger

# From the beginning of a look: after so long no object is begun, and after so long no byte is read any more. The rest
# of the function's time is for listing, and for starting the run.
ASK_SECONDS = 45
READ_SECONDS = 75
LARGEST_READ = LARGEST_UPLOAD  # bytes; Prepare takes no larger image
FEW = 16  # objects for which threads are not worth their start
_READERS = 4  # at a time, so that the largest are read within the time
_CHUNK = 1 << 20
_UNREADABLE = "ETAG"
_LOST_RACE = (404, 409, 412)  # deleted, being written, or written since
# S3's answers that lie with the object: in an archive; not for our eyes; encrypted with a key that comes with each
# request (SSE-C). The codes of KMS begin with its name.
_OBJECTS_OWN = frozenset({"InvalidObjectState", "AccessDenied", "InvalidRequest"})


class Stored(Protocol):
    """What a listing says of an object."""

    @property
    def etag(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def modified_ms(self) -> int: ...
    @property
    def is_archived(self) -> bool: ...


class _Known(NamedTuple):
    """What the index says of a key: which object lay there, and its content."""

    etag: str
    size: int
    content: str


_Index = dict[str, _Known]


class _Outdated(Exception):  # noqa: N818 - nothing is wrong, it is only late
    """The object is not the listed one any more."""


class _NoTime(Exception):  # noqa: N818 - as above
    """The object's turn comes in the next look."""


def identify_objects(s3: S3, bucket: str, dataset: str, objects: Mapping[str, Stored]) -> dict[str, str] | None:
    """The content of each object, by key; None if time ran out or the listing is outdated: list and ask again.

    What was learned is in the index either way.
    """
    index, version = _read_index(s3, bucket, dataset)
    known = {
        key: index[key]
        for key, stored in objects.items()
        if key in index and index[key][:2] == (stored.etag, stored.size) and not stored.is_archived
    }
    unknown = {key: stored for key, stored in objects.items() if key not in known}
    outdated, is_written = False, True
    try:
        for key, content in _Asking(s3, bucket, index).ask(unknown):
            if content is None:
                outdated = True
            else:
                known[key] = _Known(unknown[key].etag, unknown[key].size, content)
    finally:
        # What is gone is forgotten. Of an object that has not been asked about yet, what lay there before is still
        # needed: it may be the same.
        kept = {key: index[key] for key in unknown if key in index} | known
        if kept != index:
            is_written = _write_index(s3, bucket, dataset, kept, version)
    if outdated or not is_written or len(known) < len(objects):
        logger.info("not all contents are known yet", known=len(known), objects=len(objects))
        return None
    return {key: one.content for key, one in known.items()}


def is_as_listed(answer: Response, stored: Stored) -> bool:
    """Whether S3's answer is about the listed object, and not about one that has taken its place since. (The quiet time
    lies between an object and its listing, so that a later one has another time: it is told in whole seconds.)"""
    modified_ms = clock.to_ms(answer["LastModified"])
    return (modified_ms // 1000, answer["ContentLength"]) == (stored.modified_ms // 1000, stored.size)


def is_still_there(s3: S3, bucket: str, key: str, stored: Stored) -> bool:
    """Whether the listed object is there. Without the right to list the whole bucket, which none of ours has, S3 says
    "403" for what is gone as it does for what is forbidden."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
    return any(one["Key"] == key and is_as_listed(one | {"ContentLength": one["Size"]}, stored) for one in found)


def is_objects_own(error: ClientError) -> bool:
    """Whether the refusal to read an object lies with this object: asking again would bring the same."""
    code = error_code(error)
    return code in _OBJECTS_OWN or (code.startswith("KMS.") and "Throttling" not in code)


class _Asking:
    """Finds contents out, until time is up."""

    def __init__(self, s3: S3, bucket: str, index: _Index) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._index = index
        self._began = clock.now_ms()
        self._readers = Semaphore(_READERS)

    def ask(self, objects: Mapping[str, Stored]) -> Iterator[tuple[str, str | None]]:
        """Yield (key, content) of the objects, None for one that is not there any more, while there is time."""
        if len(objects) <= FEW:
            yield from filter(None, map(self._ask, objects, objects.values()))
            return
        with ThreadPoolExecutor(S3_CONNECTIONS) as threads:
            yield from filter(None, threads.map(self._ask, objects, objects.values()))

    def _ask(self, key: str, stored: Stored) -> tuple[str, str | None] | None:
        try:
            self._leave_rest_to_next_look()
            return key, self._content(key, stored)
        except _NoTime:
            return None
        except _Outdated:
            return key, None

    def _content(self, key: str, stored: Stored) -> str:
        unreadable = f"{_UNREADABLE}:{stored.etag}"
        if stored.is_archived:
            return unreadable
        try:
            checksums = self._checksums(key, stored)
            if checksums is None:
                return unreadable
            # Another kind than before would tell nothing of whether the bytes are others.
            kind = self._kind_before(key, stored) or next((k for k in ALGORITHMS if k in checksums), "SHA256")
            value = checksums.get(kind) or self._read(key, stored, kind)
        except ClientError as error:
            if http_status(error) == 404:
                raise _Outdated from error
            if not is_objects_own(error):
                raise
            if not is_still_there(self._s3, self._bucket, key, stored):
                raise _Outdated from error
            return unreadable
        if value is None:
            kind, value = next(iter(checksums.items()), (_UNREADABLE, stored.etag))
        return f"{kind}:{value}"

    def _kind_before(self, key: str, stored: Stored) -> str | None:
        """The kind of checksum that is known of the object which lay there before and may be the same."""
        before = self._index.get(key)
        kind = before.content.partition(":")[0] if before is not None and before.size == stored.size else None
        return kind if kind in ALGORITHMS else None

    def _checksums(self, key: str, stored: Stored) -> dict[str, str] | None:
        """What S3 knows of the whole object, by algorithm; None if it lies in an archive."""
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if http_status(error) in (400, 403):
                return {}  # an answer to HEAD has no body, and so no reason: reading will tell it
            raise
        if not is_as_listed(head, stored):
            raise _Outdated
        if "ArchiveStatus" in head:  # of S3 Intelligent-Tiering
            return None
        if head.get("ChecksumType") == "COMPOSITE":
            return {}  # a checksum of the parts' checksums, which depends on the parts' size
        values = {kind: head[f"Checksum{kind}"] for kind in ALGORITHMS if f"Checksum{kind}" in head}
        # A boto3 older than that field still has the mark of such a one: the number of parts at its end.
        return {kind: value for kind, value in values.items() if "-" not in value}

    def _read(self, key: str, stored: Stored, kind: str) -> str | None:
        """The checksum of the bytes; None if they are too many, or cannot be read in time."""
        if stored.size > LARGEST_READ:
            return None
        digest = new_digest(kind)
        with self._readers:
            self._leave_rest_to_next_look()  # it may have waited for long
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body:
                if not is_as_listed(answer, stored):
                    raise _Outdated
                while chunk := body.read(_CHUNK):
                    if self._age() >= READ_SECONDS:
                        return None
                    digest.update(chunk)
        return as_s3_writes_it(digest)

    def _leave_rest_to_next_look(self) -> None:
        if self._age() >= ASK_SECONDS:
            raise _NoTime

    def _age(self) -> float:
        return (clock.now_ms() - self._began) / 1000


def _read_index(s3: S3, bucket: str, dataset: str) -> tuple[_Index, str | None]:
    """The index, and its version; None if there is no index yet."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=layout.contents(dataset))
    except ClientError as error:
        if http_status(error) in (403, 404):  # there is none yet: see `is_still_there`
            return {}, None
        raise
    try:
        entries = json.loads(answer["Body"].read()).items()
        index = {key: _Known(str(etag), int(size), str(content)) for key, (etag, size, content) in entries}
    except (ValueError, TypeError, AttributeError):
        # Somebody has edited it. Nothing is lost but the time of asking again.
        logger.warning("the index of contents is damaged and is made anew", dataset=dataset)
        index = {}
    return index, answer["ETag"]


def _write_index(s3: S3, bucket: str, dataset: str, index: _Index, version: str | None) -> bool:
    """Write the index if it is still the version that was read; False if it is not.

    Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
    """
    body = json.dumps(index, separators=(",", ":")).encode()
    key = layout.contents(dataset)
    unchanged = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", **unchanged)
    except ClientError as error:
        if http_status(error) not in _LOST_RACE:
            raise
        if version is None:
            s3.get_object(Bucket=bucket, Key=key)  # raises if there is one that may not be read, or this never ends
        return False
    return True
