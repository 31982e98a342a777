"""A line explained to its beneficiary: level, rate and rule; never buyer, product or base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from suwen.hookspecs.reward import RewardLine, SchemeInfo

_RULE: Final[Mapping[str, str]] = {
    "zh": "{level}推荐返现：按本笔计返金额的 {rate} 计算，不足一分的部分舍去。方案 {code}，版本 {version}。",
    "en": (
        "{level} referral reward: {rate} of the amount that counts for rewards, rounded down to "
        "the fen. Scheme {code}, version {version}."
    ),
}
_LEVEL: Final[Mapping[str, Mapping[int, str]]] = {
    "zh": {1: "一级", 2: "二级"},
    "en": {1: "Level 1", 2: "Level 2"},
}
_REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "capped": "比例已按各级合计上限下调。",
        "not_joined": "您尚未加入分销，这笔返现暂时保留，加入后计入。",
        "self_purchase": "自己购买不计返现，这部分留归平台。",
        "upline_suspended": "该级推荐人的分销资格已暂停，这部分留归平台，不转给他人。",
        "upline_closed": "该级推荐人已退出分销，这部分留归平台，不转给他人。",
        "upline_unknown": "该级推荐人的状态无法确认，这部分留归平台。",
    },
    "en": {
        "capped": "The rate was lowered to the cap on the sum of all levels.",
        "not_joined": "You have not joined distribution yet: the reward is held until you do.",
        "self_purchase": "One's own purchase earns nothing: this share stays with the house.",
        "upline_suspended": "This level's distributor is suspended: the share stays with the house.",
        "upline_closed": "This level's distributor has left: the share stays with the house.",
        "upline_unknown": "This level's distributor cannot be confirmed: the share stays with the house.",
    },
}


def percent(rate_bp: int) -> str:
    """Basis points as per cent without needless zeros: 800 is ``8%``, 25 is ``0.25%``."""
    whole, part = divmod(rate_bp, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"


def explain(line: RewardLine, info: SchemeInfo, locale: str) -> str:
    """The rule that made a line, and why it is held or kept where it is."""
    language = "en" if locale.lower().startswith("en") else "zh"
    rule = _RULE[language].format(
        level=_LEVEL[language][line.level],
        rate=percent(line.rate_bp),
        code=info.code,
        version=info.version,
    )
    reasons = [_REASONS[language][code] for code in line.reason_codes]
    return (" " if language == "en" else "").join([rule, *reasons])
