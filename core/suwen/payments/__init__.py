"""Payments (支付): attempts, refunds and what providers say about them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from suwen.accounts.personal_data import register
from suwen.kernel.i18n import _
from suwen.payments.models import PaymentAttempt, Refund
from suwen.payments.personal import PaymentData
from suwen.payments.states import OPEN, OPEN_REFUND

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House


ROUTES = (
    ("payments.notify", "/notify/{gateway}/{region}"),
    ("payments.pay", "/payments/{number}"),
    ("payments.status", "/payments/{number}/status"),
    ("payments.retry", "/payments/{number}/retry"),
    ("payments.return", "/payments/{number}/return"),
    ("payments.result", "/payments/{number}/result"),
    ("admin.payments", "/admin/payments"),
    ("admin.payment", "/admin/payments/{number}"),
    ("admin.payment_query", "/admin/payments/{number}/query"),
    ("admin.refunds", "/admin/refunds"),
    ("admin.refund_decide", "/admin/refunds/{number}/{decision:approve|reject|retry|confirm}"),
)


def open_items(db: Session, region: str, plugin: str) -> list[tuple[str, int]]:
    """Payments and refunds of a gateway that are not settled yet."""
    here = (PaymentAttempt.region == region, PaymentAttempt.plugin == plugin)
    attempts = select(func.count()).where(*here, PaymentAttempt.state.in_(OPEN))
    refunds = (
        select(func.count())
        .select_from(Refund)
        .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
        .where(*here, Refund.state.in_(OPEN_REFUND))
    )
    return [
        (_("进行中的支付"), db.scalar(attempts) or 0),
        (_("进行中的退款"), db.scalar(refunds) or 0),
    ]


def includeme(config: Configurator) -> None:
    """Mount the pages, the notifications' way in and the jobs."""
    from suwen.payments import tasks
    from suwen.payments.services import payments

    house: House = config.registry.house
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.payments.views")
    for title, route, order, icon in (
        (_("支付记录"), "admin.payments", 10, "credit-card"),
        (_("退款"), "admin.refunds", 20, "receipt"),
    ):
        config.add_suwen_nav(
            "admin.finance", title, route, order=order, permission="staff.finance", icon=icon
        )
    config.add_suwen_permission("staff.finance", _("查看支付、审核退款"), "finance")
    config.add_suwen_counter(
        _("待审核退款"),
        "admin.refunds",
        "staff.finance",
        lambda house, db: payments(house, db).reader.waiting_refunds(),
        query={"state": "requested"},
    )
    house.ports.setdefault("open_items", []).append(open_items)
    register(house, PaymentData())
    for kind, handler in tasks.HANDLERS.items():
        house.outbox.handler(kind, partial(handler, house))
    house.jobs.periodic("payments.revive", partial(tasks.revive, house), every_minutes=60)
