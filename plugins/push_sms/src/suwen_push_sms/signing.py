"""The two providers' signatures of a request: pure, from the standard library.

Aliyun: ACS3-HMAC-SHA256 (signature version 3). Tencent Cloud: TC3-HMAC-SHA256 (signature v3).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()
SCOPE: Final = "sms/tc3_request"


def query_string(values: Mapping[str, str]) -> str:
    """Sorted and encoded as RFC 3986 says, in which a space is ``%20`` and ``~`` stays."""
    encoded = {quote(key, safe="-_.~"): quote(value, safe="-_.~") for key, value in values.items()}
    return "&".join(f"{key}={encoded[key]}" for key in sorted(encoded))


def acs3_canonical(query: str, headers: Mapping[str, str]) -> str:
    """What is signed of a POST to ``/`` with an empty body; ``headers`` in lower case."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    return f"POST\n/\n{query}\n{lines}\n{';'.join(names)}\n{headers['x-acs-content-sha256']}"


def acs3(key_id: str, secret: str, query: str, headers: Mapping[str, str]) -> str:
    """Value of ``Authorization`` for Aliyun."""
    digest = _sha256(acs3_canonical(query, headers).encode())
    signature = hmac.digest(secret.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), "sha256").hex()
    names = ";".join(sorted(headers))
    return f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}"


def tc3(key_id: str, secret: str, host: str, body: bytes, timestamp: int) -> str:
    """Value of ``Authorization`` for Tencent Cloud: a POST of JSON to ``/``."""
    canonical = (
        f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n"
        f"{_sha256(body)}"
    )
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{SCOPE}"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{_sha256(canonical.encode())}"
    key = f"TC3{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return (
        f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders=content-type;host, "
        f"Signature={signature}"
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
