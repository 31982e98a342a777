"""What a member tells about himself. All of it is sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.accounts.addresses import Address, AddressBook
from suwen.accounts.contacts import mask_name
from suwen.accounts.marks import name_mark
from suwen.accounts.models import GROUP, Member, Subject
from suwen.kernel.db import lock
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.logins import Logins
    from suwen.kernel.crypto import Vault

__all__ = ["SEXES", "Address", "AddressBook", "Profile", "Profiles"]

SEXES: Final = ("female", "male")


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's own words about himself. Any may be missing."""

    real_name: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    occupation: str | None = None


class Profiles:
    """Reads and writes profiles; the key is that of the member's own subject."""

    def __init__(self, db: Session, vault: Vault, logins: Logins) -> None:
        """Seal with ``vault``."""
        self._db = db
        self._vault = vault
        self._logins = logins

    def member(self, member_id: int) -> Member:
        """The member; raises ``NotFound``."""
        found = self._db.get(Member, member_id)
        if found is None:
            raise NotFound
        return found

    def subject_of(self, member_id: int) -> int:
        """Id of the subject that is the member himself; raises ``NotFound``."""
        query = select(Subject.id).where(Subject.member_id == member_id, Subject.relation == "self")
        found = self._db.scalars(query).first()
        if found is None:
            raise NotFound
        return found

    def read(self, member_id: int) -> Profile:
        """The profile; raises ``SubjectKeyDestroyed`` after an erasure."""
        member = self.member(member_id)
        if member.profile is None:
            return Profile()
        cipher = self._vault.subject(self.subject_of(member_id))
        values = json.loads(cipher.open(member.profile, f"member:profile:{member_id}"))
        born = values.get("birth_date")
        return Profile(**{**values, "birth_date": date.fromisoformat(born) if born else None})

    def update(self, member_id: int, changes: Mapping[str, Any]) -> None:
        """Change what ``changes`` names: fields of the profile, ``region_code``, the group's
        ``name`` and ``nature``, ``locale``.
        """
        self.member(member_id)
        # Two changes at once would each write the whole profile: one waits for the other.
        member = lock(self._db, Member, member_id)
        for name in ("region_code", "locale"):
            if name in changes:
                setattr(member, name, changes[name])
        if member.kind == GROUP:
            member.group_name = changes.get("name") or member.group_name
            member.group_nature = changes.get("nature") or member.group_nature
        fields = {name: changes[name] for name in Profile.__slots__ if name in changes}
        profile = self.read(member_id)
        if fields:
            profile = Profile(**{**asdict(profile), **fields})
            member.profile = self._sealed(member_id, profile)
        called = member.group_name if member.kind == GROUP else profile.real_name
        member.name_index = name_mark(self._vault, called)
        member.display_name = self._display_name(member, profile)
        self._db.flush()

    def _sealed(self, member_id: int, profile: Profile) -> bytes:
        text = json.dumps(asdict(profile), ensure_ascii=False, default=str)
        cipher = self._vault.subject(self.subject_of(member_id))
        return cipher.seal(text, f"member:profile:{member_id}")

    def _display_name(self, member: Member, profile: Profile) -> str:
        if member.kind == GROUP and member.group_name:
            return member.group_name
        if profile.real_name:
            return mask_name(profile.real_name)
        logins = self._logins.of(member.id)
        return logins[0].masked if logins else member.display_name
