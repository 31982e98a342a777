"""Life of a commission line."""

from __future__ import annotations

from typing import Final

from suwen.kernel.i18n import _
from suwen.kernel.states import machine

COMMISSION: Final = machine(
    "commission",
    held="frozen reversed",
    frozen="releasable reversed",
    releasable="available reversed",
    available="reversed",
)

TITLES: Final = {
    "held": _("待加入"),
    "frozen": _("冻结中"),
    "releasable": _("待发放"),
    "available": _("可用"),
    "reversed": _("已收回"),
}
