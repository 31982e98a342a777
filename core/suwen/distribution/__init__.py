"""Distribution (分销): recommendations and what they earn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import register
from suwen.distribution.merging import merger
from suwen.distribution.models import CommissionLine
from suwen.distribution.personal import DistributionData
from suwen.distribution.services import distribution, rewards
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event
    from suwen.kernel.house import House

ROUTES = (
    ("distribution.visit", "/s/{code}"),
    ("distribution.qr", "/s/{code}/qr.svg"),
    ("distribution.home", "/me/distribution"),
    ("distribution.join", "/me/distribution/join"),
    ("distribution.leave", "/me/distribution/leave"),
    ("distribution.share", "/me/distribution/share"),
)


def lapse(house: House) -> None:
    """Periodic job: held commissions whose time is over go back to the house."""
    with house.database.transaction() as session:
        distribution(house, session).expire_held()


def open_items(house: House, db: Session, region: str, plugin: str) -> list[tuple[str, int]]:
    """Commissions of a plugin's schemes that are not available yet."""
    codes = [item.code for item in house.host.schemes if item.plugin == plugin]
    query = (
        select(func.count())
        .select_from(CommissionLine)
        .where(
            CommissionLine.region == region,
            CommissionLine.scheme.in_(codes),
            CommissionLine.state.in_(("held", "frozen", "releasable")),
        )
    )
    return [(_("未结算的返现"), db.scalar(query) or 0)]


def subscribe(house: House) -> None:
    """Hear members and orders, in their transactions."""

    def registered(db: Session, event: Event) -> None:
        code = event.data.get("referral_code")
        distribution(house, db).bindings.bind(event.data["member_id"], code)

    def intended(db: Session, event: Event) -> None:
        service = rewards(house, db)
        service.bindings.bind(event.data["member_id"], event.data["referral_code"])
        service.freeze("intent", event.data["intent_id"], event)

    def placed(db: Session, event: Event) -> None:
        service = rewards(house, db)
        service.bindings.bind(event.data["member_id"], event.data["referral_code"])
        service.freeze("order", event.data["order_id"], event)

    def paid(db: Session, event: Event) -> None:
        rewards(house, db).earn(event.data["order_id"], event.data["member_id"])

    def refunded(db: Session, event: Event) -> None:
        left = {line["line_id"]: line["remaining_fen"] for line in event.data["lines"]}
        rewards(house, db).reverse(event.data["refund_number"], left)

    house.events.subscribe("member_registered", registered)
    house.events.subscribe("intent_created", intended)
    house.events.subscribe("order_placed", placed)
    house.events.subscribe("order_paid", paid)
    house.events.subscribe("order_refunded", refunded)


def includeme(config: Configurator) -> None:
    """Mount pages and operations, hear members and orders."""
    house: Any = config.registry.house
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.distribution.views")
    config.add_suwen_nav(
        "storefront.member", _("推荐返现"), "distribution.home", order=40, icon="share"
    )
    subscribe(house)
    register(house, DistributionData(house))
    house.ports.setdefault("open_items", []).append(partial(open_items, house))
    house.ports.setdefault(MERGERS, []).append(merger())
    house.jobs.periodic("distribution.lapse", lambda: lapse(house), every_minutes=60)
