"""Content Credentials: in every picture and film a manifest that says that a machine made it, signed so that anybody
can check who says so, and that nothing was changed since.

The key is the deployer's and never leaves KMS: a digest of each manifest's claim goes there and the signature comes
back. The chain of certificates, the signer's own first, is an object in S3. A manifest is about 12 kB. Without a
time-stamping authority it is trusted for as long as its certificate is valid.

Sources: C2PA Technical Specification 2.2, 13.2 (digital signatures: ES256), 14.5 (certificates); API reference of KMS,
Sign. c2pa-python is the library of those who wrote the specification.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from PIL import Image

from containers.errors import InputError
from containers.s3 import CONFIG, S3Reader, s3_client
from containers.settings import NamedStrings
from contract import jobs
from contract.pipeline import PARAMETERS
from stylegan2.base.machine_made import DIGITAL_SOURCE_TYPE
from stylegan2.base.signed_files import signing_with

# A certificate must outlive the longest job that begins with it.
_LONGEST_JOB = timedelta(seconds=PARAMETERS["MaxTrainSeconds"].bounds[1])
_COORDINATE_BYTES = 32  # of P-256: a signature of C2PA is its two numbers, of KMS their DER

_MANIFEST = {
    "claim_generator_info": [{"name": "image-workshop"}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE_TYPE}]},
        }
    ],
}
# Small copies of pictures in the pictures themselves would help nobody.
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}


class CredentialsError(InputError):
    """Pictures cannot be signed with this key and these certificates."""


class Kms(Protocol):
    """The call of KMS that is made."""

    def sign(self, **request: Any) -> dict[str, Any]: ...


@contextmanager
def content_credentials(environment: NamedStrings, region: str | None) -> Iterator[None]:
    """Have the pictures and films that are written meanwhile signed, where the job was told with which key.

    Raises:
        CredentialsError: what the job was told cannot sign; in time, before anything is made.
    """
    key = environment.values.get(jobs.SIGNING_KEY_VARIABLE)
    if not key:
        yield
        return
    if importlib.util.find_spec("c2pa") is None:
        raise CredentialsError(
            "pictures cannot be signed: the job's image has no c2pa-python, as the one built here has."
        )
    uri = environment.uri(jobs.CERTIFICATES_VARIABLE)
    kms = boto3.client("kms", region_name=region, config=CONFIG)
    signer = ContentSigner(kms, key, read_certificates(s3_client(region), uri))
    trial = io.BytesIO()
    Image.new("L", (1, 1)).save(trial, "PNG")
    signer.sign(trial.getvalue(), "image/png")
    with signing_with(signer.sign):
        yield


def read_certificates(s3: S3Reader, uri: str) -> str:
    """Read a chain of certificates, as PEM.

    Raises:
        CredentialsError: it is not there, is none, or will have expired before the job's end.
    """
    from cryptography import x509

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read(jobs.LARGEST_CHAIN_BYTES + 1)
        if len(content) > jobs.LARGEST_CHAIN_BYTES:
            raise CredentialsError(
                f"{uri} is larger than {jobs.LARGEST_CHAIN_BYTES} bytes; no chain of certificates is."
            )
        chain, signers = content.decode(), x509.load_pem_x509_certificates(content)[0]
    except (ClientError, BotoCoreError) as error:
        raise CredentialsError(
            f"the certificates of the pictures' signatures, {uri}, cannot be read: {error}"
        ) from error
    except ValueError as error:
        raise CredentialsError(f"{uri} must hold certificates as PEM, the signer's own first: {error}") from error
    now = datetime.now(UTC)
    if not signers.not_valid_before_utc <= now <= signers.not_valid_after_utc - _LONGEST_JOB:
        raise CredentialsError(
            f"the certificate that pictures are signed with is valid from {signers.not_valid_before_utc:%Y-%m-%d} to "
            f"{signers.not_valid_after_utc:%Y-%m-%d}, and a job may take {_LONGEST_JOB.days} days: put the chain of a "
            f"newer one to {uri}, with python -m pipeline_builder upsert --certificates FILE."
        )
    return chain


class ContentSigner:
    """Signs files with a key of KMS's (ECC_NIST_P256) and the chain of its certificates, as PEM."""

    def __init__(self, kms: Kms, key: str, certificates: str) -> None:
        import c2pa  # loads a large library; only those who sign need it

        self._kms, self._key, self._c2pa = kms, key, c2pa
        self._refused: Exception | None = None
        self._context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))
        try:
            self._signer = c2pa.Signer.from_callback(self._signature_of, c2pa.C2paSigningAlg.ES256, certificates)
        except c2pa.C2paError as error:
            raise CredentialsError(f"pictures cannot be signed with these certificates: {error}") from error

    def sign(self, content: bytes, media_type: str) -> bytes:
        """Return a file with its manifest, whose signature was checked against the certificates.

        Raises:
            CredentialsError: KMS has refused, or key and certificates do not belong together.
        """
        signed, self._refused = io.BytesIO(), None
        try:
            with self._c2pa.Builder(_MANIFEST, self._context) as manifest:
                manifest.sign(self._signer, media_type, io.BytesIO(content), signed)
        except self._c2pa.C2paError as error:
            cause = self._refused or error
            raise CredentialsError(f"pictures cannot be signed with the key {self._key}: {cause}") from cause
        return signed.getvalue()

    def _signature_of(self, claim: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        digest = hashlib.sha256(claim).digest()
        try:
            answer = self._kms.sign(
                KeyId=self._key, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        except (ClientError, BotoCoreError) as error:
            self._refused = error  # the library tells of no cause
            raise
        return b"".join(
            number.to_bytes(_COORDINATE_BYTES, "big") for number in decode_dss_signature(answer["Signature"])
        )
