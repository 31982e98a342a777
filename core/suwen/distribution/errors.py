"""What can go wrong with distribution."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Invalid
from suwen.kernel.i18n import _


class RewardRefused(Conflict):
    """The region's reward scheme failed, and its setting says not to sell without it."""

    code = "reward_refused"
    message = _("返现方案暂时无法计算，订单未提交，请稍后再试")


class OldTerms(Invalid):
    """Not the present version of the distributor's terms."""

    code = "old_terms"
    message = _("条款已更新，请阅读最新版本后再加入")
