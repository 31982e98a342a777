"""What can go wrong with orders."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class EmptyOrder(Invalid):
    """Nothing was chosen."""

    code = "empty_order"
    message = _("请至少选择一项检测")


class BadCollection(Invalid):
    """The way or place of collection does not fit."""

    code = "bad_collection"
    message = _("请选择采样方式以及采集点或收货地址")


class GatewayRefused(Invalid):
    """The gateway is not offered for this purchase."""

    code = "gateway_refused"
    message = _("所选支付方式在此服务地区不可用，请选择其他方式")


class NeedsIntent(Conflict):
    """The gateway takes money before there is an order: make an intent instead."""

    code = "needs_intent"
    message = _("该支付方式需先登记付款意向，由收银员确认后生成订单")


class BalanceUnavailable(Invalid):
    """No plugin of the region takes balance."""

    code = "balance_unavailable"
    message = _("此服务地区未开通余额支付")


class ReceiptTaken(Invalid):
    """The receipt number was used for another confirmation."""

    code = "receipt_taken"
    message = _("该收据编号已被使用，请核对")


class IntentExpired(Conflict):
    """The intent's time is over."""

    code = "intent_expired"
    message = _("付款意向已过期，请会员重新提交")


class AmountDiffers(Invalid):
    """The money on the counter is not the amount of the intent."""

    code = "amount_differs"
    message = _("实收金额与应付金额不一致")


class RefundTooLarge(Invalid):
    """More than what is left of the line."""

    code = "refund_too_large"
    message = _("退款金额超过该项可退金额")


class NotPayable(Conflict):
    """Only an order that waits for payment can be paid."""

    code = "not_payable"
    message = _("订单当前状态不能付款")


class TooManyOpen(Conflict):
    """The member has as many unpaid orders and waiting intents as anybody may have."""

    code = "too_many_open"
    message = _("您有多笔订单尚未付款，请先付款或取消，再提交新的订单")
