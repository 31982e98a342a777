"""Built-in staff roles and what each may do (内置角色). They cannot be changed, only copied.

A permission is ``staff.<area>`` and is declared by its domain, see ``staffing.permissions``. System,
health and audit stay apart (等保 2.0 8.1.4.2 d): who runs the shop reads neither reports nor the
audit log, and who reads the log changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from suwen.accounts.staffing.permissions import with_staff
from suwen.kernel.i18n import _

EVERYWHERE: Final = "*"
AUDIT: Final = "staff.audit"

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "administrator": (
        "plugins",
        "orders",
        "cashier",
        "finance",
        "catalog",
        "members",
        "members.edit",
        "members.reveal",
        "members.merge",
        "members.impersonate",
        "messages",
        "staff",
        "roles",
        "branches",
        "consents",
        "privacy",
    ),
    "finance": ("finance", "orders"),
    "catalog": ("catalog",),
    "customer_service": (
        "orders",
        "members",
        "members.edit",
        "members.reveal",
        "members.impersonate",
        "messages",
    ),
    "cashier": ("cashier", "orders"),
    "sampling": ("orders",),
    "report_importer": ("reports",),
    "laboratory": ("reports",),
    "branch_administrator": ("staff", "branches", "members", "members.edit", "orders", "cashier"),
    "expert": ("reports",),
    "auditor": ("audit",),
}

TITLES: Final[Mapping[str, str]] = {
    "administrator": _("平台管理员"),
    "finance": _("财务"),
    "catalog": _("商品编辑"),
    "customer_service": _("客服"),
    "cashier": _("收银员"),
    "sampling": _("采样点人员"),
    "report_importer": _("报告导入员"),
    "laboratory": _("检测机构"),
    "branch_administrator": _("分支机构管理员"),
    "expert": _("专家"),
    "auditor": _("审计员"),
}


def built_in(role: str) -> frozenset[str]:
    """Names of the permissions of a built-in role; an unknown one has none."""
    return frozenset(f"staff.{area}" for area in ROLES.get(role, ()))


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """``staff`` and every permission of these built-in roles; unknown roles give nothing."""
    return with_staff(name for role in roles for name in built_in(role))
