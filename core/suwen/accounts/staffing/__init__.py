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
    ("staff.branches", _("管理分支机构"), "places", True),
)


ROUTES: Final = (
    ("admin.staff", "/admin/staff"),
    ("admin.staff_new", "/admin/staff/new"),
    ("admin.staff_member", "/admin/staff/{id}"),
    ("admin.staff_grant", "/admin/staff/{id}/grant"),
    ("admin.staff_edit", "/admin/staff/{id}/edit"),
    ("admin.staff_revoke", "/admin/staff/{id}/revoke/{grant}"),
    ("admin.staff_dismiss", "/admin/staff/{id}/dismiss"),
    ("admin.roles", "/admin/roles"),
    ("admin.role_new", "/admin/roles/new"),
    ("admin.role", "/admin/roles/{code}"),
    ("admin.role_edit", "/admin/roles/{code}/edit"),
    ("admin.role_retire", "/admin/roles/{code}/retire"),
    ("admin.branches", "/admin/branches"),
    ("admin.branch_new", "/admin/branches/new"),
    ("admin.branch", "/admin/branches/{id}"),
    ("admin.branch_edit", "/admin/branches/{id}/edit"),
    ("admin.branch_hand_over", "/admin/branches/{id}/hand-over"),
    ("admin.branch_close", "/admin/branches/{id}/close"),
)

NAV: Final = (
    ("admin.staff", _("管理员"), "admin.staff", 10, "staff.staff", "diagram-3"),
    ("admin.staff", _("角色与权限"), "admin.roles", 20, "staff.roles", "key"),
    ("admin.places", _("分支机构"), "admin.branches", 10, "staff.branches", "building"),
)


def includeme(config: Configurator) -> None:
    """Declare what staff may do with members and with one another; mount routes and menu."""
    config.include("suwen.accounts.staffing.permissions")
    for name, title, area, by_branch in PERMISSIONS:
        config.add_suwen_permission(name, title, area, by_branch=by_branch)
    for name, path in ROUTES:
        config.add_route(name, path)
    config.add_suwen_nav_group("admin.staff", _("员工与权限"), order=125)
    for slot, title, route, order, permission, icon in NAV:
        config.add_suwen_nav(slot, title, route, order=order, permission=permission, icon=icon)
