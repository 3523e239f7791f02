"""Pictures and films are signed by a key of the deployer's, or the job says why they cannot be."""

import importlib.util
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import boto3
import numpy as np
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import ExtendedKeyUsageOID
from moto.kms.utils import ECDSAPrivateKey
from PIL import Image

from containers.content_credentials import ContentSigner, content_credentials
from containers.errors import StepError
from containers.job import ProcessingJob, run_job
from containers.settings import NamedStrings
from contract.capacity import artefacts
from contract.jobs import LARGEST_CHAIN_BYTES
from stylegan2.base.machine_made import save_marked
from stylegan2.base.signed_files import signing_with
from stylegan2.synthesis.mp4 import write_mp4
from stylegan2.synthesis.video import as_image, write_video
from tests.certificates import MEDIA, Authority, credentials_of, make_key
from tests.containers.bucket import KEYS, REGION, Bucket
from tests.marks import MACHINE, assert_says_a_machine_made_it

Enter = Callable[[], Any]

FRAMES = [np.full((32, 48, 3), 40 * number, np.uint8) for number in range(6)]
WRITERS: dict[str, Callable[[Path], None]] = {
    "picture.png": lambda file: save_marked(as_image(FRAMES[1]), file, "PNG"),
    "sheet.jpg": lambda file: save_marked(as_image(FRAMES[2]), file, "JPEG", quality=95),
    "small.webp": lambda file: save_marked(as_image(FRAMES[3]), file, "WEBP"),
    "film.webp": lambda file: write_video(FRAMES, file, frame_milliseconds=40),
    "film.mp4": lambda file: write_mp4(FRAMES, file, frame_milliseconds=40),
}


def sign_digest(key: ECDSAPrivateKey, message: bytes, _algorithm: str) -> bytes:
    """What KMS does with MessageType DIGEST. (moto takes no notice of it, and hashes the digest once more.)"""
    signature: bytes = key.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
    return signature


