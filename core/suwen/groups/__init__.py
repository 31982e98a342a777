"""Group members (团体会员): their staff, their roster, what they order for it and what comes of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import register
from suwen.accounts.representing import PORT as REPRESENTS
from suwen.archives.matching import RECIPIENTS
from suwen.groups import fulfilment, models, ordering, writing
from suwen.groups.access import represents
from suwen.groups.imports import KIND
from suwen.groups.merging import merger
from suwen.groups.personal import GroupData
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.hookspecs.lifecycle import Event
    from suwen.kernel.house import House

__all__ = ["models"]

ROUTES = (
    ("groups.mine", "/me/groups"),
    ("groups.place", "/me/groups/{person}/{act}"),
    ("groups.claim_code", "/claims"),
    ("groups.claim", "/claims/{code}"),
    ("groups.invitation", "/groups/invitations/{token}"),
    ("groups.home", "/groups/{id}"),
    ("groups.seats", "/groups/{id}/seats"),
    ("groups.roster", "/groups/{id}/roster"),
    ("groups.roster_export", "/groups/{id}/roster.xlsx"),
    ("groups.roster_bulk", "/groups/{id}/roster/bulk"),
    ("groups.person_new", "/groups/{id}/roster/new"),
    ("groups.letters", "/groups/{id}/roster/letters"),
    ("groups.person", "/groups/{id}/roster/{person}"),
    ("groups.imports", "/groups/{id}/imports"),
    ("groups.template", "/groups/{id}/imports/template.xlsx"),
    ("groups.import", "/groups/{id}/imports/{import}"),
    ("groups.import_faults", "/groups/{id}/imports/{import}/faults.xlsx"),
    ("groups.import_status", "/groups/{id}/imports/{import}/status"),
    ("groups.import_move", "/groups/{id}/imports/{import}/{act}"),
    ("groups.orders", "/groups/{id}/orders"),
    ("groups.order_new", "/groups/{id}/orders/new"),
    ("groups.checkout", "/groups/{id}/orders/checkout"),
    ("groups.order", "/groups/{id}/orders/{number}"),
    ("groups.order_export", "/groups/{id}/orders/{number}/people.xlsx"),
    ("groups.report", "/groups/{id}/reports/{recipient}"),
    ("groups.report_file", "/groups/{id}/reports/{recipient}/{document}"),
)


def subscribe(house: House) -> None:
    """Hear what becomes of orders and reports, in their transactions."""

    def placed(db: Session, event: Event) -> None:
        if event.data["intent_id"] is not None:
            ordering.assign_intent(db, event.data["intent_id"], event.data["order_id"])

    def cancelled(db: Session, event: Event) -> None:
        fulfilment.cancelled(db, event.data["order_id"])

    def refunded(db: Session, event: Event) -> None:
        fulfilment.refunded(db, event.data["lines"])

    house.events.subscribe("order_placed", placed)
    house.events.subscribe("order_cancelled", cancelled)
    house.events.subscribe("order_refunded", refunded)
    house.events.subscribe("report_released", fulfilment.reported)


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    subscribe(house)
    house.outbox.handler(KIND, partial(writing.run, house))
    house.jobs.periodic("groups.purge", lambda: writing.purge(house), every_minutes=60)
    house.ports[REPRESENTS] = represents

    def named(db: Session, line_id: int, name: str) -> object:
        return fulfilment.subjects_named(db, house.vault, line_id, name)

    house.ports[RECIPIENTS] = named
    house.ports.setdefault(MERGERS, []).append(merger())
    register(house, GroupData(house.vault))


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    install(config.registry.house)
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.groups.views")
    config.add_suwen_nav(
        "storefront.member",
        _("单位与团体"),
        "groups.mine",
        order=50,
        permission="member.private",
        icon="people",
    )
