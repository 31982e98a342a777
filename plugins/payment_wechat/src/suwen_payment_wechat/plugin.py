"""The entry point ``payment_wechat``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.payment import PaymentGateway
from suwen_payment_wechat.gateway import WeChatPayGateway
from suwen_payment_wechat.i18n import _

plugin_info: Final = PluginInfo(
    id="payment_wechat",
    title=_("微信支付"),
    family="payment",
    description=_("微信支付 APIv3 直连商户：扫码支付、查单、关单、退款"),
    requires_suwen=">=0.1,<0.2",
)


@hookimpl
def suwen_payment_gateways() -> Sequence[PaymentGateway]:
    """The one gateway of this plugin."""
    return (WeChatPayGateway(),)
