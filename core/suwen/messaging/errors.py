"""What can go wrong while telling somebody something."""

from __future__ import annotations

from suwen.kernel.errors import Conflict
from suwen.kernel.i18n import _


class NoChannel(Conflict):
    """The region has no channel that reaches this kind of address."""

    status = 503
    code = "no_channel"
    message = _("本地区暂时不能向这类地址发送验证码，请换用手机号或邮箱再试")


class UnknownKind(LookupError):
    """A kind of message that has no text: a mistake in the program."""
