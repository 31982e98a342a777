"""Entry point of the plugin ``push_email``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.push import PushChannel
from suwen_push_email.channel import CODE, EmailChannel
from suwen_push_email.i18n import _

plugin_info: Final = PluginInfo(
    id=CODE,
    title=_("电子邮件"),
    family="push",
    description=_("通过 SMTP 服务器发送验证码和通知邮件；开发环境可用控制台代替"),
)


@hookimpl
def suwen_push_channels() -> Sequence[PushChannel]:
    """The one channel of this plugin."""
    return (EmailChannel(),)
