"""A member's consumption record (消费记录): what was paid, what came back, how the balance moved.

All of it stands in the ledger; orders and refunds say whose it is. One list by time, newest first,
and sums of the same rows, each in one statement.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from suwen.kernel.clock import SHANGHAI
from suwen.kernel.crypto import CannotOpen
from suwen.kernel.db import Fen, UTCDateTime
from suwen.kernel.i18n import _
from suwen.ledger.errors import BadCursor
from suwen.ledger.models import LedgerAccount, LedgerEntry, Posting
from suwen.ledger.showing import shown_at
from suwen.orders.models import Order, OrderLine
from suwen.payments.models import PaymentAttempt, Refund

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select, Subquery
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House

ORDER, REFUND, BALANCE = "order", "refund", "balance"
KINDS: Final[Mapping[str, str]] = {
    ORDER: _("订单付款"),
    REFUND: _("订单退款"),
    BALANCE: _("余额变动"),
}
PAGE = 20
MAX_TEXT = 60
_PLACES: Final = {BALANCE: 0, REFUND: 1, ORDER: 2}
"""Tells rows of one entry apart."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows: of a kind, of days in China (both included), with a text in number or name."""

    kind: str | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """One row. ``amount_fen`` is seen from the member's purse: an order takes, a refund gives.

    ``key`` names the row without telling when its entry was written.
    """

    key: str
    kind: str
    at: datetime
    amount_fen: int
    memo: str
    number: str | None
    order_number: str | None
    order_id: int | None

    @property
    def by_day(self) -> bool:
        """Whether only the day is known of it."""
        return self.at.astimezone(SHANGHAI).time() == time.min


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a filter's rows in fen, none negative; ``balance`` is the available balance."""

    spent_fen: int = 0
    refunded_fen: int = 0
    balance_in_fen: int = 0
    balance_out_fen: int = 0
    count: int = 0

    @property
    def net_fen(self) -> int:
        """What orders cost after refunds."""
        return self.spent_fen - self.refunded_fen


class Consumption:
    """One member's record; another member's does not exist."""

    def __init__(self, db: Session, vault: Vault, member_id: int) -> None:
        """Only rows of ``member_id`` are read."""
        self._db, self._vault, self._member_id = db, vault, member_id

    def page(
        self, wanted: Filter, cursor: str | None = None, limit: int = PAGE
    ) -> tuple[list[Movement], str | None]:
        """Rows, newest first, and the cursor of the next page. Raises ``BadCursor``."""
        rows = _rows(self._member_id, wanted)
        key = (rows.c.at, rows.c.entry_id, rows.c.place)
        query = select(rows).order_by(*(column.desc() for column in key)).limit(limit + 1)
        if cursor:
            query = query.where(tuple_(*key) < tuple_(*self._opened(cursor)))
        found = self._db.execute(query).all()
        following = self._sealed(found[limit - 1]) if len(found) > limit else None
        return [self._movement(row) for row in found[:limit]], following

    def totals(self, wanted: Filter) -> Totals:
        """Sums of all rows of the filter, whatever page is shown."""
        rows = _rows(self._member_id, wanted)
        taken = func.sum(case((rows.c.amount_fen < 0, -rows.c.amount_fen), else_=0))
        given = func.sum(case((rows.c.amount_fen > 0, rows.c.amount_fen), else_=0))
        query = select(rows.c.kind, taken, given, func.count()).group_by(rows.c.kind)
        sums = {kind: (int(out), int(back), n) for kind, out, back, n in self._db.execute(query)}
        nothing = (0, 0, 0)
        balance = sums.get(BALANCE, nothing)
        return Totals(
            spent_fen=sums.get(ORDER, nothing)[0],
            refunded_fen=sums.get(REFUND, nothing)[1],
            balance_in_fen=balance[1],
            balance_out_fen=balance[0],
            count=sum(n for _out, _back, n in sums.values()),
        )

    def products(self, movements: Sequence[Movement]) -> Mapping[int, str]:
        """Names of what was bought, by the order's id."""
        wanted = {row.order_id for row in movements if row.order_id is not None}
        query = select(OrderLine.order_id, OrderLine.product_name).where(
            OrderLine.order_id.in_(wanted)
        )
        names: dict[int, list[str]] = {}
        for order_id, name in self._db.execute(query.order_by(OrderLine.id)) if wanted else ():
            names.setdefault(order_id, []).append(name)
        return {order_id: "、".join(dict.fromkeys(found)) for order_id, found in names.items()}

    def _movement(self, row: Any) -> Movement:
        name = f"{self._member_id}.{row.entry_id}.{row.place}"
        return Movement(
            key=self._vault.mac("consumption", name.encode())[:24],
            kind=row.kind,
            at=row.at,
            amount_fen=row.amount_fen,
            memo=row.memo,
            number=row.number,
            order_number=row.order_number,
            order_id=row.order_id,
        )

    # An entry's id holds the millisecond in which it was written, so cursors are sealed.
    def _sealed(self, row: Any) -> str:
        text = f"{row.at.isoformat()} {row.entry_id} {row.place}"
        sealed = self._vault.house.seal(text, f"consumption:{self._member_id}")
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def _opened(self, cursor: str) -> tuple[ColumnElement[Any], ...]:
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            text = self._vault.house.open_text(sealed, f"consumption:{self._member_id}")
        except (CannotOpen, ValueError):
            raise BadCursor from None
        at, entry_id, place = text.split(" ")
        return (
            literal(datetime.fromisoformat(at), UTCDateTime()),
            literal(int(entry_id), BigInteger()),
            literal(int(place), BigInteger()),
        )


