"""Reading what providers send: whoever writes to us is a stranger until the signature is verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from suwen.hookspecs.payment import (
    GatewayError,
    GatewayEvent,
    HttpAnswer,
    NotifyOutcome,
    NotifyRequest,
)
from suwen.payments.merchants import Merchants

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.payment import PaymentGateway
    from suwen.kernel.house import House
    from suwen.kernel.plugins.registry import Registered

log = structlog.get_logger(__name__)

MAX_BODY: Final = 64 * 1024
_GOOD: Final = (NotifyOutcome.DUPLICATE, NotifyOutcome.ACCEPTED)

Read = Sequence[GatewayEvent] | NotifyOutcome


def read(
    house: House,
    db: Session,
    item: Registered[PaymentGateway],
    region: str,
    sent: NotifyRequest,
) -> Read:
    """The facts of a notification, or why there are none. Never raises for a stranger's bytes.

    The region's present settings are tried first, then those of merchants it used before.
    """
    refused: NotifyOutcome = NotifyOutcome.FAILED
    for number, context in enumerate(Merchants(house, db).contexts(item, region)):
        outcome = _parse(item, context, sent)
        if not isinstance(outcome, NotifyOutcome):
            return outcome
        refused = outcome if number == 0 else refused
    return refused


def _parse(item: Registered[PaymentGateway], context: Any, sent: NotifyRequest) -> Read:
    try:
        events = list(item.obj.parse_notification(context, sent))
    except GatewayError as error:
        return error.notify_outcome
    except Exception:
        # A plugin that stumbles over junk must not give strangers a 500.
        log.exception("payments.parse_failed", gateway=item.code)
        return NotifyOutcome.MALFORMED
    if any(getattr(event, "gateway", None) != item.code for event in events):
        log.error("payments.foreign_event", gateway=item.code)
        return NotifyOutcome.MALFORMED
    return events


def worst(outcomes: Sequence[NotifyOutcome]) -> NotifyOutcome:
    """One answer for several facts: the first that was not good."""
    bad = [outcome for outcome in outcomes if outcome not in _GOOD]
    if bad:
        return bad[0]
    return NotifyOutcome.DUPLICATE if NotifyOutcome.ACCEPTED not in outcomes else _GOOD[1]


def answered(item: Registered[PaymentGateway], outcome: NotifyOutcome) -> HttpAnswer:
    """What the provider reads; a gateway that cannot answer makes the provider try again."""
    try:
        answer = item.obj.answer(outcome)
        return HttpAnswer(int(answer.status), bytes(answer.body), str(answer.content_type))
    except Exception:
        log.exception("payments.answer_failed", gateway=item.code)
        return HttpAnswer(503, b"", "text/plain; charset=utf-8")
