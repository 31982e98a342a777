"""Archives (健康档案): what is known about a subject, sealed and logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import Retention, keep_for, register
from suwen.archives.merging import merger
from suwen.archives.personal import ArchiveData, purge_unmatched, spent_lines
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House

ROUTES = (
    ("archives.list", "/me/archive"),
    ("archives.accesses", "/me/archive/accesses"),
    ("archives.record", "/me/archive/{id}"),
    ("archives.document", "/me/archive/{id}/documents/{document}"),
    ("admin.reports", "/admin/reports"),
    ("admin.report_import", "/admin/reports/import"),
    ("admin.report_move", "/admin/reports/{id}/{step}"),
)


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.archives.views")
    house: House = config.registry.house
    register(house, ArchiveData(house))
    house.ports.setdefault("spent_lines", []).append(spent_lines)
    keep_for(
        house,
        Retention("archives.unmatched", _("未匹配或被拒收的报告文件"), 180, 30, purge_unmatched),
    )
    config.registry.house.ports.setdefault(MERGERS, []).append(merger())
    config.add_suwen_permission(
        "staff.reports", _("导入、查看和发布检测报告"), "health", by_branch=True
    )
    config.add_suwen_nav(
        "storefront.member",
        _("健康档案"),
        "archives.list",
        order=20,
        permission="member.private",
        icon="file-earmark-medical",
    )
    config.add_suwen_nav(
        "admin.health",
        _("检测报告"),
        "admin.reports",
        order=10,
        permission="staff.reports",
        icon="file-earmark-medical",
    )