def _rows(member_id: int, wanted: Filter) -> Subquery:
    """The rows of a filter. Each arm begins at the member's own rows and goes on by index."""
    arms = {ORDER: _orders, REFUND: _refunds, BALANCE: _balance}
    chosen = [arms[wanted.kind]] if wanted.kind else list(arms.values())
    made = [arm(member_id, wanted.text).where(*_within(wanted)) for arm in chosen]
    return union_all(*made).subquery("movement")


def _within(wanted: Filter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.since:
        found.append(LedgerEntry.occurred_at >= _begins(wanted.since))
    if wanted.until and wanted.until < date.max:
        found.append(LedgerEntry.occurred_at < _begins(wanted.until + timedelta(days=1)))
    return found


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def _columns(
    kind: str,
    amount: ColumnElement[int],
    numbers: tuple[Any, Any, Any],
) -> tuple[ColumnElement[Any], ...]:
    number, order_number, order_id = numbers
    return (
        literal(kind, String()).label("kind"),
        literal(_PLACES[kind], BigInteger()).label("place"),
        LedgerEntry.id.label("entry_id"),
        shown_at().label("at"),
        amount.label("amount_fen"),
        LedgerEntry.memo.label("memo"),
        number.label("number"),
        order_number.label("order_number"),
        order_id.label("order_id"),
    )


def _orders(member_id: int, text: str) -> Select[Any]:
    columns = _columns(ORDER, -Order.payable_fen, (Order.number, Order.number, Order.id))
    booked = _booked("order_paid", cast(Order.id, String))
    query = select(*columns).select_from(Order).join(LedgerEntry, booked)
    query = query.where(Order.member_id == member_id)
    return (
        query.where(or_(Order.number.icontains(text, autoescape=True), _named(text)))
        if text
        else query
    )


def _refunds(member_id: int, text: str) -> Select[Any]:
    columns = _columns(REFUND, Refund.amount_fen + 0, (Refund.number, Order.number, Order.id))
    paid = and_(PaymentAttempt.payable_kind == "order", PaymentAttempt.payable_id == Order.id)
    query = (
        select(*columns)
        .select_from(Order)
        .join(PaymentAttempt, paid)
        .join(Refund, Refund.attempt_id == PaymentAttempt.id)
        .join(LedgerEntry, _booked("order_refunded", cast(Refund.number, String)))
        .where(Order.member_id == member_id)
    )
    if not text:
        return query
    numbers = [number.icontains(text, autoescape=True) for number in (Refund.number, Order.number)]
    return query.where(or_(*numbers, _named(text)))


def _balance(member_id: int, text: str) -> Select[Any]:
    nothing = cast(null(), String)
    columns = _columns(
        BALANCE, cast(-Posting.amount_fen, Fen()), (nothing, nothing, cast(null(), BigInteger))
    )
    query = (
        select(*columns)
        .select_from(LedgerAccount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .where(LedgerAccount.member_id == member_id, LedgerAccount.kind == "available")
    )
    return query.where(LedgerEntry.memo.icontains(text, autoescape=True)) if text else query


def _booked(kind: str, ref: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(LedgerEntry.kind == kind, LedgerEntry.ref == ref)


def _named(text: str) -> ColumnElement[bool]:
    line = OrderLine.product_name.icontains(text, autoescape=True)
    return exists().where(OrderLine.order_id == Order.id, line)


def consumption(house: House, db: Session, member_id: int) -> Consumption:
    """The record of one member in one unit of work."""
    return Consumption(db, house.vault, member_id)
