"""Entry point of the plugin ``push_sms``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.push import PushChannel
from suwen_push_sms.channel import CODE, SmsChannel
from suwen_push_sms.i18n import _

plugin_info: Final = PluginInfo(
    id=CODE,
    title=_("短信"),
    family="push",
    description=_("通过阿里云或腾讯云发送验证码和通知短信；开发环境可用控制台代替"),
)


@hookimpl
def suwen_push_channels() -> Sequence[PushChannel]:
    """The one channel of this plugin."""
    return (SmsChannel(),)
