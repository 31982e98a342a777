"""Asking for money back: by line, never more than the line still holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.kernel.db import lock
from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _
from suwen.orders import writing
from suwen.orders.errors import RefundTooLarge
from suwen.orders.models import Order, OrderLine, OrderRefund
from suwen.orders.states import HOLDS_MONEY

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.payments.models import Refund
    from suwen.payments.services import PaymentService


@dataclass(frozen=True, slots=True)
class LineWish:
    """What to give back of a line: a quantity of pieces, or an amount in fen."""

    line_id: int
    quantity: int | None = None
    amount_fen: int | None = None


class OrderRefunds:
    """Requests refunds of orders from the payments domain."""

    def __init__(self, db: Session, payments: PaymentService) -> None:
        """Work in ``db``."""
        self._db = db
        self._payments = payments

    def request(
        self, order: Order, reason: str, wishes: Sequence[LineWish], actor: Actor
    ) -> Refund:
        """Ask for a refund; no wishes means all that is left.

        Raises ``RefundTooLarge`` at the line, or ``Conflict`` when the order holds no money.
        """
        if not reason.strip():
            raise Invalid(_("请填写退款原因"), fields={"reason": _("请填写退款原因")})
        _check_state(order)
        attempt = self._payments.captured_attempt("order", order.id)
        _check_state(lock(self._db, Order, order.id))
        amounts = self._amounts(order, wishes)
        refund = self._payments.request_refund(attempt, sum(amounts.values()), reason, actor)
        self._db.add(
            OrderRefund(
                refund_number=refund.number,
                order_id=order.id,
                lines=[{"line_id": str(k), "amount_fen": v} for k, v in amounts.items()],
                reason=reason,
            )
        )
        writing.note(self._db, order, "refund_requested", actor, reason)
        self._db.flush()
        return refund

    def _amounts(self, order: Order, wishes: Sequence[LineWish]) -> dict[int, int]:
        query = select(OrderLine).where(OrderLine.order_id == order.id)
        lines = {line.id: line for line in self._db.scalars(query)}
        open_fen = self._open_requests(order.id)
        left = {
            key: line.amount_fen - line.refunded_fen - open_fen.get(key, 0)
            for key, line in lines.items()
        }
        if not wishes:
            amounts = {key: fen for key, fen in left.items() if fen > 0}
        else:
            amounts = {
                wish.line_id: _amount(lines.get(wish.line_id), wish, left, index)
                for index, wish in enumerate(wishes)
            }
        if sum(amounts.values()) <= 0:
            raise RefundTooLarge(fields={"lines": RefundTooLarge.message})
        return amounts

    def _open_requests(self, order_id: int) -> dict[int, int]:
        query = select(OrderRefund).where(OrderRefund.order_id == order_id)
        rows = self._db.scalars(query).all()
        open_numbers = self._payments.open_refunds([row.refund_number for row in rows])
        totals: dict[int, int] = {}
        for row in rows:
            for line in row.lines if row.refund_number in open_numbers else ():
                key = int(line["line_id"])
                totals[key] = totals.get(key, 0) + line["amount_fen"]
        return totals


def _check_state(order: Order) -> None:
    if order.state not in HOLDS_MONEY:
        raise Conflict(_("订单当前状态不能申请退款"))


def _amount(line: OrderLine | None, wish: LineWish, left: dict[int, int], index: int) -> int:
    field = f"lines.{index}"
    if line is None:
        raise Invalid(_("订单中没有这一项"), fields={f"{field}.line_id": _("订单中没有这一项")})
    amount: Any = wish.amount_fen
    if amount is None:
        quantity = wish.quantity if wish.quantity is not None else line.quantity
        if not 1 <= quantity <= line.quantity:
            raise RefundTooLarge(fields={f"{field}.quantity": RefundTooLarge.message})
        amount = line.price_fen * quantity
    if not 0 < amount <= left[line.id]:
        raise RefundTooLarge(fields={f"{field}.amount_fen": RefundTooLarge.message})
    return int(amount)
