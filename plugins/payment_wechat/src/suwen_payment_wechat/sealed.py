"""AEAD_AES_256_GCM: how the provider seals notifications and certificates with the APIv3 key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.hookspecs.payment import ConfigError, InvalidRequest

ALGORITHM: Final = "AEAD_AES_256_GCM"
NONCE_BYTES: Final = 12


def open_sealed(sealed: Mapping[str, Any], apiv3_key: bytes) -> bytes:
    """Plain bytes of a sealed object.

    Raises ``InvalidRequest`` for a malformed one. What is well formed and does not open was sealed
    with another key, for the provider's signature is checked before: ``ConfigError``.
    """
    if sealed.get("algorithm") != ALGORITHM:
        raise InvalidRequest("sealed with an algorithm that is not supported")
    parts = [sealed.get(name) or "" for name in ("nonce", "associated_data", "ciphertext")]
    if not all(isinstance(part, str) for part in parts):
        raise InvalidRequest("a sealed object is malformed")
    nonce, aad = parts[0].encode(), parts[1].encode()
    try:
        ciphertext = base64.b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("a sealed object is not base64") from None
    if len(nonce) != NONCE_BYTES:
        raise InvalidRequest("a sealed object has a malformed nonce")
    try:
        return AESGCM(apiv3_key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise ConfigError("the APIv3 key does not open what the provider sealed") from None
