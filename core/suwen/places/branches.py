"""Collection points of branches (分支机构的采集点): each belongs to at most one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select, update

from suwen.accounts.staffing.branches import MANAGE, PORT, Holding, branch_book
from suwen.accounts.staffing.errors import BadBranch
from suwen.accounts.staffing.grants import OPEN
from suwen.accounts.staffing.rights import Scope, rights_of, turn
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.staffing.branches import BranchBook
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.house import House
    from suwen.kernel.regions import Regions

CHOICES: Final = 100


class BranchPoints:
    """Says which points belong to a branch, and changes it."""

    def __init__(self, db: Session, *, audit: AuditLog, regions: Regions, book: BranchBook) -> None:
        """Collaborators are made by ``branch_points(house, db)``."""
        self._db = db
        self._audit = audit
        self._regions = regions
        self._book = book

    def of(self, branch_id: int) -> Sequence[CollectionPoint]:
        """Points of a branch, by place."""
        query = select(CollectionPoint).where(CollectionPoint.branch_id == branch_id)
        ordered = query.order_by(CollectionPoint.region_code, CollectionPoint.id)
        return self._db.scalars(ordered.limit(CHOICES)).all()

    def free(self, text: str = "") -> Sequence[CollectionPoint]:
        """Open points of no branch, whose name or address holds ``text``."""
        query = select(CollectionPoint).where(
            CollectionPoint.branch_id.is_(None), CollectionPoint.state == "open"
        )
        if text:
            query = query.where(
                or_(
                    CollectionPoint.name.contains(text, autoescape=True),
                    CollectionPoint.address.contains(text, autoescape=True),
                )
            )
        ordered = query.order_by(CollectionPoint.region_code, CollectionPoint.id)
        return self._db.scalars(ordered.limit(CHOICES)).all()

    def assign(self, actor: Actor, branch_id: int, point_id: int) -> None:
        """Give a free point to an open branch; raises ``NotFound`` or ``BadBranch``."""
        point = self._change(actor, branch_id, point_id)
        if self._book.get(branch_id).state != OPEN:
            raise BadBranch
        if point.branch_id is not None:
            raise BadBranch(_("这个采集点已属于其他机构"), field="point")
        self._write(actor, point, branch_id)

    def release(self, actor: Actor, branch_id: int, point_id: int) -> None:
        """Take a point from a branch; raises ``NotFound``."""
        point = self._change(actor, branch_id, point_id)
        if point.branch_id != branch_id:
            raise NotFound
        self._write(actor, point, None)

    def _change(self, actor: Actor, branch_id: int, point_id: int) -> CollectionPoint:
        """The point, once both it and the branch lie where the actor manages branches."""
        turn(self._db)
        rights = rights_of(self._db, actor)
        query = select(CollectionPoint).where(CollectionPoint.id == point_id)
        point = self._db.scalars(query, execution_options={"populate_existing": True}).first()
        if point is None or not self._book.may_edit(rights, self._book.get(branch_id)):
            raise NotFound
        rights.require(MANAGE, Scope(self._regions.resolve(self._db, point.region_code).code))
        return point

    def _write(self, actor: Actor, point: CollectionPoint, branch_id: int | None) -> None:
        before, point.branch_id = point.branch_id, branch_id
        self._db.flush()
        details = {"before": before, "after": branch_id}
        self._audit.write(
            self._db, actor, "point.branch", "collection_point", point.id, details=details
        )


def _count(db: Session, branch_id: int) -> int:
    query = select(func.count()).select_from(CollectionPoint)
    return db.scalar(query.where(CollectionPoint.branch_id == branch_id)) or 0


def _move(db: Session, branch_id: int, target_id: int | None) -> int:
    moved = db.execute(
        update(CollectionPoint)
        .where(CollectionPoint.branch_id == branch_id)
        .values(branch_id=target_id)
        .returning(CollectionPoint.id),
        execution_options={"synchronize_session": False},
    )
    return len(moved.all())


def install(house: House) -> None:
    """Tell accounts that points belong to branches too."""
    holdings: list[Holding] = house.ports.setdefault(PORT, [])
    if all(item.move is not _move for item in holdings):
        holdings.append(Holding(_("采集点"), _count, _move))


def branch_points(house: House, db: Session) -> BranchPoints:
    """The service for one session."""
    return BranchPoints(db, audit=house.audit, regions=house.regions, book=branch_book(house, db))
