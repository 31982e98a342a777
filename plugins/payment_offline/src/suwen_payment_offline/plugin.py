"""Entry point of the plugin ``payment_offline``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.payment import Denied, OfferContext, PaymentGateway
from suwen_payment_offline.gateway import CODE, OfflineGateway
from suwen_payment_offline.i18n import _
from suwen_payment_offline.limit import limit_of, yuan

plugin_info: Final = PluginInfo(
    id=CODE,
    title=_("线下支付"),
    family="payment",
    description=_("在网点收银台付款：先登记，收银员确认收款后才生成订单"),
    # Regions without a counter would offer what nobody can take.
    default_enabled=False,
)


@hookimpl
def suwen_payment_gateways() -> Sequence[PaymentGateway]:
    """The one gateway of this plugin."""
    return (OfflineGateway(),)


@hookimpl
def suwen_payment_veto(gateway: str, context: OfferContext) -> Denied | None:
    """Hide the counter for more money than a region lets its cashiers take."""
    if gateway != CODE:
        return None
    limit = limit_of(context.settings)
    if context.amount_fen <= limit:
        return None
    reason = _("单笔超过 ${limit} 元，不能线下支付", mapping={"limit": yuan(limit)})
    return Denied("over_cash_limit", reason)
