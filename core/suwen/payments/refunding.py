"""Carrying refunds out at the providers, under one number however often it is tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import func, select

from suwen.hookspecs.payment import (
    ConfigError,
    DuplicateTradeNo,
    GatewayError,
    GatewayEvent,
    MerchantBalanceLow,
    NotFound,
    NotPermitted,
    PaymentFact,
    RefundRef,
)
from suwen.kernel import clock
from suwen.kernel.plugins.registry import NotInstalled
from suwen.payments.announcing import describe, notify_url
from suwen.payments.booking import held, move_refund
from suwen.payments.models import PaymentAttempt, Refund

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.payments.calls import Caller, Line

log = structlog.get_logger(__name__)

WAITS: Final = (60.0, 300.0, 600.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0)
# Somebody must put something right first; then the same number goes out again.
_FOR_STAFF: Final = (ConfigError, NotPermitted, MerchantBalanceLow, DuplicateTradeNo)


@dataclass(frozen=True, slots=True)
class _Task:
    line: Line
    ref: RefundRef
    tries: int
    ask_first: bool


class Refunder:
    """Sends refunds; see ``process``."""

    def __init__(self, caller: Caller) -> None:
        """Call through ``caller``."""
        self._caller = caller
        self._database = caller.house.database

    def process(self, number: str) -> float | None:
        """Send an approved refund, or ask about one that was sent.

        Seconds until it should be processed again, or None when nothing is left to do. A refund
        whose outcome is unknown is asked about first and sent again, under the same number, only
        when the provider does not know it.
        """
        prepared = self._prepare(number)
        if not isinstance(prepared, _Task):
            return prepared
        task = prepared
        try:
            event = self._call(task)
        except GatewayError as error:
            return self._failed(number, task, error)
        if task.tries > 1:
            # The same answer to a second try is another fact.
            event = replace(event, event_id=f"{event.event_id}#{task.tries}")
        self._caller.apply(event)
        if event.fact in {PaymentFact.REFUND_SUCCEEDED, PaymentFact.REFUND_FAILED}:
            return None
        return _wait(task.tries)

    def _prepare(self, number: str) -> _Task | float | None:
        with self._database.transaction() as db:
            refund, attempt = self._locked(db, number)
            if refund.state not in {"approved", "processing"} or "by_hand" in refund.flags:
                return None
            pause = self._pause(db, refund, attempt)
            if pause > 0:
                return pause
            try:
                line = self._caller.line_in(db, attempt)
            except (NotInstalled, GatewayError) as error:
                refund.last_error = f"{type(error).__name__}: {error}"[:500]
                refund.flag("needs_review")
                return WAITS[4]
            ask_first = refund.sent_at is not None
            if refund.state == "approved":
                move_refund(db, refund, "processing", "request")
            refund.tries += 1
            refund.sent_at = refund.sent_at or clock.now()
            return _Task(line, self._ref(refund, line), refund.tries, ask_first)

    def _locked(self, db: Session, number: str) -> tuple[Refund, PaymentAttempt]:
        found = db.scalars(select(Refund).where(Refund.number == number)).one()
        attempt = held(db, PaymentAttempt, found.attempt_id)
        refund = held(db, Refund, found.id)
        return refund, attempt

    def _pause(self, db: Session, refund: Refund, attempt: PaymentAttempt) -> float:
        """Providers want some time between two refunds of one payment."""
        item = self._caller.house.host.gateways.find(attempt.gateway)
        if item is None or refund.sent_at is not None:
            return 0
        query = select(func.max(Refund.sent_at)).where(
            Refund.attempt_id == attempt.id, Refund.id != refund.id
        )
        last = db.scalar(query)
        if last is None:
            return 0
        past = (clock.now() - clock.as_utc(last)).total_seconds()
        return float(item.obj.info.refund_interval_s) - past

    def _ref(self, refund: Refund, line: Line) -> RefundRef:
        return RefundRef(
            out_refund_no=refund.number,
            amount_fen=refund.amount_fen,
            attempt=line.ref,
            notify_url=notify_url(self._caller.house.settings.base_url, line.attempt),
        )

    def _call(self, task: _Task) -> GatewayEvent:
        line, ref = task.line, task.ref
        if task.ask_first:
            try:
                event = self._caller.asked_event(
                    line, lambda: line.gateway.query(line.context, ref)
                )
            except NotFound:
                event = None
            if event is not None and event.fact is not PaymentFact.NOT_FOUND:
                return _about(event, ref)
        event = self._caller.asked_event(line, lambda: line.gateway.refund(line.context, ref))
        return _about(event, ref)

    def _failed(self, number: str, task: _Task, error: GatewayError) -> float | None:
        log.warning("payments.refund_failed", number=number, error=type(error).__name__)
        with self._database.transaction() as db:
            refund, _attempt = self._locked(db, number)
            refund.last_error = describe(error)
            if error.outcome_unknown:
                refund.flag("outcome_unknown")
            if isinstance(error, _FOR_STAFF):
                refund.flag("needs_review")
            elif not error.retryable and refund.state == "processing":
                move_refund(db, refund, "failed", "request", reason=type(error).__name__)
                refund.finished_at = clock.now()
                refund.flag("needs_review")
                return None
        return _wait(task.tries)


def _about(event: GatewayEvent, ref: RefundRef) -> GatewayEvent:
    """The fact, known to be about this refund."""
    return event if event.out_refund_no else replace(event, out_refund_no=ref.out_refund_no)


def _wait(tries: int) -> float:
    return WAITS[min(tries, len(WAITS)) - 1]
