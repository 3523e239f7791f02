"""Certificates for keys in KMS, from an authority of the test's own, and what a reader of Content Credentials finds."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".mp4": "video/mp4"}


def make_key(kms: Any, spec: str = "ECC_NIST_P256") -> str:
    """A new key's ARN."""
    arn: str = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    return arn


@dataclass(frozen=True)
class Authority:
    """Issues certificates; whoever trusts `root` trusts what they sign."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def root(self) -> str:
        signing = [name == "key_cert_sign" for name in _KEY_USAGES]
        return _pem(self._sign(_name("Authority"), self.key.public_key(), signing, days=(-1, 1000), is_authority=True))

    def chain(
        self,
        kms: Any,
        key: str,
        *,
        days: tuple[float, float] = (-1, 365),
        use: ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ) -> bytes:
        """The certificates of a key of KMS, as PEM, the key's own first. `days`: valid from and to, from now on."""
        public_key: Any = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
        signing = [name == "digital_signature" for name in _KEY_USAGES]
        return (_pem(self._sign(_name("Workshop"), public_key, signing, days=days, use=use)) + self.root).encode()

    def _sign(
        self,
        subject: x509.Name,
        public_key: Any,
        usages: list[bool],
        *,
        days: tuple[float, float],
        use: ObjectIdentifier | None = None,
        is_authority: bool = False,
    ) -> x509.Certificate:
        now, authority = datetime.now(UTC), self.key.public_key()
        start, end = (now + timedelta(days=one) for one in days)
        builder = (
            x509.CertificateBuilder(_name("Authority"), subject, public_key, x509.random_serial_number(), start, end)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.KeyUsage(*usages), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
        )
        if use is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


# In the order of x509.KeyUsage.
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _name(common_name: str) -> x509.Name:
    names = {NameOID.COMMON_NAME: common_name, NameOID.ORGANIZATION_NAME: "Chairs & Sons"}
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in names.items()])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class Credentials:
    """What a reader says of a file: "Trusted", "Valid" (of a stranger) or "Invalid"; who signed, what was done."""

    state: str
    signer: str
    actions: list[dict[str, Any]]


def credentials_of(file: Path, root: str) -> Credentials | None:
    """Read a file as those who wrote the specification do, trusting one authority; None: there is no manifest."""
    settings = {"trust": {"trust_anchors": root}, "verify": {"verify_trust": True}}
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with file.open("rb") as stream:
        reader = c2pa.Reader.try_create(MEDIA[file.suffix], stream, context=context)
        if reader is None:
            return None
        with reader:
            found = json.loads(reader.json())
    manifest = found["manifests"][found["active_manifest"]]
    (actions,) = (one["data"]["actions"] for one in manifest["assertions"] if one["label"] == "c2pa.actions.v2")
    return Credentials(found["validation_state"], manifest["signature_info"]["issuer"], actions)
