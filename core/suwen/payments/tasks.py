"""Work of the outbox: polls, closings and refunds. All of it may run twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import update

from suwen.kernel import clock
from suwen.kernel.outbox import Later, OutboxItem
from suwen.payments.attempts import POLL
from suwen.payments.booking import CLOSE
from suwen.payments.calls import UNREACHABLE, Caller
from suwen.payments.polling import SOON, UNPAID, Poller
from suwen.payments.refunding import Refunder
from suwen.payments.refunds import SEND

if TYPE_CHECKING:
    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

QUERY = "payments.query"


def poll(house: House, payload: Mapping[str, Any]) -> None:
    """One step of an attempt's schedule."""
    wait = Poller(Caller(house)).step(payload["attempt_id"])
    if wait is not None:
        raise Later(wait)


def query(house: House, payload: Mapping[str, Any]) -> None:
    """Ask about an attempt now, because the buyer came back; the schedule goes on by itself."""
    try:
        Poller(Caller(house)).poll(payload["attempt_id"])
    except UNREACHABLE:
        return


def close(house: House, payload: Mapping[str, Any]) -> None:
    """Close an attempt that is no longer wanted."""
    try:
        attempt = Poller(Caller(house)).close(payload["attempt_id"])
    except UNREACHABLE:
        raise Later(SOON) from None
    if attempt.state in UNPAID:
        raise Later(SOON)


def refund(house: House, payload: Mapping[str, Any]) -> None:
    """Carry a refund out."""
    wait = Refunder(Caller(house)).process(payload["number"])
    if wait is not None:
        raise Later(wait)


def revive(house: House) -> None:
    """Try again what the outbox has given up: work about money is never given up."""
    again = (
        update(OutboxItem)
        .where(OutboxItem.state == "dead", OutboxItem.kind.in_(HANDLERS))
        .values(state="pending", attempts=0, due_at=clock.now())
        .returning(OutboxItem.id)
    )
    with house.database.transaction() as db:
        for item in db.scalars(again, execution_options={"synchronize_session": False}):
            log.error("payments.revived", item=item)


HANDLERS = {POLL: poll, QUERY: query, CLOSE: close, SEND: refund}
