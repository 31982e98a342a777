"""One masked value in the clear: for a reason, counted, and on record for the one whom it is about.

The record is written before the value is opened; without it nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from suwen.accounts import contacts
from suwen.accounts.models import GROUP, Member
from suwen.accounts.people.rules import given_reason
from suwen.accounts.services import accounts
from suwen.kernel import ids
from suwen.kernel.crypto import CannotOpen
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _
from suwen.kernel.ratelimit import Limit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

ACTION: Final = "member.reveal"
PER_PERSON: Final = Limit("members.reveal", 60, 3600)
"""Nobody at a counter needs more; somebody who copies the members does."""

PROFILE: Final = {
    "real_name": _("真实姓名"),
    "birth_date": _("出生日期"),
    "sex": _("性别"),
    "occupation": _("职业"),
}
LOGINS: Final = {"phone": _("手机号"), "email": _("邮箱")}


@dataclass(frozen=True, slots=True)
class Field:
    """A value that is not shown: what it is called, and what of it can be."""

    name: str
    title: str
    masked: str


class Reveals:
    """Masked values of one member, and one of them in the clear."""

    def __init__(self, house: House, db: Session, member: Member) -> None:
        """Of ``member``, whom the caller may see."""
        self._house, self._db, self._member = house, db, member
        self._accounts = accounts(house, db)

    def fields(self) -> Sequence[Field]:
        """What there is, masked. Nothing of the profile of somebody who was erased."""
        found = [
            Field(f"login-{one.id}", LOGINS[one.kind], one.contact.masked)
            for one in self._accounts.logins.all(self._member.id)
            if one.kind in LOGINS
        ]
        return [*found, *self._of_profile()]

    def _of_profile(self) -> list[Field]:
        if self._member.kind == GROUP or self._member.profile is None:
            return []
        try:
            profile = self._accounts.profiles.read(self._member.id)
        except CannotOpen:
            return []
        shown = {"real_name": contacts.mask_name(profile.real_name or "")}
        return [
            Field(name, title, shown.get(name, "***"))
            for name, title in PROFILE.items()
            if getattr(profile, name)
        ]

    def field(self, name: str) -> Field:
        """One of the fields; raises ``NotFound``."""
        for field in self.fields():
            if field.name == name:
                return field
        raise NotFound

    def reveal(self, name: str, reason: str, actor: Actor) -> str:
        """The value. Raises ``NotFound``, ``ReasonNeeded``, or ``TooMany``."""
        why, field = given_reason(reason), self.field(name)
        self._house.limiter.hit(self._db, PER_PERSON, str(actor.id))
        self._house.audit.write(
            self._db,
            actor,
            ACTION,
            "member",
            self._member.id,
            subject_id=self._accounts.subject_of(self._member.id),
            reason=why,
            details={"field": field.title},
        )
        self._db.flush()
        return self._clear(name)

    def _clear(self, name: str) -> str:
        if name.startswith("login-"):
            key = ids.parse(name.removeprefix("login-")) or 0
            contact = self._accounts.logins.get(self._member.id, key).contact
            is_phone = contact.kind == contacts.PHONE
            return contacts.national(contact.value) if is_phone else contact.value
        return str(getattr(self._accounts.profiles.read(self._member.id), name))
