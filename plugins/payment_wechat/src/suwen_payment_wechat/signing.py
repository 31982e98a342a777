"""Signatures of APIv3: SHA256-RSA2048, PKCS#1 v1.5, over the very bytes that travel.

Source: the provider's documents on signing requests, answers and notifications.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature

from suwen.hookspecs.payment import SignatureInvalid, StaleNotification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
WINDOW_S: Final = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,1024}")


class UnknownSerial(SignatureInvalid):
    """Signed with a key that is not on the ring: a stranger, or a key that has been rotated."""


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a merchant signs; ``target`` is path and query; an empty body keeps its line."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the provider signs, in answers and notifications."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """Base64 of the signature."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode("ascii")


def new_nonce() -> str:
    """A nonce that nobody guesses: 32 capitals and digits."""
    return secrets.token_hex(16).upper()


@dataclass(frozen=True, slots=True)
class Signature:
    """The four signature headers of an answer or a notification."""

    timestamp: str
    nonce: str
    signature: str
    serial: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signature:
        """Read them; raises ``SignatureInvalid`` when one is missing or malformed."""
        values = [
            headers.get(f"wechatpay-{name}", "")
            for name in ("timestamp", "nonce", "signature", "serial")
        ]
        if not _TIMESTAMP.fullmatch(values[0]) or not all(map(_VISIBLE.fullmatch, values[1:])):
            raise SignatureInvalid("signature headers are missing or malformed")
        kind = headers.get("wechatpay-signature-type", SCHEME)
        if kind != SCHEME:
            raise SignatureInvalid("the signature type is not supported")
        return cls(*values)


FindKey = Callable[[str, datetime], "RSAPublicKey | None"]


def verify(headers: Mapping[str, str], body: bytes, *, find: FindKey, at: datetime) -> None:
    """Accept what the provider signed within five minutes of ``at``.

    Raises ``UnknownSerial``, ``SignatureInvalid``, or ``StaleNotification`` for a genuine message
    whose time is off.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    given = Signature.of(headers)
    key = find(given.serial, at)
    if key is None:
        raise UnknownSerial("signed with a key that is not known here")
    try:
        raw = base64.b64decode(given.signature, validate=True)
        key.verify(raw, answer_message(given.timestamp, given.nonce, body), PKCS1v15(), SHA256())
    except (binascii.Error, InvalidSignature):
        raise SignatureInvalid("the signature does not verify") from None
    if abs(at.timestamp() - int(given.timestamp)) >= WINDOW_S:
        raise StaleNotification("the signed time is five minutes or more away")
