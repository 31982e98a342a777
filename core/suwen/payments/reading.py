"""What pages and the API see of payments and refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, cast, func, select

from suwen.kernel import clock, ids
from suwen.kernel.errors import NotFound
from suwen.payments.models import (
    PaymentAttempt,
    PaymentEvent,
    PaymentTransition,
    Refund,
    RefundTransition,
)
from suwen.payments.states import OPEN, shown_state

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.plugins.host import PluginHost

PAGE: Final = 20
REVIEW_WINDOW: Final = 90 * 86_400_000 << 22
"""90 days, as a difference of ids (milliseconds above 22 bits, see ``suwen.kernel.ids``)."""


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One payment as its member sees it. ``title`` stands even when the plugin is gone."""

    number: str
    state: str
    gateway: str
    title: str
    amount_fen: int
    refunded_fen: int
    payable_kind: str
    payable_number: str
    action: Mapping[str, Any] | None
    created_at: datetime
    expires_at: datetime
    announced: bool

    @property
    def open(self) -> bool:
        """Whether the buyer may still pay."""
        return self.state in OPEN

    @property
    def overdue(self) -> bool:
        """Open, but its time is over: a job is finding out what became of it."""
        return self.open and self.expires_at <= clock.now()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A line of the staff's list."""

    id: int
    number: str
    state: str
    gateway: str
    region: str
    amount_fen: int
    refunded_fen: int
    flags: Sequence[str]
    payable_number: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """Everything that is known about one payment, for staff."""

    attempt: PaymentAttempt
    state: str
    refunded_fen: int
    steps: Sequence[PaymentTransition]
    events: Sequence[PaymentEvent]
    refunds: Sequence[Refund]
    refund_steps: Mapping[int, Sequence[RefundTransition]]


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A line of the staff's list of refunds."""

    id: int
    number: str
    state: str
    amount_fen: int
    reason: str
    region: str
    flags: Sequence[str]
    created_at: datetime
    payment: str
    gateway: str
    payable_number: str


Regions = Sequence[str] | None
"""Regions that a person works for; None means all."""


