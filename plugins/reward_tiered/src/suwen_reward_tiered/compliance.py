"""What the law and the house say to a set of settings, before they count in a region.

Sources: 《禁止传销条例》 (2005) art. 7, 《刑法》 art. 224-1, notices of the WeChat platform of 2015 and 2016.
It is a guard against known faults and no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from suwen.hookspecs.common import Problem
from suwen_reward_tiered import rates
from suwen_reward_tiered.i18n import _
from suwen_reward_tiered.settings import DEFAULT_CAP, DEFAULT_LEVELS, DEFAULT_RATES

FORBIDDEN: Final[Mapping[str, str]] = {
    "headcount_reward_fen": _(
        "不得按发展人数计酬：《禁止传销条例》第七条第（一）项。返现只能来自已付款的订单"
    ),
    "entry_fee_fen": _("不得收取入门费：《禁止传销条例》第七条第（二）项。加入分销必须免费"),
    "starter_pack": _(
        "不得要求认购商品取得加入资格：《禁止传销条例》第七条第（二）项。加入分销必须免费"
    ),
    "purchase_required": _(
        "不得以购买作为加入的唯一条件：《禁止传销条例》第七条第（二）项。必须保留免费加入的途径"
    ),
    "recruiting_target": _("不得要求被发展人员发展其他人员：《禁止传销条例》第七条第（三）项"),
}
"""Settings that no scheme may have, such as an import from another system would bring."""


def check(settings: Mapping[str, Any]) -> Sequence[Problem]:
    """All findings; an ``error`` refuses activation."""
    return [*_forbidden(settings), *_levels(settings), *_rates(settings), _reminder()]


def _forbidden(settings: Mapping[str, Any]) -> Iterator[Problem]:
    for name, text in FORBIDDEN.items():
        if settings.get(name):
            yield Problem("error", text, name)


def _levels(settings: Mapping[str, Any]) -> Iterator[Problem]:
    levels = settings.get("levels", DEFAULT_LEVELS)
    if levels > len(rates.LEVELS):
        text = _(
            "返现 ${levels} 级超过两级：《禁止传销条例》第七条第（三）项，《刑法》第二百二十四条之一",
            mapping={"levels": levels},
        )
        yield Problem("error", text, "levels")
    elif levels > 1:
        text = _("微信平台的规则把推荐人本人计入级数：在微信推广的地区请把返现级数设为 1")
        yield Problem("warning", text, "levels")


def _rates(settings: Mapping[str, Any]) -> Iterator[Problem]:
    first, second = (settings.get(rates.key(level), DEFAULT_RATES[level]) for level in rates.LEVELS)
    cap = settings.get("cap_bp", DEFAULT_CAP)
    total = first + (second if settings.get("levels", DEFAULT_LEVELS) > 1 else 0)
    if min(first, second, cap) < 0 or cap > rates.BASIS:
        text = _(
            "比例和上限必须在 0 到 10000 基点之间：返现不得超出实际销售，《禁止传销条例》第七条"
        )
        yield Problem("error", text, "cap_bp")
    if total > cap:
        text = _(
            "各级比例之和 ${total} 基点超过上限 ${cap} 基点：返现不得脱离真实销售，《禁止传销条例》第七条",
            mapping={"total": total, "cap": cap},
        )
        yield Problem("error", text, "cap_bp")
    if cap > DEFAULT_CAP:
        text = _("合计上限高于 2000 基点（20%），请确认不是误填")
        yield Problem("warning", text, "cap_bp")
    if second > first:
        text = _("二级比例高于一级，接近按团队业绩计酬：参见《禁止传销条例》第七条第（三）项")
        yield Problem("warning", text, rates.key(2))


def _reminder() -> Problem:
    return Problem(
        "warning", _("8% + 4% 属常见做法，但不等于必然合法：启用前请由法律顾问审核本方案")
    )
