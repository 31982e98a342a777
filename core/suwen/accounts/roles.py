"""Built-in staff roles and what each may do (内置角色).

A permission is ``staff.<area>``. System, health and audit stay apart (等保 2.0 8.1.4.2 d): who runs
the shop reads neither reports nor the audit log, and who reads the log changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from suwen.kernel.i18n import _

EVERYWHERE: Final = "*"
AUDIT: Final = "staff.audit"

AREAS: Final = (
    "plugins",
    "orders",
    "cashier",
    "finance",
    "reports",
    "catalog",
    "members",
    "audit",
    "messages",
)

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "administrator": (
        "plugins",
        "orders",
        "cashier",
        "finance",
        "catalog",
        "members",
        "messages",
    ),
    "catalog": ("catalog",),
    "cashier": ("cashier", "orders"),
    "customer_service": ("orders", "members", "messages"),
    "finance": ("finance", "orders"),
    "laboratory": ("reports",),
    "expert": ("reports",),
    "auditor": ("audit",),
}

TITLES: Final[Mapping[str, str]] = {
    "administrator": _("管理员"),
    "catalog": _("商品管理"),
    "cashier": _("收银员"),
    "customer_service": _("客服"),
    "finance": _("财务"),
    "laboratory": _("检测机构"),
    "expert": _("专家"),
    "auditor": _("审计员"),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """``staff`` and every ``staff.<area>`` of the roles; unknown roles give nothing."""
    areas = {area for role in roles for area in ROLES.get(role, ())}
    return frozenset({"staff", *(f"staff.{area}" for area in areas)}) if areas else frozenset()
