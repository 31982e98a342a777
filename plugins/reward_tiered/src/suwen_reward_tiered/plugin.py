"""Entry point of the plugin ``reward_tiered``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.reward import RewardScheme
from suwen_reward_tiered.i18n import _
from suwen_reward_tiered.scheme import TieredScheme

plugin_info: Final = PluginInfo(
    id="reward_tiered",
    title=_("两级返现"),
    family="reward",
    description=_("按订单实付金额的比例给一级和二级推荐人返现，可按分类、产品和规格另定比例"),
)


@hookimpl
def suwen_reward_schemes() -> Sequence[RewardScheme]:
    """The one scheme of this plugin."""
    return (TieredScheme(),)
