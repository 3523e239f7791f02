"""Seconds and memory of a snapshot of 60,000 images: `python -m benchmarks.snapshot [ROUNDS]`.

Real: list_dataset, fingerprint and write_manifests, boto3 with its parsing of XML, HTTP over loopback, a fresh process
for each round (3). Not real: S3. A small server answers ListObjectsV2 with pages of 1,000 objects as S3 writes them,
made beforehand, and takes what is put to it; the time of S3 itself and of the way to it is missing (60 pages).
"""

import hashlib
import http.server
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

from local_aws.rooms import ROOT
from workshop import clients
from workshop.settings import default_choice
from workshop.snapshot import fingerprint, list_dataset, write_manifests

IMAGES = 60_000
PAGE = 1_000
BUCKET = "bucket"
DATASET = "big-drop"

_ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>2026-11-24T10:{minute:02d}:{second:02d}.000Z</LastModified>"
    "<ETag>&quot;{etag}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"
    "<ChecksumType>FULL_OBJECT</ChecksumType><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>{bucket}</Name><Prefix>{prefix}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>"
    "<EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{more}{entries}</ListBucketResult>"
)


def make_pages(prefix: str, images: int) -> list[bytes]:
    """The pages of a listing, as XML; the continuation token is the number of the next page."""
    pages = []
    for start in range(0, images, PAGE) or [0]:
        numbers = range(start, min(start + PAGE, images))
        entries = "".join(
            _ENTRY.format(
                key=f"{prefix}folder-{n // 5000:02d}/IMG_{n:06d}.jpg",
                minute=n // 1000 % 60,
                second=n % 60,
                etag=hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest(),
                size=200_000 + n,
            )
            for n in numbers
        )
        truncated = start + PAGE < images
        more = f"<NextContinuationToken>{start // PAGE + 1}</NextContinuationToken>" if truncated else ""
        page = _PAGE.format(
            bucket=BUCKET,
            prefix=prefix,
            count=len(numbers),
            truncated=str(truncated).lower(),
            more=more,
            entries=entries,
        )
        pages.append(page.encode())
    return pages


class BucketServer(http.server.ThreadingHTTPServer):
    """Answers for one bucket."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = make_pages(f"uploads/{DATASET}/", IMAGES)
        self.nothing = make_pages(f"inference/{DATASET}/", 0)[0]
        self.put_bytes = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one segment: else the kernel waits for an acknowledgement between them
    server: BucketServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if query["prefix"] != [f"uploads/{DATASET}/"]:
            return self._answer(self.server.nothing)
        return self._answer(self.server.pages[int(query.get("continuation-token", ["0"])[0])])

    def do_PUT(self) -> None:
        self.server.put_bytes += len(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def measured() -> None:
    """One snapshot; prints wall seconds, processor seconds, peak MB."""
    began = time.perf_counter()
    s3 = clients.s3()
    listing = list_dataset(s3, BUCKET, DATASET)
    if len(listing.images) != IMAGES:
        sys.exit(f"{len(listing.images)} images were listed instead of {IMAGES}")
    digest = fingerprint(listing.images, None)
    write_manifests(s3, BUCKET, listing, digest, default_choice("sketch", None))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    server = BucketServer()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'workshop'}",
        "AWS_ENDPOINT_URL_S3": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    command = [sys.executable, "-c", "from benchmarks.snapshot import measured; measured()"]
    results = []
    for _ in range(rounds):
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        results.append([float(number) for number in done.stdout.split()])
    wall, processor, memory = (statistics.median(column) for column in zip(*results, strict=True))
    print(f"{IMAGES:,} images, median of {rounds}\n\n| figure | value |\n|---|---|")
    print(f"| wall time | {wall:.1f} s |\n| processor time, start of Python included | {processor:.1f} s |")
    print(f"| peak memory of the process | {memory:.0f} MB |")
    print(f"| manifests written | {server.put_bytes / rounds / 1e6:.1f} MB |")


if __name__ == "__main__":
    main()
