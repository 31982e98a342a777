"""Factories of the domain's services: each takes apart the house that a request brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.services import accounts
from suwen.archives.services import archives
from suwen.groups.access import Acting, acting
from suwen.groups.claims import Claims
from suwen.groups.fulfilment import Fulfilment
from suwen.groups.imports import RosterImports
from suwen.groups.ordering import BulkOrders
from suwen.groups.roster import Roster
from suwen.groups.seats import Invitations, Seats
from suwen.groups.sharing import Sharing
from suwen.messaging.services import messaging
from suwen.orders.services import orders

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House


class Group:
    """A group in the hands of somebody who may act for it. Each part is made when it is asked for."""

    def __init__(self, house: House, db: Session, who: Acting) -> None:
        """``who`` was proved by ``group``."""
        self._house = house
        self._db = db
        self.who = who

    @property
    def roster(self) -> Roster:
        """Its people."""
        return Roster(self._db, self._house.vault, self._house.audit, self.who)

    @property
    def imports(self) -> RosterImports:
        """Sheets that were uploaded."""
        return RosterImports(self._db, self._house.vault, self._house.audit, self.who)

    @property
    def seats(self) -> Seats:
        """Who acts for it; raises ``NotFound`` for staff."""
        return Seats(
            self._db,
            self._house.vault,
            self._house.audit,
            self._house.limiter,
            messaging(self._house, self._db),
            self.who,
        )

    @property
    def bulk_orders(self) -> BulkOrders:
        """Ordering for its people."""
        shop = orders(self._house, self._db)
        return BulkOrders(self._db, shop, self.roster, self._house.audit, self.who)

    @property
    def fulfilment(self) -> Fulfilment:
        """What comes of its orders."""
        return Fulfilment(self._db, self.roster, self.who)

    @property
    def sharing(self) -> Sharing:
        """Reports that people share with it; raises ``NotFound`` for staff."""
        agreed = accounts(self._house, self._db).consents
        return Sharing(self._db, agreed, archives(self._house, self._db), self.who)


def group(house: House, db: Session, group_id: int, member_id: int) -> Group:
    """The group for a member who acts for it; raises ``NotFound`` for anybody else."""
    return Group(house, db, acting(db, group_id, member_id))


def claims(house: House, db: Session) -> Claims:
    """What people do with their places."""
    people = accounts(house, db)
    return Claims(
        db,
        house.vault,
        house.audit,
        house.limiter,
        profiles=people.profiles,
        consents=people.consents,
    )


def invitations(house: House, db: Session) -> Invitations:
    """The other side of seats."""
    return Invitations(db, house.vault, house.audit, accounts(house, db).logins)
