"""Words of scorers and reports as message ids, so that both languages have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from suwen.kernel.i18n import DEFAULT, _

YES, MOSTLY, LIKELY, NO = _("是"), _("基本是"), _("倾向是"), _("否")

TYPES: Final = (
    _("平和质"),
    _("气虚质"),
    _("阳虚质"),
    _("阴虚质"),
    _("痰湿质"),
    _("湿热质"),
    _("血瘀质"),
    _("气郁质"),
    _("特禀质"),
)
"""Titles of the nine constitution types, which scorers give in Chinese."""

STANDARDS: Final = (
    # An association standard of 2009; the recommended national one is another document.
    _("ZYYXH/T157-2009《中医体质分类与判定》（中华中医药学会标准，2009）"),
)

ANSWERED_BY: Final[Mapping[str, str]] = {
    "self": _("本人"),
    "guardian": _("监护人"),
    "staff": _("工作人员协助"),
}

FLAGS: Final[Mapping[str, str]] = {
    "uniform": _("所有题目选了同一个答案"),
    "fast": _("作答速度很快"),
}


def in_locale(texts: Mapping[str, Any], locale: str) -> Any:
    """The text in the reader's language, else in Chinese, else in whatever there is."""
    return texts.get(locale) or texts.get(DEFAULT) or next(iter(texts.values()), "")
