"""The images of a record: what is fetched, what is set aside with which reason, and what fails the job."""

import errno
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError, NoCredentialsError

from containers import fetching
from containers.errors import InputError, StepError
from containers.fetching import fetch_images, read_record
from containers.job import ProcessingJob, run_job
from containers.reasons import refusal_of
from contract.image_record import MAX_BYTES, ImageRecord, ListedImage
from contract.reasons import ReasonCode
from stylegan2.data.preparation import prepare_images
from stylegan2.data.uploads import NamedUploads
from stylegan2.data.vetting import LARGEST_FILE
from workshop.dataset import Listing, Targets, default_choice
from workshop.dataset.contents import LARGEST_READ
from workshop.dataset.snapshot import StoredObject, write_snapshot, write_targets
from workshop.notices.reasons import Cause, find_cause

PREFIX = "uploads/cats/"
GONE = "was replaced or deleted after this run had made its list"
MISLEADING = [
    "No space left on device",
    "(1) No space left on device: Could not connect.png",
    "1) No space left on device",
    "(NFS) out of memory.psd",
    "NFS) out of memory.psd",
    "Access Denied 1.avif",
]


def refusal(code: str, status: int, operation: str = "GetObject") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


class Broken(io.BytesIO):
    """A body whose connection breaks after some bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise IncompleteReadError(actual_bytes=1, expected_bytes=9)
        return super().read(1)


@dataclass
class Store:
    """The two calls of S3 that are made, on one bucket: for each key its versions, the newest last (None: deleted)."""

    versions: dict[str, list[tuple[str, bytes] | None]] = field(default_factory=dict)
    refuses: dict[str, Exception] = field(default_factory=dict)
    breaks: dict[str, int] = field(default_factory=dict)  # how often the connection breaks while a key is read
    page: int = 2

    def put(self, name: str, etag: str, body: bytes) -> None:
        self.versions.setdefault(PREFIX + name, []).append((etag, body))

    def get_object(self, Bucket: str, Key: str, IfMatch: str = "", VersionId: str = "") -> dict[str, Any]:
        if Key in self.refuses:
            raise self.refuses[Key]
        versions = self.versions.get(Key, [])
        found = versions[int(VersionId)] if VersionId else versions[-1] if versions else None
        if found is None:
            raise refusal("NoSuchKey", 404)
        etag, body = found
        if IfMatch and f'"{etag}"' != IfMatch:
            raise refusal("PreconditionFailed", 412)
        if self.breaks.get(Key, 0):
            self.breaks[Key] -= 1
            return {"Body": Broken(body)}
        return {"Body": io.BytesIO(body)}

    def list_object_versions(
        self, Bucket: str, Prefix: str, KeyMarker: str = "", VersionIdMarker: str = ""
    ) -> dict[str, Any]:
        every = [
            (key, number, version)
            for key, versions in sorted(self.versions.items())
            for number, version in reversed([*enumerate(versions)])
            if key.startswith(Prefix)
        ]
        start = 1 + max(
            (i for i, (k, n, _) in enumerate(every) if (k, str(n)) == (KeyMarker, VersionIdMarker)), default=-1
        )
        shown = every[start : start + self.page]
        last = {"NextKeyMarker": shown[-1][0], "NextVersionIdMarker": str(shown[-1][1])} if shown else {}
        return last | {
            "IsTruncated": start + self.page < len(every),
            "Versions": [
                {"Key": key, "VersionId": str(number), "ETag": f'"{version[0]}"'}
                for key, number, version in shown
                if version is not None
            ],
        }


def fetch(store: Store, folder: Path, *images: ListedImage) -> tuple[dict[str, bytes], dict[str, str]]:
    """What was fetched, and what is set aside, by name."""
    uploads = fetch_images(store, ImageRecord("bucket", PREFIX, images), folder)
    names, unusable = uploads.list_files()
    return {name: uploads.read(name) for name in names}, {name: str(why) for name, why in unusable.items()}


def image(name: str, etag: str = "1", size: int = 1) -> ListedImage:
    return ListedImage(name, etag, size)


def test_names_that_no_file_system_takes_beside_each_other_are_all_fetched(tmp_path: Path) -> None:
    names = [
        "a.png",
        "a.png/b.png",
        "A.PNG",
        "ü/" * 30 + "x.png",
        "n" * 255 + "/" + "m" * 300 + ".png",
        "../up.png",
        "/",
    ]
    store = Store()
    for name in names:
        store.put(name, "1", name.encode())
    found, unusable = fetch(store, tmp_path / "in", *map(image, names))
    assert found == {name: name.encode() for name in names}
    assert unusable == {}
    assert all(re.fullmatch(r"[0-9a-f]{64}", path.name) for path in (tmp_path / "in").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_was_replaced_or_deleted_since_is_taken_from_the_versions(tmp_path: Path) -> None:
    store = Store()
    for name in ("same", "replaced", "deleted", "often"):
        store.put(f"{name}.png", "1", b"listed")
    store.put("replaced.png", "2", b"newer")
    store.versions[PREFIX + "deleted.png"].append(None)
    for number in range(2, 9):
        store.put("often.png", f"{number}", b"newer")
    store.put("often.png.png", "1", b"another image's version")
    found, unusable = fetch(
        store, tmp_path, *(image(f"{name}.png") for name in ("same", "replaced", "deleted", "often"))
    )
    assert set(found.values()) == {b"listed"}
    assert (len(found), unusable) == (4, {})


def test_what_is_there_no_more_in_any_version_is_set_aside(tmp_path: Path) -> None:
    store = Store()
    store.put("replaced.png", "2", b"newer")
    store.put("good.png", "1", b"good")
    store.put("replaced.png.old", "1", b"another image's")
    found, unusable = fetch(store, tmp_path, image("replaced.png"), image("deleted.png"), image("good.png"))
    assert found == {"good.png": b"good"}
    assert unusable.keys() == {"replaced.png", "deleted.png"}
    assert all(GONE in reason for reason in unusable.values())


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("InvalidObjectState", 403, "lies in an archive"),
        ("InvalidRequest", 400, "SSE-C"),
        ("AccessDenied", 403, "may not read"),
        ("KMS.DisabledException", 400, "may not read"),
        ("KMS.NotFoundException", 400, "may not read"),
    ],
)
def test_one_object_that_cannot_be_read_is_set_aside_and_not_the_run(
    tmp_path: Path, code: str, status: int, reason: str
) -> None:
    store = Store(refuses={PREFIX + "bad.png": refusal(code, status)})
    store.put("bad.png", "1", b"bad")
    store.put("good.png", "1", b"good")
    found, unusable = fetch(store, tmp_path, image("bad.png"), image("good.png"))
    assert found == {"good.png": b"good"}
    assert unusable.keys() == {"bad.png"}
    assert reason in unusable["bad.png"]
    assert unusable["bad.png"].endswith(".")


def test_what_is_too_large_for_an_image_is_not_even_fetched(tmp_path: Path) -> None:
    store = Store(refuses={PREFIX + "film.png": AssertionError("it was asked for")})
    found, unusable = fetch(store, tmp_path, image("film.png", size=LARGEST_FILE + 1))
    assert found == {}
    assert "larger than 300 MB" in unusable["film.png"]


def test_the_function_reads_no_larger_objects_than_prepare_takes() -> None:
    assert LARGEST_READ == LARGEST_FILE


def test_a_connection_that_breaks_is_made_again(tmp_path: Path) -> None:
    store = Store(breaks={PREFIX + "a.png": 4})
    store.put("a.png", "1", b"a whole image")
    assert fetch(store, tmp_path, image("a.png")) == ({"a.png": b"a whole image"}, {})


@pytest.mark.parametrize(
    "error",
    [
        refusal("SlowDown", 503),
        refusal("InternalError", 500),
        refusal("ThrottlingException", 400),
        refusal("KMS.ThrottlingException", 400),
        refusal("ExpiredToken", 400),
        refusal("InvalidAccessKeyId", 403),
        refusal("NoSuchBucket", 404),
        NoCredentialsError(),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=str,
)
def test_trouble_of_s3_itself_fails_the_job_with_a_sentence(tmp_path: Path, error: Exception) -> None:
    """Else a run would train on whatever happened to come."""
    store = Store(refuses={PREFIX + "b.png": error})
    for name in ("a.png", "b.png"):
        store.put(name, "1", b"x")
    with pytest.raises(StepError, match=r"S3 does not give the images to the job, after several tries \(\"b.png\": "):
        fetch(store, tmp_path, image("a.png"), image("b.png"))


def test_versions_that_may_not_be_listed_fail_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()

    def refuse(**_: Any) -> dict[str, Any]:
        raise refusal("AccessDenied", 403, "ListObjectVersions")

    monkeypatch.setattr(store, "list_object_versions", refuse)
    with pytest.raises(StepError, match=r'The versions of "uploads/cats/a.png" cannot be listed: .*AccessDenied'):
        fetch(store, tmp_path, image("a.png"))


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (EndpointConnectionError(endpoint_url="https://s3"), Cause.UNKNOWN),
        (refusal("SlowDown", 503), Cause.UNKNOWN),
        (refusal("ExpiredToken", 400), Cause.CREDENTIALS),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", MISLEADING)
def test_the_advice_follows_the_trouble_and_not_the_files_name(
    tmp_path: Path, name: str, error: Exception, cause: Cause
) -> None:
    store = Store(refuses={PREFIX + name: error})
    assert find_cause(told(tmp_path, store, name), is_own=True).cause is cause


@pytest.mark.parametrize("name", MISLEADING)
@pytest.mark.parametrize(("code", "cause"), [("AccessDenied", Cause.PERMISSION), ("SlowDown", Cause.UNKNOWN)])
def test_the_advice_on_versions_follows_the_trouble_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str, cause: Cause
) -> None:
    store = Store()

    def refuse(**_: Any) -> dict[str, Any]:
        raise refusal(code, 403, "ListObjectVersions")

    monkeypatch.setattr(store, "list_object_versions", refuse)
    assert find_cause(told(tmp_path, store, name), is_own=True).cause is cause


@pytest.mark.parametrize("name", MISLEADING)
def test_the_advice_on_a_list_follows_no_name_either(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("{")
    with pytest.raises(InputError) as caught:
        read_record(file)
    assert find_cause(str(caught.value), is_own=True).cause is Cause.UNKNOWN


def told(base: Path, store: Store, name: str) -> str:
    """What a job says that fails while it fetches a file of this name."""

    def step(_job: ProcessingJob) -> None:
        fetch(store, base, image(name))

    job = ProcessingJob(base)
    assert run_job(job, step) == 1
    return job.sentence_file.read_text()


def test_a_full_disk_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "_copy", full)
    with pytest.raises(StepError, match=r"The 1 images do not fit on the disk .*\(No space left on device\)"):
        fetch(Store(), tmp_path, image("a.png"))


# --------------------------------------------------------------------------------------------------------- the record


class Writing:
    """PutObject alone."""

    def __init__(self) -> None:
        self.written: dict[str, bytes] = {}

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        self.written[Key] = Body


def listing(count: int) -> Listing:
    images = tuple(StoredObject(f"{'ü' * 60}-{n:06}.jpeg", f"{n:032x}", 10**8 + n, 0) for n in range(count))
    return Listing("cats", images, None, None, 0, 0)


def test_the_jobs_read_what_start_run_writes(tmp_path: Path) -> None:
    s3 = Writing()
    choice = default_choice("sketch", None)
    write_snapshot(s3, "bucket", listing(9), "f" * 64, choice)  # type: ignore[arg-type]  # one call of S3 is made
    own = write_targets(s3, "bucket", listing(9), Targets("cats", ()), choice)  # type: ignore[arg-type]
    given = write_targets(s3, "bucket", listing(9), Targets("cats", listing(2).images), choice)  # type: ignore[arg-type]

    def read(key: str) -> ImageRecord:
        file = tmp_path / "record.json"
        file.write_bytes(s3.written[key])
        return read_record(file)

    everything = tuple(ListedImage(one.name, one.etag, one.size) for one in listing(9).images)
    assert read(f"manifests/cats/{'f' * 64}.json") == ImageRecord("bucket", "uploads/cats/", everything)
    assert read(own) == ImageRecord("bucket", "uploads/cats/", everything[::2][:4])
    assert read(given) == ImageRecord("bucket", "inference/cats/", everything[:2])


def test_a_record_of_the_largest_dataset_in_use_is_far_below_what_is_read(tmp_path: Path) -> None:
    s3 = Writing()
    write_snapshot(s3, "bucket", listing(63_632), "f" * 64, default_choice("sketch", None))  # type: ignore[arg-type]
    (body,) = s3.written.values()
    assert len(body) < MAX_BYTES / 2


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"bucket": "b", "prefix": "p"}',
        '{"bucket": "b", "prefix": "p", "objects": 5}',
        '{"bucket": "b", "prefix": "p", "objects": ["a.png"]}',
        '{"bucket": "b", "prefix": "p", "objects": [{"name": "a", "etag": "e", "size": "1"}]}',
        '{"bucket": 1, "prefix": "p", "objects": []}',
        '[{"prefix": "s3://b/uploads/cats/"}, "a.png"]',
        "[" * 100_000,
        '{"bucket": "b", "prefix": "p", "objects": [%s, %s]}' % (('{"name": "a", "etag": "1", "size": 1}',) * 2),
    ],
)
def test_a_record_in_another_form_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mine.json"
    file.write_text(content)
    with pytest.raises(InputError, match=r'^"mine.json", the list of the images, '):
        read_record(file)


@pytest.mark.parametrize("files", [[], ["a.json", "b.json"]])
def test_an_input_that_is_not_one_object_is_refused(tmp_path: Path, files: list[str]) -> None:
    folder = tmp_path / "processing/input/snapshot"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("{}")
    with pytest.raises(InputError, match=rf"'snapshot' must be one object, but has {len(files)} files"):
        ProcessingJob(tmp_path).input_file("snapshot")


@pytest.mark.parametrize(
    ("config", "region"),
    [
        ({"ProcessingJobArn": "arn:aws:sagemaker:eu-central-1:123456789012:processing-job/x"}, "eu-central-1"),
        ({"ProcessingJobArn": "arn"}, None),
        ({"ProcessingJobArn": 5}, None),
        ({}, None),
    ],
)
def test_a_job_knows_its_region(tmp_path: Path, config: dict[str, Any], region: str | None) -> None:
    assert ProcessingJob(tmp_path).region() is None
    (tmp_path / "config").mkdir()
    (tmp_path / "config/processingjobconfig.json").write_text(json.dumps(config))
    assert ProcessingJob(tmp_path).region() == region


# -------------------------------------------------------------------------------------------- in the preparation itself


@pytest.mark.parametrize("workers", [1, 2])
def test_files_with_names_of_their_own_are_prepared_and_set_aside_under_these(
    tmp_path: Path, drawn: Path, workers: int
) -> None:
    names = [f"{'deep/' * 60}{number}.png" for number in range(9)] + ["a.png", "a.png/b.png"]
    for name, file in zip(names, sorted(drawn.iterdir()), strict=True):
        NamedUploads.place(tmp_path, name).write_bytes(file.read_bytes())
    NamedUploads.place(tmp_path, "notes.png").write_text("no picture")
    uploads = NamedUploads(tmp_path, [*names, "notes.png"], {"gone.png": refusal_of(ReasonCode.GONE)})
    report = prepare_images(
        uploads, tmp_path.parent / "out.zip", resolution=16, set_aside=tmp_path.parent / "aside", workers=workers
    )
    assert (report.found, report.good) == (13, 11)
    assert [(one.name, one.reason) for one in report.set_aside] == [
        ("gone.png", str(refusal_of(ReasonCode.GONE))),
        ("notes.png", "This is not an image but text."),
    ]
    assert [path.name for path in (tmp_path.parent / "aside").iterdir()] == ["notes.png"]
