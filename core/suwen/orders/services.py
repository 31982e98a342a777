"""Orders: the one service that surfaces and upper domains talk to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.accounts.profiles import AddressBook
from suwen.accounts.staffing.reach import ANYWHERE, Reach
from suwen.catalog.services import catalog
from suwen.hookspecs.lifecycle import Event
from suwen.hookspecs.payment import OfferContext
from suwen.kernel import clock, ids
from suwen.kernel.audit import SYSTEM
from suwen.kernel.db import lock
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.ledger.services import ledger
from suwen.messaging.services import messaging
from suwen.orders import writing
from suwen.orders.errors import NotPayable
from suwen.orders.intents import Intents
from suwen.orders.models import Order, OrderLine, OrderTransition
from suwen.orders.placing import Placing
from suwen.orders.quoting import Quoting
from suwen.orders.reach import within
from suwen.orders.refunds import OrderRefunds
from suwen.orders.settling import Settling
from suwen.payments.payable import Payable, payable_of
from suwen.payments.services import payments
from suwen.places.services import places

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.catalog.services import CatalogService
    from suwen.kernel.audit import Actor
    from suwen.kernel.events import EventBus
    from suwen.kernel.house import House
    from suwen.payments.offering import Method
    from suwen.payments.services import PaymentService

PAGE = 20


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders with their lines, newest first."""

    items: Sequence[tuple[Order, Sequence[OrderLine]]]
    next_cursor: str | None


