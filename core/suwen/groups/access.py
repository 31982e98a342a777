"""Who may act for a group member: its own account, and people with a seat.

Everybody else, a removed seat and a disabled account included, finds no such group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, or_, select

from suwen.accounts.models import ACTIVE, GROUP, Member
from suwen.groups.models import GroupSeat
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

OWNER: Final = "owner"
STAFF: Final = "staff"
ROLES: Final = (OWNER, STAFF)


@dataclass(frozen=True, slots=True)
class Acting:
    """A member who acts for a group, and as what."""

    group_id: int
    name: str
    region: str | None
    member_id: int
    role: str

    @property
    def is_owner(self) -> bool:
        """Owners also manage seats and open reports that people share."""
        return self.role == OWNER

    def require_owner(self) -> None:
        """Raise ``NotFound`` for staff: what is an owner's does not exist for them."""
        if not self.is_owner:
            raise NotFound


def acting(db: Session, group_id: int, member_id: int) -> Acting:
    """The member acting for the group; raises ``NotFound``."""
    row = db.execute(_query(member_id).where(Member.id == group_id)).first()
    if row is None:
        raise NotFound
    return _acting(row, member_id)


def groups_of(db: Session, member_id: int) -> Sequence[Acting]:
    """All groups that a member acts for."""
    rows = db.execute(_query(member_id).order_by(Member.id)).all()
    return [_acting(row, member_id) for row in rows]


def represents(db: Session, member_id: int, owner_id: int) -> bool:
    """Whether ``member_id`` may pay for and follow the orders of ``owner_id``."""
    query = _query(member_id).where(Member.id == owner_id)
    return member_id == owner_id or db.execute(query).first() is not None


def _query(member_id: int) -> Any:
    seat = and_(
        GroupSeat.group_id == Member.id,
        GroupSeat.member_id == member_id,
        GroupSeat.state == "active",
    )
    return (
        select(
            Member.id, Member.group_name, Member.display_name, Member.region_code, GroupSeat.role
        )
        .outerjoin(GroupSeat, seat)
        .where(
            Member.kind == GROUP,
            Member.state == ACTIVE,
            or_(Member.id == member_id, GroupSeat.id.is_not(None)),
        )
    )


def _acting(row: Any, member_id: int) -> Acting:
    role = OWNER if row.id == member_id else row.role
    name = row.group_name or row.display_name
    return Acting(row.id, name, row.region_code, member_id, role)
