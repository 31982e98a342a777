"""Staff: what may be done, roles, branches, and the tree of administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator

PERMISSIONS: Final = (
    ("staff.members", _("查看会员（信息脱敏）"), "members", True),
    ("staff.members.edit", _("编辑、锁定会员和打标签"), "members", True),
    ("staff.members.reveal", _("查看会员的完整信息"), "members", True),
    ("staff.members.merge", _("合并会员账户"), "members", True),
    ("staff.members.impersonate", _("代会员操作"), "members", True),
    ("staff.consents", _("管理授权文本"), "members", False),
    ("staff.staff", _("管理下级管理员和授予角色"), "staff", True),
    ("staff.roles", _("管理角色"), "staff", False),
    ("staff.branches", _("管理分支机构"), "staff", True),
)


def includeme(config: Configurator) -> None:
    """Declare what staff may do with members and with one another."""
    config.include("suwen.accounts.staffing.permissions")
    for name, title, area, by_branch in PERMISSIONS:
        config.add_suwen_permission(name, title, area, by_branch=by_branch)
