"""What distribution keeps about a member. Nobody's copy says anything about those he recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from suwen.accounts.personal_data import Erased, OpenItem
from suwen.distribution.models import Binding, CommissionLine, ShareLink
from suwen.distribution.services import distribution
from suwen.kernel import clock
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

UNSETTLED = ("frozen", "releasable")


class DistributionData:
    """Share links, joining, who recommended the member, and what he earned."""

    name = "distribution"
    title = _("推荐与返现")

    def __init__(self, house: House) -> None:
        """Distributors are closed through the service of ``house``."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Amounts, days, levels and rates; never an order, a product or a buyer."""
        service = distribution(self._house, db)
        joined, binding = service.distributor(member_id), db.get(Binding, member_id)
        links = db.scalars(
            select(ShareLink).where(ShareLink.member_id == member_id).order_by(ShareLink.id)
        )
        lines = db.scalars(
            select(CommissionLine)
            .where(CommissionLine.beneficiary_id == member_id)
            .order_by(CommissionLine.id)
        )
        return {
            "distributor": None
            if joined is None
            else {
                "state": joined.state,
                "terms_version": joined.terms_version,
                "joined_at": joined.joined_at.isoformat(),
            },
            "was_recommended": binding is not None,
            "recommended_at": binding.bound_at.isoformat() if binding is not None else None,
            "share_links": [
                {
                    "code": row.code,
                    "product": row.product_slug,
                    "visits": row.visits,
                    "created_at": row.created_at.isoformat(),
                }
                for row in links
            ],
            "commissions": [_commission(row) for row in lines],
        }

    def open_items(self, db: Session, member_id: int) -> Sequence[OpenItem]:
        """Commissions that are on their way to the member's balance."""
        count = db.scalar(
            select(func.count())
            .select_from(CommissionLine)
            .where(CommissionLine.beneficiary_id == member_id, CommissionLine.state.in_(UNSETTLED))
        )
        what = _("还在冻结期的返现，到期转入余额后再注销")
        return [OpenItem(what, count, "/me/distribution", "commissions")] if count else []

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete the links and leave; commissions are part of the books."""
        distribution(self._house, db).leave(member_id)
        gone = db.scalars(
            delete(ShareLink).where(ShareLink.member_id == member_id).returning(ShareLink.id),
            execution_options={"synchronize_session": False},
        ).all()
        reason = _("返现是账目的一部分，退款时据此核算；只含编号、级别与金额")
        return [
            Erased(_("分享链接"), "erased", count=len(gone)),
            Erased(_("推荐关系与返现记录"), "kept", reason),
        ]


def _commission(row: CommissionLine) -> dict[str, Any]:
    return {
        "level": row.level,
        "amount_fen": row.standing_fen,
        "rate_bp": row.rate_bp,
        "scheme_version": row.scheme_version,
        "state": row.state,
        # The day only: the moment could tell who bought.
        "day": clock.as_utc(row.created_at).astimezone(clock.SHANGHAI).date().isoformat(),
    }
