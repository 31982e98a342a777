"""What a region enters to send e-mail."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

import colander
from deform.widget import PasswordWidget, SelectWidget

from suwen_push_email import addresses
from suwen_push_email.i18n import _

CONSOLE: Final = "console"
SMTP: Final = "smtp"
NONE, STARTTLS, TLS = "none", "starttls", "tls"


def _is_address(node: Any, value: str) -> None:
    try:
        addresses.canonical(value)
    except ValueError:
        raise colander.Invalid(node, _("不是有效的邮箱地址")) from None


def _is_plain(node: Any, value: str) -> None:
    if not value.isprintable():
        raise colander.Invalid(node, _("不能包含换行或其他控制字符"))


class SettingsSchema(colander.Schema):
    """发信服务器."""

    backend = colander.SchemaNode(
        colander.String(),
        missing=CONSOLE,
        default=CONSOLE,
        title=_("发送方式"),
        description=_("控制台只用于开发环境，不会真正发送邮件"),
        widget=SelectWidget(values=[(CONSOLE, _("控制台")), (SMTP, _("SMTP 服务器"))]),
        validator=colander.OneOf([CONSOLE, SMTP]),
    )
    host = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("服务器"),
        description=_("例如 smtp.example.com"),
        validator=colander.Regex(r"^[A-Za-z0-9.:-]{1,253}\Z", _("只填写主机名，不带协议和端口")),
    )
    port = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=587,
        default=587,
        title=_("端口"),
        description=_("STARTTLS 一般是 587，TLS 一般是 465"),
        validator=colander.Range(1, 65535, _("端口从 1 开始"), _("端口最大 65535")),
    )
    security = colander.SchemaNode(
        colander.String(),
        missing=STARTTLS,
        default=STARTTLS,
        title=_("加密"),
        description=_("不加密只适用于本机的邮件服务"),
        widget=SelectWidget(
            values=[(STARTTLS, "STARTTLS"), (TLS, "TLS"), (NONE, _("不加密"))],
        ),
        validator=colander.OneOf([NONE, STARTTLS, TLS]),
    )
    username = colander.SchemaNode(
        colander.String(), missing="", title=_("用户名"), validator=_is_plain
    )
    password = colander.SchemaNode(
        colander.String(),
        secret=True,
        missing="",
        title=_("密码"),
        description=_("很多邮箱服务要求使用授权码而不是登录密码"),
        widget=PasswordWidget(),
        validator=_is_plain,
    )
    sender = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("发件地址"),
        description=_("例如 no-reply@example.com"),
        validator=_is_address,
    )
    sender_name = colander.SchemaNode(
        colander.String(),
        missing="素问",
        default="素问",
        title=_("发件人名称"),
        validator=colander.All(colander.Length(max=40), _is_plain),
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def faults(settings: Mapping[str, Any]) -> Mapping[str, str]:
    """What keeps SMTP from working, as field and text."""
    found = {name: _("请填写这一项") for name in ("host", "sender") if not settings.get(name)}
    if settings.get("username") and not settings.get("password"):
        found["password"] = _("填写了用户名就必须填写密码")
    if settings.get("password") and not settings.get("username"):
        found["username"] = _("填写了密码就必须填写用户名")
    if settings["security"] == NONE and not is_loopback(str(settings.get("host"))):
        found["security"] = _("连接其他机器必须加密，请选择 STARTTLS 或 TLS")
    return found
