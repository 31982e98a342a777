"""The gateway: what the house calls."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from suwen.hookspecs.common import PluginContext, Problem
from suwen.hookspecs.payment import (
    AlreadyPaid,
    AttemptRef,
    CloseOutcome,
    ConfigError,
    CreateRequest,
    CreateResult,
    GatewayEvent,
    GatewayInfo,
    HttpAnswer,
    InvalidRequest,
    NotFound,
    NotifyOutcome,
    NotifyRequest,
    OrderClosed,
    OutcomeUnknown,
    PaymentFact,
    RefundExceeds,
    RefundRef,
    RefundWindowClosed,
)
from suwen_payment_wechat import facts, notification, orders, reading, selfcheck
from suwen_payment_wechat.certificates import CertificateStore
from suwen_payment_wechat.client import Answer, Client
from suwen_payment_wechat.i18n import _
from suwen_payment_wechat.settings import Account, SettingsSchema

_TRADES: Final = "/v3/pay/transactions/out-trade-no"
_REFUNDS: Final = "/v3/refund/domestic/refunds"
_CLOSED_BY_FACT: Final = {
    PaymentFact.CAPTURED: CloseOutcome.ALREADY_PAID,
    PaymentFact.CLOSED: CloseOutcome.CLOSED,
    PaymentFact.NOT_FOUND: CloseOutcome.NOT_FOUND,
}

INFO: Final = GatewayInfo(
    code=facts.CODE,
    title=_("微信支付"),
    flow="qr",
    refund_days=365,
    max_refunds=50,
    refund_interval_s=60,
)


@dataclass(frozen=True, slots=True)
class _Session:
    """What one call works with."""

    account: Account
    store: CertificateStore
    client: Client


class WeChatPayGateway:
    """微信支付 of a direct merchant. Holds nothing but certificates that anybody may fetch again.

    A caller that puts a mutable mapping of JSON values at ``ctx.extra["memory"]`` decides where
    those are kept, and so for how many processes one refresh counts.
    """

    info: GatewayInfo = INFO
    settings_schema: type = SettingsSchema

    def __init__(self, product: orders.Product | None = None) -> None:
        """``product`` is how the buyer pays; scanning a code by default."""
        self._product: orders.Product = product or orders.Native()
        self._memory: dict[str, Any] = {}

    def create(self, ctx: PluginContext, req: CreateRequest) -> CreateResult:
        """Make the order; the same request again gives the present code."""
        session = self._session(ctx)
        payload = orders.body(session.account, req, self._product)
        answer = session.client.post(self._product.path, payload)
        try:
            action = self._product.action(session.account, answer.data)
        except reading.Malformed as error:
            raise OutcomeUnknown(f"create: {error}") from None
        return CreateResult(action, {"mchid": session.account.mchid})

    def query(self, ctx: PluginContext, ref: AttemptRef | RefundRef) -> GatewayEvent:
        """The present state; an unknown number is the fact ``NOT_FOUND``."""
        if isinstance(ref, RefundRef):
            return self._query_refund(ctx, ref)
        session = self._session(ctx, ref)
        orders.check_number(ref.out_trade_no)
        target = f"{_TRADES}/{_quoted(ref.out_trade_no)}?mchid={session.account.mchid}"
        try:
            answer = session.client.get(target)
        except NotFound:
            return _not_found(ctx, ref.out_trade_no)
        return self._fact(ctx, session.account, answer, ref)

    def _query_refund(self, ctx: PluginContext, ref: RefundRef) -> GatewayEvent:
        session = self._session(ctx, ref.attempt)
        orders.check_number(ref.out_refund_no)
        try:
            answer = session.client.get(f"{_REFUNDS}/{_quoted(ref.out_refund_no)}")
        except NotFound:
            return _not_found(ctx, ref.attempt.out_trade_no, ref.out_refund_no)
        return self._fact(ctx, session.account, answer, ref)

    def close(self, ctx: PluginContext, ref: AttemptRef) -> CloseOutcome:
        """Close an unpaid order. What stands in the way is asked for, not guessed from a code."""
        session = self._session(ctx, ref)
        orders.check_number(ref.out_trade_no)
        target = f"{_TRADES}/{_quoted(ref.out_trade_no)}/close"
        try:
            session.client.post(target, {"mchid": session.account.mchid})
        except (AlreadyPaid, OrderClosed, NotFound, InvalidRequest):
            outcome = _CLOSED_BY_FACT.get(self.query(ctx, ref).fact)
            if outcome is None:
                raise
            return outcome
        return CloseOutcome.CLOSED

    def refund(self, ctx: PluginContext, ref: RefundRef) -> GatewayEvent:
        """Give money back; the answer means accepted, the fact tells how far it has come.

        ``ref.reason`` is not sent: the buyer's statement would show it, and it may name a test.
        """
        session = self._session(ctx, ref.attempt)
        _check_refund(ctx, ref)
        payload: dict[str, Any] = {
            "out_trade_no": ref.attempt.out_trade_no,
            "out_refund_no": ref.out_refund_no,
            "amount": {
                "refund": ref.amount_fen,
                "total": ref.attempt.amount_fen,
                "currency": "CNY",
            },
        }
        if ref.notify_url:
            orders.check_notify_url(ref.notify_url)
            payload["notify_url"] = ref.notify_url
        answer = session.client.post(_REFUNDS, payload)
        return self._fact(ctx, session.account, answer, ref)

    def parse_notification(self, ctx: PluginContext, req: NotifyRequest) -> Sequence[GatewayEvent]:
        """Verify and read a notification. Sends nothing, so a stranger cannot make us call out:
        a rotated key is learnt from the next answer, and the provider repeats itself until then.
        """
        account = Account.of(ctx)
        return notification.parse(account, self._store(ctx).ring(account), req)

    def answer(self, outcome: NotifyOutcome) -> HttpAnswer:
        """204, or a refusal that makes the provider try again."""
        return notification.answer(outcome)

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """What is wrong with the settings, without sending anything."""
        return selfcheck.problems(ctx)

    def _session(self, ctx: PluginContext, ref: AttemptRef | None = None) -> _Session:
        account = Account.of(ctx)
        made_with = ref.provider_state.get("mchid", account.mchid) if ref else account.mchid
        if made_with != account.mchid:
            raise ConfigError("the attempt was made with another merchant account")
        store = self._store(ctx)
        return _Session(account, store, Client(ctx, account, store))

    def _store(self, ctx: PluginContext) -> CertificateStore:
        memory = ctx.extra.get("memory")
        return CertificateStore(memory if isinstance(memory, MutableMapping) else self._memory)

    def _fact(
        self, ctx: PluginContext, account: Account, answer: Answer, ref: AttemptRef | RefundRef
    ) -> GatewayEvent:
        origin = facts.Origin("poll", ctx.now(), answer.raw)
        try:
            if isinstance(ref, RefundRef):
                event = facts.refund(account, answer.data, origin)
            else:
                event = facts.transaction(account, answer.data, origin)
        except reading.Malformed as error:
            raise OutcomeUnknown(f"the answer is malformed: {error}") from None
        if (event.out_trade_no, event.out_refund_no) != _numbers(ref):
            raise OutcomeUnknown("the answer speaks of another number")
        return event


def _check_refund(ctx: PluginContext, ref: RefundRef) -> None:
    orders.check_number(ref.out_refund_no)
    orders.check_number(ref.attempt.out_trade_no)
    orders.check_amount(ref.amount_fen)
    if ref.amount_fen > ref.attempt.amount_fen:
        raise RefundExceeds("more than was paid", user_message=_("退款金额超过支付金额"))
    if ctx.now() - ref.attempt.created_at > timedelta(days=INFO.refund_days):
        raise RefundWindowClosed(
            "paid more than a year ago", user_message=_("已超过微信支付的退款期限（一年）")
        )


def _not_found(ctx: PluginContext, number: str, refund_number: str | None = None) -> GatewayEvent:
    state = "NOT_FOUND" if refund_number is None else "REFUND.NOT_FOUND"
    return GatewayEvent(
        gateway=facts.CODE,
        event_id=f"q:{refund_number or number}:{state}",
        fact=PaymentFact.NOT_FOUND,
        out_trade_no=number,
        amount_fen=None,
        occurred_at=ctx.now(),
        out_refund_no=refund_number,
        source="poll",
    )


def _numbers(ref: AttemptRef | RefundRef) -> tuple[str, str | None]:
    if isinstance(ref, RefundRef):
        return ref.attempt.out_trade_no, ref.out_refund_no
    return ref.out_trade_no, None


def _quoted(number: str) -> str:
    return quote(number, safe="")
