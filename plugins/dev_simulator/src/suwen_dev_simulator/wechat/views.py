"""Rows of the books as the provider's JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Final

from suwen_dev_simulator.store import Row
from suwen_dev_simulator.wechat.identity import Identity

CHINA: Final = timezone(timedelta(hours=8))
BUYER: Final = "oSimulatorBuyer0000000000001"
_STATES: Final = {"pending": "NOTPAY", "failed": "PAYERROR", "closed": "CLOSED", "paid": "SUCCESS"}
_SAID: Final = {
    "NOTPAY": "订单未支付",
    "PAYERROR": "支付失败",
    "CLOSED": "订单已关闭",
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
}
_TRADE_TYPES: Final = {"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB"}


def rfc3339(moment: float) -> str:
    """Beijing time, whole seconds."""
    return datetime.fromtimestamp(moment, CHINA).isoformat(timespec="seconds")


def transaction(identity: Identity, payment: Row, *, refunded: bool) -> dict[str, Any]:
    """An order; what only a payment brings is missing before it."""
    state = _STATES[payment["state"]]
    if state == "SUCCESS" and refunded:
        state = "REFUND"
    shown: dict[str, Any] = {
        "appid": identity.appid,
        "mchid": identity.mchid,
        "out_trade_no": payment["number"],
        "trade_state": state,
        "trade_state_desc": _SAID[state],
        "amount": {"total": payment["amount_fen"], "currency": "CNY"},
    }
    if payment["state"] == "paid":
        shown |= {
            "transaction_id": payment["trade_no"],
            "trade_type": _TRADE_TYPES[payment["product"]],
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": rfc3339(payment["paid_at"]),
            "payer": {"openid": BUYER},
        }
        shown["amount"] |= {"payer_total": payment["amount_fen"], "payer_currency": "CNY"}
    return shown


def refund(payment: Row, row: Row) -> dict[str, Any]:
    """A refund as the calls answer it."""
    shown: dict[str, Any] = {
        "refund_id": row["refund_id"],
        "out_refund_no": row["refund_no"],
        "transaction_id": payment["trade_no"],
        "out_trade_no": payment["number"],
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(row["created_at"]),
        "status": row["state"],
        "funds_account": "AVAILABLE",
        "amount": _refund_amount(payment, row) | {"currency": "CNY"},
    }
    if row["state"] == "SUCCESS":
        shown["success_time"] = rfc3339(row["settled_at"])
    return shown


def refund_notice(identity: Identity, payment: Row, row: Row) -> dict[str, Any]:
    """A refund as the notification tells it: other names than the calls."""
    shown: dict[str, Any] = {
        "mchid": identity.mchid,
        "out_trade_no": payment["number"],
        "transaction_id": payment["trade_no"],
        "out_refund_no": row["refund_no"],
        "refund_id": row["refund_id"],
        "refund_status": row["state"],
        "user_received_account": "支付用户零钱",
        "amount": _refund_amount(payment, row),
    }
    if row["state"] == "SUCCESS":
        shown["success_time"] = rfc3339(row["settled_at"])
    return shown


def _refund_amount(payment: Row, row: Row) -> dict[str, Any]:
    total, refunded = payment["amount_fen"], row["amount_fen"]
    return {
        "total": total,
        "refund": refunded,
        "payer_total": total,
        "payer_refund": refunded,
    }
