"""Starting attempts and looking them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.hookspecs.payment import (
    CreateRequest,
    GatewayError,
    GatewayEvent,
    Instructions,
    NotifyOutcome,
    OfferContext,
    OrderPolicy,
    PaymentFact,
)
from suwen.kernel import clock, ids, outbox
from suwen.kernel.audit import Actor
from suwen.payments.booking import CLOSE, held
from suwen.payments.errors import CashierAmountDiffers, MethodRefused, NeedsIntent, NotRefundable
from suwen.payments.models import PaymentAttempt
from suwen.payments.offering import Refusal
from suwen.payments.payable import SUBJECT, Payable
from suwen.payments.states import OPEN

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.payment import GatewayInfo, PaymentGateway
    from suwen.kernel.plugins.host import PluginHost
    from suwen.kernel.plugins.registry import Registered
    from suwen.payments.apply import Applier
    from suwen.payments.merchants import Merchants
    from suwen.payments.offering import MethodFinder

POLL: Final = "payments.poll"
FIRST_POLL: Final = timedelta(seconds=20)
MIN_LIFE: Final = timedelta(seconds=60)
"""Providers refuse a shorter life (WeChat Pay: time_expire from one minute)."""


class Attempts:
    """Attempts of one transaction."""

    def __init__(
        self,
        db: Session,
        host: PluginHost,
        environment: str,
        finder: MethodFinder,
        merchants: Merchants,
        applier: Applier,
    ) -> None:
        """``finder`` says what is offered, ``merchants`` with which account."""
        self._db, self._host, self._environment = db, host, environment
        self._finder, self._merchants, self._applier = finder, merchants, applier

    def start(self, payable: Payable, gateway: str, client_ip: str) -> PaymentAttempt:
        """A row in state ``created``, written before the provider hears of it.

        An open attempt of the same gateway and amount is used again; one of another amount is
        closed. The caller holds the lock of the payable, so that two tabs make one attempt.
        Raises ``MethodRefused`` or ``NeedsIntent``.
        """
        item = self._offered(payable, gateway)
        info: GatewayInfo = item.obj.info
        if info.order_policy is OrderPolicy.AFTER_CONFIRMATION:
            raise NeedsIntent(fields={"gateway": NeedsIntent.message})
        standing = self._standing(payable, gateway)
        if standing is not None:
            return standing
        attempt = self._write(payable, item, _expiry(payable, info), client_ip)
        outbox.put(
            self._db,
            POLL,
            f"{POLL}:{attempt.id}",
            due_at=attempt.created_at + FIRST_POLL,
            attempt_id=attempt.id,
        )
        return attempt

    def confirm_by_cashier(
        self, payable: Payable, gateway: str, amount_fen: int, actor: Actor, receipt: str
    ) -> PaymentAttempt:
        """Money that a cashier counted: a captured attempt, in the caller's transaction.

        Confirming the same payable again gives the same attempt. Raises ``MethodRefused`` or
        ``CashierAmountDiffers``, and whatever the receivers of ``payment_captured`` raise.
        """
        event_id = f"cashier:{payable.kind}:{payable.id}"
        standing = self.captured(payable.kind, payable.id, gateway)
        if standing is not None:
            return standing
        item = self._counter(payable, gateway)
        if amount_fen != payable.amount_fen:
            message = CashierAmountDiffers.message
            raise CashierAmountDiffers(fields={"amount": message})
        attempt = self._write(payable, item, clock.now() + MIN_LIFE, None)
        event = GatewayEvent(
            gateway=gateway,
            event_id=event_id,
            fact=PaymentFact.CAPTURED,
            out_trade_no=attempt.number,
            amount_fen=amount_fen,
            occurred_at=clock.now(),
            provider_trade_no=receipt,
            source="cashier",
        )
        outcome = self._applier.apply(event, actor=actor)
        if outcome is not NotifyOutcome.ACCEPTED:
            raise RuntimeError(f"a cashier's confirmation was {outcome.value}")
        return attempt

    def _counter(self, payable: Payable, gateway: str) -> Registered[PaymentGateway]:
        """A counter that is not off; one that is draining still takes what it has promised."""
        item = self._host.gateways.find(gateway)
        if item is None or item.obj.info.moves_money_itself:
            raise MethodRefused
        if self._finder.is_off(payable.region, item.plugin):
            raise MethodRefused
        return item

    def _offered(self, payable: Payable, gateway: str) -> Registered[PaymentGateway]:
        methods = self._finder.methods(
            OfferContext(
                payable.region,
                payable.amount_fen,
                payable.collection_method,
                payable.collection_point_id,
            )
        )
        if all(method.gateway != gateway for method in methods.offered):
            raise MethodRefused(methods.refusal(gateway))
        return self._host.gateways.get(gateway)

    def _standing(self, payable: Payable, gateway: str) -> PaymentAttempt | None:
        query = select(PaymentAttempt).where(
            PaymentAttempt.payable_kind == payable.kind,
            PaymentAttempt.payable_id == payable.id,
            PaymentAttempt.gateway == gateway,
            PaymentAttempt.state.in_(OPEN),
        )
        found = None
        for attempt in self._db.scalars(query.order_by(PaymentAttempt.id)).all():
            fits = attempt.amount_fen == payable.amount_fen and attempt.region == payable.region
            if fits and attempt.expires_at > clock.now():
                found = attempt
            else:
                outbox.put(
                    self._db,
                    CLOSE,
                    f"{CLOSE}:{attempt.id}",
                    attempt_id=attempt.id,
                )
        return found

    def _write(
        self,
        payable: Payable,
        item: Registered[PaymentGateway],
        expires_at: datetime,
        client_ip: str | None,
    ) -> PaymentAttempt:
        attempt = PaymentAttempt(
            id=ids.new_id(),
            number=ids.number("SWP"),
            payable_kind=payable.kind,
            payable_id=payable.id,
            payable_number=payable.number,
            member_id=payable.member_id,
            gateway=item.code,
            plugin=item.plugin,
            region=payable.region,
            account_id=self._merchants.remember(item, payable.region),
            environment=self._environment,
            amount_fen=payable.amount_fen,
            currency="CNY",
            state="created",
            flags=[],
            provider_state={},
            client_ip=client_ip,
            created_at=clock.now(),
            expires_at=expires_at,
        )
        self._db.add(attempt)
        self._db.flush()
        return attempt

    def intent_terms(
        self, region: str, gateway: str, code: str, amount_fen: int
    ) -> tuple[timedelta, str]:
        """See ``PaymentService.intent_terms``. The counter's gateway talks to nobody, so it may be
        asked inside the transaction.
        """
        item = self._host.gateways.get(gateway)
        context = self._merchants.present(item, region)
        days = context.settings.get("intent_days")
        life = timedelta(days=days) if days else timedelta(seconds=item.obj.info.default_ttl_s)
        moment = clock.now()
        request = CreateRequest(
            out_trade_no=code,
            amount_fen=amount_fen,
            subject=SUBJECT,
            notify_url="",
            return_url="",
            created_at=moment,
            expires_at=moment + life,
        )
        try:
            action = item.obj.create(context, request).action
        except GatewayError as error:
            reason = error.user_message or MethodRefused.message
            raise MethodRefused(Refusal(gateway, item.title, "refused", reason)) from error
        return life, action.text if isinstance(action, Instructions) else ""

    def knows(self, gateway: str) -> bool:
        """Whether there are attempts of this gateway."""
        query = select(PaymentAttempt.id).where(PaymentAttempt.gateway == gateway)
        return self._db.execute(query.limit(1)).first() is not None

    def by_number(self, number: str) -> PaymentAttempt | None:
        """The attempt of this number."""
        query = select(PaymentAttempt).where(PaymentAttempt.number == number)
        return self._db.scalars(query).first()

    def of_payable(self, kind: str, payable_id: int) -> Sequence[PaymentAttempt]:
        """All attempts of a payable, oldest first."""
        query = select(PaymentAttempt).where(
            PaymentAttempt.payable_kind == kind, PaymentAttempt.payable_id == payable_id
        )
        return self._db.scalars(query.order_by(PaymentAttempt.id)).all()

    def has_open(self, kind: str, payable_id: int) -> bool:
        """Whether the buyer may still be paying."""
        query = select(PaymentAttempt.id).where(
            PaymentAttempt.payable_kind == kind,
            PaymentAttempt.payable_id == payable_id,
            PaymentAttempt.state.in_(OPEN),
        )
        return self._db.execute(query.limit(1)).first() is not None

    def captured(
        self, kind: str, payable_id: int, gateway: str | None = None
    ) -> PaymentAttempt | None:
        """The first attempt that took the money of a payable, or None."""
        query = select(PaymentAttempt).where(
            PaymentAttempt.payable_kind == kind,
            PaymentAttempt.payable_id == payable_id,
            PaymentAttempt.state == "captured",
        )
        if gateway is not None:
            query = query.where(PaymentAttempt.gateway == gateway)
        return self._db.scalars(query.order_by(PaymentAttempt.captured_at).limit(1)).first()

    def captured_or_refuse(self, kind: str, payable_id: int) -> PaymentAttempt:
        """As ``captured``, under its lock; raises ``NotRefundable``."""
        found = self.captured(kind, payable_id)
        if found is None:
            raise NotRefundable
        return held(self._db, PaymentAttempt, found.id)


def _expiry(payable: Payable, info: GatewayInfo) -> datetime:
    moment = clock.now()
    latest = moment + timedelta(seconds=info.default_ttl_s)
    if payable.expires_at is not None:
        latest = min(latest, payable.expires_at)
    return max(latest, moment + MIN_LIFE)
