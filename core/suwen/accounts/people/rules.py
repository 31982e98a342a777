"""Who of the staff may touch the account of somebody else of the staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import exists, func, select

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.people.errors import AboveYou, LastAdministrator, NotYourself, ReasonNeeded
from suwen.accounts.staffing.models import StaffGrant, StaffMember

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 200
_DEEPEST: Final = 50


def given_reason(text: str) -> str:
    """A reason that says something; raises ``ReasonNeeded``."""
    plain = " ".join(text.split())[:LONGEST_REASON]
    if len(plain) < SHORTEST_REASON:
        raise ReasonNeeded
    return plain


def staff_among(db: Session, member_ids: Sequence[int]) -> set[int]:
    """Those of the members who hold a role or stand in the tree."""
    found: set[int] = set()
    for column in (StaffGrant.member_id, StaffMember.member_id):
        found |= set(db.scalars(select(column).where(column.in_(member_ids))))
    return found


def check_authority(db: Session, staff_id: int | None, member_id: int) -> None:
    """Raise ``NotYourself``, ``AboveYou`` or ``LastAdministrator``; commands of the machine may all."""
    if staff_id == member_id:
        raise NotYourself
    if not staff_among(db, [member_id]):
        return
    if staff_id is not None and not _is_below(db, staff_id, member_id):
        raise AboveYou
    _check_last_administrator(db, member_id)


def _is_below(db: Session, staff_id: int, member_id: int) -> bool:
    above: int | None = member_id
    for _step in range(_DEEPEST):
        query = select(StaffMember.parent_id).where(StaffMember.member_id == above)
        above = db.scalar(query)
        if above is None:
            return False
        if above == staff_id:
            return True
    return False


def _check_last_administrator(db: Session, member_id: int) -> None:
    holds = (StaffGrant.role == "administrator") & (StaffGrant.region == "*")
    if not db.scalar(select(exists().where(holds, StaffGrant.member_id == member_id))):
        return
    others = (
        select(func.count())
        .select_from(StaffGrant)
        .join(Member, Member.id == StaffGrant.member_id)
        .where(holds, StaffGrant.member_id != member_id, Member.state == ACTIVE)
    )
    if not db.scalar(others):
        raise LastAdministrator