@pytest.fixture
def kms(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": s3_url}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ECDSAPrivateKey, "sign", sign_digest)
    return boto3.client("kms", region_name=REGION)


@pytest.fixture
def authority() -> Authority:
    return Authority()


def signing(bucket: Bucket, key: str, chain: bytes | None) -> Any:
    """What a job does that was told of a key and of where its certificates are."""
    if chain is not None:
        bucket.put("credentials/certificates.pem", chain)
    variables = {"SIGNING_KEY": key, "CERTIFICATES": f"s3://{bucket.name}/credentials/certificates.pem"}
    return content_credentials(NamedStrings("environment variable", variables), REGION)


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_says_who_says_that_a_machine_made_it(
    kms: Any, bucket: Bucket, authority: Authority, tmp_path: Path, name: str
) -> None:
    key, file = make_key(kms), tmp_path / name
    with signing(bucket, key, authority.chain(kms, key)):
        WRITERS[name](file)

    found = credentials_of(file, authority.root)
    assert found is not None
    assert (found.state, found.signer) == ("Trusted", "Chairs & Sons")
    assert [(one["action"], one["digitalSourceType"]) for one in found.actions] == [("c2pa.created", MACHINE)]
    assert_says_a_machine_made_it(file)  # the other marks are still there
    stranger = credentials_of(file, Authority().root)
    assert stranger is not None
    assert stranger.state == "Valid"  # but of nobody whom this reader knows


@pytest.mark.parametrize("name", ["picture.png", "sheet.jpg", "small.webp"])
def test_a_signed_picture_has_the_pixels_of_an_unsigned_one(
    kms: Any, bucket: Bucket, authority: Authority, tmp_path: Path, name: str
) -> None:
    key, signed, unsigned = make_key(kms), tmp_path / name, tmp_path / f"unsigned-{name}"
    WRITERS[name](unsigned)
    with signing(bucket, key, authority.chain(kms, key)):
        WRITERS[name](signed)
    with Image.open(signed) as one, Image.open(unsigned) as other:
        assert np.array_equal(np.asarray(one), np.asarray(other))
    assert signed.stat().st_size - unsigned.stat().st_size < 16_000


def test_a_signed_film_still_plays(kms: Any, bucket: Bucket, authority: Authority, tmp_path: Path) -> None:
    key, mp4, webp = make_key(kms), tmp_path / "film.mp4", tmp_path / "film.webp"
    with signing(bucket, key, authority.chain(kms, key)):
        for file in (mp4, webp):
            WRITERS[file.name](file)
    with av.open(mp4) as film:
        means = [float(frame.to_ndarray(format="rgb24").mean()) for frame in film.decode(video=0)]
    assert means == pytest.approx([float(frame.mean()) for frame in FRAMES], abs=3)
    with Image.open(webp) as animated:
        assert animated.n_frames == len(FRAMES)


def test_a_changed_picture_is_found_out(kms: Any, bucket: Bucket, authority: Authority, tmp_path: Path) -> None:
    key, file = make_key(kms), tmp_path / "picture.png"
    with signing(bucket, key, authority.chain(kms, key)):
        WRITERS[file.name](file)
    content = bytearray(file.read_bytes())
    content[-20] ^= 1  # in the pixels
    file.write_bytes(content)
    found = credentials_of(file, authority.root)
    assert found is not None
    assert found.state == "Invalid"


def test_nothing_is_signed_unasked_nor_afterwards_nor_inside_of_a_page(
    kms: Any, bucket: Bucket, authority: Authority, tmp_path: Path
) -> None:
    key, file, page = make_key(kms), tmp_path / "picture.png", io.BytesIO()
    with content_credentials(NamedStrings("environment variable", {}), REGION):
        WRITERS[file.name](file)
    assert credentials_of(file, authority.root) is None
    with signing(bucket, key, authority.chain(kms, key)):
        save_marked(as_image(FRAMES[0]), page, "PNG")
    assert b"c2pa" not in page.getvalue()
    WRITERS[file.name](file)
    assert credentials_of(file, authority.root) is None


@pytest.mark.parametrize("name", WRITERS)
def test_a_signature_takes_no_more_bytes_than_computed(
    kms: Any, authority: Authority, tmp_path: Path, name: str
) -> None:
    key, file = make_key(kms), tmp_path / name
    WRITERS[name](file)
    chain = authority.chain(kms, key).decode()
    chain += authority.root * ((LARGEST_CHAIN_BYTES - len(chain)) // len(authority.root))
    content = file.read_bytes()
    real = len(ContentSigner(kms, key, chain).sign(content, MEDIA[file.suffix])) - len(content)
    assert real <= artefacts._SIGNATURE_BYTES <= 1.1 * real


# ------------------------------------------------------------------------------------------------------------ faults


def refusal(enter: Enter) -> str:
    """Why nothing can be signed; it is said before anything is written."""
    with pytest.raises(StepError) as refused, enter():
        pytest.fail("the job went on")
    return str(refused.value)


@pytest.mark.parametrize(
    ("chain", "sentence"),
    [
        (None, "cannot be read: .*NoSuchKey"),
        (b"", "must hold certificates as PEM, the signer's own first"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "must hold certificates as PEM"),
        (b"\xff\xfe\x00" * 50_000, "is larger than 16384 bytes"),
    ],
)
def test_what_is_no_chain_is_named(kms: Any, bucket: Bucket, chain: bytes | None, sentence: str) -> None:
    said = refusal(lambda: signing(bucket, make_key(kms), chain))
    assert re.search(sentence, said), said
    assert f"s3://{bucket.name}/credentials/certificates.pem" in said


def test_a_chain_with_bytes_of_no_text_is_named(kms: Any, bucket: Bucket, authority: Authority) -> None:
    key = make_key(kms)
    said = refusal(lambda: signing(bucket, key, authority.chain(kms, key) + b"\xff"))
    assert "must hold certificates as PEM" in said


@pytest.mark.parametrize(
    "days", [(-400, -1), (-400, 4), (1, 365)], ids=["expired", "expires during a job", "too early"]
)
def test_a_certificate_must_be_valid_until_the_longest_job_ends(
    kms: Any, bucket: Bucket, authority: Authority, days: tuple[float, float]
) -> None:
    key = make_key(kms)
    said = refusal(lambda: signing(bucket, key, authority.chain(kms, key, days=days)))
    assert "a job may take 5 days" in said
    assert "upsert --certificates FILE" in said


def test_the_certificates_of_another_key_sign_nothing(kms: Any, bucket: Bucket, authority: Authority) -> None:
    key, other = make_key(kms), make_key(kms)
    said = refusal(lambda: signing(bucket, key, authority.chain(kms, other)))
    assert f"cannot be signed with the key {key}" in said
    assert "does not match" in said


def test_a_certificate_for_something_else_signs_nothing(kms: Any, bucket: Bucket, authority: Authority) -> None:
    key = make_key(kms)
    chain = authority.chain(kms, key, use=ExtendedKeyUsageOID.SERVER_AUTH)
    assert "cannot be signed with" in refusal(lambda: signing(bucket, key, chain))


def test_an_image_without_the_library_is_named(
    kms: Any, bucket: Bucket, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(kms)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "has no c2pa-python" in refusal(lambda: signing(bucket, key, authority.chain(kms, key)))


def test_a_key_of_another_kind_signs_nothing(kms: Any, bucket: Bucket, authority: Authority) -> None:
    key = make_key(kms, "RSA_2048")
    assert "cannot be signed with" in refusal(lambda: signing(bucket, key, authority.chain(kms, key)))


class _Forbidden:
    """A KMS that refuses to sign, as it does for a role without the right to."""

    def sign(self, **_: Any) -> dict[str, Any]:
        message = "User: job is not authorized to perform: kms:Sign"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "Sign")


def test_a_refusal_of_kms_reaches_the_mail_with_its_kind(kms: Any, authority: Authority, tmp_path: Path) -> None:
    key = make_key(kms)
    signer = ContentSigner(_Forbidden(), key, authority.chain(kms, key).decode())
    job = ProcessingJob(tmp_path)

    def draw(_: ProcessingJob) -> None:
        with signing_with(signer.sign):
            WRITERS["picture.png"](tmp_path / "picture.png")

    assert run_job(job, draw) == 1
    assert not (tmp_path / "picture.png").exists()
    told = job.sentence_file.read_text()
    assert told.startswith(f"AccessDenied: pictures cannot be signed with the key {key}: ")
    assert "not authorized to perform: kms:Sign" in told
