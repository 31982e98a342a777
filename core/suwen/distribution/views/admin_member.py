"""Recommendations and commissions on a member's page: never who bought what below him."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from suwen.accounts.models import Member
from suwen.admin.panels import member_panel
from suwen.distribution.models import Binding, CommissionLine
from suwen.distribution.services import distribution
from suwen.distribution.states import TITLES
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request


@member_panel(
    "distribution",
    _("推荐返现"),
    "staff.members",
    "admin/members/panels/distribution.jinja2",
    order=30,
)
def earnings(request: Request, member_id: int) -> dict[str, Any]:
    """Who recommended him, how many he did, and sums by state."""
    service = request.find(distribution)
    sponsor = (
        select(Binding.sponsor_id, Member.display_name, Binding.permanent_at)
        .join(Member, Member.id == Binding.sponsor_id)
        .where(Binding.member_id == member_id)
    )
    sums = (
        select(
            CommissionLine.state,
            func.count().label("lines"),
            func.sum(CommissionLine.standing_fen).label("fen"),
        )
        .where(CommissionLine.beneficiary_id == member_id)
        .group_by(CommissionLine.state)
        .order_by(CommissionLine.state)
    )
    return {
        "distributor": service.distributor(member_id),
        "sponsor": request.db.execute(sponsor).first(),
        "team": service.team(member_id, limit=1),
        "sums": request.db.execute(sums).all(),
        "titles": TITLES,
    }
