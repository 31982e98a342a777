"""Which orders somebody of the staff may see: those of his regions and of his branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from suwen.accounts.staffing.reach import Reach
    from suwen.orders.models import Intent, Order


def within(reach: Reach, model: type[Order | Intent]) -> list[ColumnElement[bool]]:
    """SQL: orders of the regions, and of the branches' members or collection points."""
    found: list[ColumnElement[bool]] = []
    if reach.regions is not None:
        found.append(model.region.in_(reach.regions))
    if reach.branches is not None:
        theirs = model.member_id.in_(reach.members())
        found.append(or_(theirs, model.point_id.in_(points(reach))))
    return found


def points(reach: Reach) -> Select[int]:
    """A subquery: ids of the collection points of the branches."""
    return select(CollectionPoint.id).where(CollectionPoint.branch_id.in_(reach.branches or ()))
