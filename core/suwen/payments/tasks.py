"""Work of the outbox: polls, closings and refunds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suwen.kernel.outbox import Later
from suwen.payments.attempts import POLL
from suwen.payments.booking import CLOSE
from suwen.payments.calls import UNREACHABLE, Caller
from suwen.payments.polling import SOON, UNPAID, Poller
from suwen.payments.refunding import Refunder
from suwen.payments.refunds import SEND

if TYPE_CHECKING:
    from suwen.kernel.house import House

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


HANDLERS = {POLL: poll, QUERY: query, CLOSE: close, SEND: refund}
