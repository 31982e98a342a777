"""Orders and refunds of the provider as facts of the house."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from suwen.hookspecs.payment import GatewayEvent, PaymentFact
from suwen_payment_wechat import reading
from suwen_payment_wechat.settings import Account

CODE: Final = "payment_wechat"

TRADE_STATES: Final = {
    "SUCCESS": PaymentFact.CAPTURED,
    # "Moved into refund": the money did arrive, refunds are facts of their own.
    "REFUND": PaymentFact.CAPTURED,
    "NOTPAY": PaymentFact.PENDING,
    "USERPAYING": PaymentFact.PENDING,
    "PAYERROR": PaymentFact.FAILED,
    "CLOSED": PaymentFact.CLOSED,
    "REVOKED": PaymentFact.CLOSED,
}
REFUND_STATES: Final = {
    "SUCCESS": PaymentFact.REFUND_SUCCEEDED,
    "PROCESSING": PaymentFact.REFUND_PROCESSING,
    "CLOSED": PaymentFact.REFUND_FAILED,
    "ABNORMAL": PaymentFact.REFUND_ABNORMAL,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from. ``event_id`` is empty for a poll, whose id follows from its state."""

    source: str
    seen_at: datetime
    raw: bytes
    event_id: str = ""


def transaction(account: Account, data: Mapping[str, Any], origin: Origin) -> GatewayEvent:
    """An order's state; raises ``Malformed``, also for an order of another merchant."""
    _check_owner(account, data, ("mchid", "appid"))
    number, state = reading.text(data, "out_trade_no"), reading.text(data, "trade_state")
    if state not in TRADE_STATES:
        raise reading.Malformed("trade_state is not known")
    fact = TRADE_STATES[state]
    amount, currency = None, "CNY"
    if fact is PaymentFact.CAPTURED or "amount" in data:
        part = reading.part(data, "amount")
        # Never payer_total: a coupon of the provider's makes it smaller.
        amount = reading.fen(part, "total")
        currency = str(part.get("currency") or "CNY")
    return GatewayEvent(
        gateway=CODE,
        event_id=origin.event_id or f"q:{number}:{state}",
        fact=fact,
        out_trade_no=number,
        amount_fen=amount,
        occurred_at=reading.moment(data, "success_time") or origin.seen_at,
        provider_trade_no=reading.optional(data, "transaction_id"),
        currency=currency,
        source=origin.source,
        raw_sha256=hashlib.sha256(origin.raw).hexdigest(),
    )


def refund(
    account: Account, data: Mapping[str, Any], origin: Origin, *, state_field: str = "status"
) -> GatewayEvent:
    """A refund's state; notifications call the field ``refund_status``. Raises ``Malformed``."""
    if "mchid" in data:
        _check_owner(account, data, ("mchid",))
    number, state = reading.text(data, "out_refund_no"), reading.text(data, state_field)
    if state not in REFUND_STATES:
        raise reading.Malformed(f"{state_field} is not known")
    part = reading.part(data, "amount")
    return GatewayEvent(
        gateway=CODE,
        event_id=origin.event_id or f"q:{number}:REFUND.{state}",
        fact=REFUND_STATES[state],
        out_trade_no=reading.text(data, "out_trade_no"),
        amount_fen=reading.fen(part, "refund"),
        occurred_at=reading.moment(data, "success_time") or origin.seen_at,
        provider_trade_no=reading.optional(data, "transaction_id"),
        out_refund_no=number,
        currency=str(part.get("currency") or "CNY"),
        source=origin.source,
        raw_sha256=hashlib.sha256(origin.raw).hexdigest(),
    )


def _check_owner(account: Account, data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if reading.text(data, name) != getattr(account, name):
            raise reading.Malformed(f"{name} is not ours")
