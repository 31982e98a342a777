"""How an adult whom a member calls a dependant takes his place himself, and leaves it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from suwen.accounts.dependants import details_of
from suwen.accounts.models import INDIVIDUAL, Member, Subject
from suwen.accounts.persons import same_person
from suwen.accounts.services import accounts
from suwen.kernel.db import locked
from suwen.kernel.errors import Conflict, Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.ratelimit import Limit
from suwen.kernel.sessions import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.profiles import Profiles
    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.crypto import Vault
    from suwen.kernel.house import House
    from suwen.kernel.ratelimit import Limiter

TRIES: Final = Limit("dependants.take_over", 5, 3600)


class LinkOver(Conflict):
    """The link was used, replaced, or its place is gone."""

    code = "link_over"
    message = _("链接已失效，请让家人重新生成")


class WrongPerson(Invalid):
    """Name and birth date are not those of the place."""

    code = "wrong_person"
    message = _("姓名或出生日期与家人登记的不一致，请核对")


class Links:
    """The other side: an adult who takes his place, and may leave it again."""

    def __init__(
        self, db: Session, vault: Vault, audit: AuditLog, profiles: Profiles, limiter: Limiter
    ) -> None:
        """``profiles`` finds the subject that a member himself is."""
        self._db = db
        self._vault = vault
        self._audit = audit
        self._profiles = profiles
        self._limiter = limiter

    def open(self, token: str) -> tuple[Subject, str]:
        """The place and the masked name of who made the link; raises ``LinkOver``."""
        query = (
            select(Subject, Member.display_name)
            .join(Member, Member.id == Subject.member_id)
            .where(
                Subject.claim_hash == digest(token),
                Subject.removed_at.is_(None),
                Member.state == "active",
            )
        )
        row = self._db.execute(query.with_for_update(of=Subject)).first()
        if row is None:
            raise LinkOver
        return row[0], row[1]

    def accept(self, token: str, member_id: int, name: str, born: date, actor: Actor) -> None:
        """Take the place; raises ``LinkOver``, ``WrongPerson``, ``NotAdult`` or ``TooMany``."""
        self._limiter.hit(self._db, TRIES, str(member_id))
        row, _who = self.open(token)
        known = details_of(self._vault, row)
        member = self._profiles.member(member_id)
        if member.kind != INDIVIDUAL or member_id == row.member_id:
            raise LinkOver
        if not same_person(name, born, known.name, known.birth_date):
            raise WrongPerson(fields={"name": WrongPerson.message})
        confirm_profile(self._profiles, member_id, name, born)
        row.linked_id, row.claim_hash = self._profiles.subject_of(member_id), None
        self._db.flush()
        self._log(actor, "dependant.take_over", row)

    def places(self, member_id: int) -> Sequence[tuple[int, str, str]]:
        """Where the member has taken a place: ``(subject id, relation, masked name)``."""
        query = (
            select(Subject.id, Subject.relation, Member.display_name)
            .join(Member, Member.id == Subject.member_id)
            .where(Subject.linked_id == self._profiles.subject_of(member_id))
            .order_by(Subject.id)
        )
        return [(row.id, row.relation, row.display_name) for row in self._db.execute(query)]

    def leave(self, subject_id: int, member_id: int, actor: Actor) -> None:
        """Leave a place: no report reaches the member through it any more; raises ``NotFound``."""
        row = locked(self._db, Subject, subject_id)
        if row is None or row.linked_id != self._profiles.subject_of(member_id):
            raise NotFound
        self._log(actor, "dependant.leave", row)
        row.linked_id = None
        self._db.flush()

    def _log(self, actor: Actor, action: str, row: Subject) -> None:
        self._audit.write(
            self._db, actor, action, "subject", row.id, subject_id=row.linked_id, details={}
        )


def confirm_profile(profiles: Profiles, member_id: int, name: str, born: date) -> None:
    """Let a member's own profile say the same, or say it for the first time.

    Reports are matched by the profile. Raises ``WrongPerson`` when it says something else.
    """
    profile = profiles.read(member_id)
    if profile.real_name and profile.birth_date:
        if not same_person(name, born, profile.real_name, profile.birth_date):
            text = _("与您个人资料中的姓名或出生日期不一致，请先核对个人资料")
            raise WrongPerson(text, fields={"name": text})
        return
    profiles.update(member_id, {"real_name": name, "birth_date": born})


def links(house: House, db: Session) -> Links:
    """The service of one unit of work."""
    return Links(db, house.vault, house.audit, accounts(house, db).profiles, house.limiter)
