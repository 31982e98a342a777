"""Payments (支付): attempts, refunds and what providers say about them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

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


def includeme(config: Configurator) -> None:
    """Mount the pages, the notifications' way in and the jobs."""
    from suwen.kernel.i18n import _
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
    config.add_suwen_counter(
        _("待审核退款"),
        "admin.refunds",
        "staff.finance",
        lambda house, db: payments(house, db).reader.waiting_refunds(),
        query={"state": "requested"},
    )
    for kind, handler in tasks.HANDLERS.items():
        house.outbox.handler(kind, partial(handler, house))
    house.jobs.periodic("payments.revive", partial(tasks.revive, house), every_minutes=60)
