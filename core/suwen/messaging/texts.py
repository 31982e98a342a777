"""Wording of every kind of message, neutral by rule: no product, no test, no result.

Health news is only ever "there is something new", with a link that asks for sign-in. A one-time
code stands in the code message and nowhere else. Outside a request there is no localizer, so both
languages stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from string import Template
from typing import Final

from suwen.hookspecs.push import Category, Rendered
from suwen.messaging.errors import UnknownKind

PHONE_THEN_EMAIL: Final = ("phone", "email")


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and text in one language; ``${name}`` comes from the payload."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its words, where its link leads, how long it is worth sending.

    ``chain`` names the kinds of address that are tried in turn beside the inbox.
    """

    zh: Wording
    en: Wording
    link: str = ""
    category: Category = Category.SERVICE
    chain: tuple[str, ...] = ()
    lasts: timedelta = field(default=timedelta(days=3))


KINDS: Final[Mapping[str, Kind]] = {
    "verification_code": Kind(
        zh=Wording("素问验证码", "您的验证码是 ${code}，${minutes} 分钟内有效。请勿告诉他人。"),
        en=Wording(
            "Suwen verification code",
            "Your verification code is ${code}, valid for ${minutes} minutes. Tell it to nobody.",
        ),
        category=Category.OTP,
        # A late code is worse than none: the member has pressed "send again" by then.
        lasts=timedelta(seconds=120),
    ),
    "welcome": Kind(
        zh=Wording("欢迎来到素问", "您的账户已开通。您可以在会员中心完善资料、管理授权与消息。"),
        en=Wording(
            "Welcome to Suwen",
            "Your account is ready. Complete your profile and manage consents in your account.",
        ),
        link="/me",
    ),
    "order_paid": Kind(
        zh=Wording("订单付款成功", "您的订单 ${number} 已付款，可在订单页查看后续安排。"),
        en=Wording(
            "Payment received", "Your order ${number} is paid. See the order for what comes next."
        ),
        link="/orders/${number}",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
    ),
    "report_ready": Kind(
        zh=Wording("您有新的健康资料", "您有一份新的健康资料，请登录素问查看。"),
        en=Wording(
            "Something new in your archive", "There is a new document for you. Sign in to read it."
        ),
        link="/me/archive",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
        lasts=timedelta(days=14),
    ),
    "commission_frozen": Kind(
        zh=Wording("您有一笔新收益", "一笔收益已计入您的冻结金额，到期后可提现。"),
        en=Wording("New commission", "A commission was added to your frozen balance."),
        link="/me/distribution",
    ),
    "intent_created": Kind(
        zh=Wording("请完成付款登记", "您的付款登记码是 ${number}，请在有效期内到收银台办理。"),
        en=Wording(
            "Please complete your payment",
            "Your payment reference is ${number}. Please show it at the counter before it expires.",
        ),
        link="/intents/${number}",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
    ),
    "refund_done": Kind(
        zh=Wording("退款已完成", "您的退款 ${number} 已完成，款项将按原路退回。"),
        en=Wording(
            "Refund completed", "Your refund ${number} is done. It returns the way it was paid."
        ),
        link="/orders",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
    ),
    "group_seat": Kind(
        zh=Wording("邀请您协助管理", "有单位邀请您协助管理其健康服务，请在 7 日内打开链接确认。"),
        en=Wording(
            "You are invited to help",
            "An organisation invites you to help manage its health service. Please open the link within 7 days.",
        ),
        link="/groups/invitations/${code}",
        category=Category.TRANSACTIONAL,
        lasts=timedelta(days=1),
    ),
    "roster_claim": Kind(
        zh=Wording("请确认您的健康服务", "单位为您登记了一项健康服务，请打开链接，由您本人确认。"),
        en=Wording(
            "Please confirm your health service",
            "Your organisation registered you for a health service. Please open the link to confirm it yourself.",
        ),
        link="/claims/${code}",
        category=Category.TRANSACTIONAL,
        lasts=timedelta(days=1),
    ),
}


def kind_of(name: str) -> Kind:
    """The kind of this name; raises ``UnknownKind``."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(name) from None


def render(name: str, locale: str, payload: Mapping[str, str], base_url: str) -> Rendered:
    """The core's own wording. Payload values are inserted as they are, never as templates."""
    kind = kind_of(name)
    wording = kind.en if locale.startswith("en") else kind.zh
    link = Template(kind.link).safe_substitute(payload)
    return Rendered(
        text=Template(wording.text).safe_substitute(payload),
        subject=wording.subject,
        link=f"{base_url.rstrip('/')}{link}" if link else "",
    )
