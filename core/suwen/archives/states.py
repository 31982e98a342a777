"""Life of a report."""

from __future__ import annotations

from typing import Final

from suwen.kernel.i18n import _
from suwen.kernel.states import machine

REPORT: Final = machine(
    "report",
    quarantined="matched refused",
    matched="released refused",
    released="superseded withdrawn",
)

TITLES: Final = {
    "quarantined": _("待核对"),
    "matched": _("待发布"),
    "released": _("已发布"),
    "superseded": _("已更新"),
    "withdrawn": _("已撤回"),
    "refused": _("已拒收"),
}

READABLE: Final = ("released", "superseded")
