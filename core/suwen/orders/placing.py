"""Placing an order, or an intent where the gateway takes the money first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from suwen.catalog.lines import LineFact
from suwen.hookspecs.lifecycle import Event
from suwen.hookspecs.payment import OrderPolicy
from suwen.kernel import clock, ids
from suwen.kernel.db import take_turns
from suwen.orders import writing
from suwen.orders.errors import GatewayRefused, TooManyOpen
from suwen.orders.models import Intent, Order, OrderLine, OrderTransition

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.catalog.services import CatalogService
    from suwen.kernel.audit import Actor
    from suwen.kernel.crypto import Vault
    from suwen.kernel.events import EventBus
    from suwen.orders.quoting import Quote
    from suwen.payments.services import PaymentService

MAX_OPEN = 10
"""Unpaid orders and waiting intents of one member."""

ORDER_MINUTES = 30
"""How long an unpaid order holds its stock."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """How a quote is accepted. ``submission`` makes a second click find the first result."""

    gateway: str
    submission: str
    referral_code: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was just written, with its lines and its first step."""

    order: Order
    lines: Sequence[OrderLine]
    step: OrderTransition


class Placing:
    """Turns accepted quotes into orders and intents."""

    def __init__(
        self,
        db: Session,
        vault: Vault,
        events: EventBus,
        catalog: CatalogService,
        payments: PaymentService,
    ) -> None:
        """Write to ``db`` and tell ``events``."""
        self._db = db
        self._vault = vault
        self._events = events
        self._catalog = catalog
        self._payments = payments

    def place(self, quote: Quote, checkout: Checkout, actor: Actor) -> Order | Intent:
        """Make the order, or the intent.

        Raises ``GatewayRefused``, ``OutOfStock``, or ``TooManyOpen``: what waits for money holds
        stock that others want.
        """
        # The second of two clicks waits for what the first one makes.
        self._take_turns(quote.wish.member_id)
        standing = self._standing(quote.wish.member_id, checkout.submission)
        if standing:
            return standing
        made = self._make(quote, checkout, actor)
        return made.order if isinstance(made, Placed) else made

    def place_anew(self, quote: Quote, checkout: Checkout, actor: Actor) -> Placed | Intent:
        """As ``place``, for a submission that nobody can know: no first result is looked for."""
        self._take_turns(quote.wish.member_id)
        return self._make(quote, checkout, actor)

    def _take_turns(self, member_id: int) -> None:
        take_turns(self._db, f"{Order.__tablename__}:{member_id}")

    def _make(self, quote: Quote, checkout: Checkout, actor: Actor) -> Placed | Intent:
        method = next((m for m in quote.methods.offered if m.gateway == checkout.gateway), None)
        if method is None:
            raise GatewayRefused(fields={"gateway": GatewayRefused.message})
        if self._open(quote.wish.member_id) >= MAX_OPEN:
            raise TooManyOpen
        if method.creates == OrderPolicy.AFTER_CONFIRMATION.value:
            return self._intent(quote, checkout)
        self._catalog.take_stock(quote.lines)
        return self._order(quote, checkout, actor)

    def _standing(self, member_id: int, submission: str) -> Order | Intent | None:
        order = select(Order).where(Order.member_id == member_id, Order.submission == submission)
        intent = select(Intent).where(
            Intent.member_id == member_id, Intent.submission == submission
        )
        return self._db.scalars(order).first() or self._db.scalars(intent).first()

    def _open(self, member_id: int) -> int:
        orders = select(func.count()).where(
            Order.member_id == member_id, Order.state == "pending_payment"
        )
        intents = select(func.count()).where(
            Intent.member_id == member_id, Intent.state == "waiting"
        )
        total = orders.scalar_subquery() + intents.scalar_subquery()
        return self._db.scalar(select(total)) or 0

    def _order(self, quote: Quote, checkout: Checkout, actor: Actor) -> Placed:
        order = Order(
            id=ids.new_id(),
            number=ids.number("SW"),
            member_id=quote.wish.member_id,
            submission=checkout.submission,
            state="pending_payment",
            region=quote.region.code,
            total_fen=quote.total_fen,
            payable_fen=quote.payable_fen,
            gateway=checkout.gateway,
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(minutes=ORDER_MINUTES),
            collection_method=quote.wish.collection_method,
            point_id=quote.wish.point_id,
        )
        order.address_sealed = writing.seal_address(
            self._vault.house, "order", order.id, quote.address
        )
        return self.write(order, quote.lines, actor, referral_code=checkout.referral_code)

    def write(
        self,
        order: Order,
        lines: Sequence[LineFact],
        actor: Actor,
        *,
        referral_code: str | None = None,
    ) -> Placed:
        """Write an order with its lines and let the domains above freeze what they need."""
        rows = writing.line_rows(order.id, lines)
        placed = Placed(
            order,
            [OrderLine(**row) for row in rows],
            writing.note(self._db, order, "placed", actor),
        )
        self._db.add_all([order, *placed.lines])
        self._db.flush()
        data = {
            "order_id": order.id,
            "intent_id": order.intent_id,
            "member_id": order.member_id,
            "referral_code": referral_code,
            "lines": self._reward_lines(rows, lines),
        }
        self._publish("order_placed", f"order_placed:{order.id}", order.region, data)
        return placed

    def _intent(self, quote: Quote, checkout: Checkout) -> Intent:
        code = ids.code(8)
        lifetime, instructions = self._payments.intent_terms(
            quote.region.code, checkout.gateway, code, quote.payable_fen
        )
        intent = Intent(
            id=ids.new_id(),
            code=code,
            member_id=quote.wish.member_id,
            submission=checkout.submission,
            state="waiting",
            region=quote.region.code,
            gateway=checkout.gateway,
            total_fen=quote.total_fen,
            payable_fen=quote.payable_fen,
            lines=[frozen(line) for line in quote.lines],
            instructions=instructions,
            created_at=clock.now(),
            expires_at=clock.now() + lifetime,
            collection_method=quote.wish.collection_method,
            point_id=quote.wish.point_id,
        )
        intent.address_sealed = writing.seal_address(
            self._vault.house, "order_intent", intent.id, quote.address
        )
        self._db.add(intent)
        self._db.flush()
        rows = writing.line_rows(intent.id, quote.lines)
        data = {
            "intent_id": intent.id,
            "member_id": intent.member_id,
            "referral_code": checkout.referral_code,
            "lines": self._reward_lines(rows, quote.lines),
        }
        self._publish("intent_created", f"intent_created:{intent.id}", intent.region, data)
        return intent

    def _reward_lines(
        self, rows: Sequence[Mapping[str, Any]], lines: Sequence[LineFact]
    ) -> list[dict[str, Any]]:
        categories = self._catalog.categories_of([line.product_id for line in lines])
        return [
            {
                "line_id": row["id"],
                "sku_id": line.sku_id,
                "product_id": line.product_id,
                "quantity": line.quantity,
                "base_fen": line.amount_fen,
                "category_ids": list(categories.get(line.product_id, ())),
                "overrides": dict(line.overrides),
            }
            for row, line in zip(rows, lines, strict=True)
        ]

    def _publish(self, name: str, key: str, region: str, data: Mapping[str, Any]) -> None:
        self._events.publish(self._db, Event(name, key, region, clock.now(), data))


def frozen(line: LineFact) -> dict[str, Any]:
    """A line fact as an intent keeps it."""
    return {name: getattr(line, name) for name in line.__slots__} | {
        "overrides": dict(line.overrides),
        # JSON numbers lose the last digits of a 63-bit id in some readers.
        "sku_id": str(line.sku_id),
        "product_id": str(line.product_id),
    }


def thawed(values: Mapping[str, Any]) -> LineFact:
    """The line fact that an intent kept."""
    ints = {"sku_id": int(values["sku_id"]), "product_id": int(values["product_id"])}
    return LineFact(**{**values, **ints})
