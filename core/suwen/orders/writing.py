"""Rows of orders: written in few statements, every step of the state recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from suwen.kernel import clock, ids
from suwen.orders.models import Order, OrderTransition
from suwen.orders.states import ORDER

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.catalog.lines import LineFact
    from suwen.kernel.audit import Actor
    from suwen.kernel.crypto import Cipher


def line_rows(order_id: int, lines: Sequence[LineFact]) -> list[dict[str, Any]]:
    """Values of the order's lines, ids included."""
    return [
        {
            "id": ids.new_id(),
            "order_id": order_id,
            "position": position,
            "sku_id": line.sku_id,
            "product_id": line.product_id,
            "product_name": line.product_name,
            "sku_name": line.sku_name,
            "test_type": line.test_type,
            "quantity": line.quantity,
            "price_fen": line.price_fen,
            "amount_fen": line.amount_fen,
            "refunded_fen": 0,
        }
        for position, line in enumerate(lines)
    ]


def move(
    db: Session, order: Order, target: str, event: str, actor: Actor, reason: str = ""
) -> None:
    """Take one step and record it; raises ``IllegalTransition``."""
    ORDER.check(order.state, target)
    note(db, order, event, actor, reason, target=target)
    order.state = target


def note(
    db: Session,
    order: Order,
    event: str,
    actor: Actor,
    reason: str = "",
    *,
    target: str | None = None,
) -> OrderTransition:
    """Record something that happened to the order, with or without a change of its state."""
    step = OrderTransition(
        order_id=order.id,
        at=clock.now(),
        event=event,
        source=order.state,
        target=target or order.state,
        actor_kind=actor.kind,
        actor_id=actor.id,
        reason=reason,
    )
    db.add(step)
    return step


def seal_address(cipher: Cipher, table: str, row_id: int, address: Any) -> bytes | None:
    """The address as it is kept with an order or intent."""
    if address is None:
        return None
    return cipher.seal(json.dumps(address, ensure_ascii=False), f"{table}:address:{row_id}")


def open_address(cipher: Cipher, table: str, row_id: int, sealed: bytes | None) -> Any:
    """The address of an order or intent, or None."""
    if sealed is None:
        return None
    return json.loads(cipher.open_text(sealed, f"{table}:address:{row_id}"))
