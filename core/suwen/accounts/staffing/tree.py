"""The tree of administrators (管理员树): who stands below whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import CTE, BigInteger, String, cast, literal, select
from sqlalchemy.orm import aliased

from suwen.accounts.staffing.models import StaffMember

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_SAME_LENGTH: Final = 10**18
"""Added to ids, which makes texts of them sort as the numbers do."""


def place_of(db: Session, member_id: int) -> StaffMember | None:
    """Somebody's place, freshly read; None for who is not in the tree."""
    query = select(StaffMember).where(StaffMember.member_id == member_id)
    return db.scalars(query, execution_options={"populate_existing": True}).first()


def above(db: Session, member_id: int) -> Sequence[int]:
    """Everybody above a member, the nearest first."""
    found: list[int] = []
    rows = db.execute(select(_upward(member_id))).all()
    parents: dict[int, int | None] = {row.member_id: row.parent_id for row in rows}
    parent = parents.get(member_id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def is_below(db: Session, member_id: int, other_id: int) -> bool:
    """Whether a member stands below another, at any depth."""
    return other_id in above(db, member_id)


def _upward(member_id: int) -> CTE:
    start = select(StaffMember.member_id, StaffMember.parent_id)
    upward = start.where(StaffMember.member_id == member_id).cte("upward", recursive=True)
    return upward.union(start.join(upward, StaffMember.member_id == upward.c.parent_id))


def below(root_id: int | None) -> CTE:
    """``member_id``, ``depth`` and ``path`` of a member and everybody below him; None: everybody.

    Ordered by ``path`` a parent stands before his own, brothers by age.
    """
    first: Any = StaffMember.member_id == root_id
    if root_id is None:
        first = StaffMember.parent_id.is_(None)
    start = select(
        StaffMember.member_id,
        cast(literal(0), BigInteger).label("depth"),
        _step(StaffMember.member_id).label("path"),
    )
    down = start.where(first).cte("below", recursive=True)
    child = aliased(StaffMember)
    return down.union_all(
        select(
            child.member_id,
            down.c.depth + 1,
            down.c.path.concat("/").concat(_step(child.member_id)),
        ).join(down, child.parent_id == down.c.member_id)
    )


def _step(member_id: Any) -> Any:
    return cast(member_id + _SAME_LENGTH, String)


def ids_below(root_id: int) -> Any:
    """A subquery of ids: everybody below a member, without himself."""
    tree = below(root_id)
    return select(tree.c.member_id).where(tree.c.member_id != root_id)
