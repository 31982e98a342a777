"""What the house keeps about a member's groups: to be handed over, or erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, select, update

from suwen.accounts.models import Member
from suwen.accounts.personal_data import Erased
from suwen.groups import people
from suwen.groups.models import GroupRecipient, GroupSeat, RosterImport, RosterPerson
from suwen.kernel import ids
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from suwen.kernel.crypto import Vault

NOBODY: Final = people.Facts(name="—", birth_date=date(1900, 1, 1))
_QUIET: Final = {"synchronize_session": False}


class GroupData:
    """Seats, places on rosters, and a group's own roster."""

    name = "groups"
    title = _("单位与名册")

    def __init__(self, vault: Vault) -> None:
        """Open and seal with ``vault``."""
        self._vault = vault

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Seats and places of the member. A group's roster is other people's data: its size."""
        seats = db.execute(
            select(GroupSeat, Member.group_name)
            .join(Member, Member.id == GroupSeat.group_id)
            .where(GroupSeat.member_id == member_id)
            .order_by(GroupSeat.id)
        ).all()
        places = db.execute(
            select(RosterPerson, Member.group_name)
            .join(Member, Member.id == RosterPerson.group_id)
            .where(RosterPerson.member_id == member_id)
            .order_by(RosterPerson.id)
        ).all()
        roster = select(RosterPerson.id).where(RosterPerson.group_id == member_id)
        return {
            "seats": [
                {"group": name, "role": row.role, "state": row.state, "since": _iso(row.created_at)}
                for row, name in seats
            ],
            "places": [self._place(row, name) for row, name in places],
            "roster_people": len(db.scalars(roster).all()),
        }

    def _place(self, row: RosterPerson, group_name: str | None) -> dict[str, Any]:
        facts, _code = people.unseal(self._vault.house, row)
        return {
            "group": group_name,
            "state": row.state,
            "claimed_at": _iso(row.claimed_at),
            **people.as_texts(facts),
        }

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete seats and imports, take every name off the rosters; orders keep nameless rows."""
        seats = db.scalars(
            delete(GroupSeat)
            .where((GroupSeat.member_id == member_id) | (GroupSeat.group_id == member_id))
            .returning(GroupSeat.id),
            execution_options=_QUIET,
        ).all()
        db.execute(
            delete(RosterImport).where(RosterImport.group_id == member_id), execution_options=_QUIET
        )
        own = RosterPerson.group_id == member_id
        ordered = exists().where(GroupRecipient.person_id == RosterPerson.id)
        gone = db.scalars(
            delete(RosterPerson).where(own, ~ordered).returning(RosterPerson.id),
            execution_options=_QUIET,
        ).all()
        nameless = self._anonymise(db, own | (RosterPerson.member_id == member_id))
        return [
            Erased(_("单位席位与名册导入"), "erased", count=len(seats)),
            Erased(_("单位名册中未订购的人员"), "erased", count=len(gone)),
            Erased(_("单位名册中的位置"), "anonymised", count=nameless),
        ]

    def _anonymise(self, db: Session, which: ColumnElement[bool]) -> int:
        rows = db.scalars(select(RosterPerson).where(which).with_for_update()).all()
        known = GroupRecipient.person_id.in_(select(RosterPerson.id).where(which))
        nobody = update(GroupRecipient).where(known).values(subject_id=None)
        db.execute(nobody, execution_options=_QUIET)
        for row in rows:
            row.sealed = people.seal(self._vault.house, row.id, NOBODY, "")
            row.person_index, row.name_index = f"erased:{ids.code(20)}", ""
            row.department, row.state = "", "removed"
            row.claim_hash = row.member_id = row.subject_id = row.claimed_at = None
        db.flush()
        return len(rows)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
