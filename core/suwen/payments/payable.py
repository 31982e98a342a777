"""What can be paid. Payments know a kind, an id and an amount, and nothing of orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

SUBJECT: Final = "素问健康服务"
"""What the buyer's statement shows: it names no product and no test."""


@dataclass(frozen=True, slots=True)
class Payable:
    """Something that a member owes. ``region`` is the service region, amounts are fen."""

    kind: str
    id: int
    number: str
    amount_fen: int
    region: str
    member_id: int
    expires_at: datetime | None = None
    collection_method: str = ""
    collection_point_id: int | None = None


class PayableSource(Protocol):
    """A row that can be paid, such as an order."""

    id: int
    number: str
    payable_fen: int
    region: str
    member_id: int
    expires_at: datetime
    collection_method: str
    point_id: int | None


def payable_of(kind: str, source: PayableSource) -> Payable:
    """The row as something to pay."""
    return Payable(
        kind=kind,
        id=source.id,
        number=source.number,
        amount_fen=source.payable_fen,
        region=source.region,
        member_id=source.member_id,
        expires_at=source.expires_at,
        collection_method=source.collection_method,
        collection_point_id=source.point_id,
    )
