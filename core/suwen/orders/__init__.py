"""Orders (订单): from a wish to a paid purchase."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import register
from suwen.kernel.i18n import _
from suwen.orders.merging import merger
from suwen.orders.models import Intent
from suwen.orders.personal import OrderData
from suwen.orders.services import orders, settling

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event
    from suwen.kernel.house import House

ROUTES = (
    ("orders.checkout", "/checkout"),
    ("orders.list", "/orders"),
    ("orders.order", "/orders/{number}"),
    ("orders.pay", "/orders/{number}/pay"),
    ("orders.cancel", "/orders/{number}/cancel"),
    ("orders.refund", "/orders/{number}/refund"),
    ("orders.intent", "/intents/{code}"),
    ("orders.intent_cancel", "/intents/{code}/cancel"),
    ("orders.consumption", "/me/consumption"),
    ("orders.consumption_print", "/me/consumption/print"),
    ("orders.consumption_file", "/me/consumption/file"),
    ("admin.orders", "/admin/orders"),
    ("admin.order", "/admin/orders/{number}"),
    ("admin.intents", "/admin/intents"),
    ("admin.intent", "/admin/intents/{code}"),
    ("admin.intent_confirm", "/admin/intents/{code}/confirm"),
    ("admin.intent_reject", "/admin/intents/{code}/reject"),
)


def expire(house: House) -> None:
    """Periodic job: cancel what was not paid in time."""
    with house.database.transaction() as session:
        orders(house, session).expire_due()


def open_items(house: House, db: Session, region: str, plugin: str) -> list[tuple[str, int]]:
    """Intents of a plugin's gateways that wait for a cashier: what draining leaves to do."""
    codes = [item.code for item in house.host.gateways if item.plugin == plugin]
    query = (
        select(func.count())
        .select_from(Intent)
        .where(Intent.region == region, Intent.gateway.in_(codes), Intent.state == "waiting")
    )
    return [(_("待确认的付款意向"), db.scalar(query) or 0)]


def subscribe(house: House) -> None:
    """Hear payments, in their transactions."""

    def captured(db: Session, event: Event) -> None:
        if event.data["payable_kind"] == "order":
            settling(house, db).captured(event.data)

    def refunded(db: Session, event: Event) -> None:
        if event.data["payable_kind"] == "order":
            settling(house, db).refunded(event.data)

    house.events.subscribe("payment_captured", captured)
    house.events.subscribe("payment_refunded", refunded)


def includeme(config: Configurator) -> None:
    """Mount pages and operations, hear payments."""
    house: House = config.registry.house
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.orders.views")
    config.add_suwen_nav("storefront.member", _("我的订单"), "orders.list", order=10, icon="bag")
    config.add_suwen_nav(
        "storefront.member", _("消费记录"), "orders.consumption", order=45, icon="receipt"
    )
    for title, route, order, permission, icon in (
        (_("订单"), "admin.orders", 10, "staff.orders", "bag"),
        (_("线下收款"), "admin.intents", 20, "staff.cashier", "cash-coin"),
    ):
        config.add_suwen_nav(
            "admin.shop", title, route, order=order, permission=permission, icon=icon
        )
    config.add_suwen_permission("staff.orders", _("查看和处理订单"), "shop", by_branch=True)
    config.add_suwen_permission("staff.cashier", _("确认线下收款"), "shop", by_branch=True)
    subscribe(house)
    register(house, OrderData(house))
    house.ports.setdefault("open_items", []).append(partial(open_items, house))
    house.ports.setdefault(MERGERS, []).append(merger())
    house.jobs.periodic("orders.expire", lambda: expire(house))
