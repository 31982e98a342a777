"""Addresses of the pages about members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator

ROUTES: Final = (
    ("admin.members", "/admin/members"),
    ("admin.members_search", "/admin/members/search"),
    ("admin.members_file", "/admin/members/file"),
    ("admin.members_views", "/admin/members/views"),
    ("admin.members_bulk", "/admin/members/bulk"),
    ("admin.members_bulk_begin", "/admin/members/bulk/begin"),
    ("admin.members_bulk_run", "/admin/members/bulk/{id}"),
    ("admin.member_new", "/admin/members/new"),
    ("admin.member", "/admin/members/{id}"),
    ("admin.member_panel", "/admin/members/{id}/panels/{name}"),
    ("admin.member_tags", "/admin/members/{id}/tags"),
    ("admin.member_branch", "/admin/members/{id}/branch"),
    ("admin.member_sessions", "/admin/members/{id}/sessions"),
    ("admin.member_state", "/admin/members/{id}/state"),
    ("admin.member_reveal", "/admin/members/{id}/reveal/{field}"),
    ("admin.member_merge", "/admin/members/{id}/merge"),
    ("admin.member_act", "/admin/members/{id}/act"),
    ("accounts.act_end", "/acting/end"),
)


def includeme(config: Configurator) -> None:
    """Mount routes and the back office's menu."""
    for name, pattern in ROUTES:
        config.add_route(name, pattern)
    config.add_suwen_nav(
        "admin.members",
        _("会员"),
        "admin.members",
        order=10,
        permission="staff.members",
        icon="people",
    )
