"""What a region says about its counters."""

from __future__ import annotations

from string import Template
from typing import Any, Final

import colander
from deform.widget import TextAreaWidget

from suwen_payment_offline.i18n import _
from suwen_payment_offline.limit import DEFAULT_LIMIT_FEN, YuanAmount

DEFAULT_DAYS: Final = 7
PLACEHOLDERS: Final = frozenset({"code", "amount", "deadline"})
DEFAULT_INSTRUCTIONS: Final = (
    "请在 ${deadline} 前到本地区任一网点的收银台，出示付款登记码 ${code} 并支付 ${amount} 元"
    "（现金、刷卡或银行转账均可）。收银员确认收款后，系统才会生成订单。"
)


def _uses_known_placeholders(node: Any, value: str) -> None:
    template = Template(value)
    if not template.is_valid() or not PLACEHOLDERS.issuperset(template.get_identifiers()):
        message = _("只能使用 ${code}、${amount} 和 ${deadline}；要显示 $ 请写成 $$")
        raise colander.Invalid(node, message)


class SettingsSchema(colander.Schema):
    """线下支付的说明与限制."""

    instructions = colander.SchemaNode(
        colander.String(),
        missing=DEFAULT_INSTRUCTIONS,
        default=DEFAULT_INSTRUCTIONS,
        title=_("付款说明"),
        description=_("买家登记后看到的文字。登记码、金额（元）和截止时间会填入文中的占位符"),
        widget=TextAreaWidget(rows=5),
        validator=colander.All(colander.Length(max=1000), _uses_known_placeholders),
    )
    intent_days = colander.SchemaNode(
        colander.Integer(strict=True),
        missing=DEFAULT_DAYS,
        default=DEFAULT_DAYS,
        title=_("登记有效期（天）"),
        description=_("逾期未到收银台付款，登记自动作废"),
        validator=colander.Range(1, 30, _("最少 1 天"), _("最多 30 天")),
    )
    max_amount_fen = colander.SchemaNode(
        YuanAmount(),
        missing=DEFAULT_LIMIT_FEN,
        default=DEFAULT_LIMIT_FEN,
        title=_("单笔限额（元）"),
        description=_("超过限额的订单不显示线下支付"),
        validator=colander.Range(min=1, min_err=_("限额必须大于 0")),
    )
