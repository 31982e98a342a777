"""Ordering for many at once (批量订购): people of the roster, one SKU, one order.

Prices, stock, ways to pay and the order itself are those of every purchase; what is added is for
whom each piece is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from suwen.groups.errors import NoPeople, TooManyPeople
from suwen.groups.models import GroupRecipient, RosterPerson
from suwen.groups.roster import Filters
from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.orders.models import Intent, Order, OrderLine
from suwen.orders.placing import Checkout
from suwen.orders.quoting import Quote, Wish

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.groups.access import Acting
    from suwen.groups.roster import Roster
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.orders.services import OrderService

MAX_AT_ONCE: Final = 500
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class BulkWish:
    """One SKU for these people, and how their specimens are taken."""

    sku_id: int
    people: tuple[int, ...]
    collection_method: str
    point_id: int | None = None
    address_id: int | None = None


class BulkOrders:
    """Orders of the group that ``acting`` acts for."""

    def __init__(
        self, db: Session, orders: OrderService, roster: Roster, audit: AuditLog, acting: Acting
    ) -> None:
        """``roster`` says who can be ordered for."""
        self._db = db
        self._orders = orders
        self._roster = roster
        self._audit = audit
        self._acting = acting

    def choose(self, filters: Filters, picked: Sequence[int] | None) -> tuple[int, ...]:
        """Ids of the people: those picked, or with None all who match.

        Raises ``NoPeople``, ``TooManyPeople``, or ``NotFound`` for somebody of another roster.
        """
        if picked is None:
            entries, more = self._roster.page(filters, limit=MAX_AT_ONCE)
            if more is not None:
                raise TooManyPeople
            chosen = tuple(entry.id for entry in entries)
        else:
            chosen = tuple(dict.fromkeys(picked))
        if not chosen:
            raise NoPeople
        if len(chosen) > MAX_AT_ONCE:
            raise TooManyPeople
        if picked is not None and self._on_roster(chosen) != len(chosen):
            raise NotFound
        return chosen

    def _on_roster(self, people: Sequence[int]) -> int:
        found = self._roster.entries(people)
        return sum(entry.state == "active" for entry in found.values())

    def quote(self, wish: BulkWish) -> Quote:
        """The price for all of them; raises what quoting raises."""
        return self._orders.quoting.quote(
            Wish(
                member_id=self._acting.group_id,
                items=((wish.sku_id, len(wish.people)),),
                collection_method=wish.collection_method,
                point_id=wish.point_id,
                address_id=wish.address_id,
                most=MAX_AT_ONCE,
            )
        )

    def place(self, wish: BulkWish, checkout: Checkout, actor: Actor) -> Order | Intent:
        """Make the order, or the intent, with its recipients; a second click finds the first."""
        people = self.choose(Filters(), wish.people)
        placed = self._orders.placing.place(self.quote(wish), checkout, actor)
        if self._has_recipients(placed):
            return placed
        if isinstance(placed, Intent):
            values: dict[str, Any] = {"intent_id": placed.id, "state": "planned"}
        else:
            line = self._orders.lines(placed.id)[0]
            values = {"order_id": placed.id, "line_id": line.id, "state": "assigned"}
        self._write(people, values)
        number = placed.code if isinstance(placed, Intent) else placed.number
        self._audit.write(
            self._db,
            actor,
            "group.order",
            "order_intent" if isinstance(placed, Intent) else "order",
            number,
            details={"group": str(self._acting.group_id), "people": len(people)},
        )
        return placed

    def _has_recipients(self, placed: Order | Intent) -> bool:
        key = GroupRecipient.intent_id if isinstance(placed, Intent) else GroupRecipient.order_id
        return (
            self._db.execute(select(GroupRecipient.id).where(key == placed.id)).first() is not None
        )

    def _write(self, people: Sequence[int], values: dict[str, Any]) -> None:
        query = select(RosterPerson.id, RosterPerson.subject_id)
        query = query.where(RosterPerson.id.in_(people))
        subjects = {row[0]: row[1] for row in self._db.execute(query)}
        rows = [
            {
                "id": ids.new_id(),
                "group_id": self._acting.group_id,
                "person_id": person_id,
                "subject_id": subjects[person_id],
                "order_id": None,
                "line_id": None,
                "intent_id": None,
                "created_at": clock.now(),
                **values,
            }
            for person_id in people
        ]
        self._db.execute(insert(GroupRecipient), rows)


def assign_intent(db: Session, intent_id: int, order_id: int) -> None:
    """The counter has confirmed: what was planned for an intent is its order's."""
    line = db.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).first()
    db.execute(
        update(GroupRecipient)
        .where(GroupRecipient.intent_id == intent_id, GroupRecipient.state == "planned")
        .values(order_id=order_id, line_id=line, state="assigned"),
        execution_options=_QUIET,
    )
