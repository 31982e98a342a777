"""What an administrator enters: rates in basis points, 100 of which are one per cent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import colander
from deform.widget import TextAreaWidget

from suwen_reward_tiered import rates
from suwen_reward_tiered.i18n import _

DEFAULT_LEVELS: Final = 2
DEFAULT_RATES: Final = {1: 800, 2: 400}
DEFAULT_CAP: Final = 2000


def _are_category_rates(node: Any, value: str) -> None:
    try:
        rates.read_categories(value)
    except rates.RateInvalid as error:
        message = _("无法识别这一行：${line}", mapping={"line": str(error)})
        raise colander.Invalid(node, message) from None


class SettingsSchema(colander.Schema):
    """返现比例."""

    levels = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_LEVELS,
        default=DEFAULT_LEVELS,
        title=_("返现级数"),
        description=_("1 或 2。微信渠道把推荐人本人计入级数，只在微信推广的地区应设为 1"),
        validator=colander.Range(1, 2, _("最少 1 级"), _("最多 2 级：《禁止传销条例》第七条")),
    )
    level1_bp = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_RATES[1],
        default=DEFAULT_RATES[1],
        title=_("一级比例（基点）"),
        description=_("直接推荐人所得。100 基点 = 1%，800 基点 = 8%"),
        validator=colander.Range(0, rates.BASIS, _("不能小于 0"), _("不能大于 10000 基点（100%）")),
    )
    level2_bp = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_RATES[2],
        default=DEFAULT_RATES[2],
        title=_("二级比例（基点）"),
        description=_("推荐人的推荐人所得。100 基点 = 1%，400 基点 = 4%"),
        validator=colander.Range(0, rates.BASIS, _("不能小于 0"), _("不能大于 10000 基点（100%）")),
    )
    cap_bp = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_CAP,
        default=DEFAULT_CAP,
        title=_("各级合计上限（基点）"),
        description=_(
            "任何一行各级比例之和不超过它，产品和规格另定的比例也不例外。2000 基点 = 20%"
        ),
        validator=colander.Range(0, rates.BASIS, _("不能小于 0"), _("不能大于 10000 基点（100%）")),
    )
    category_rates = colander.SchemaNode(
        colander.String(),
        missing="",
        default="",
        title=_("分类比例"),
        description=_(
            "每行一个分类，写成“分类编号: 一级基点, 二级基点”，例如 12: 500, 200。"
            "0 表示不返现，- 表示沿用上面的比例。产品属于多个分类时取最低者"
        ),
        widget=TextAreaWidget(rows=5),
        validator=_are_category_rates,
    )

    def validator(self, node: Any, values: Mapping[str, Any]) -> None:
        """The sum of the levels that are paid stays under the cap."""
        paid = rates.LEVELS[: values["levels"]]
        if sum(values[rates.key(level)] for level in paid) > values["cap_bp"]:
            error = colander.Invalid(node)
            error["cap_bp"] = _("一级和二级比例之和超过了合计上限")
            raise error
