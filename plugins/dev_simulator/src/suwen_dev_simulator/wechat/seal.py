"""Signing and sealing for the provider, and judging what the merchant signed.

Written from the provider's documents, on purpose without a look at any client: a mistake that both
sides share would stay unseen.
"""

from __future__ import annotations

import re
import secrets
import string
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from webob import Request

from suwen_dev_simulator.wechat.identity import Identity

ALGORITHM: Final = "WECHATPAY2-SHA256-RSA2048"
WINDOW_S: Final = 300
_FIELD: Final = re.compile(r'\s*([a-z_]+)="([^"]*)"\s*')
_WANTED: Final = frozenset({"mchid", "nonce_str", "signature", "timestamp", "serial_no"})


class BadSignature(Exception):
    """The merchant's signature is not accepted; the text says why."""


def target_of(request: Request) -> bytes:
    """Path and query exactly as they came over the wire."""
    raw = request.environ.get("REQUEST_URI")
    if raw is None:
        query = request.query_string
        raw = quote(request.path_info) + (f"?{query}" if query else "")
    # A proxy may hand on the absolute form.
    relative = re.sub(r"\A[a-z]+://[^/]+", "", str(raw))
    return relative.encode("latin-1")


def _fields_of(header: str) -> Mapping[str, str]:
    scheme, _space, rest = header.partition(" ")
    if scheme != ALGORITHM:
        raise BadSignature("Authorization 的认证类型不正确")
    found: dict[str, str] = {}
    pieces = rest.split(",")
    for piece in pieces:
        match = _FIELD.fullmatch(piece)
        if match is None:
            raise BadSignature("Authorization 的格式不正确")
        found[match[1]] = match[2]
    if len(found) != len(pieces) or found.keys() != _WANTED:
        raise BadSignature("Authorization 缺少字段，或者字段重复")
    return found


def judge(request: Request, identity: Identity, now: float) -> None:
    """Raises ``BadSignature`` unless our merchant signed this very request just now."""
    given = _fields_of(request.headers.get("Authorization", ""))
    if given["mchid"] != identity.mchid:
        raise BadSignature("商户号不存在")
    if given["serial_no"].upper().zfill(40) != identity.merchant_serial:
        raise BadSignature("商户证书序列号有误")
    stamp = given["timestamp"]
    if not stamp.isdecimal() or not stamp.isascii() or abs(int(stamp) - now) > WINDOW_S:
        raise BadSignature("Authorization 的时间戳已过期")
    lines = [
        request.method.encode("ascii"),
        target_of(request),
        stamp.encode("ascii"),
        given["nonce_str"].encode("utf-8"),
        request.body,
        b"",
    ]
    try:
        signature = b64decode(given["signature"], validate=True)
        public = identity.merchant_key.public_key()
        public.verify(signature, b"\n".join(lines), padding.PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        raise BadSignature("错误的签名，验签失败") from None


def signature_headers(
    serial: str, key: rsa.RSAPrivateKey, body: bytes, moment: float
) -> dict[str, str]:
    """The headers that prove a body to be the provider's."""
    stamp, nonce = b"%d" % int(moment), secrets.token_urlsafe(24).encode("ascii")
    signed = key.sign(b"\n".join([stamp, nonce, body, b""]), padding.PKCS1v15(), SHA256())
    return {
        "Wechatpay-Timestamp": stamp.decode("ascii"),
        "Wechatpay-Nonce": nonce.decode("ascii"),
        "Wechatpay-Signature": b64encode(signed).decode("ascii"),
        "Wechatpay-Signature-Type": ALGORITHM,
        "Wechatpay-Serial": serial,
    }


def seal(plain: bytes, apiv3_key: bytes, associated: str) -> dict[str, str]:
    """AEAD_AES_256_GCM under the merchant's APIv3 key."""
    letters = string.ascii_letters + string.digits
    nonce = "".join(secrets.choice(letters) for _ in range(12))
    sealed = AESGCM(apiv3_key).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated,
        "ciphertext": b64encode(sealed).decode("ascii"),
    }
