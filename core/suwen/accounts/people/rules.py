"""Who of the staff may touch the account of somebody else of the staff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.people.errors import AboveYou, NotYourself, ReasonNeeded
from suwen.accounts.staff import refuse_last
from suwen.accounts.staffing.models import StaffGrant, StaffMember
from suwen.accounts.staffing.rights import turn
from suwen.accounts.staffing.tree import is_below

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 200


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
    """Raise ``NotYourself``, ``AboveYou`` or ``LastAdministrator``; commands of the machine may all.

    Until the transaction ends nobody else changes who is staff.
    """
    turn(db)
    if staff_id == member_id:
        raise NotYourself
    if not staff_among(db, [member_id]):
        return
    if staff_id is not None and not is_below(db, member_id, staff_id):
        raise AboveYou
    refuse_last(db, member_id)
