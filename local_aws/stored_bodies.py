"""What MiniStack's S3 holds, in files instead of in memory: tens of thousands of images, and data sets of gigabytes.

MiniStack keeps bodies as `bytes`, which most of its code only passes on. So an object has a `StoredBody` in their
place, from the moment its upload is recorded. An upload in parts is put together without being read, and an answer is
read piece by piece while it is sent (`in_pieces`). Who looks into the bytes is given them: a copy that wants another
checksum, and other services.
"""

import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Self, SupportsIndex

from ministack.services import s3

_PIECE = 1 << 20

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _File:
    """A file with a part of a body; it is removed with the last object that has it."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.size = len(content)
        path.write_bytes(content)

    def __del__(self) -> None:
        self.path.unlink(missing_ok=True)

    def read(self, start: int, end: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)


class StoredBody(bytes):
    """Bytes that lie in files. Length and slices are theirs; what looks into its memory finds no bytes at all."""

    files: tuple[_File, ...]

    @classmethod
    def of(cls, files: Iterable[_File]) -> Self:
        body = cls()
        body.files = tuple(files)
        return body

    def __len__(self) -> int:
        return sum(file.size for file in self.files)

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        if not isinstance(key, slice):
            raise TypeError("of a stored body only slices are read")
        start, end, step = key.indices(len(self))
        if step != 1:
            raise ValueError("a stored body is read from its beginning to its end")
        return b"".join(self._read(start, max(start, end)))

    def pieces(self) -> Iterator[bytes]:
        """All of it, a megabyte at a time."""
        for start in range(0, len(self), _PIECE):
            yield from self._read(start, start + _PIECE)

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        for file in self.files:
            if start < file.size and end > 0:
                yield file.read(max(start, 0), min(end, file.size))
            start, end = start - file.size, end - file.size


def keep_bodies_in_files(folder: Path) -> None:
    """Have S3 keep what is uploaded from now on in this folder."""
    record_version, upload_part, complete_upload, resolve_checksums, object_data = (
        s3._record_object_version,
        s3._upload_part,
        s3._complete_multipart_upload,
        s3._resolve_object_checksums,
        s3._get_object_data,
    )
    numbers = itertools.count()
    parts: dict[int, Any] = {}  # of the upload that is being completed

    def stored(body: bytes) -> StoredBody:
        return body if isinstance(body, StoredBody) else StoredBody.of([_File(folder / str(next(numbers)), body)])

    def record_object_version(bucket: str, key: str, prior: Any, record: dict[str, Any], body: bytes) -> Any:
        if parts:
            body = StoredBody.of(file for part in record["parts"] for file in parts[part["PartNumber"]]["body"].files)
            record["size"] = len(body)
        record["body"] = stored(body)
        return record_version(bucket, key, prior, record, record["body"])

    def upload_part_into_file(bucket: str, key: str, body: bytes, query: Any, headers: Any) -> Any:
        answer = upload_part(bucket, key, body, query, headers)
        if answer[0] == 200:
            part = s3._multipart_uploads[s3._qp(query, "uploadId")]["parts"][int(s3._qp(query, "partNumber"))]
            part["body"] = stored(part["body"])
        return answer

    def complete_multipart_upload(bucket: str, key: str, body: bytes, query: Any, headers: Any = None) -> Any:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"), {"parts": {}})
        for part in upload["parts"].values():
            part["body"] = stored(part["body"])  # a copied one has not come through an upload
        parts.update(upload["parts"])
        try:
            return complete_upload(bucket, key, body, query, headers)
        finally:
            parts.clear()

    def resolve_object_checksums(body: bytes, headers: Any) -> Any:
        return resolve_checksums(_in_memory(body), headers)

    def data_for_another_service(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        data: bytes | None = _in_memory(object_data(bucket, key, version_id))
        return data

    s3._record_object_version = record_object_version
    s3._upload_part = upload_part_into_file
    s3._complete_multipart_upload = complete_multipart_upload
    s3._resolve_object_checksums = resolve_object_checksums
    s3._get_object_data = data_for_another_service


def _in_memory(body: Any) -> Any:
    return body[:] if isinstance(body, StoredBody) else body


def in_pieces(send: Send) -> Send:
    """An ASGI `send` that takes stored bodies and sends what is in their files."""

    async def send_pieces(message: MutableMapping[str, Any]) -> None:
        body = message.get("body")
        if isinstance(body, StoredBody):
            for piece in body.pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            message = {**message, "body": b""}
        await send(message)

    return send_pieces
