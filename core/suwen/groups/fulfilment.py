"""What comes of a group's orders (履约): who has been assigned, reported, cancelled. Never a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from suwen.accounts.models import Subject
from suwen.accounts.persons import plain
from suwen.groups import people
from suwen.groups.models import GroupRecipient, RosterPerson
from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.orders.models import Intent, Order, OrderLine

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from suwen.groups.access import Acting
    from suwen.groups.people import Facts
    from suwen.groups.roster import Roster
    from suwen.hookspecs.lifecycle import Event
    from suwen.kernel.crypto import Vault

PAGE: Final = 20
EXPORT_PAGE: Final = 500
STATES: Final = ("assigned", "reported", "cancelled")
TITLES: Final[Mapping[str, str]] = {
    "planned": _("待付款登记"),
    "assigned": _("待出报告"),
    "reported": _("报告已出"),
    "cancelled": _("已取消"),
}
_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order of a group with how far it is. ``counts`` is by state of the recipients."""

    order: Order
    line: OrderLine
    counts: Mapping[str, int]

    @property
    def people(self) -> int:
        """For how many it was."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person for whom a piece was ordered. ``is_claimed``: the report can reach him."""

    id: int
    facts: Facts
    state: str
    is_claimed: bool
    reported_at: datetime | None
    shares: bool = False


class Fulfilment:
    """Orders of the group that ``acting`` acts for."""

    def __init__(self, db: Session, roster: Roster, acting: Acting) -> None:
        """``roster`` knows who the recipients are, removed ones included."""
        self._db = db
        self._roster = roster
        self._acting = acting

    def page(
        self, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[Sequence[OrderSummary], str | None]:
        """Orders for people of the roster, newest first; three statements however many."""
        ordered = select(GroupRecipient.order_id).where(
            GroupRecipient.group_id == self._acting.group_id
        )
        query = select(Order).where(Order.member_id == self._acting.group_id, Order.id.in_(ordered))
        if cursor is not None:
            query = query.where(Order.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query.order_by(Order.id.desc()).limit(limit + 1)).all()
        shown = rows[:limit]
        following = str(shown[-1].id) if len(rows) > limit else None
        return self._summaries(shown), following

    def _summaries(self, orders: Sequence[Order]) -> Sequence[OrderSummary]:
        keys = [order.id for order in orders]
        lines = {
            line.order_id: line
            for line in self._db.scalars(select(OrderLine).where(OrderLine.order_id.in_(keys)))
        }
        counts: dict[int, dict[str, int]] = {}
        query = (
            select(GroupRecipient.order_id, GroupRecipient.state, func.count())
            .where(GroupRecipient.order_id.in_(keys))
            .group_by(GroupRecipient.order_id, GroupRecipient.state)
        )
        for order_id, state, count in self._db.execute(query):
            counts.setdefault(order_id or 0, {})[state] = count
        return [OrderSummary(one, lines[one.id], counts.get(one.id, {})) for one in orders]

    def waiting(self) -> Sequence[tuple[Intent, int]]:
        """What waits at a counter, with the number of people."""
        query = (
            select(Intent, func.count(GroupRecipient.id))
            .join(GroupRecipient, GroupRecipient.intent_id == Intent.id)
            .where(
                GroupRecipient.group_id == self._acting.group_id,
                GroupRecipient.state == "planned",
                Intent.state == "waiting",
            )
            .group_by(Intent.id)
            .order_by(Intent.id.desc())
            .limit(20)
        )
        return [(row[0], row[1]) for row in self._db.execute(query)]

    def totals(self) -> Mapping[str, int]:
        """Recipients of the group by state."""
        query = (
            select(GroupRecipient.state, func.count())
            .where(GroupRecipient.group_id == self._acting.group_id)
            .group_by(GroupRecipient.state)
        )
        return {row[0]: row[1] for row in self._db.execute(query)}

    def get(self, number: str) -> OrderSummary:
        """One order; raises ``NotFound``."""
        query = select(Order).where(
            Order.number == number, Order.member_id == self._acting.group_id
        )
        order = self._db.scalars(query).first()
        found = self._summaries([order]) if order is not None else ()
        if not found or not found[0].counts:
            raise NotFound
        return found[0]

    def recipients(
        self,
        order_id: int,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> tuple[Sequence[Recipient], str | None]:
        """Its people in the order in which they were chosen."""
        query = select(GroupRecipient).where(
            GroupRecipient.group_id == self._acting.group_id, GroupRecipient.order_id == order_id
        )
        if state is not None:
            query = query.where(GroupRecipient.state == state)
        if cursor is not None:
            query = query.where(GroupRecipient.id > (ids.parse(cursor) or 0))
        rows = self._db.scalars(query.order_by(GroupRecipient.id).limit(limit + 1)).all()
        shown = rows[:limit]
        entries = self._roster.entries([row.person_id for row in shown])
        found = [
            Recipient(
                row.id,
                entries[row.person_id].facts,
                row.state,
                row.subject_id is not None,
                row.reported_at,
            )
            for row in shown
        ]
        return found, str(shown[-1].id) if len(rows) > limit else None

    def all_recipients(self, order_id: int) -> Iterator[Recipient]:
        """All of them, a page at a time."""
        cursor: str | None = None
        while True:
            found, cursor = self.recipients(order_id, cursor=cursor, limit=EXPORT_PAGE)
            yield from found
            if cursor is None:
                return


def subjects_named(db: Session, vault: Vault, line_id: int, name: str) -> Sequence[int]:
    """Subjects of this name for whom a group ordered a line: archives asks when a report comes."""
    group_id = db.scalar(
        select(GroupRecipient.group_id).where(GroupRecipient.line_id == line_id).limit(1)
    )
    if group_id is None or not plain(name):
        return ()
    query = (
        select(GroupRecipient.subject_id)
        .join(RosterPerson, RosterPerson.id == GroupRecipient.person_id)
        .join(Subject, Subject.id == GroupRecipient.subject_id)
        .where(
            GroupRecipient.line_id == line_id,
            GroupRecipient.state != "cancelled",
            RosterPerson.name_index == people.name_index(vault, group_id, name),
        )
        .limit(50)
    )
    return [subject_id for subject_id in db.scalars(query) if subject_id is not None]


def reported(db: Session, event: Event) -> None:
    """A report was released: its person's piece is done, in the same transaction."""
    db.execute(
        update(GroupRecipient)
        .where(
            GroupRecipient.line_id == event.data["order_line_id"],
            GroupRecipient.subject_id == event.data["subject_id"],
            GroupRecipient.state == "assigned",
        )
        .values(state="reported", reported_at=clock.now()),
        execution_options=_QUIET,
    )


def cancelled(db: Session, order_id: int) -> None:
    """An order was cancelled: nobody gets anything of it."""
    _cancel(db, GroupRecipient.order_id == order_id)


def refunded(db: Session, lines: Sequence[Mapping[str, Any]]) -> None:
    """Lines of which nothing is left: what was not reported yet will not be."""
    over = [line["line_id"] for line in lines if not line["remaining_fen"]]
    if over:
        _cancel(db, GroupRecipient.line_id.in_(over))


def _cancel(db: Session, which: Any) -> None:
    db.execute(
        update(GroupRecipient)
        .where(which, GroupRecipient.state == "assigned")
        .values(state="cancelled"),
        execution_options=_QUIET,
    )
