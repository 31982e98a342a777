"""E-mail addresses: what may stand before and behind the @ (RFC 5321, without its oddities)."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 254
LONGEST_LOCAL: Final = 64
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}", re.ASCII)


def canonical(value: str) -> str:
    """The address with its domain in lower-case ASCII; raises ``ValueError``.

    What stands before the @ is kept as it is: only the receiving server knows whether case counts.
    """
    local, at, domain = value.strip(" ").rpartition("@")
    plain = domain.encode("idna").decode().lower()
    if not at or len(local) > LONGEST_LOCAL or len(local) + len(plain) >= LONGEST:
        raise ValueError("not an e-mail address")
    if _LOCAL.fullmatch(local) is None or _DOMAIN.fullmatch(plain) is None:
        raise ValueError("not an e-mail address")
    return f"{local}@{plain}"
