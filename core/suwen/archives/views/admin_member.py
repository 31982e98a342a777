"""Titles of a member's records for staff who work with reports: looked at on demand, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from suwen.admin.panels import member_panel
from suwen.archives.models import ArchiveRecord
from suwen.archives.reach import within
from suwen.archives.services import archives
from suwen.archives.states import READABLE, TITLES
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

PERMISSION = "staff.reports"


@member_panel(
    "archives",
    _("健康档案"),
    PERMISSION,
    "admin/members/panels/archives.jinja2",
    order=60,
    on_demand=True,
)
def titles(request: Request, member_id: int) -> dict[str, Any]:
    """Titles only, of the regions and branches that the person works for; every subject's log says who looked."""
    query = select(ArchiveRecord.public_id, ArchiveRecord.subject_id).where(
        ArchiveRecord.member_id == member_id,
        ArchiveRecord.state.in_(READABLE),
        *within(request.identity.reach(PERMISSION)),
    )
    rows = request.db.execute(query.order_by(ArchiveRecord.id.desc()).limit(100)).all()
    for subject_id in sorted({row.subject_id for row in rows}):
        request.house.audit.write(
            request.db,
            request.actor,
            "record.titles",
            "member",
            member_id,
            subject_id=subject_id,
        )
    request.db.flush()
    shown = {row.public_id for row in rows}
    items, _following = request.find(archives).page(member_id, limit=100)
    return {"records": [item for item in items if item["id"] in shown], "titles": TITLES}
