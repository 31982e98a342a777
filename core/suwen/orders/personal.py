"""What orders keep about a member: what he bought, where it went, and what he wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from suwen.accounts.personal_data import Erased, OpenItem
from suwen.kernel.i18n import _
from suwen.orders.models import Intent, Order, OrderLine, OrderRefund, OrderTransition
from suwen.orders.writing import open_address

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_QUIET = {"synchronize_session": False}


class OrderData:
    """Orders, their lines and history, and intents."""

    name = "orders"
    title = _("订单与付款意向")

    def __init__(self, house: House) -> None:
        """Addresses are opened with the house's key."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """All orders and intents, oldest first."""
        rows = db.scalars(
            select(Order).where(Order.member_id == member_id).order_by(Order.id)
        ).all()
        lines = _grouped(db, OrderLine, member_id, _line)
        steps = _grouped(db, OrderTransition, member_id, _step)
        refunds = _grouped(db, OrderRefund, member_id, _refund)
        intents = db.scalars(
            select(Intent).where(Intent.member_id == member_id).order_by(Intent.id)
        ).all()
        return {
            "orders": [
                {
                    **self._order(row),
                    "lines": lines.get(row.id, []),
                    "timeline": steps.get(row.id, []),
                    "refunds": refunds.get(row.id, []),
                }
                for row in rows
            ],
            "intents": [self._intent(row) for row in intents],
        }

    def _order(self, row: Order) -> dict[str, Any]:
        return {
            "number": row.number,
            "state": row.state,
            "region": row.region,
            "total_fen": row.total_fen,
            "payable_fen": row.payable_fen,
            "gateway": row.gateway,
            "collection": row.collection_method,
            "point_id": str(row.point_id) if row.point_id else None,
            "address": open_address(self._house.vault.house, "order", row.id, row.address_sealed),
            "created_at": row.created_at.isoformat(),
            "paid_at": row.paid_at.isoformat() if row.paid_at else None,
        }

    def _intent(self, row: Intent) -> dict[str, Any]:
        address = open_address(self._house.vault.house, "order_intent", row.id, row.address_sealed)
        return {
            "code": row.code,
            "state": row.state,
            "region": row.region,
            "total_fen": row.total_fen,
            "gateway": row.gateway,
            "address": address,
            "created_at": row.created_at.isoformat(),
            "order": row.order_number,
        }

    def open_items(self, db: Session, member_id: int) -> Sequence[OpenItem]:
        """Orders that wait for payment or were not used yet, and intents."""
        found: list[OpenItem] = []
        for state, what in (
            ("pending_payment", _("待付款的订单，请先付款或取消")),
            ("paid", _("已付款未使用的订单，请先使用或申请退款")),
        ):
            query = select(Order).where(Order.member_id == member_id, Order.state == state)
            rows = db.scalars(query.order_by(Order.id).limit(20)).all()
            numbers = [row.number for row in rows if not self._is_spent(db, row)]
            found += [OpenItem(what, 1, f"/orders/{one}", f"order.{state}") for one in numbers]
        waiting = select(Intent.code).where(
            Intent.member_id == member_id, Intent.state == "waiting"
        )
        what = _("待确认的线下付款，请先完成或取消")
        codes = db.scalars(waiting.order_by(Intent.id).limit(20)).all()
        return [*found, *(OpenItem(what, 1, f"/intents/{code}", "intent") for code in codes)]

    def _is_spent(self, db: Session, row: Order) -> bool:
        """Whether every line has had its result, as the floors above say."""
        query = select(OrderLine.id).where(OrderLine.order_id == row.id)
        lines = set(db.scalars(query).all())
        spent: set[int] = set()
        for ask in self._house.ports.get("spent_lines", ()):
            spent |= ask(db, lines)
        return lines <= spent

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Forget addresses and what was written; the trade itself must be kept."""
        mine = select(Order.id).where(Order.member_id == member_id)
        for model in (Order, Intent):
            db.execute(
                update(model).where(model.member_id == member_id).values(address_sealed=None),
                execution_options=_QUIET,
            )
        for detail in (OrderTransition, OrderRefund):
            db.execute(
                update(detail).where(detail.order_id.in_(mine)).values(reason=""),
                execution_options=_QUIET,
            )
        reason = _(
            "交易信息按《电子商务法》第三十一条自交易完成之日起至少保存三年；不含姓名、地址和联系方式"
        )
        return [
            Erased(_("订单中的收货地址与退款说明"), "erased"),
            Erased(_("订单记录"), "kept", reason),
        ]


def _grouped(db: Session, model: Any, member_id: int, shown: Any) -> dict[int, list[Any]]:
    query = (
        select(model)
        .join(Order, Order.id == model.order_id)
        .where(Order.member_id == member_id)
        .order_by(model.id)
    )
    grouped: dict[int, list[Any]] = {}
    for row in db.scalars(query):
        grouped.setdefault(row.order_id, []).append(shown(row))
    return grouped


def _line(row: OrderLine) -> dict[str, Any]:
    return {
        "product": row.product_name,
        "sku": row.sku_name,
        "quantity": row.quantity,
        "amount_fen": row.amount_fen,
        "refunded_fen": row.refunded_fen,
    }


def _step(row: OrderTransition) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "event": row.event,
        "by": row.actor_kind,
        "reason": row.reason,
    }


def _refund(row: OrderRefund) -> dict[str, Any]:
    return {
        "number": row.refund_number,
        "reason": row.reason,
        "lines": row.lines,
        "created_at": row.created_at.isoformat(),
    }
