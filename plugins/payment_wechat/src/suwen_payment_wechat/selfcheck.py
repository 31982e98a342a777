"""What can be wrong with an account without asking the provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import colander

from suwen.hookspecs.common import PluginContext, Problem
from suwen.hookspecs.payment import ConfigError
from suwen_payment_wechat import keys
from suwen_payment_wechat.i18n import _
from suwen_payment_wechat.settings import DEFAULT_BASE_URL, SIMULATOR_MARK, Account, SettingsSchema

if TYPE_CHECKING:
    from cryptography import x509

EXPIRY_WARNING: Final = timedelta(days=30)


def problems(ctx: PluginContext) -> Sequence[Problem]:
    """Findings, errors first."""
    try:
        SettingsSchema().deserialize(dict(ctx.settings))
    except colander.Invalid as error:
        return [Problem("error", text, name) for name, text in error.asdict().items()]
    try:
        keys.load_private_key(ctx.settings["merchant_private_key"], thorough=True)
        account = Account.of(ctx)
    except keys.KeyUnusable:
        return (Problem("error", _("商户私钥已损坏"), "merchant_private_key"),)
    except ConfigError:
        return (Problem("error", _("模拟网关的地址或密钥只能用于开发环境"), "base_url"),)
    found = [*_errors(account), *_certificate_findings(account, ctx.now())]
    if SIMULATOR_MARK in account.public_key_id:
        found.append(Problem("warning", _("正在使用模拟网关的密钥"), "public_key_id"))
    elif account.base_url != DEFAULT_BASE_URL:
        found.append(Problem("warning", _("接口地址不是微信支付的正式地址"), "base_url"))
    return sorted(found, key=lambda problem: problem.level != "error")


def _errors(account: Account) -> Iterator[Problem]:
    own = account.merchant_key.public_key().public_numbers()
    if any(key.public_numbers() == own for key in account.public_keys.values()):
        text = _("填写的是商户自己的公钥，请改为从商户平台下载的微信支付公钥")
        yield Problem("error", text, "public_key")
    for certificate in account.certificates:
        key = certificate.public_key()
        if keys.serial_of(certificate) == keys.normal_serial(account.merchant_serial) or (
            key == account.merchant_key.public_key()
        ):
            text = _("填写的是商户自己的证书，请改为微信支付平台证书")
            yield Problem("error", text, "platform_certificates")


def _certificate_findings(account: Account, now: datetime) -> Iterator[Problem]:
    if not account.certificates:
        return
    last = max(item.not_valid_after_utc for item in account.certificates)
    if last <= now:
        # No error: the next answer makes us fetch the present ones.
        text = _("填写的平台证书已全部过期，建议改用微信支付公钥")
        yield Problem("warning", text, "platform_certificates")
    elif last - now < EXPIRY_WARNING and not account.public_keys:
        yield Problem("warning", _expiry_text(account.certificates), "platform_certificates")


def _expiry_text(certificates: Sequence[x509.Certificate]) -> str:
    day = max(item.not_valid_after_utc for item in certificates)
    text: str = _(
        "平台证书将于 ${day} 到期，请改用微信支付公钥", mapping={"day": f"{day:%Y-%m-%d}"}
    )
    return text