class Reader:
    """Reads; changes nothing."""

    def __init__(self, db: Session, host: PluginHost) -> None:
        """Titles come from ``host``."""
        self._db, self._host = db, host

    def of_member(self, member_id: int, number: str) -> PaymentView:
        """A member's own payment; raises ``NotFound``."""
        query = select(PaymentAttempt, _refunded()).where(
            PaymentAttempt.number == number, PaymentAttempt.member_id == member_id
        )
        row = self._db.execute(query).first()
        if row is None:
            raise NotFound
        return self.shown(row[0], int(row[1]))

    def owner_of(self, number: str) -> int:
        """Whose payment it is; raises ``NotFound``."""
        query = select(PaymentAttempt.member_id).where(PaymentAttempt.number == number)
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def shown(self, attempt: PaymentAttempt, refunded_fen: int = 0) -> PaymentView:
        """An attempt as its member sees it."""
        state = shown_state(attempt.state, attempt.amount_fen, refunded_fen)
        return PaymentView(
            number=attempt.number,
            state=state,
            gateway=attempt.gateway,
            title=self._host.gateways.title(attempt.gateway),
            amount_fen=attempt.amount_fen,
            refunded_fen=refunded_fen,
            payable_kind=attempt.payable_kind,
            payable_number=attempt.payable_number,
            action=attempt.action if state in OPEN else None,
            created_at=attempt.created_at,
            expires_at=attempt.expires_at,
            announced=attempt.action is not None,
        )

    def page(
        self,
        regions: Regions,
        *,
        state: str | None = None,
        flagged: bool = False,
        number: str = "",
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> tuple[Sequence[PaymentRow], str | None]:
        """Payments, newest first, and the cursor of the next page.

        ``number`` finds a payment, the provider's number or what was paid for.
        """
        query = _in_regions(_rows(), PaymentAttempt.region, regions)
        if state is not None:
            query = query.where(PaymentAttempt.state == state)
        if flagged:
            # Ids begin with their time: a bounded part of the table, whatever its size.
            first = ids.new_id() - REVIEW_WINDOW
            flags = cast(PaymentAttempt.flags, Text)
            query = query.where(PaymentAttempt.id > first, flags.contains("needs_review"))
        if number:
            query = query.where(
                (PaymentAttempt.number == number)
                | (PaymentAttempt.provider_trade_no == number)
                | (PaymentAttempt.payable_number == number)
            )
        after = ids.parse(cursor)
        if after is not None:
            query = query.where(PaymentAttempt.id < after)
        query = query.order_by(PaymentAttempt.id.desc()).limit(limit + 1)
        rows = [_row(row) for row in self._db.execute(query)]
        return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None

    def file(self, number: str, regions: Regions) -> PaymentFile:
        """One payment with its steps, facts and refunds; raises ``NotFound``."""
        query = _in_regions(
            select(PaymentAttempt).where(PaymentAttempt.number == number),
            PaymentAttempt.region,
            regions,
        )
        attempt = self._db.scalars(query).first()
        if attempt is None:
            raise NotFound
        refunds = self._all(Refund, Refund.attempt_id == attempt.id)
        steps: dict[int, list[RefundTransition]] = {}
        for step in self._all(
            RefundTransition, RefundTransition.refund_id.in_([row.id for row in refunds])
        ):
            steps.setdefault(step.refund_id, []).append(step)
        refunded = sum(row.amount_fen for row in refunds if row.state == "succeeded")
        return PaymentFile(
            attempt=attempt,
            state=shown_state(attempt.state, attempt.amount_fen, refunded),
            refunded_fen=refunded,
            steps=self._all(PaymentTransition, PaymentTransition.attempt_id == attempt.id),
            events=self._all(PaymentEvent, PaymentEvent.out_trade_no == attempt.number),
            refunds=refunds,
            refund_steps=steps,
        )

    def _all(self, model: Any, condition: Any) -> Sequence[Any]:
        return self._db.scalars(select(model).where(condition).order_by(model.id)).all()

    def refunds(
        self,
        regions: Regions,
        *,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> tuple[Sequence[RefundRow], str | None]:
        """Refunds, newest first, and the cursor of the next page."""
        query = (
            select(
                Refund.id,
                Refund.number,
                Refund.state,
                Refund.amount_fen,
                Refund.reason,
                Refund.region,
                Refund.flags,
                Refund.created_at,
                PaymentAttempt.number,
                PaymentAttempt.gateway,
                PaymentAttempt.payable_number,
            )
            .join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
            .order_by(Refund.id.desc())
            .limit(limit + 1)
        )
        query = _in_regions(query, Refund.region, regions)
        if state is not None:
            query = query.where(Refund.state == state)
        after = ids.parse(cursor)
        if after is not None:
            query = query.where(Refund.id < after)
        rows = [RefundRow(*row) for row in self._db.execute(query)]
        return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None

    def refund_payment(self, number: str, regions: Regions) -> str:
        """Number of the payment that a refund belongs to; raises ``NotFound``."""
        query = (
            select(PaymentAttempt.number)
            .join(Refund, Refund.attempt_id == PaymentAttempt.id)
            .where(Refund.number == number)
        )
        found: str | None = self._db.scalar(_in_regions(query, Refund.region, regions))
        if found is None:
            raise NotFound
        return found

    def waiting_refunds(self) -> int:
        """How many refunds wait for a decision."""
        query = select(func.count()).where(Refund.state == "requested")
        return self._db.scalar(query) or 0


def _refunded() -> Any:
    total = func.coalesce(func.sum(Refund.amount_fen), 0)
    return (
        select(total)
        .where(Refund.attempt_id == PaymentAttempt.id, Refund.state == "succeeded")
        .scalar_subquery()
    )


def _rows() -> Any:
    return select(
        PaymentAttempt.id,
        PaymentAttempt.number,
        PaymentAttempt.state,
        PaymentAttempt.gateway,
        PaymentAttempt.region,
        PaymentAttempt.amount_fen,
        _refunded(),
        PaymentAttempt.flags,
        PaymentAttempt.payable_number,
        PaymentAttempt.created_at,
    )


def _row(values: Any) -> PaymentRow:
    row = PaymentRow(*values)
    state = shown_state(row.state, row.amount_fen, int(row.refunded_fen))
    return PaymentRow(row.id, row.number, state, *tuple(values)[3:])


def _in_regions(query: Any, column: Any, regions: Regions) -> Any:
    return query if regions is None else query.where(column.in_(regions))
