"""The provider's error codes as the named errors of the house.

Codes decide, never messages: messages are for people and change without notice.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from suwen.hookspecs.common import HttpResponse
from suwen.hookspecs.payment import (
    AlreadyPaid,
    ConfigError,
    DuplicateTradeNo,
    GatewayError,
    InvalidRequest,
    MerchantBalanceLow,
    NotFound,
    NotPermitted,
    OrderClosed,
    OutcomeUnknown,
    RateLimited,
    SignatureInvalid,
)
from suwen_payment_wechat import reading
from suwen_payment_wechat.i18n import _


class AnswerUnverified(OutcomeUnknown, SignatureInvalid):
    """An answer came, but not provably from the provider: what it says counts for nothing."""


# Two spellings stand side by side where the provider's documents differ.
_BY_CODE: Final[dict[str, type[GatewayError]]] = {
    "PARAM_ERROR": InvalidRequest,
    "INVALID_REQUEST": InvalidRequest,
    "USER_ACCOUNT_ABNORMAL": InvalidRequest,
    "TRADE_ERROR": InvalidRequest,
    "OUT_TRADE_NO_USED": DuplicateTradeNo,
    "ORDERPAID": AlreadyPaid,
    "ORDER_PAID": AlreadyPaid,
    "ORDERCLOSED": OrderClosed,
    "ORDER_CLOSED": OrderClosed,
    "ORDERNOTEXIST": NotFound,
    "ORDER_NOT_EXIST": NotFound,
    "RESOURCE_NOT_EXISTS": NotFound,
    "REFUNDNOTEXIST": NotFound,
    "NO_AUTH": NotPermitted,
    "RULE_LIMIT": NotPermitted,
    "RULELIMIT": NotPermitted,
    "ACCOUNT_ERROR": NotPermitted,
    "SIGN_ERROR": ConfigError,
    "APPID_MCHID_NOT_MATCH": ConfigError,
    "MCHID_NOT_EXIST": ConfigError,
    "MCH_NOT_EXISTS": ConfigError,
    "NOT_ENOUGH": MerchantBalanceLow,
    "NOTENOUGH": MerchantBalanceLow,
    "FREQUENCY_LIMITED": RateLimited,
    "FREQUENCY_LIMIT_EXCEED": RateLimited,
    "RATELIMIT_EXCEEDED": RateLimited,
    "SYSTEM_ERROR": OutcomeUnknown,
    "SYSTEMERROR": OutcomeUnknown,
    "BANK_ERROR": OutcomeUnknown,
    "BIZERR_NEED_RETRY": OutcomeUnknown,
}
_BY_STATUS: Final[dict[int, type[GatewayError]]] = {
    401: ConfigError,
    403: NotPermitted,
    429: RateLimited,
}
_USER_MESSAGES: Final[dict[type[GatewayError], str]] = {
    AlreadyPaid: _("订单已支付，请勿重复付款"),
    OrderClosed: _("支付已关闭，请重新发起支付"),
    RateLimited: _("操作过于频繁，请稍后再试"),
    OutcomeUnknown: _("微信支付暂时没有回应，请稍后查看支付结果"),
}
_FALLBACK_MESSAGE: Final = _("微信支付暂时不可用，请稍后再试或选择其他支付方式")
# Messages may quote what was sent: openids, signatures and keys are long and without spaces.
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_\-]{20,}")
_MESSAGE_CHARS = 200


def from_answer(answer: HttpResponse) -> GatewayError:
    """The error that an answer outside 2xx means.

    Without a code of the provider's the answer is somebody else's, a proxy's perhaps: then the
    outcome is unknown, unless the status alone says enough.
    """
    code, message = _code_and_message(answer.content)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(answer.status)
    if kind is None:
        client_fault = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        kind = InvalidRequest if code and client_fault else OutcomeUnknown
    return kind(
        f"HTTP {answer.status} {code} {clean(message)}".strip(),
        provider_code=code or str(answer.status),
        user_message=_USER_MESSAGES.get(kind, _FALLBACK_MESSAGE),
    )


def no_answer() -> OutcomeUnknown:
    """Sent, and then silence."""
    return OutcomeUnknown("no answer from WeChat Pay", user_message=_USER_MESSAGES[OutcomeUnknown])


def clean(message: str) -> str:
    """A provider's message, short and without anything that could be a secret or an identity."""
    visible = "".join(char for char in message if char.isprintable())
    return _LONG_WORD.sub("…", visible)[:_MESSAGE_CHARS]


def _code_and_message(content: bytes) -> tuple[str, str]:
    try:
        body = reading.load_object(content)
        code = reading.text(body, "code")
    except reading.Malformed:
        return "", ""
    message = body.get("message")
    return clean(code)[:64], message if isinstance(message, str) else ""
