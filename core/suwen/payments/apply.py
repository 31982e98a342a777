"""The one way in which a fact about a payment takes effect.

Notification, poll, cashier's confirmation and bill line all come here. One transaction holds the
inbox row, the attempt under its lock, the ledger entry and everything that other domains do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import aliased

from suwen.hookspecs.payment import GatewayEvent, NotifyOutcome, PaymentFact
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM, Actor
from suwen.ledger.services import ledger
from suwen.payments.booking import Booking, close, move_attempt
from suwen.payments.inbox import Inbox
from suwen.payments.models import PaymentAttempt
from suwen.payments.refund_facts import REFUND_FACTS, RefundFacts
from suwen.payments.states import ATTEMPT, OPEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

# They say that nothing has changed yet, so they leave no trace.
_NOTHING: Final = frozenset(
    {PaymentFact.PENDING, PaymentFact.NOT_FOUND, PaymentFact.REFUND_PROCESSING}
)
_TARGETS: Final = {
    PaymentFact.CAPTURED: "captured",
    PaymentFact.FAILED: "failed",
    PaymentFact.CLOSED: "closed",
}


class Applier:
    """Applies facts; see ``apply``."""

    def __init__(self, db: Session, inbox: Inbox, booking: Booking, refunds: RefundFacts) -> None:
        """Work in the transaction of ``db``."""
        self._db, self._inbox = db, inbox
        self._booking, self._refunds = booking, refunds

    def apply(
        self, event: GatewayEvent, *, region: str | None = None, actor: Actor = SYSTEM
    ) -> NotifyOutcome:
        """Apply one fact and say what became of it.

        ``region`` is that of the merchant account whose signature was verified; an attempt of
        another region is unknown to it. ``UNKNOWN_ORDER`` and ``AMOUNT_MISMATCH`` are not final:
        the fact is tried again when it comes again. Whatever a receiver of the resulting events
        raises is raised here, and then nothing has happened.
        """
        if event.fact in _NOTHING:
            return NotifyOutcome.ACCEPTED
        claim = self._inbox.claim(event)
        if claim is None:
            return NotifyOutcome.DUPLICATE
        rows = self._attempts(event, region)
        attempt = next((row for row in rows if row.number == event.out_trade_no), None)
        if attempt is None:
            log.warning("payments.unknown_order", gateway=event.gateway, number=event.out_trade_no)
            return self._inbox.finish(claim, "unknown_order")
        if event.fact in REFUND_FACTS:
            outcome = self._refunds.apply(attempt, event, actor)
        else:
            others = [row for row in rows if row is not attempt and row.state in OPEN]
            outcome = self._apply(attempt, event, actor, others)
        self._db.flush()
        return self._inbox.finish(claim, outcome)

    def _attempts(self, event: GatewayEvent, region: str | None) -> Sequence[PaymentAttempt]:
        """The attempt that a fact is about, and all others of the same payable, under their locks
        in the order of their ids.
        """
        told = aliased(PaymentAttempt)
        query = (
            select(PaymentAttempt)
            .join(
                told,
                (told.payable_kind == PaymentAttempt.payable_kind)
                & (told.payable_id == PaymentAttempt.payable_id),
            )
            .where(told.number == event.out_trade_no, told.gateway == event.gateway)
            .order_by(PaymentAttempt.id)
            .with_for_update(of=PaymentAttempt)
        )
        if region is not None:
            query = query.where(told.region == region)
        return self._db.scalars(query, execution_options={"populate_existing": True}).all()

    def _apply(
        self,
        attempt: PaymentAttempt,
        event: GatewayEvent,
        actor: Actor,
        others: Sequence[PaymentAttempt],
    ) -> str:
        if not _amount_fits(attempt, event):
            log.error(
                "payments.amount_mismatch",
                number=attempt.number,
                expected_fen=attempt.amount_fen,
                told_fen=event.amount_fen,
                currency=event.currency,
            )
            attempt.flag("amount_mismatch", "needs_review")
            return "amount_mismatch"
        target = _TARGETS[event.fact]
        if not ATTEMPT.allows(attempt.state, target):
            return self._ignore(attempt, event, target)
        if target == "captured":
            self._capture(attempt, event, actor)
            close(self._db, others)
        else:
            move_attempt(self._db, attempt, target, event.source, actor)
            if target == "closed":
                attempt.closed_at = clock.now()
        return "applied"

    def _ignore(self, attempt: PaymentAttempt, event: GatewayEvent, target: str) -> str:
        if attempt.state != target:
            log.warning("payments.ignored", number=attempt.number, state=attempt.state, fact=target)
        known, told = attempt.provider_trade_no, event.provider_trade_no
        if target == "captured" and known and told and known != told:
            log.error("payments.paid_twice", number=attempt.number)
            attempt.flag("needs_review")
        return "ignored"

    def _capture(self, attempt: PaymentAttempt, event: GatewayEvent, actor: Actor) -> None:
        if attempt.state in {"failed", "closed"}:
            attempt.flag("late_capture")
        move_attempt(self._db, attempt, "captured", event.source, actor)
        attempt.captured_at = event.occurred_at
        attempt.provider_trade_no = event.provider_trade_no or attempt.provider_trade_no
        attempt.unflag("outcome_unknown")
        self._db.flush()
        self._booking.captured(attempt, event.occurred_at)


def _amount_fits(attempt: PaymentAttempt, event: GatewayEvent) -> bool:
    if event.currency != attempt.currency:
        return False
    if event.amount_fen is None:
        return event.fact is not PaymentFact.CAPTURED
    return event.amount_fen == attempt.amount_fen


def applier(house: House, db: Session) -> Applier:
    """The applier of one transaction."""
    booking = Booking(db, ledger(house, db), house.events)
    return Applier(db, Inbox(db), booking, RefundFacts(db, booking))
