"""Loading the demonstration, step by step; every step may be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.demo import shelves
from suwen.demo.company import Company
from suwen.demo.journeys import COUNTER, Journeys
from suwen.demo.market import YUEYANG, Market
from suwen.demo.people import Hiring

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.demo.people import People
    from suwen.kernel.house import House


class NotDevelopment(Exception):
    """Invented people and known passwords belong to development only."""


def load(house: House) -> list[str]:
    """Load what is not there yet; notes about what could not be done.

    ``house`` must be wired (``suwen.app.make_app``): commissions are frozen and money is booked by
    domains that hear events. Raises ``NotDevelopment``.
    """
    refuse_production(house)
    with house.database.transaction() as db:
        market = Market(house, db)
        market.open()
        shelves.fill(house, db)
        shelves.open_points(db)
    with house.database.transaction() as db:
        people = Hiring(house, db).gather()
    with house.database.transaction() as db:
        notes = _live(house, db, people)
    return [*market.notes, *notes]


def refuse_production(house: House) -> None:
    """Raise ``NotDevelopment`` where real people may be."""
    if not house.settings.development:
        raise NotDevelopment("demonstration data is for suwen.environment = development only")


def _live(house: House, db: Session, people: People) -> list[str]:
    journeys = Journeys(house, db, people)
    journeys.open_balance()
    journeys.assess()
    offering = house.switch.offering(db, YUEYANG)
    if not offering.enabled(COUNTER):
        return [f"no orders: {COUNTER} is off in {YUEYANG}"]
    journeys.buy()
    Company(house, db, people).work()
    if not offering.enabled("archive_gene_report"):
        return ["no report: archive_gene_report is off"]
    journeys.release_report()
    return []
