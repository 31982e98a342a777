"""Small look-ups about members for the other domains: who has an address, where to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from suwen.accounts.consents import consents
from suwen.accounts.contacts import parse
from suwen.accounts.identity import MEMBER, PRIVATE, Identity, held
from suwen.accounts.logins import Logins
from suwen.accounts.models import Member
from suwen.accounts.staffing.grants import GRANT_COLUMNS, grants_of, with_grants

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House


class Directory:
    """Read-only; never gives a whole address to show."""

    def __init__(self, db: Session, logins: Logins) -> None:
        """Look up in ``db``."""
        self._db = db
        self._logins = logins

    def region_of(self, member_id: int) -> str | None:
        """The member's own region code."""
        return self._db.scalar(select(Member.region_code).where(Member.id == member_id))

    def find(self, address: str) -> int | None:
        """Id of the active member with this address; raises ``BadAddress``."""
        return self._logins.account(parse(address)).member_id or None

    def acting_as(self, address: str) -> Identity | None:
        """The identity of a command's ``--as ADDRESS``, with the permissions of his roles.

        Whoever runs commands on the machine has proved more than a second factor would.
        """
        member_id = self.find(address)
        member = self._db.get(Member, member_id) if member_id else None
        if member is None:
            return None
        query = select(*GRANT_COLUMNS).select_from(Member).where(Member.id == member.id)
        grants = grants_of(self._db.execute(with_grants(query, Member.id)))
        return Identity(
            member_id=member.id,
            display_name=member.display_name,
            kind=member.kind,
            permissions=held(grants) | {MEMBER, PRIVATE},
            region_code=member.region_code,
            session_id=0,
            elevated=True,
            surface="cli",
            grants=grants,
            has_totp=member.totp_confirmed_at is not None,
        )


def directory(house: House, db: Session) -> Directory:
    """The look-ups for one session."""
    return Directory(db, Logins(db, house.vault))


def fill_ports(house: House) -> None:
    """Answer what messaging asks about members."""

    def addresses(db: Session, member_id: int, kind: str) -> list[str]:
        known = Logins(db, house.vault).of(member_id)
        return [contact.value for contact in known if contact.kind == kind]

    def locale(db: Session, member_id: int) -> str:
        return db.scalar(select(Member.locale).where(Member.id == member_id)) or "zh_CN"

    def marketing_allowed(db: Session, member_id: int) -> bool:
        return consents(house, db).marketing_allowed(member_id)

    house.ports["addresses"] = addresses
    house.ports["locale"] = locale
    house.ports["marketing_allowed"] = marketing_allowed
