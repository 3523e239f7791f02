"""Seconds, requests and memory of a snapshot of 60,000 images: `python -m benchmarks.snapshot [ROUNDS]`.

Real: list_dataset, with_contents, fingerprint and write_snapshot, boto3 with its parsing, HTTP over loopback, a fresh
process for each look. Not real: S3. A small server answers ListObjectsV2 with pages of 1,000 objects as S3 writes them,
made beforehand, HeadObject with a checksum, and keeps what is put to it; the time of S3 itself and of the way to it is
missing. The first drop is looked at until all contents are known; the last look finds all in the index.
"""

import hashlib
import http.server
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

from local_aws import ROOT
from workshop.dataset import Targets, default_choice, fingerprint, list_dataset
from workshop.dataset.snapshot import with_contents, write_snapshot
from workshop.platform import clients

IMAGES = 60_000
PAGE = 1_000
BUCKET = "bucket"
DATASET = "big-drop"
# List prices in dollars, us-east-1: a GET or HEAD; a LIST or PUT.
PRICE_GET, PRICE_PUT = 0.0004 / 1000, 0.005 / 1000

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
        self.kept: dict[str, bytes] = {}
        self.requests = {"GET": 0, "LIST": 0, "HEAD": 0, "PUT": 0}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one segment: else the kernel waits for an acknowledgement between them
    server: BucketServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if "prefix" in query:
            self.server.requests["LIST"] += 1
            return self._answer(self.server.pages[int(query.get("continuation-token", ["0"])[0])])
        self.server.requests["GET"] += 1
        if url.path not in self.server.kept:
            return self._answer(b"<Error><Code>AccessDenied</Code></Error>", 403)
        return self._answer(self.server.kept[url.path])

    def do_HEAD(self) -> None:
        self.server.requests["HEAD"] += 1
        number = int(self.path.partition("IMG_")[2][:6])
        time_of_day = f"10:{number // 1000 % 60:02d}:{number % 60:02d}"
        self.send_response(200)
        self.send_header("Last-Modified", f"Tue, 24 Nov 2026 {time_of_day} GMT")
        self.send_header("Content-Length", str(200_000 + number))
        self.send_header(
            "x-amz-checksum-crc64nvme", hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()[:11] + "="
        )
        self.send_header("x-amz-checksum-type", "FULL_OBJECT")
        self.end_headers()

    def do_PUT(self) -> None:
        self.server.requests["PUT"] += 1
        self.server.kept[urlsplit(self.path).path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b"")

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def measured() -> None:
    """One look; prints wall seconds, processor seconds, peak MB, and whether it got as far as the record."""
    began = time.perf_counter()
    s3 = clients.s3()
    listing = list_dataset(s3, BUCKET, DATASET)
    if len(listing.images) != IMAGES:
        sys.exit(f"{len(listing.images)} images were listed instead of {IMAGES}")
    identified = with_contents(s3, BUCKET, listing, Targets(DATASET, ()))
    if identified is not None:
        digest = fingerprint(identified[0].images, None)
        write_snapshot(s3, BUCKET, identified[0], digest, default_choice("sketch", None))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - began
    print(json.dumps([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, identified is not None]))


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
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-c", "from benchmarks.snapshot import measured; measured()"]

    def look() -> list[float]:
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return [float(number) for number in json.loads(done.stdout)]

    firsts, laters = [], []
    for _ in range(rounds):
        server.kept.clear()
        server.requests = dict.fromkeys(server.requests, 0)
        looks = [look()]
        while not looks[-1][3]:
            looks.append(look())
        asked = dict(server.requests)
        seconds, processor, memory, _ = zip(*looks, strict=True)
        firsts.append([len(looks), sum(seconds), sum(processor), max(memory)])
        laters.append(look())
    number, seconds, processor, memory = map(statistics.median, zip(*firsts, strict=True))
    later_seconds, later_processor, later_memory, _ = map(statistics.median, zip(*laters, strict=True))
    dollars = (asked["GET"] + asked["HEAD"]) * PRICE_GET + (asked["LIST"] + asked["PUT"]) * PRICE_PUT
    sizes = {path.rsplit("/", 1)[-1][-13:]: len(body) for path, body in server.kept.items()}
    print(f"{IMAGES:,} images, median of {rounds}\n\n| figure | first drop | later look |\n|---|---|---|")
    print(f"| looks | {number:.0f} | 1 |\n| wall time | {seconds:.1f} s | {later_seconds:.1f} s |")
    print(f"| processor time, starts of Python included | {processor:.1f} s | {later_processor:.1f} s |")
    print(f"| peak memory of the process | {memory:.0f} MB | {later_memory:.0f} MB |")
    print(f"| requests: {asked} | {dollars:.4f} USD | |")
    print(f"| written | {', '.join(f'...{name} {size / 1e6:.1f} MB' for name, size in sizes.items())} | |")


if __name__ == "__main__":
    main()
