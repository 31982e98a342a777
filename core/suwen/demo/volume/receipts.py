"""Rows of a sale that was paid over the counter: intent, order, attempt and what booked them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from suwen.demo.journeys import COUNTER
from suwen.demo.market import YUEYANG
from suwen.hookspecs.payment import PaymentFact
from suwen.kernel import ids
from suwen.ledger.accounts import clearing
from suwen.orders import writing
from suwen.orders.models import Intent, Order, OrderLine, OrderTransition
from suwen.orders.placing import frozen
from suwen.payments.models import PaymentAttempt, PaymentEvent, PaymentTransition

if TYPE_CHECKING:
    from suwen.catalog.lines import LineFact
    from suwen.demo.volume.books import Books

_TO_COUNTER: Final = timedelta(hours=3)
_LIFE: Final = timedelta(days=7)

Rows = Mapping[Any, Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Counter:
    """Where the money is taken: the payment account, and the cashier who takes it."""

    seed: int
    account_id: int
    cashier: int


@dataclass(frozen=True, slots=True)
class Sale:
    """One purchase. Ids are made with it, in the order of the numbers."""

    number: int
    moment: datetime
    buyer: int
    lines: Sequence[LineFact]
    point_id: int
    intent_id: int = field(default_factory=ids.new_id)
    order_id: int = field(default_factory=ids.new_id)
    line_rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Number the lines."""
        self.line_rows.extend(writing.line_rows(self.order_id, self.lines))

    @property
    def amount_fen(self) -> int:
        """What the cashier counted."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def paid_at(self) -> datetime:
        """When the buyer was at the counter."""
        return self.moment + _TO_COUNTER


def order_number(seed: int, number: int) -> str:
    """Public number of a generated order; ``G`` marks it."""
    return f"SWG{seed:04d}{number:09d}"


def receipt(counter: Counter, sale: Sale, books: Books) -> Rows:
    """All rows of the sale but what it earned for others; its entries go to ``books``."""
    order = _order(counter, sale)
    attempt = _attempt(counter, sale, order["number"])
    _book(sale, attempt["number"], books)
    return {
        Intent: [_intent(counter, sale, order["number"])],
        Order: [order],
        OrderLine: sale.line_rows,
        OrderTransition: [
            _step(sale, "placed", "pending_payment", "pending_payment", counter.cashier),
            _step(sale, "paid", "pending_payment", "paid", None),
        ],
        PaymentAttempt: [attempt],
        PaymentTransition: [_captured(counter, sale, attempt["id"])],
        PaymentEvent: [_event(counter, sale, attempt["number"])],
    }


def _receipt_no(counter: Counter, sale: Sale) -> str:
    return f"G{counter.seed:04d}-{sale.number:09d}"


def _intent(counter: Counter, sale: Sale, order: str) -> dict[str, Any]:
    return {
        "id": sale.intent_id,
        "code": f"G{counter.seed:04d}{sale.number:07d}",
        "member_id": sale.buyer,
        "submission": f"generated-{counter.seed}-{sale.number}",
        "state": "confirmed",
        "region": YUEYANG,
        "gateway": COUNTER,
        "total_fen": sale.amount_fen,
        "payable_fen": sale.amount_fen,
        "lines": [frozen(line) for line in sale.lines],
        "instructions": "",
        "created_at": sale.moment,
        "expires_at": sale.moment + _LIFE,
        "decided_at": sale.paid_at,
        "decided_by": counter.cashier,
        "reason": "",
        "receipt_no": _receipt_no(counter, sale),
        "order_number": order,
        "collection_method": "on_site",
        "point_id": sale.point_id,
    }


def _order(counter: Counter, sale: Sale) -> dict[str, Any]:
    return {
        "id": sale.order_id,
        "number": order_number(counter.seed, sale.number),
        "member_id": sale.buyer,
        "submission": f"generated-{counter.seed}-{sale.number}",
        "state": "paid",
        "region": YUEYANG,
        "total_fen": sale.amount_fen,
        "payable_fen": sale.amount_fen,
        "gateway": COUNTER,
        "intent_id": sale.intent_id,
        "created_at": sale.paid_at,
        "expires_at": sale.moment + _LIFE,
        "paid_at": sale.paid_at,
        "collection_method": "on_site",
        "point_id": sale.point_id,
    }


def _step(sale: Sale, event: str, source: str, target: str, cashier: int | None) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "order_id": sale.order_id,
        "at": sale.paid_at,
        "event": event,
        "source": source,
        "target": target,
        "actor_kind": "staff" if cashier else "system",
        "actor_id": cashier,
        "reason": "",
    }


def _attempt(counter: Counter, sale: Sale, order: str) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "number": f"SWPG{counter.seed:04d}{sale.number:09d}",
        "payable_kind": "order",
        "payable_id": sale.order_id,
        "payable_number": order,
        "member_id": sale.buyer,
        "gateway": COUNTER,
        "plugin": COUNTER,
        "region": YUEYANG,
        "account_id": counter.account_id,
        "environment": "development",
        "amount_fen": sale.amount_fen,
        "currency": "CNY",
        "state": "captured",
        "flags": [],
        "provider_state": {},
        "provider_trade_no": _receipt_no(counter, sale),
        "created_at": sale.paid_at,
        "expires_at": sale.paid_at + _LIFE,
        "captured_at": sale.paid_at,
    }


def _captured(counter: Counter, sale: Sale, attempt_id: int) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "attempt_id": attempt_id,
        "at": sale.paid_at,
        "source": "created",
        "target": "captured",
        "cause": "cashier",
        "actor_kind": "staff",
        "actor_id": counter.cashier,
        "reason": "",
    }


def _event(counter: Counter, sale: Sale, attempt: str) -> dict[str, Any]:
    return {
        "id": ids.new_id(),
        "gateway": COUNTER,
        "event_id": f"cashier:order:{sale.order_id}",
        "fact": PaymentFact.CAPTURED.value,
        "source": "cashier",
        "out_trade_no": attempt,
        "amount_fen": sale.amount_fen,
        "currency": "CNY",
        "provider_trade_no": _receipt_no(counter, sale),
        "raw_sha256": "",
        "occurred_at": sale.paid_at,
        "received_at": sale.paid_at,
        "outcome": "applied",
    }


def _book(sale: Sale, attempt: str, books: Books) -> None:
    amount = sale.amount_fen
    taken = {clearing(COUNTER): amount, "receipts": -amount}
    sold = {"receipts": amount, "revenue": -amount}
    books.add("payment_captured", attempt, taken, "收款", sale.paid_at)
    books.add("order_paid", str(sale.order_id), sold, "订单收款", sale.paid_at)
