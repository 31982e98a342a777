"""Bodies of the calls that begin a payment, one class per product of the provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlsplit

from suwen.hookspecs.payment import Action, CreateRequest, InvalidRequest, ShowQR
from suwen_payment_wechat import reading
from suwen_payment_wechat.settings import Account, is_loopback

CHINA: Final = timezone(timedelta(hours=8))
DESCRIPTION_BYTES: Final = 127
NOTIFY_URL_CHARS: Final = 255
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")


class Product(Protocol):
    """How the buyer pays: on which path the order is made, and what the answer asks for."""

    path: ClassVar[str]

    def fields(self, req: CreateRequest) -> Mapping[str, Any]:
        """What this product wants beside the common fields."""
        ...

    def action(self, account: Account, answer: Mapping[str, Any]) -> Action:
        """What the buyer does next; raises ``Malformed``."""
        ...


class Native:
    """扫码支付: the shop shows a QR code, the buyer scans it."""

    path: ClassVar[str] = "/v3/pay/transactions/native"

    def fields(self, req: CreateRequest) -> Mapping[str, Any]:  # noqa: ARG002 - nothing more
        return {}

    def action(self, account: Account, answer: Mapping[str, Any]) -> Action:  # noqa: ARG002
        return ShowQR(reading.text(answer, "code_url"))


def body(account: Account, req: CreateRequest, product: Product) -> Mapping[str, Any]:
    """The order as the provider wants it; the same request always gives the same body.

    Raises ``InvalidRequest`` for what the provider would refuse.
    """
    _check(req)
    return {
        "appid": account.appid,
        "mchid": account.mchid,
        "description": shorten(req.subject, DESCRIPTION_BYTES),
        "out_trade_no": req.out_trade_no,
        # Without it the order would stay payable for seven days.
        "time_expire": rfc3339(req.expires_at),
        "notify_url": req.notify_url,
        "amount": {"total": req.amount_fen, "currency": req.currency},
        **product.fields(req),
    }


def _check(req: CreateRequest) -> None:
    check_number(req.out_trade_no)
    check_amount(req.amount_fen)
    if req.currency != "CNY":
        raise InvalidRequest("only CNY can be paid")
    if not shorten(req.subject, DESCRIPTION_BYTES):
        raise InvalidRequest("the subject is empty")
    check_notify_url(req.notify_url)


def check_number(number: str) -> None:
    """Raises ``InvalidRequest`` unless it can be a merchant number."""
    if not _NUMBER.fullmatch(number):
        raise InvalidRequest("a merchant number has 6 to 32 letters and digits")


def check_amount(amount_fen: int) -> None:
    """Raises ``InvalidRequest`` unless it is a positive whole number of fen."""
    if type(amount_fen) is not int or not 1 <= amount_fen <= reading.MAX_FEN:
        raise InvalidRequest("an amount is a positive whole number of fen")


def check_notify_url(url: str) -> None:
    """Raises ``InvalidRequest`` unless the provider accepts it; HTTP goes to this machine only."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise InvalidRequest("notify_url cannot be read") from None
    secure = host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    if not secure or "?" in url or "#" in url or len(url) > NOTIFY_URL_CHARS:
        raise InvalidRequest("notify_url must be https, without a query, up to 255 characters")


def shorten(text: str, limit: int) -> str:
    """Printable text of at most ``limit`` bytes that ends between two characters."""
    visible = "".join(char for char in text if char.isprintable())
    return visible.encode()[:limit].decode("utf-8", "ignore").strip()


def rfc3339(moment: datetime) -> str:
    """Whole seconds in Beijing time, as the provider writes them."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")