class OrderService:
    """Reads and cancels orders; ``quoting``, ``placing``, ``intents``, ``refunds`` do the rest."""

    def __init__(
        self,
        db: Session,
        events: EventBus,
        catalog: CatalogService,
        payments: PaymentService,
        parts: tuple[Quoting, Placing, Intents, OrderRefunds],
    ) -> None:
        """``parts`` are the specialised services over the same session."""
        self._db = db
        self._events = events
        self.catalog = catalog
        self.payments = payments
        self.quoting, self.placing, self.intents, self.refunds = parts

    def of_member(self, member_id: int, number: str) -> Order:
        """A member's own order; raises ``NotFound``."""
        order = self.find(number)
        if order is None or order.member_id != member_id:
            raise NotFound
        return order

    def get(self, number: str, reach: Reach = ANYWHERE) -> Order:
        """An order for staff within their ``reach``; raises ``NotFound``."""
        query = select(Order).where(Order.number == number, *within(reach, Order))
        order = self._db.scalars(query).first()
        if order is None:
            raise NotFound
        return order

    def find(self, number: str) -> Order | None:
        """The order of this number."""
        return self._db.scalars(select(Order).where(Order.number == number)).first()

    def lines(self, order_id: int) -> Sequence[OrderLine]:
        """Lines in order."""
        return self._lines([order_id]).get(order_id, [])

    def _lines(self, order_ids: Sequence[int]) -> Mapping[int, list[OrderLine]]:
        query = select(OrderLine).where(OrderLine.order_id.in_(order_ids))
        grouped: dict[int, list[OrderLine]] = {}
        for line in self._db.scalars(query.order_by(OrderLine.order_id, OrderLine.position)):
            grouped.setdefault(line.order_id, []).append(line)
        return grouped

    def timeline(self, order_id: int) -> Sequence[OrderTransition]:
        """What happened, oldest first."""
        query = select(OrderTransition).where(OrderTransition.order_id == order_id)
        return self._db.scalars(query.order_by(OrderTransition.id)).all()

    def page(
        self,
        *,
        member_id: int | None = None,
        state: str | None = None,
        reach: Reach = ANYWHERE,
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> OrderPage:
        """Orders, newest first, two statements however many there are."""
        query = select(Order).where(*within(reach, Order))
        query = query.order_by(Order.id.desc()).limit(limit + 1)
        if member_id is not None:
            query = query.where(Order.member_id == member_id)
        if state is not None:
            query = query.where(Order.state == state)
        if cursor is not None:
            query = query.where(Order.id < (ids.parse(cursor) or 0))
        rows = self._db.scalars(query).all()
        shown = rows[:limit]
        lines = self._lines([order.id for order in shown])
        items = [(order, lines.get(order.id, [])) for order in shown]
        return OrderPage(items, str(shown[-1].id) if len(rows) > limit else None)

    def cancel(self, order: Order, actor: Actor, reason: str = "") -> None:
        """Cancel an unpaid order and give its stock back; raises ``IllegalTransition``.

        A payment that arrives all the same is sent back.
        """
        fresh = lock(self._db, Order, order.id)
        writing.move(self._db, fresh, "cancelled", "cancelled", actor, reason)
        fresh.closed_at = clock.now()
        self.payments.close_open("order", fresh.id)
        self.catalog.give_back({line.sku_id: line.quantity for line in self.lines(fresh.id)})
        self._db.flush()
        data = {"order_id": fresh.id, "member_id": fresh.member_id}
        key = f"order_cancelled:{fresh.id}"
        self._events.publish(
            self._db, Event("order_cancelled", key, fresh.region, clock.now(), data)
        )

    def payable(self, order: Order) -> Payable:
        """The order as something to pay, under its lock; raises ``NotPayable``.

        Two tabs then start one payment, and none is started beside a cancellation.
        """
        return _payable(lock(self._db, Order, order.id))

    def payable_of_member(self, member_id: int, number: str) -> Payable:
        """As ``payable``, for a member's own order, found and locked at once; raises ``NotFound``."""
        query = select(Order).where(Order.number == number, Order.member_id == member_id)
        fresh = {"populate_existing": True}
        order = self._db.scalars(query.with_for_update(), execution_options=fresh).first()
        if order is None:
            raise NotFound
        return _payable(order)

    def ways_to_pay(self, order: Order) -> Sequence[Method]:
        """What its service region offers for a waiting order right now, orders only."""
        methods = self.payments.methods(
            OfferContext(order.region, order.payable_fen, order.collection_method, order.point_id)
        )
        return [method for method in methods.offered if method.creates == "order"]

    def expire_due(self, limit: int = 200) -> int:
        """Cancel unpaid orders and close intents whose time is over; how many."""
        due = self._overdue(limit)
        for order in due:
            self.cancel(order, SYSTEM, _("超过付款时限"))
        return len(due) + self.intents.expire_due(limit)

    def _overdue(self, limit: int) -> list[Order]:
        """Unpaid orders whose time is over, under their locks. One whose attempt is still open at
        the provider is closed there first, and holds up no other.
        """
        found: list[Order] = []
        query = select(Order).where(
            Order.state == "pending_payment", Order.expires_at <= clock.now()
        )
        query, after = query.order_by(Order.id).limit(limit).with_for_update(skip_locked=True), 0
        while len(found) < limit:
            rows = self._db.scalars(query.where(Order.id > after)).all()
            found += [row for row in rows if not self.payments.has_open("order", row.id)]
            if len(rows) < limit:
                break
            after = rows[-1].id
        return found


def _payable(order: Order) -> Payable:
    if order.state != "pending_payment" or order.expires_at <= clock.now():
        raise NotPayable
    return payable_of("order", order)


def orders(house: House, db: Session) -> OrderService:
    """The service of one unit of work."""
    shop, money = catalog(house, db), payments(house, db)
    placing = Placing(db, house.vault, house.events, shop, money)
    quoting = Quoting(
        shop,
        places(house, db),
        lambda member_id: AddressBook(db, house.vault, member_id),
        lambda code: house.regions.resolve(db, code),
        money,
    )
    intents = Intents(db, house.vault, house.audit, shop, money, placing)
    parts = (quoting, placing, intents, OrderRefunds(db, money))
    return OrderService(db, house.events, shop, money, parts)


def settling(house: House, db: Session) -> Settling:
    """The service that hears payments."""
    return Settling(
        db,
        house.events,
        ledger(house, db),
        payments(house, db),
        catalog(house, db),
        messaging(house, db),
    )
