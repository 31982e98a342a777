"""The inbox: a fact counts once, however often and on whatever way it arrives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.hookspecs.payment import GatewayEvent, NotifyOutcome
from suwen.kernel import clock, ids
from suwen.kernel.upsert import insert_once
from suwen.payments.models import PaymentEvent

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

USUAL: Final = "applied"
FINAL: Final = frozenset({"applied", "ignored"})
_MAX_ID: Final = 200

_ANSWERS: Final = {
    "applied": NotifyOutcome.ACCEPTED,
    "ignored": NotifyOutcome.DUPLICATE,
    "unknown_order": NotifyOutcome.UNKNOWN_ORDER,
    "amount_mismatch": NotifyOutcome.AMOUNT_MISMATCH,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A fact's row, and the outcome that stands in it."""

    id: int
    outcome: str


class Inbox:
    """Claims facts for applying and keeps what became of them."""

    def __init__(self, db: Session) -> None:
        """Work in the transaction of ``db``."""
        self._db = db

    def claim(self, event: GatewayEvent) -> Claim | None:
        """The fact's row, ours until the end of the transaction; None when it counted.

        A second transaction with the same fact waits here for the first one. A new row says at once
        what most facts come to, since nobody reads it before the commit.
        """
        event_id = _bounded(event.event_id)
        row_id = ids.new_id()
        values = {
            "id": row_id,
            "gateway": event.gateway,
            "event_id": event_id,
            "fact": event.fact.value,
            "source": event.source,
            "out_trade_no": event.out_trade_no[:64],
            "out_refund_no": event.out_refund_no,
            "amount_fen": event.amount_fen,
            "currency": event.currency[:3],
            "provider_trade_no": event.provider_trade_no,
            "raw_sha256": event.raw_sha256,
            "occurred_at": event.occurred_at,
            "received_at": clock.now(),
            "outcome": USUAL,
        }
        # ON CONFLICT leaves the transaction whole, as a savepoint around a plain insert would.
        if insert_once(self._db, PaymentEvent, values, "gateway", "event_id"):
            return Claim(row_id, USUAL)
        row = self._db.execute(
            select(PaymentEvent.id, PaymentEvent.outcome)
            .where(PaymentEvent.gateway == event.gateway, PaymentEvent.event_id == event_id)
            .with_for_update()
        ).one()
        return None if row.outcome in FINAL else Claim(row.id, row.outcome)

    def finish(self, claim: Claim, outcome: str) -> NotifyOutcome:
        """Keep the outcome; one that is not final lets the fact be tried again."""
        if outcome != claim.outcome:
            self._db.execute(
                update(PaymentEvent).where(PaymentEvent.id == claim.id).values(outcome=outcome),
                execution_options={"synchronize_session": False},
            )
        return _ANSWERS[outcome]


def _bounded(event_id: str) -> str:
    if len(event_id) <= _MAX_ID:
        return event_id
    return f"sha256:{hashlib.sha256(event_id.encode()).hexdigest()}"
