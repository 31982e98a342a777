"""Asking providers when they do not tell: notifications get lost.

An attempt is asked about after 20 s, 1, 2, 5, 10, 20 and 30 minutes, then hourly until it expires;
then query, close, query. After closing it is asked about twice more, for money that arrives late.
The lease of the outbox item keeps two workers off one attempt.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from suwen.hookspecs.payment import CloseOutcome, GatewayEvent, PaymentFact
from suwen.kernel import clock
from suwen.payments.booking import held
from suwen.payments.calls import UNREACHABLE
from suwen.payments.models import PaymentAttempt
from suwen.payments.states import OPEN

if TYPE_CHECKING:
    from suwen.payments.calls import Caller, Line

log = structlog.get_logger(__name__)

SCHEDULE: Final = (20, 60, 120, 300, 600, 1200, 1800)
HOURLY: Final = 3600.0
NETS: Final = (timedelta(hours=1), timedelta(hours=24))
SOON: Final = 60.0
GIVE_UP: Final = timedelta(hours=25)
"""After its expiry an attempt whose provider cannot be asked is closed here, and flagged."""

UNPAID: Final = (*OPEN, "failed")
_SETTLED: Final = frozenset({PaymentFact.CAPTURED, PaymentFact.CLOSED})


class Poller:
    """Polls and closes attempts."""

    def __init__(self, caller: Caller) -> None:
        """Call through ``caller``."""
        self._caller = caller

    def poll(self, attempt_id: int) -> PaymentAttempt:
        """Ask once and apply the answer; the attempt as it is then.

        Raises ``GatewayError`` or ``NotInstalled``.
        """
        self._query(self._caller.line(attempt_id))
        return self._read(attempt_id)

    def close(self, attempt_id: int) -> PaymentAttempt:
        """Query, close, query: an attempt that was paid meanwhile is captured, not closed.

        Raises ``GatewayError`` or ``NotInstalled``.
        """
        line = self._caller.line(attempt_id)
        if line.attempt.state not in UNPAID:
            return line.attempt
        if not line.gateway.info.moves_money_itself or self._query(line) in _SETTLED:
            return self._read(attempt_id)
        outcome = self._caller.ask(line, lambda: line.gateway.close(line.context, line.ref))
        settled = outcome is not CloseOutcome.NOT_FOUND and self._query(line) in _SETTLED
        if not settled and outcome is not CloseOutcome.ALREADY_PAID:
            # Never scanned, or a provider that cannot close: money that comes all the same is
            # caught by the nets.
            self._caller.apply(closed_event(line.attempt))
        return self._read(attempt_id)

    def step(self, attempt_id: int) -> float | None:
        """Do what is due for an attempt; seconds until the next step, or None at the end."""
        attempt = self._read(attempt_id)
        over = attempt.expires_at <= clock.now()
        try:
            if attempt.state == "captured":
                return None
            if attempt.state in UNPAID and over:
                attempt = self.close(attempt_id)
            else:
                attempt = self.poll(attempt_id)
        except UNREACHABLE as error:
            return self._unreachable(attempt, error)
        return next_wait(attempt, clock.now())

    def _query(self, line: Line) -> PaymentFact:
        event = self._caller.asked_event(
            line,
            lambda: line.gateway.query(line.context, line.ref),
        )
        self._caller.apply(event)
        return event.fact

    def _read(self, attempt_id: int) -> PaymentAttempt:
        with self._caller.house.database.snapshot() as db:
            return db.get_one(PaymentAttempt, attempt_id)

    def _unreachable(self, attempt: PaymentAttempt, error: Exception) -> float | None:
        log.warning("payments.poll_failed", number=attempt.number, error=type(error).__name__)
        if attempt.state in UNPAID and attempt.expires_at + GIVE_UP <= clock.now():
            self._give_up(attempt.id)
            return None
        return max(SOON, next_wait(attempt, clock.now()) or HOURLY)

    def _give_up(self, attempt_id: int) -> None:
        with self._caller.house.database.transaction() as db:
            attempt = held(db, PaymentAttempt, attempt_id)
            attempt.flag("outcome_unknown", "needs_review")
        self._caller.apply(closed_event(attempt))


def next_wait(attempt: PaymentAttempt, moment: datetime) -> float | None:
    """Seconds until an attempt is to be asked about again; None when it is settled."""
    if attempt.state == "captured":
        return None
    if attempt.state == "closed":
        closed_at = attempt.closed_at or attempt.expires_at
        return next(
            (
                (closed_at + net - moment).total_seconds()
                for net in NETS
                if closed_at + net > moment
            ),
            None,
        )
    left = (attempt.expires_at - moment).total_seconds()
    if left <= 0:
        return SOON if left > -15 * SOON else HOURLY
    age = (moment - attempt.created_at).total_seconds()
    wait = next((point - age for point in SCHEDULE if point > age), HOURLY)
    return min(max(wait, 1.0), left + 1.0)


def closed_event(attempt: PaymentAttempt) -> GatewayEvent:
    """The fact that we closed an attempt ourselves."""
    return GatewayEvent(
        gateway=attempt.gateway,
        event_id=f"close:{attempt.number}",
        fact=PaymentFact.CLOSED,
        out_trade_no=attempt.number,
        amount_fen=None,
        occurred_at=clock.now(),
        source="poll",
    )
