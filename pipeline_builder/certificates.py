"""The certificates that the jobs sign pictures with (Content Credentials): kept in the bucket, checked against the key.

The key is the deployer's, in KMS: an asymmetric one (ECC_NIST_P256, SIGN_VERIFY), which the stack names.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from contract import jobs, layout
from pipeline_builder.bundle import find_object
from pipeline_builder.errors import CertificateError

KEY_OUTPUT = "ContentCredentialsKeyArn"
"""The stack's output with the key's ARN; there is none if the stack signs nothing."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def signing_variables(stack_outputs: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of the jobs that make pictures; none if the stack signs nothing."""
    if not (key := stack_outputs.get(KEY_OUTPUT)):
        return {}
    return {
        jobs.SIGNING_KEY_VARIABLE: key,
        jobs.CERTIFICATES_VARIABLE: f"s3://{stack_outputs['BucketName']}/{layout.CERTIFICATES}",
    }


def upload_certificates(
    client: Callable[[str], Any], stack_outputs: Mapping[str, str], certificates: bytes | None
) -> None:
    """Store the chain of certificates, as PEM, or see to it that one was stored before; nothing if nothing is signed.

    Raises:
        CertificateError: there is no chain, or it is not one of the stack's key, or there is no key for it.
    """
    key, bucket = stack_outputs.get(KEY_OUTPUT), stack_outputs["BucketName"]
    if not key:
        if certificates is not None:
            raise CertificateError("the stack signs no pictures: deploy it with ContentCredentialsKey=... first.")
        return
    s3 = client("s3")
    if certificates is None:
        if find_object(s3, bucket, layout.CERTIFICATES) is None:
            raise CertificateError(f"the stack signs pictures with {key}: give its certificates with --certificates.")
        return
    if len(certificates) > jobs.LARGEST_CHAIN_BYTES:
        raise CertificateError(f"a chain of certificates has at most {jobs.LARGEST_CHAIN_BYTES} bytes, as PEM.")
    # What a certificate says of the key is, byte for byte, what KMS says of it (RFC 5280, SubjectPublicKeyInfo).
    if client("kms").get_public_key(KeyId=key)["PublicKey"] not in _signers_certificate(certificates):
        raise CertificateError(f"the first certificate is not of the key {key}, which the stack signs pictures with.")
    s3.put_object(Bucket=bucket, Key=layout.CERTIFICATES, Body=certificates)


def _signers_certificate(chain: bytes) -> bytes:
    """The first one, in DER."""
    found = _CERTIFICATE.search(chain.decode("ascii", "replace"))
    try:
        return ssl.PEM_cert_to_DER_cert(found[0] if found else "")
    except ValueError as error:
        raise CertificateError("a chain of certificates is PEM: -----BEGIN CERTIFICATE----- ...") from error
