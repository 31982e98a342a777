"""Deciding intents: the cashier's confirmation makes order, payment and ledger entry at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.accounts.staffing.reach import ANYWHERE, Reach
from suwen.kernel import clock, ids
from suwen.kernel.audit import SYSTEM
from suwen.kernel.db import lock, take_turns
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.orders import writing
from suwen.orders.errors import AmountDiffers, IntentExpired, ReceiptTaken
from suwen.orders.models import Intent, Order
from suwen.orders.placing import thawed
from suwen.orders.reach import within
from suwen.orders.states import INTENT
from suwen.payments.payable import payable_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from suwen.catalog.services import CatalogService
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.orders.placing import Placing
    from suwen.payments.services import PaymentService

_RECEIPT = re.compile(r"[0-9A-Za-z-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Takings:
    """What the cashier has on the counter."""

    amount_fen: int
    receipt_no: str


class Intents:
    """Looks intents up and decides them."""

    def __init__(
        self,
        db: Session,
        vault: Vault,
        audit: AuditLog,
        catalog: CatalogService,
        payments: PaymentService,
        placing: Placing,
    ) -> None:
        """Work in ``db``; every decision is audited."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._catalog = catalog
        self._payments = payments
        self._placing = placing

    def of_member(self, member_id: int, code: str) -> Intent:
        """A member's own intent; raises ``NotFound``."""
        found = self._by_code(code)
        if found is None or found.member_id != member_id:
            raise NotFound
        return found

    def get(self, code: str, reach: Reach = ANYWHERE) -> Intent:
        """An intent for staff within their ``reach``; raises ``NotFound``."""
        query = select(Intent).where(Intent.code == code.upper(), *within(reach, Intent))
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def waiting(
        self,
        reach: Reach = ANYWHERE,
        *,
        code: str = "",
        limit: int = 50,
    ) -> Sequence[Intent]:
        """Intents that wait for a cashier, oldest first; a code finds one of any state."""
        query = select(Intent).where(*within(reach, Intent)).order_by(Intent.id).limit(limit)
        query = query.where(Intent.code == code) if code else query.where(Intent.state == "waiting")
        return self._db.scalars(query).all()

    def _by_code(self, code: str) -> Intent | None:
        return self._db.scalars(select(Intent).where(Intent.code == code.upper())).first()

    def confirm(self, code: str, takings: Takings, actor: Actor) -> Order:
        """Make the order, paid. Confirming again changes nothing and gives the same order.

        Raises ``AmountDiffers``, ``ReceiptTaken``, ``IntentExpired``, ``OutOfStock`` or
        ``IllegalTransition``; then nothing is written.
        """
        intent = lock(self._db, Intent, self.get(code).id)
        if intent.state == "confirmed":
            return self._order_of(intent)
        if intent.state == "waiting" and intent.expires_at <= clock.now():
            raise IntentExpired
        INTENT.check(intent.state, "confirmed")
        self._check(intent, takings)
        order = self._make_order(intent, actor)
        self._payments.confirm_by_cashier(
            payable_of("order", order),
            intent.gateway,
            takings.amount_fen,
            actor,
            takings.receipt_no,
        )
        self._decide(intent, "confirmed", actor)
        intent.receipt_no, intent.order_number = takings.receipt_no, order.number
        self._db.flush()
        return order

    def _order_of(self, intent: Intent) -> Order:
        return self._db.scalars(select(Order).where(Order.intent_id == intent.id)).one()

    def _check(self, intent: Intent, takings: Takings) -> None:
        if not _RECEIPT.fullmatch(takings.receipt_no):
            message = _("请填写收据编号（字母、数字或短横线，最多 40 位）")
            raise Invalid(message, fields={"receipt_no": message})
        if takings.amount_fen != intent.payable_fen:
            raise AmountDiffers(fields={"amount": AmountDiffers.message})
        # Two cashiers may type the same number at one moment.
        take_turns(self._db, f"receipt:{intent.region}:{takings.receipt_no}")
        taken = select(Intent.id).where(
            Intent.region == intent.region, Intent.receipt_no == takings.receipt_no
        )
        if self._db.execute(taken).first() is not None:
            raise ReceiptTaken(fields={"receipt_no": ReceiptTaken.message})

    def _make_order(self, intent: Intent, actor: Actor) -> Order:
        lines = [thawed(values) for values in intent.lines]
        self._catalog.take_stock(lines)
        order = Order(
            id=ids.new_id(),
            number=ids.number("SW"),
            member_id=intent.member_id,
            submission=intent.submission,
            state="pending_payment",
            region=intent.region,
            total_fen=intent.total_fen,
            payable_fen=intent.payable_fen,
            gateway=intent.gateway,
            intent_id=intent.id,
            created_at=clock.now(),
            expires_at=intent.expires_at,
            collection_method=intent.collection_method,
            point_id=intent.point_id,
        )
        house = self._vault.house
        address = writing.open_address(house, "order_intent", intent.id, intent.address_sealed)
        order.address_sealed = writing.seal_address(house, "order", order.id, address)
        return self._placing.write(order, lines, actor).order

    def reject(self, code: str, reason: str, actor: Actor) -> Intent:
        """Refuse at the counter, with a reason; raises ``IllegalTransition``."""
        if not reason.strip():
            raise Invalid(_("请填写驳回原因"), fields={"reason": _("请填写驳回原因")})
        intent = lock(self._db, Intent, self.get(code).id)
        self._decide(intent, "rejected", actor, reason)
        return intent

    def cancel(self, member_id: int, code: str, actor: Actor) -> Intent:
        """Withdraw one's own intent; raises ``IllegalTransition``."""
        intent = lock(self._db, Intent, self.of_member(member_id, code).id)
        self._decide(intent, "cancelled", actor)
        return intent

    def expire_due(self, limit: int) -> int:
        """Close waiting intents whose time is over; how many. One that somebody is deciding on at
        this moment is left to him.
        """
        query = select(Intent).where(Intent.state == "waiting", Intent.expires_at <= clock.now())
        due = self._db.scalars(query.limit(limit).with_for_update(skip_locked=True)).all()
        for intent in due:
            self._decide(intent, "expired", SYSTEM)
        return len(due)

    def _decide(self, intent: Intent, state: str, actor: Actor, reason: str = "") -> None:
        INTENT.check(intent.state, state)
        intent.state, intent.reason = state, reason
        intent.decided_at, intent.decided_by = clock.now(), actor.id
        who = actor.at(intent.region)
        self._audit.write(self._db, who, f"intent.{state}", "intent", intent.code, reason=reason)
        self._db.flush()
