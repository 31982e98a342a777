"""What the provider insists on in an order or a refund."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from suwen_dev_simulator.loopback import host_of, is_loopback

MINUTE: Final = 60.0
DAY: Final = 86_400.0
PAYABLE_DAYS: Final = 7
MAX_FEN: Final = 100_000_000_000
_OUT_TRADE_NO: Final = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_OUT_REFUND_NO: Final = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


class ApiError(Exception):
    """A refusal with the provider's status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Status, code and a message for people."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def refuse(message: str, code: str = "PARAM_ERROR", status: int = 400) -> ApiError:
    """The usual refusal."""
    return ApiError(status, code, message)


@dataclass(frozen=True, slots=True)
class Order:
    """An order that keeps the rules."""

    number: str
    amount_fen: int
    description: str
    notify_url: str
    time_expire: float | None
    request: str


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object that was posted."""
    try:
        value = json.loads(body)
    except ValueError:
        raise refuse("请求体不是 JSON") from None
    if not isinstance(value, dict):
        raise refuse("请求体不是 JSON 对象")
    return value


def canonical(body: Mapping[str, Any]) -> str:
    """A spelling by which two requests are the same."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def read_order(body: Mapping[str, Any], product: str) -> Order:
    """Check an order; whether its time is near enough is asked at its first call only."""
    number, description = _text(body, "out_trade_no", 32), _text(body, "description", 127)
    if not _OUT_TRADE_NO.fullmatch(number):
        raise refuse("out_trade_no 只能包含 6 到 32 位数字、字母和 _-|*")
    if "attach" in body:
        _text(body, "attach", 128)
    _check_product(body, product)
    return Order(
        number=number,
        amount_fen=_amount(_object(body, "amount"), "total"),
        description=description,
        notify_url=_notify_url(_text(body, "notify_url", 255)),
        time_expire=_moment(body, "time_expire"),
        request=canonical({**body, "product": product}),
    )


def check_expiry(order: Order, now: float) -> float:
    """The moment until which it can be paid."""
    if order.time_expire is None:
        return now + PAYABLE_DAYS * DAY
    if not MINUTE <= order.time_expire - now <= 90 * DAY:
        raise refuse("time_expire 必须在 1 分钟之后、90 天之内")
    return order.time_expire


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that keeps the rules, but for those that need the order."""

    refund_no: str
    out_trade_no: str
    transaction_id: str
    refund_fen: int
    total_fen: int
    notify_url: str
    request: str


def read_refund(body: Mapping[str, Any]) -> Refund:
    """Check a refund."""
    refund_no = _text(body, "out_refund_no", 64)
    if not _OUT_REFUND_NO.fullmatch(refund_no):
        raise refuse("out_refund_no 只能包含数字、字母和 _-|*@")
    by_number, by_id = body.get("out_trade_no"), body.get("transaction_id")
    if not isinstance(by_number or by_id, str):
        raise refuse("out_trade_no 和 transaction_id 必须填写一个")
    if "reason" in body:
        _text(body, "reason", 80)
    amount = _object(body, "amount")
    notify_url = _notify_url(_text(body, "notify_url", 255)) if "notify_url" in body else ""
    return Refund(
        refund_no=refund_no,
        out_trade_no=str(by_number or ""),
        transaction_id=str(by_id or ""),
        refund_fen=_amount(amount, "refund"),
        total_fen=_amount(amount, "total"),
        notify_url=notify_url,
        request=canonical(body),
    )


def _check_product(body: Mapping[str, Any], product: str) -> None:
    if product == "jsapi":
        _text(_object(body, "payer"), "openid", 128)
    if product == "h5":
        scene = _object(body, "scene_info")
        _text(scene, "payer_client_ip", 45)
        _text(_object(scene, "h5_info"), "type", 32)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise refuse(f"{name} 必须填写")
    return value


def _text(body: Mapping[str, Any], name: str, limit: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise refuse(f"{name} 必须是 1 到 {limit} 个字符")
    return value


def _amount(amount: Mapping[str, Any], name: str) -> int:
    value = amount.get(name)
    if type(value) is not int or not 1 <= value <= MAX_FEN:
        raise refuse(f"amount.{name} 必须是大于 0 的整数，单位为分")
    if amount.get("currency", "CNY") != "CNY":
        raise refuse("amount.currency 只支持 CNY")
    return value


def _notify_url(url: str) -> str:
    host = host_of(url)
    plain_here = url.startswith("http://") and is_loopback(host)
    if not (url.startswith("https://") or plain_here) or not host:
        raise refuse("notify_url 必须以 https:// 开头")
    if "?" in url or "#" in url:
        raise refuse("notify_url 不能携带参数")
    return url


def _moment(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse(f"{name} 必须是 rfc3339 格式")
    return moment.timestamp()
