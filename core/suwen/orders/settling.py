"""What orders do when money arrives or goes back: past every regional switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.db import lock, locked
from suwen.kernel.i18n import _
from suwen.messaging.services import Note
from suwen.orders import writing
from suwen.orders.models import Order, OrderLine, OrderRefund

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.catalog.services import CatalogService
    from suwen.kernel.events import EventBus
    from suwen.ledger.services import LedgerService
    from suwen.messaging.services import MessagingService
    from suwen.payments.services import PaymentService

UNCLAIMED = _("订单无法再收款，款项自动退回")
UNCLAIMED_REF = "unclaimed:"
"""How the payments domain names a refund of money that nobody could take."""


class Settling:
    """Applies captured payments and finished refunds to orders."""

    def __init__(
        self,
        db: Session,
        events: EventBus,
        ledger: LedgerService,
        payments: PaymentService,
        catalog: CatalogService,
        messaging: MessagingService,
    ) -> None:
        """Work in the transaction of the payment."""
        self._db = db
        self._events = events
        self._ledger = ledger
        self._payments = payments
        self._catalog = catalog
        self._messaging = messaging

    def captured(self, data: Mapping[str, Any]) -> None:
        """Mark the order paid; money that it cannot take is sent back, once."""
        order = locked(self._db, Order, data["payable_id"])
        if order is None or order.state != "pending_payment":
            self._send_back(order, data)
            return
        writing.move(self._db, order, "paid", "paid", SYSTEM)
        order.paid_at = clock.now()
        order.gateway = data["gateway"]
        self._ledger.post(
            "order_paid",
            str(order.id),
            [("receipts", data["amount_fen"]), ("revenue", -data["amount_fen"])],
            memo=_("订单收款"),
        )
        self._db.flush()
        facts = {"order_id": order.id, "number": order.number, "member_id": order.member_id}
        with self._messaging.together():
            self._publish("order_paid", order, {**facts, "amount_fen": data["amount_fen"]})
            self._tell(order, "order_paid", f"order_paid:{order.id}")

    def _send_back(self, order: Order | None, data: Mapping[str, Any]) -> None:
        if order is not None:
            writing.note(self._db, order, "late_payment", SYSTEM, UNCLAIMED)
        self._payments.refund_unclaimed(data["attempt_id"], UNCLAIMED)

    def refunded(self, data: Mapping[str, Any]) -> None:
        """Book a finished refund on its lines; the order is refunded when nothing is left.

        Money that the order never took is none of its business. A refund made in the provider's
        own console names no lines: it is taken from them in their order.
        """
        if str(data["ref"]).startswith(UNCLAIMED_REF):
            return
        refund = self._db.scalars(
            select(OrderRefund).where(OrderRefund.refund_number == data["number"])
        ).first()
        order = lock(self._db, Order, data["payable_id"])
        lines = self._lines(order.id)
        wished = {int(row["line_id"]): row["amount_fen"] for row in refund.lines} if refund else {}
        amounts = allocate(lines, wished, data["amount_fen"])
        for line in lines:
            line.refunded_fen += amounts.get(line.id, 0)
        whole = all(line.refunded_fen == line.amount_fen for line in lines)
        self._ledger.post(
            "order_refunded",
            data["number"],
            [("revenue", data["amount_fen"]), ("receipts", -data["amount_fen"])],
            memo=_("订单退款"),
        )
        self._record_refund(order, data["number"], whole=whole)
        left = [
            {
                "line_id": line.id,
                "amount_fen": amounts[line.id],
                "remaining_fen": line.amount_fen - line.refunded_fen,
            }
            for line in lines
            if line.id in amounts
        ]
        facts = {"order_id": order.id, "refund_number": data["number"], "lines": left}
        self._publish(
            "order_refunded", order, {**facts, "member_id": order.member_id}, data["number"]
        )

    def _record_refund(self, order: Order, number: str, *, whole: bool) -> None:
        if whole and order.state != "refunded":
            writing.move(self._db, order, "refunded", "refunded", SYSTEM, number)
            order.closed_at = clock.now()
        else:
            writing.note(self._db, order, "refunded_partly", SYSTEM, number)
        self._db.flush()
        self._tell(order, "refund_done", f"refund_done:{number}")

    def _tell(self, order: Order, kind: str, key: str) -> None:
        note = Note(order.member_id, kind, {"number": order.number}, key)
        self._messaging.tell([note], region=order.region)

    def _lines(self, order_id: int) -> Sequence[OrderLine]:
        query = select(OrderLine).where(OrderLine.order_id == order_id)
        return self._db.scalars(query.order_by(OrderLine.position)).all()

    def _publish(
        self, name: str, order: Order, data: Mapping[str, Any], key: str | None = None
    ) -> None:
        event_key = f"{name}:{key or order.id}"
        self._events.publish(self._db, Event(name, event_key, order.region, clock.now(), data))


def allocate(
    lines: Sequence[OrderLine], wished: Mapping[int, int], amount_fen: int
) -> dict[int, int]:
    """How much of a refund each line gives: what was wished, as far as the line still holds it,
    and the rest from the others in their order. The payments domain never refunds more than all.
    """
    room = {line.id: line.amount_fen - line.refunded_fen for line in lines}
    given = {key: min(fen, room.get(key, 0)) for key, fen in wished.items()}
    rest = amount_fen - sum(given.values())
    for line in lines:
        more = min(rest, room[line.id] - given.get(line.id, 0))
        if more > 0:
            given[line.id] = given.get(line.id, 0) + more
            rest -= more
    return {key: fen for key, fen in given.items() if fen}
