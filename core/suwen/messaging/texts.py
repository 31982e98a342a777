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
EMAIL_THEN_PHONE: Final = ("email", "phone")


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


def _security(
    subject: str,
    text: str,
    subject_en: str,
    text_en: str,
    chain: tuple[str, ...] = PHONE_THEN_EMAIL,
) -> Kind:
    """Something was done to the account; who did not do it himself learns what to do."""
    return Kind(
        zh=Wording(subject, f"{text}如果不是您本人操作，请立即联系客服。"),
        en=Wording(subject_en, f"{text_en} If this was not you, contact us at once."),
        link="/me/sessions",
        category=Category.TRANSACTIONAL,
        chain=chain,
    )


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
    "account_opened": Kind(
        zh=Wording(
            "您的素问账户已开通",
            "工作人员已为您开通账户。请在登录页选择“忘记密码”，用收到的验证码设置密码后登录。",
        ),
        en=Wording(
            "Your Suwen account is open",
            "An account was opened for you. Choose “forgot password” to set one by a code.",
        ),
        link="/reset-password",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
        lasts=timedelta(days=14),
    ),
    "support_access": Kind(
        zh=Wording(
            "客服代您进行了操作",
            "客服人员在 ${moment} 进入了您的账户协助您，不能查看健康资料。如非您本人要求，请联系我们。",
        ),
        en=Wording(
            "Support acted in your account",
            "At ${moment} support entered your account to help you; health data stay closed to them. "
            "Please contact us if you did not ask for it.",
        ),
        link="/me/archive/accesses",
    ),
    "accounts_merged": Kind(
        zh=Wording("您的账户已合并", "您的另一个账户已并入此账户，原登录方式仍可使用。"),
        en=Wording(
            "Your accounts were merged",
            "Your other account is now part of this one. Both ways to sign in keep working.",
        ),
        link="/me",
    ),
    "export_ready": Kind(
        zh=Wording(
            "您的个人信息副本已准备好", "您申请的个人信息副本已准备好，请在 ${days} 天内登录下载。"
        ),
        en=Wording(
            "The copy of your data is ready",
            "The copy of your data that you asked for is ready. Sign in to download it within "
            "${days} days.",
        ),
        link="/me/privacy/export",
        category=Category.TRANSACTIONAL,
        chain=EMAIL_THEN_PHONE,
    ),
    "erasure_planned": Kind(
        zh=Wording(
            "您的账户将被注销",
            "您申请了注销账户，将于 ${day} 之后进行。在此之前登录即可取消。如非您本人申请，请立即取消。",
        ),
        en=Wording(
            "Your account will be closed",
            "You asked to close your account. It will happen after ${day}; until then sign in to "
            "cancel. If it was not you, cancel it at once.",
        ),
        link="/me/privacy/erasure",
        category=Category.TRANSACTIONAL,
        chain=PHONE_THEN_EMAIL,
    ),
    "erasure_done": Kind(
        zh=Wording(
            "您的账户已注销",
            "您的账户已注销，个人信息已删除。回执编号 ${number}，之后不再发送消息。",
        ),
        en=Wording(
            "Your account is closed",
            "Your account is closed and your personal data are erased. The receipt is ${number}; "
            "this is the last message.",
        ),
        link="/privacy/receipts/${number}",
        category=Category.TRANSACTIONAL,
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
    "new_device": Kind(
        zh=Wording(
            "新设备登录提醒",
            "您的账户刚刚在一台新设备上登录。如果不是您本人，请修改密码并退出其他设备。",
        ),
        en=Wording(
            "Sign-in from a new device",
            "Your account was signed in on a new device. If this was not you, change your password "
            "and sign out the other devices.",
        ),
        link="/me/sessions",
        category=Category.TRANSACTIONAL,
        chain=EMAIL_THEN_PHONE,
    ),
    "password_changed": _security(
        "密码已修改",
        "您的登录密码已修改，其他设备需要重新登录。",
        "Password changed",
        "Your password was changed; other devices have to sign in again.",
    ),
    "phone_changed": _security(
        "登录手机号已更换",
        "您的登录手机号已更换，此号码不能再登录。",
        "Phone number changed",
        "The phone number of your account was changed; this one no longer signs you in.",
    ),
    "email_changed": _security(
        "登录邮箱已更换",
        "您的登录邮箱已更换，此邮箱不能再登录。",
        "E-mail address changed",
        "The e-mail address of your account was changed; this one no longer signs you in.",
        chain=EMAIL_THEN_PHONE,
    ),
    "phone_removed": _security(
        "登录手机号已解绑",
        "您的登录手机号已解绑，此号码不能再登录。",
        "Phone number removed",
        "The phone number was removed from your account and no longer signs you in.",
    ),
    "email_removed": _security(
        "登录邮箱已解绑",
        "您的登录邮箱已解绑，此邮箱不能再登录。",
        "E-mail address removed",
        "The e-mail address was removed from your account and no longer signs you in.",
        chain=EMAIL_THEN_PHONE,
    ),
    "login_added": _security(
        "已绑定新的登录方式",
        "您的账户绑定了新的登录方式。",
        "New way to sign in",
        "A new way to sign in was added to your account.",
    ),
    "login_removed": _security(
        "登录方式已解绑",
        "您的账户解绑了一种登录方式。",
        "Way to sign in removed",
        "A way to sign in was removed from your account.",
    ),
    "recovery_code_used": _security(
        "恢复码已使用",
        "有人用您的恢复码通过了两步验证，这个恢复码已失效。",
        "Recovery code used",
        "One of your recovery codes was used for the second step and is now void.",
    ),
    "second_factor_on": _security(
        "两步验证已开启",
        "您的账户开启了两步验证。",
        "Two-step verification on",
        "Two-step verification was switched on for your account.",
    ),
    "second_factor_changed": _security(
        "两步验证已更新",
        "您的身份验证器或恢复码已更换，旧的已失效。",
        "Two-step verification changed",
        "Your authenticator or recovery codes were replaced; the old ones are void.",
    ),
    "second_factor_off": _security(
        "两步验证已关闭",
        "您的账户关闭了两步验证。",
        "Two-step verification off",
        "Two-step verification was switched off for your account.",
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
