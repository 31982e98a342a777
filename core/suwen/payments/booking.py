"""What a capture and a refund mean to the books and to the other domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select

from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, outbox
from suwen.kernel.audit import SYSTEM, Actor
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.ledger.accounts import clearing
from suwen.payments.models import PaymentAttempt, PaymentTransition, Refund, RefundTransition
from suwen.payments.states import ATTEMPT, OPEN, REFUND

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from suwen.kernel.events import EventBus
    from suwen.ledger.services import LedgerService

CLOSE = "payments.close"
Row = TypeVar("Row", PaymentAttempt, Refund)


def held(db: Session, model: type[Row], key: int) -> Row:
    """The row under its lock, freshly read; raises ``NotFound``."""
    found: Row | None = locked(db, model, key)
    if found is None:
        raise NotFound
    return found


def move_attempt(
    db: Session,
    attempt: PaymentAttempt,
    target: str,
    cause: str,
    actor: Actor = SYSTEM,
    reason: str = "",
) -> None:
    """Take one step and record it; raises ``IllegalTransition``."""
    ATTEMPT.check(attempt.state, target)
    db.add(
        PaymentTransition(
            attempt_id=attempt.id,
            source=attempt.state,
            target=target,
            cause=cause,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reason=reason,
        )
    )
    attempt.state = target
    if target in {"captured", "closed"}:
        attempt.client_ip = None


def move_refund(
    db: Session,
    refund: Refund,
    target: str,
    cause: str,
    actor: Actor = SYSTEM,
    reason: str = "",
) -> None:
    """Take one step and record it; raises ``IllegalTransition``."""
    REFUND.check(refund.state, target)
    note_refund(db, refund, target, cause, actor, reason)
    refund.state = target


def note_refund(
    db: Session, refund: Refund, target: str, cause: str, actor: Actor, reason: str = ""
) -> None:
    """Record a step without judging it."""
    db.add(
        RefundTransition(
            refund_id=refund.id,
            source=refund.state,
            target=target,
            cause=cause,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reason=reason,
        )
    )


def held_by_refunds(db: Session, attempt_id: int, states: Sequence[str]) -> int:
    """Sum of an attempt's refunds in these states, in fen."""
    total = func.coalesce(func.sum(Refund.amount_fen), 0)
    query = select(total).where(Refund.attempt_id == attempt_id, Refund.state.in_(states))
    return int(db.scalar(query) or 0)


def close_open(db: Session, payable_kind: str, payable_id: int) -> None:
    """Let a job close the open attempts of a payable at their providers."""
    query = select(PaymentAttempt).where(
        PaymentAttempt.payable_kind == payable_kind,
        PaymentAttempt.payable_id == payable_id,
        PaymentAttempt.state.in_(OPEN),
    )
    close(db, db.scalars(query).all())


def close(db: Session, attempts: Sequence[PaymentAttempt]) -> None:
    """Let a job close attempts at their providers."""
    for attempt in attempts:
        outbox.put(db, CLOSE, f"{CLOSE}:{attempt.id}", attempt_id=attempt.id)


class Booking:
    """Ledger entries and events, in the transaction of the fact."""

    def __init__(self, db: Session, ledger: LedgerService, events: EventBus) -> None:
        """Post to ``ledger``, tell ``events``."""
        self._db, self._ledger, self._events = db, ledger, events

    def captured(self, attempt: PaymentAttempt, occurred_at: datetime) -> None:
        """Money arrived: the provider holds it for us, and it is nobody's yet."""
        amount = attempt.amount_fen
        late = "late_capture" in attempt.flags
        data = {"amount_fen": amount, "late": late, "number": attempt.number}
        # The attempt is locked and is captured once; so is what the receivers post.
        with self._ledger.batch():
            self._ledger.post(
                "payment_captured",
                attempt.number,
                [(clearing(attempt.plugin), amount), ("receipts", -amount)],
                memo=_("收款"),
                occurred_at=occurred_at,
            )
            self._publish("payment_captured", str(attempt.id), attempt, data)

    def refunded(self, attempt: PaymentAttempt, refund: Refund, occurred_at: datetime) -> None:
        """Money went back, out of what the provider holds."""
        amount = refund.amount_fen
        self._ledger.post(
            "payment_refunded",
            refund.number,
            [("receipts", amount), (clearing(attempt.plugin), -amount)],
            memo=_("退款"),
            occurred_at=occurred_at,
        )
        data = {
            "refund_id": refund.id,
            "number": refund.number,
            "amount_fen": amount,
            "ref": refund.ref,
        }
        self._publish("payment_refunded", str(refund.id), attempt, data)

    def _publish(self, name: str, key: str, attempt: PaymentAttempt, data: dict[str, Any]) -> None:
        facts = {
            "attempt_id": attempt.id,
            "gateway": attempt.gateway,
            "payable_kind": attempt.payable_kind,
            "payable_id": attempt.payable_id,
            **data,
        }
        event = Event(name, f"{name}:{key}", attempt.region, clock.now(), facts)
        self._events.publish(self._db, event)
