"""Seats and places on rosters of two accounts that become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, exists, func, or_, select, update

from suwen.accounts.models import Consent, Subject
from suwen.accounts.people.merging import Merger, Outlook
from suwen.groups.claims import GROUP_RESULTS
from suwen.groups.models import GroupRecipient, GroupSeat, RosterPerson
from suwen.kernel import clock
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.errors import Message

_QUIET: Final = {"synchronize_session": False}


def merger() -> Merger:
    """For the port of accounts."""
    return Merger("groups", look, move)


def look(db: Session, source_id: int, target_id: int) -> Outlook:
    """Seats of a person go over. Rosters of two groups are not thrown together."""
    seats = select(func.count()).select_from(GroupSeat).where(GroupSeat.member_id == source_id)
    blocks: list[Message] = []
    roster = or_(
        *(
            exists().where(model.group_id == source_id)
            for model in (GroupSeat, RosterPerson, GroupRecipient)
        )
    )
    if db.scalar(select(roster)):
        blocks.append(_("被并入的团体有名册或管理员，请先移除"))
    own = exists().where(
        or_(
            (GroupSeat.group_id == source_id) & (GroupSeat.member_id == target_id),
            (GroupSeat.group_id == target_id) & (GroupSeat.member_id == source_id),
        )
    )
    if db.scalar(select(own)):
        blocks.append(_("一个账户是另一个团体的管理员，不能合并"))
    return Outlook([(_("团体席位"), db.scalar(seats) or 0)], blocks)


def move(db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG001
    """Move seats that the target has not, and places on rosters with what is still to come of them.

    What was shared with a group under the source is shared no longer: the member is asked anew.
    """
    held = select(GroupSeat.group_id).where(GroupSeat.member_id == target_id)
    mine = GroupSeat.member_id == source_id
    db.execute(
        update(GroupSeat).where(mine, GroupSeat.group_id.not_in(held)).values(member_id=target_id),
        execution_options=_QUIET,
    )
    db.execute(delete(GroupSeat).where(mine), execution_options=_QUIET)
    places = RosterPerson.member_id == source_id
    former = select(RosterPerson.subject_id).where(places)
    himself = select(Subject.id).where(Subject.member_id == target_id, Subject.relation == "self")
    subject_id = himself.scalar_subquery()
    for written in (
        update(Consent)
        .where(
            Consent.subject_id.in_(former),
            Consent.purpose == GROUP_RESULTS,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now()),
        update(GroupRecipient)
        .where(
            GroupRecipient.subject_id.in_(former),
            GroupRecipient.state.in_(("planned", "assigned")),
        )
        .values(subject_id=subject_id),
        update(RosterPerson).where(places).values(member_id=target_id, subject_id=subject_id),
    ):
        db.execute(written, execution_options=_QUIET)
