"""Checkpoints: copied from S3 before training starts, and to S3 while it runs.

Source: SageMaker Developer Guide, "Checkpoints in Amazon SageMaker AI": the folder and the S3 prefix are kept the same
during training.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.errors import DataError
from local_aws.sagemaker.storage import download_objects, join_key, parse_uri, regular_files, upload_file

logger = logging.getLogger(__name__)

_Version = tuple[int, int]
"""Size and modification time of a file: another pair means other contents."""


class CheckpointSync:
    """Keeps an S3 prefix like a folder.

    A file is copied when two looks in a row have seen it unchanged, so that a file which is still being written waits
    for the next look; the last look, after the job has ended, copies what is left. Older files go first: a file that
    names others is written, and so copied, after them. Objects whose files are gone are deleted afterwards.

    Args:
        s3: returns a client with valid credentials.
        interval_seconds: the time between two looks.
    """

    def __init__(self, s3: Callable[[], Any], folder: Path, uri: str, interval_seconds: float) -> None:
        self._s3 = s3
        self._folder = folder
        self._bucket, self._prefix = parse_uri(uri)
        self._interval = interval_seconds
        self._seen: dict[str, _Version] = {}
        self._copied: dict[str, _Version] = {}
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="checkpoints", daemon=True)

    def restore(self, check: Callable[[], None]) -> None:
        """Copy what earlier jobs left; an empty prefix is no error."""
        self._folder.mkdir(parents=True, exist_ok=True)
        below = f"{self._prefix.rstrip('/')}/" if self._prefix else ""
        if self._s3().list_objects_v2(Bucket=self._bucket, Prefix=below, MaxKeys=1).get("KeyCount", 0):
            download_objects(self._s3(), f"s3://{self._bucket}/{below}", "S3Prefix", self._folder, check)
        self._copied = self._seen = self._look()

    def start(self) -> None:
        """Begin to look, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking, without a last look."""
        self._finished.set()
        if self._thread.ident is not None:
            self._thread.join()

    def copy(self, *, last: bool) -> None:
        """Look once and copy what is complete; with `last`, everything."""
        found = self._look()
        for name in sorted(found, key=lambda each: found[each][1]):
            if found[name] == self._copied.get(name) or (not last and found[name] != self._seen.get(name)):
                continue
            try:
                upload_file(self._s3(), self._folder / name, self._bucket, join_key(self._prefix, name))
            except FileNotFoundError:
                continue  # deleted since the look; the next one sees it gone
            self._copied[name] = found[name]
        for name in self._copied.keys() - found.keys():
            self._s3().delete_object(Bucket=self._bucket, Key=join_key(self._prefix, name))
            del self._copied[name]
        self._seen = found

    def _look(self) -> dict[str, _Version]:
        found: dict[str, _Version] = {}
        for name, path in regular_files(self._folder):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # deleted while we looked
            found[name] = (status.st_size, status.st_mtime_ns)
        return found

    def _loop(self) -> None:
        while not self._finished.wait(self._interval):
            try:
                self.copy(last=False)
            except (BotoCoreError, ClientError, DataError, OSError):
                # The next look tries again, and the last one reports.
                logger.warning("could not copy checkpoints from %s", self._folder, exc_info=True)
