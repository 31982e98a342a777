"""The gateway: it talks to nobody, because people at a counter move the money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from string import Template
from typing import Final
from zoneinfo import ZoneInfo

from suwen.hookspecs.common import PluginContext, Problem
from suwen.hookspecs.payment import (
    AttemptRef,
    CloseOutcome,
    CreateRequest,
    CreateResult,
    GatewayEvent,
    GatewayInfo,
    HttpAnswer,
    Instructions,
    InvalidRequest,
    NotifyOutcome,
    NotifyRequest,
    NotPermitted,
    OrderPolicy,
    PaymentFact,
    RefundExceeds,
    RefundRef,
    RefundWindowClosed,
)
from suwen_payment_offline.i18n import _
from suwen_payment_offline.limit import limit_of, yuan
from suwen_payment_offline.settings import DEFAULT_DAYS, DEFAULT_INSTRUCTIONS, SettingsSchema

CODE: Final = "payment_offline"
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_DAY_S: Final = 86_400


class OfflineGateway:
    """Payment at the counter (线下支付).

    Checkout makes an intent; a cashier's confirmation makes the order and its captured attempt. A
    refund is money that a cashier hands back, so that asking for it is its success.
    """

    info = GatewayInfo(
        code=CODE,
        title=_("线下支付"),
        order_policy=OrderPolicy.AFTER_CONFIRMATION,
        flow="instructions",
        refund_days=1095,
        refund_interval_s=0,
        default_ttl_s=DEFAULT_DAYS * _DAY_S,
        moves_money_itself=False,
    )
    settings_schema: type = SettingsSchema

    def create(self, ctx: PluginContext, req: CreateRequest) -> CreateResult:
        """What to do at the counter.

        Raises ``InvalidRequest`` for what is no amount or has expired, ``NotPermitted`` above the
        region's limit.
        """
        _check_amount(req.amount_fen)
        if req.expires_at <= ctx.now():
            raise InvalidRequest("the purchase has expired")
        limit = limit_of(ctx.settings)
        if req.amount_fen > limit:
            message = _("单笔超过 ${limit} 元，不能线下支付", mapping={"limit": yuan(limit)})
            raise NotPermitted("over the cash limit", user_message=message)
        text = Template(ctx.settings.get("instructions") or DEFAULT_INSTRUCTIONS)
        filled = text.safe_substitute(
            code=req.out_trade_no, amount=yuan(req.amount_fen), deadline=_local(req.expires_at)
        )
        return CreateResult(Instructions(filled))

    def query(self, ctx: PluginContext, ref: AttemptRef | RefundRef) -> GatewayEvent:
        """What the house told us: with a receipt number the cashier has the money."""
        if isinstance(ref, RefundRef):
            return self.refund(ctx, ref)
        fact = PaymentFact.CAPTURED if ref.provider_trade_no else PaymentFact.PENDING
        return GatewayEvent(
            gateway=CODE,
            event_id=f"{fact.value}:{ref.out_trade_no}",
            fact=fact,
            out_trade_no=ref.out_trade_no,
            amount_fen=ref.amount_fen,
            occurred_at=ctx.now(),
            provider_trade_no=ref.provider_trade_no,
            source="cashier",
        )

    def close(self, ctx: PluginContext, ref: AttemptRef) -> CloseOutcome:  # noqa: ARG002
        """Closed, unless the cashier has the money already."""
        return CloseOutcome.ALREADY_PAID if ref.provider_trade_no else CloseOutcome.CLOSED

    def refund(self, ctx: PluginContext, ref: RefundRef) -> GatewayEvent:
        """The cashier hands the money back; the event counts once per refund number.

        Raises ``InvalidRequest``, ``RefundExceeds`` or ``RefundWindowClosed``.
        """
        _check_amount(ref.amount_fen)
        if ref.amount_fen > ref.attempt.amount_fen:
            raise RefundExceeds("more than was paid")
        if ctx.now() - ref.attempt.created_at > timedelta(days=self.info.refund_days):
            raise RefundWindowClosed("too late for a refund at the counter")
        return GatewayEvent(
            gateway=CODE,
            event_id=f"refund:{ref.out_refund_no}",
            fact=PaymentFact.REFUND_SUCCEEDED,
            out_trade_no=ref.attempt.out_trade_no,
            amount_fen=ref.amount_fen,
            occurred_at=ctx.now(),
            provider_trade_no=ref.attempt.provider_trade_no,
            out_refund_no=ref.out_refund_no,
            source="cashier",
        )

    def parse_notification(
        self,
        ctx: PluginContext,  # noqa: ARG002
        req: NotifyRequest,  # noqa: ARG002
    ) -> Sequence[GatewayEvent]:
        """Nobody may notify: raises ``InvalidRequest`` for everything."""
        raise InvalidRequest("a counter sends no notifications")

    def answer(self, outcome: NotifyOutcome) -> HttpAnswer:  # noqa: ARG002
        """Whoever calls has the wrong address."""
        return HttpAnswer(404, b"not found", "text/plain; charset=utf-8")

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Whether a buyer will know what to show at the counter."""
        text = Template(ctx.settings.get("instructions") or DEFAULT_INSTRUCTIONS)
        missing = {"code", "amount"} - set(text.get_identifiers())
        return [
            Problem(
                "warning", _("付款说明里没有占位符 ${name}", mapping={"name": name}), "instructions"
            )
            for name in sorted(missing)
        ]


def _check_amount(amount_fen: int) -> None:
    if type(amount_fen) is not int or not 1 <= amount_fen <= OfflineGateway.info.max_fen:
        raise InvalidRequest("not an amount")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
