"""Keys that are made once and stay in a folder which only the owner can read."""

from __future__ import annotations

import json
import os
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

VALID_FOR = timedelta(days=1825)


class KeyFolder:
    """``DIR/keys``: every file is made at first need, mode 0600."""

    def __init__(self, path: Path) -> None:
        """Make the folder, mode 0700."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path

    def private_key(self, name: str) -> rsa.RSAPrivateKey:
        """The RSA key of this name."""
        path = self._path / f"{name}.pem"
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            write_private(path, private_pem(key))
        # Our own file: checking the arithmetic of a key takes 30 ms, and there are five.
        loaded = load_pem_private_key(
            path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
        )
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return loaded

    def certificate(self, name: str, key: rsa.RSAPrivateKey, common_name: str) -> x509.Certificate:
        """A certificate of this name for ``key``, signed by itself."""
        path = self._path / f"{name}.crt"
        if not path.exists():
            write_private(path, _issue(key, common_name).public_bytes(Encoding.PEM))
        return x509.load_pem_x509_certificate(path.read_bytes())

    def word(self, name: str, length: int) -> str:
        """A secret of letters and digits."""
        path = self._path / f"{name}.txt"
        if not path.exists():
            alphabet = string.ascii_letters + string.digits
            write_private(path, "".join(secrets.choice(alphabet) for _ in range(length)).encode())
        return path.read_text(encoding="ascii")


def write_private(path: Path, content: bytes) -> None:
    """Write a file at one stroke that nobody else may read."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def write_settings(path: Path, values: Mapping[str, Any]) -> None:
    """Settings of a shop's plugin as JSON, for its owner only."""
    write_private(path, json.dumps(values, ensure_ascii=False, indent=2).encode())


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """PKCS#8, as the provider's tools write it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _issue(key: rsa.RSAPrivateKey, common_name: str) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Suwen Dev Simulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .sign(key, SHA256())
    )
