"""States of attempts and refunds, and their titles.

``partially_refunded`` and ``refunded`` are no states: they are derived from sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from suwen.kernel.i18n import _
from suwen.kernel.states import machine

# Captured never goes back. Failed and closed attempts can still be captured: money that arrives
# late is real money.
ATTEMPT: Final = machine(
    "payment attempt",
    created="pending authorized captured failed closed",
    pending="authorized captured failed closed",
    authorized="captured failed",
    failed="captured closed",
    closed="captured",
)

REFUND: Final = machine(
    "refund",
    requested="approved rejected",
    approved="processing",
    processing="succeeded failed",
    # Tried again under the same number, or told to have succeeded after all.
    failed="approved succeeded",
)

OPEN: Final = ("created", "pending", "authorized")
"""The buyer may still be paying."""

RESERVING: Final = ("requested", "approved", "processing", "succeeded")
"""A refund in one of these holds its part of what was captured."""

OPEN_REFUND: Final = ("requested", "approved", "processing")

ATTEMPT_TITLES: Final[Mapping[str, str]] = {
    "created": _("待支付"),
    "pending": _("待支付"),
    "authorized": _("支付处理中"),
    "captured": _("已支付"),
    "partially_refunded": _("部分退款"),
    "refunded": _("已退款"),
    "failed": _("支付失败"),
    "closed": _("已关闭"),
}

REFUND_TITLES: Final[Mapping[str, str]] = {
    "requested": _("待审核"),
    "approved": _("已同意"),
    "processing": _("退款中"),
    "succeeded": _("已退款"),
    "rejected": _("已驳回"),
    "failed": _("退款失败"),
}

FLAG_TITLES: Final[Mapping[str, str]] = {
    "amount_mismatch": _("金额不符"),
    "late_capture": _("逾期到账"),
    "external_refund": _("渠道后台退款"),
    "refund_mismatch": _("退款不符"),
    "outcome_unknown": _("结果未知"),
    "needs_review": _("需人工处理"),
    "by_hand": _("人工退款"),
}


def shown_state(state: str, amount_fen: int, refunded_fen: int) -> str:
    """The state that people and the API see."""
    if state == "authorized":
        return "pending"
    if state != "captured" or refunded_fen <= 0:
        return state
    return "refunded" if refunded_fen >= amount_fen else "partially_refunded"
