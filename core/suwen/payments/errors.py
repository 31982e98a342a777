"""Named errors of payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.kernel.errors import Conflict, Forbidden, Invalid, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.payments.offering import Refusal


class MethodRefused(Conflict):
    """The gateway is not offered for this purchase; ``refusal`` says why."""

    code = "gateway_refused"
    message = _("所选支付方式当前不可用，请选择其他方式")

    def __init__(self, refusal: Refusal | None = None) -> None:
        """Show the refusal's own reason where there is one."""
        reason = refusal.reason if refusal else None
        super().__init__(reason, fields={"gateway": reason or self.message})
        self.refusal = refusal


class NeedsIntent(Conflict):
    """The gateway takes money before there is an order: only a cashier can confirm it."""

    code = "needs_intent"
    message = _("该支付方式需先登记付款意向，由收银员确认后生成订单")


class AttemptOver(Conflict):
    """The attempt was paid, failed, closed or has expired; a new one is needed if it was not paid."""

    code = "attempt_over"
    message = _("这次支付已经结束，请返回订单重新选择支付方式")


class ProviderBusy(SuwenError):
    """The provider did not answer. The same attempt may be tried again: nobody pays twice."""

    status = 503
    code = "provider_unavailable"
    message = _("支付渠道暂时没有回应，请稍后重试（不会重复扣款）")


class ProviderRefused(Conflict):
    """The provider said no for good: a new attempt or another gateway is needed."""

    code = "provider_refused"
    message = _("支付渠道拒绝了这次支付，请选择其他方式")


class CashierAmountDiffers(Invalid):
    """The money on the counter is not what is to be paid."""

    code = "amount_differs"
    message = _("实收金额与应付金额不一致")


class NotRefundable(Conflict):
    """Nothing was captured, or nothing of it is left."""

    code = "not_refundable"
    message = _("这笔支付当前没有可退的金额")


class RefundTooLarge(Invalid):
    """More than what was captured and is not yet refunded or being refunded."""

    code = "refund_too_large"
    message = _("退款金额超过可退金额")


class RefundWindowOver(Conflict):
    """The provider no longer takes refunds of this payment."""

    code = "refund_window_over"
    message = _("已超过支付渠道的退款期限，请改为人工处理")


class TooManyRefunds(Conflict):
    """The provider allows no further refund of this payment."""

    code = "too_many_refunds"
    message = _("这笔支付的退款次数已达上限")


class SamePerson(Forbidden):
    """Who asked for a refund may not approve it."""

    code = "same_person"
    message = _("申请人不能审核自己的退款，请由其他财务人员处理")


class GatewayNotInstalled(Conflict):
    """The plugin that took the money was removed."""

    code = "gateway_not_installed"
    message = _("支付插件已卸载，请先重新安装插件再处理退款")


class ReasonMissing(Invalid):
    """A decision needs a reason."""

    code = "reason_missing"
    message = _("请填写原因")
