"""Reports on the first page of the member centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from suwen.accounts.overview import Card, member_card
from suwen.archives.models import ArchiveRecord
from suwen.archives.states import READABLE
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request


@member_card(order=20)
def report_card(request: Request) -> Sequence[Card]:
    """How many records there are, and how many were never opened. For the member's own eyes."""
    if "member.private" not in request.identity.permissions:
        return ()
    query = select(
        func.count(),
        func.count().filter(ArchiveRecord.first_read_at.is_(None)),
    ).where(
        ArchiveRecord.member_id == request.identity.member_id, ArchiveRecord.state.in_(READABLE)
    )
    total, unread = request.db.execute(query).one()
    note = _("${n} 份未读", mapping={"n": unread}) if unread else ""
    href = request.route_path("archives.list")
    return [
        Card(_("健康报告"), str(total), href, "file-earmark-medical", note, calls=unread > 0),
    ]
