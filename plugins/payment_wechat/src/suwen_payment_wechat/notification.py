"""Reading a notification: verified over its raw bytes before a single one is interpreted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from suwen.hookspecs.payment import (
    GatewayEvent,
    HttpAnswer,
    InvalidRequest,
    NotifyOutcome,
    NotifyRequest,
)
from suwen_payment_wechat import facts, reading, sealed, signing
from suwen_payment_wechat.keys import KeyRing
from suwen_payment_wechat.settings import Account

MAX_BYTES: Final = 64 * 1024
"""A genuine notification has about two kilobytes."""

_TAKEN: Final = {NotifyOutcome.ACCEPTED, NotifyOutcome.DUPLICATE}
_STATUS: Final = {
    NotifyOutcome.SIGNATURE_INVALID: 401,
    NotifyOutcome.STALE: 401,
    NotifyOutcome.MALFORMED: 400,
    NotifyOutcome.UNKNOWN_ORDER: 404,
    NotifyOutcome.AMOUNT_MISMATCH: 409,
    NotifyOutcome.FAILED: 500,
}


def parse(account: Account, ring: KeyRing, request: NotifyRequest) -> Sequence[GatewayEvent]:
    """The facts of a notification; none for a kind that does not concern payments.

    Raises ``SignatureInvalid``, ``StaleNotification``, ``InvalidRequest`` (malformed, or another
    merchant's) or ``ConfigError`` (our APIv3 key does not open it).
    """
    if len(request.body) > MAX_BYTES:
        raise InvalidRequest("the notification is too large")
    headers = {name.lower(): value for name, value in request.headers.items()}
    signing.verify(headers, request.body, find=ring.find, at=request.received_at)
    try:
        return _events(account, reading.load_object(request.body), request)
    except reading.Malformed as error:
        raise InvalidRequest(f"notification: {error}") from None


def _events(
    account: Account, envelope: Mapping[str, Any], request: NotifyRequest
) -> Sequence[GatewayEvent]:
    event_id, kind = reading.text(envelope, "id"), reading.text(envelope, "event_type")
    family = kind.partition(".")[0]
    if family not in {"TRANSACTION", "REFUND"}:
        return ()
    plain = sealed.open_sealed(reading.part(envelope, "resource"), account.apiv3_key)
    origin = facts.Origin("notification", request.received_at, request.body, event_id)
    data = reading.load_object(plain)
    if family == "TRANSACTION":
        return (facts.transaction(account, data, origin),)
    reading.text(data, "mchid")
    return (facts.refund(account, data, origin, state_field="refund_status"),)


def answer(outcome: NotifyOutcome) -> HttpAnswer:
    """204 ends the notifications, anything from 400 on repeats them for a day.

    The text is one for all refusals: a stranger learns nothing from it.
    """
    if outcome in _TAKEN:
        return HttpAnswer(204)
    return HttpAnswer(_STATUS[outcome], '{"code":"FAIL","message":"失败"}'.encode())
