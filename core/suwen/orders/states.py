"""States of orders and intents."""

from __future__ import annotations

from suwen.kernel.states import machine

ORDER = machine(
    "order",
    pending_payment="paid cancelled",
    paid="used completed refunded",
    used="completed refunded",
    completed="refunded",
)

ORDER_TITLES = {
    "pending_payment": "待付款",
    "paid": "已付款",
    "used": "已使用",
    "completed": "已完成",
    "cancelled": "已取消",
    "refunded": "已退款",
}

INTENT = machine("intent", waiting="confirmed rejected expired cancelled")

INTENT_TITLES = {
    "waiting": "待确认",
    "confirmed": "已确认",
    "rejected": "已驳回",
    "expired": "已过期",
    "cancelled": "已取消",
}
