"""Reading the keys that people paste into a form, and finding the right one by its serial.

The library for keys is loaded with the first of them: it costs a web process 2 MB.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

PUBLIC_KEY_PREFIX: Final = "PUB_KEY_ID_"
MIN_RSA_BITS: Final = 2048
APIV3_KEY_BYTES: Final = 32

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_HEX_SERIAL = re.compile(r"[0-9A-Fa-f]{1,64}")


class KeyUnusable(ValueError):
    """The text is not the key it should be; the message names the fault, never the key."""


def pem_blocks(text: str) -> Sequence[tuple[str, bytes]]:
    """``(label, PEM)`` of all blocks in a text, even if a form has eaten the line breaks."""
    found = []
    for label, inner in _BLOCK.findall(text):
        lines = textwrap.wrap("".join(inner.split()), 64)
        pem = "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
        found.append((label, pem.encode("ascii", "replace")))
    return found


def load_private_key(text: str, *, thorough: bool = False) -> RSAPrivateKey:
    """The merchant's private key; ``thorough`` checks its arithmetic too (about 30 ms)."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    blocks = pem_blocks(text)
    if len(blocks) != 1 or not blocks[0][0].endswith("PRIVATE KEY"):
        raise KeyUnusable("not one private key in PEM form")
    if "ENCRYPTED" in blocks[0][0]:
        raise KeyUnusable("the private key is protected by a pass phrase")
    try:
        key = load_pem_private_key(
            blocks[0][1], password=None, unsafe_skip_rsa_key_validation=not thorough
        )
    except (ValueError, TypeError):
        raise KeyUnusable("the private key is damaged") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
        raise KeyUnusable("not an RSA key of at least 2048 bits")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """The WeChat Pay public key (微信支付公钥)."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    blocks = pem_blocks(text)
    if len(blocks) != 1 or blocks[0][0] != "PUBLIC KEY":
        raise KeyUnusable("not one public key in PEM form")
    try:
        key = load_pem_public_key(blocks[0][1])
    except ValueError:
        raise KeyUnusable("the public key is damaged") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
        raise KeyUnusable("not an RSA key of at least 2048 bits")
    return key


def load_certificates(text: str) -> Sequence[x509.Certificate]:
    """Platform certificates (平台证书), one after the other; blank text means none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    blocks = pem_blocks(text)
    if text.strip() and not blocks:
        raise KeyUnusable("no certificate in PEM form")
    found = []
    for label, pem in blocks:
        if label != "CERTIFICATE":
            raise KeyUnusable("not a certificate in PEM form")
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
        except ValueError:
            raise KeyUnusable("a certificate is damaged") from None
        if not isinstance(key, RSAPublicKey):
            raise KeyUnusable("a certificate holds no RSA key")
        found.append(certificate)
    return found


def serial_of(certificate: x509.Certificate) -> str:
    """A certificate's serial as the provider writes it: hexadecimal capitals."""
    return f"{certificate.serial_number:X}"


def normal_serial(serial: str) -> str:
    """One spelling for a serial; leading zeros get lost in numbers and are dropped."""
    if serial.startswith(PUBLIC_KEY_PREFIX):
        return serial
    return serial.upper().lstrip("0") if _HEX_SERIAL.fullmatch(serial) else ""


@dataclass(frozen=True)
class KeyRing:
    """Public keys of the provider by serial: its public key and its certificates side by side.

    A merchant who is moving from certificates to the public key receives both.
    """

    public_keys: Mapping[str, RSAPublicKey] = field(repr=False)
    certificates: Mapping[str, x509.Certificate] = field(repr=False)

    @classmethod
    def of(
        cls, public_keys: Mapping[str, RSAPublicKey], certificates: Iterable[x509.Certificate]
    ) -> KeyRing:
        """A ring of public keys by id, and of certificates."""
        return cls(public_keys, {serial_of(item): item for item in certificates})

    def find(self, serial: str, at: datetime) -> RSAPublicKey | None:
        """The key of a serial; a certificate counts only while it is valid."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        name = normal_serial(serial)
        if name in self.public_keys:
            return self.public_keys[name]
        certificate = self.certificates.get(name)
        if certificate is None:
            return None
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            return None
        key = certificate.public_key()
        return key if isinstance(key, RSAPublicKey) else None
