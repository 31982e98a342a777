"""What providers say about refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import select

from suwen.hookspecs.payment import GatewayEvent, PaymentFact
from suwen.kernel import clock, ids
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.i18n import _
from suwen.payments.booking import Booking, held_by_refunds, move_refund, note_refund
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.states import REFUND, RESERVING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

REFUND_FACTS: Final = frozenset(
    {
        PaymentFact.REFUND_SUCCEEDED,
        PaymentFact.REFUND_FAILED,
        PaymentFact.REFUND_ABNORMAL,
    }
)


class RefundFacts:
    """Applies facts about refunds, the attempt being locked."""

    def __init__(self, db: Session, booking: Booking) -> None:
        """Work in the transaction of ``db``."""
        self._db, self._booking = db, booking

    def apply(self, attempt: PaymentAttempt, event: GatewayEvent, actor: Actor = SYSTEM) -> str:
        """Apply one fact; the inbox's outcome."""
        refund = self._refund(event)
        if refund is None:
            return self._strange(attempt, event)
        if refund.attempt_id != attempt.id or event.amount_fen not in {None, refund.amount_fen}:
            log.error("payments.refund_mismatch", number=refund.number, told_fen=event.amount_fen)
            refund.flag("refund_mismatch", "needs_review")
            attempt.flag("refund_mismatch", "needs_review")
            return "amount_mismatch"
        if event.fact is PaymentFact.REFUND_SUCCEEDED:
            return self._succeeded(attempt, refund, event, actor)
        if event.fact is PaymentFact.REFUND_ABNORMAL:
            # The payer's card is gone, the money is with the merchant: staff send it another way.
            refund.flag("by_hand", "needs_review")
            return "applied"
        return self._failed(refund, event)

    def _refund(self, event: GatewayEvent) -> Refund | None:
        query = select(Refund).where(Refund.number == (event.out_refund_no or ""))
        return self._db.scalars(query, execution_options={"populate_existing": True}).first()

    def _succeeded(
        self, attempt: PaymentAttempt, refund: Refund, event: GatewayEvent, actor: Actor
    ) -> str:
        if refund.state == "succeeded":
            return "ignored"
        revived = refund.state == "failed"
        if not REFUND.allows(refund.state, "succeeded") or (
            revived and refund.amount_fen > self._room(attempt)
        ):
            log.error("payments.refund_out_of_turn", number=refund.number, state=refund.state)
            refund.flag("refund_mismatch", "needs_review")
            return "amount_mismatch"
        move_refund(self._db, refund, "succeeded", event.source, actor)
        refund.finished_at = event.occurred_at
        refund.unflag("outcome_unknown", "needs_review")
        self._db.flush()
        self._booking.refunded(attempt, refund, event.occurred_at)
        return "applied"

    def _failed(self, refund: Refund, event: GatewayEvent) -> str:
        if not REFUND.allows(refund.state, "failed"):
            return "ignored"
        move_refund(self._db, refund, "failed", event.source)
        refund.finished_at = clock.now()
        refund.flag("needs_review")
        return "applied"

    def _room(self, attempt: PaymentAttempt) -> int:
        if attempt.state != "captured":
            return 0
        return attempt.amount_fen - held_by_refunds(self._db, attempt.id, RESERVING)

    def _strange(self, attempt: PaymentAttempt, event: GatewayEvent) -> str:
        """A refund that we did not ask for: made in the provider's own console."""
        if event.fact is not PaymentFact.REFUND_SUCCEEDED or not event.out_refund_no:
            log.warning("payments.strange_refund", number=attempt.number, fact=event.fact.value)
            return "ignored"
        attempt.flag("external_refund", "needs_review")
        amount = event.amount_fen or 0
        if not 0 < amount <= self._room(attempt):
            # Either the capture is not known yet, or our own requests hold the money: it is tried
            # again when the provider repeats itself.
            return "unknown_order" if attempt.state != "captured" else "amount_mismatch"
        refund = Refund(
            id=ids.new_id(),
            number=event.out_refund_no,
            attempt_id=attempt.id,
            amount_fen=amount,
            state="succeeded",
            reason=str(_("在支付渠道后台退款")),
            ref=f"external:{event.out_refund_no}"[:80],
            region=attempt.region,
            flags=["external_refund", "needs_review"],
            finished_at=event.occurred_at,
        )
        self._db.add(refund)
        self._db.flush()
        note_refund(self._db, refund, "succeeded", event.source, SYSTEM)
        self._booking.refunded(attempt, refund, event.occurred_at)
        return "applied"
