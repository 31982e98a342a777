"""States of orders and intents."""

from __future__ import annotations

from suwen.kernel.i18n import _
from suwen.kernel.states import machine

ORDER = machine(
    "order",
    pending_payment="paid cancelled",
    paid="used completed refunded",
    used="completed refunded",
    completed="refunded",
)

HOLDS_MONEY = ("paid", "used", "completed")
"""An order in one of these can be refunded and can have reports."""

ORDER_TITLES = {
    "pending_payment": _("待付款"),
    "paid": _("已付款"),
    "used": _("已使用"),
    "completed": _("已完成"),
    "cancelled": _("已取消"),
    "refunded": _("已退款"),
}

INTENT = machine("intent", waiting="confirmed rejected expired cancelled")

INTENT_TITLES = {
    "waiting": _("待确认"),
    "confirmed": _("已确认"),
    "rejected": _("已驳回"),
    "expired": _("已过期"),
    "cancelled": _("已取消"),
}
