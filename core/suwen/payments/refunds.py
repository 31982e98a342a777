"""Asking for money back, and deciding about it. The provider is called later, by a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from suwen.hookspecs.payment import GatewayEvent, NotifyOutcome, PaymentFact
from suwen.kernel import clock, ids, outbox
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.errors import Conflict, IllegalTransition, NotFound
from suwen.payments.booking import held, held_by_refunds, move_refund, note_refund
from suwen.payments.errors import (
    GatewayNotInstalled,
    NotRefundable,
    ReasonMissing,
    RefundTooLarge,
    RefundWindowOver,
    SamePerson,
    TooManyRefunds,
)
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.states import OPEN_REFUND, REFUND, RESERVING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import AuditLog
    from suwen.kernel.plugins.host import PluginHost
    from suwen.payments.apply import Applier

SEND: Final = "payments.refund"


class Refunds:
    """Refunds of one transaction."""

    def __init__(self, db: Session, host: PluginHost, audit: AuditLog, applier: Applier) -> None:
        """Decisions of staff are audited."""
        self._db, self._host, self._audit, self._applier = db, host, audit, applier

    def request(
        self,
        attempt: PaymentAttempt | int,
        amount_fen: int,
        reason: str,
        actor: Actor,
        *,
        ref: str | None = None,
    ) -> Refund:
        """Reserve an amount of an attempt for a refund, under the attempt's lock.

        ``ref`` says what it is for: the same ref again gives the same refund. Raises
        ``NotRefundable``, ``RefundTooLarge``, ``RefundWindowOver`` or ``TooManyRefunds``.
        """
        found = self._locked(attempt if isinstance(attempt, int) else attempt.id)
        number = ids.number("SWR")
        ref = ref or number
        query = select(Refund).where(Refund.attempt_id == found.id, Refund.ref == ref)
        standing = self._db.scalars(query).first()
        if standing is not None:
            return standing
        self._check_room(found, amount_fen)
        self._check_rules(found)
        refund = Refund(
            id=ids.new_id(),
            number=number,
            attempt_id=found.id,
            amount_fen=amount_fen,
            state="requested",
            reason=reason,
            ref=ref,
            region=found.region,
            flags=[],
            requested_by=actor.id,
            tries=0,
            created_at=clock.now(),
        )
        self._db.add(refund)
        self._db.flush()
        note_refund(self._db, refund, "requested", "request", actor, reason)
        self._db.flush()
        return refund

    def refund_unclaimed(self, attempt_id: int, reason: str) -> Refund | None:
        """Send back, once, all that is left of money which nobody can take."""
        attempt = self._locked(attempt_id)
        left = attempt.amount_fen - held_by_refunds(self._db, attempt.id, RESERVING)
        ref = f"unclaimed:{attempt.id}"
        if left <= 0 and self._by_ref(attempt.id, ref) is None:
            return None
        refund = self.request(attempt, left, reason, SYSTEM, ref=ref)
        if refund.state == "requested":
            self._approve(refund, SYSTEM)
        return refund

    def approve(self, number: str, actor: Actor) -> Refund:
        """Let the money go back; raises ``SamePerson`` or ``IllegalTransition``."""
        refund = self._refund(number)
        if actor.id is not None and actor.id == refund.requested_by:
            raise SamePerson
        self._approve(refund, actor)
        self._record("refund.approved", refund, actor)
        return refund

    def reject(self, number: str, actor: Actor, reason: str) -> Refund:
        """Refuse, with a reason; raises ``ReasonMissing`` or ``IllegalTransition``."""
        if not reason.strip():
            raise ReasonMissing(fields={"reason": ReasonMissing.message})
        refund = self._refund(number)
        move_refund(self._db, refund, "rejected", "request", actor, reason)
        refund.finished_at = clock.now()
        self._record("refund.rejected", refund, actor, reason)
        return refund

    def retry(self, number: str, actor: Actor) -> Refund:
        """Try a failed refund again under its own number.

        Raises ``RefundTooLarge`` when the money was promised to another refund meanwhile, and
        ``IllegalTransition`` for any other refund: a requested one needs its approval.
        """
        refund = self._refund(number)
        if refund.state != "failed":
            raise IllegalTransition(REFUND.name, refund.state, "approved")
        attempt = self._db.get_one(PaymentAttempt, refund.attempt_id)
        self._check_room(attempt, refund.amount_fen)
        self._approve(refund, actor)
        refund.sent_at, refund.finished_at = None, None
        refund.unflag("needs_review")
        self._record("refund.retried", refund, actor)
        return refund

    def confirm_by_hand(self, number: str, actor: Actor, receipt: str) -> Refund:
        """The provider could not pay back; staff sent the money by another way.

        Raises ``Conflict`` for a refund that the provider is still working on.
        """
        if not receipt.strip():
            raise ReasonMissing(fields={"receipt": ReasonMissing.message})
        refund = self._refund(number)
        if actor.id is not None and actor.id == refund.requested_by:
            raise SamePerson
        if refund.state != "processing" or "by_hand" not in refund.flags:
            raise Conflict
        attempt = self._db.get_one(PaymentAttempt, refund.attempt_id)
        event = GatewayEvent(
            gateway=attempt.gateway,
            event_id=f"cashier:refund:{refund.number}",
            fact=PaymentFact.REFUND_SUCCEEDED,
            out_trade_no=attempt.number,
            out_refund_no=refund.number,
            amount_fen=refund.amount_fen,
            occurred_at=clock.now(),
            provider_trade_no=receipt[:80],
            source="cashier",
        )
        self._record("refund.confirmed", refund, actor, receipt)
        outcome = self._applier.apply(event, actor=actor)
        if outcome is not NotifyOutcome.ACCEPTED:
            raise Conflict
        return refund

    def open_numbers(self, numbers: Sequence[str]) -> set[str]:
        """Those of the numbers that still hold money back or wait for a decision."""
        query = select(Refund.number).where(
            Refund.number.in_(numbers), Refund.state.in_(OPEN_REFUND)
        )
        return set(self._db.scalars(query)) if numbers else set()

    def _approve(self, refund: Refund, actor: Actor) -> None:
        """Over a counter this is all: who approves sees to it that the cash is handed out."""
        move_refund(self._db, refund, "approved", "request", actor)
        attempt = self._db.get_one(PaymentAttempt, refund.attempt_id)
        if self._host.gateways.find(attempt.gateway) is None:
            raise GatewayNotInstalled
        key = f"{SEND}:{refund.id}:{refund.tries}"
        outbox.put(self._db, SEND, key, number=refund.number)
        self._db.flush()

    def _check_room(self, attempt: PaymentAttempt, amount_fen: int) -> None:
        if attempt.state != "captured":
            raise NotRefundable
        left = attempt.amount_fen - held_by_refunds(self._db, attempt.id, RESERVING)
        if not 0 < amount_fen <= left:
            message = RefundTooLarge.message
            raise RefundTooLarge(fields={"amount": message})

    def _check_rules(self, attempt: PaymentAttempt) -> None:
        item = self._host.gateways.find(attempt.gateway)
        if item is None or not item.obj.info.moves_money_itself:
            return
        info = item.obj.info
        age = clock.now() - (attempt.captured_at or attempt.created_at)
        if age > timedelta(days=info.refund_days):
            raise RefundWindowOver
        count = select(func.count()).where(
            Refund.attempt_id == attempt.id, Refund.state != "rejected"
        )
        if (self._db.scalar(count) or 0) >= info.max_refunds:
            raise TooManyRefunds

    def _by_ref(self, attempt_id: int, ref: str) -> int | None:
        query = select(Refund.id).where(Refund.attempt_id == attempt_id, Refund.ref == ref)
        return self._db.scalar(query)

    def _locked(self, attempt_id: int) -> PaymentAttempt:
        return held(self._db, PaymentAttempt, attempt_id)

    def _refund(self, number: str) -> Refund:
        """The refund, freshly read under the lock of its attempt; raises ``NotFound``."""
        key = self._db.scalar(select(Refund.attempt_id).where(Refund.number == number))
        if key is None:
            raise NotFound
        self._locked(key)
        query = select(Refund).where(Refund.number == number)
        return self._db.scalars(query, execution_options={"populate_existing": True}).one()

    def _record(self, action: str, refund: Refund, actor: Actor, reason: str = "") -> None:
        who = actor.at(refund.region)
        self._audit.write(self._db, who, action, "refund", refund.number, reason=reason)
        self._db.flush()
