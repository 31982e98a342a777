"""The receipt of an erasure: read by whoever has its number, for there is no account any more."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from suwen.kernel import ids
from suwen.kernel.errors import NotFound
from suwen.privacy.models import PrivacyRequest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_LENGTH: Final = 32


def receipt_number(house: House, request_id: int) -> str:
    """The number that opens a receipt: nobody can guess it, and nothing of it is stored."""
    return f"{request_id}-{_mac(house, request_id)}"


def _mac(house: House, request_id: int) -> str:
    return house.vault.mac("privacy receipt", str(request_id).encode())[:_LENGTH]


def receipt(house: House, db: Session, number: str) -> PrivacyRequest:
    """The erasure of a number; raises ``NotFound``."""
    text, _dash, mac = number.partition("-")
    request_id = ids.parse(text) or 0
    if not hmac.compare_digest(mac.encode(), _mac(house, request_id).encode()):
        raise NotFound
    row = db.get(PrivacyRequest, request_id)
    if row is None or row.kind != "erasure":
        raise NotFound
    return row
