"""Which records somebody of the staff may see: those of his regions and of his branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from suwen.archives.models import ArchiveRecord
from suwen.orders.models import Order, OrderLine
from suwen.orders.reach import points

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from suwen.accounts.staffing.reach import Reach


def within(reach: Reach) -> list[ColumnElement[bool]]:
    """SQL: records of the regions, and of the branches' members or collection points."""
    found: list[ColumnElement[bool]] = []
    if reach.regions is not None:
        found.append(ArchiveRecord.region.in_(reach.regions))
    if reach.branches is not None:
        collected = (
            select(OrderLine.id)
            .join(Order, Order.id == OrderLine.order_id)
            .where(Order.point_id.in_(points(reach)))
        )
        found.append(
            or_(
                ArchiveRecord.member_id.in_(reach.members()),
                ArchiveRecord.order_line_id.in_(collected),
            )
        )
    return found
