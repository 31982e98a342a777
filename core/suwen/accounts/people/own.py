"""What accounts themselves move when two of them become one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased

from suwen.accounts.logins import Logins
from suwen.accounts.models import (
    Consent,
    Login,
    Member,
    MemberTag,
    PostalAddress,
    RecoveryCode,
    Subject,
)
from suwen.accounts.people.merging import Merger, Outlook
from suwen.accounts.profiles import Profiles
from suwen.kernel.crypto import CannotOpen
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House

FORMER: Final = "former"
_QUIET: Final = {"synchronize_session": False}


class Own:
    """Logins, addresses, subjects with their consents, tags, and a profile that the target lacks."""

    def __init__(self, house: House) -> None:
        """Profiles are opened and sealed with the house's vault."""
        self._house = house

    def merger(self) -> Merger:
        """For the port: first of all, so that the others find the subjects where they belong."""
        return Merger("accounts", self.look, self.move, order=10)

    def look(self, db: Session, source_id: int, target_id: int) -> Outlook:  # noqa: ARG002
        """What is the source's."""
        counted = (
            (_("登录方式"), Login),
            (_("收货地址"), PostalAddress),
            (_("受检人"), Subject),
            (_("标签"), MemberTag),
        )
        return Outlook([(title, _count(db, model, source_id)) for title, model in counted])

    def move(self, db: Session, source_id: int, target_id: int, actor: Actor) -> None:  # noqa: ARG002
        """Move them; the source's own subject becomes a former self of the target's member."""
        self._move_profile(db, source_id, target_id)
        _give(db, Login, source_id, target_id)
        self._move_addresses(db, source_id, target_id)
        db.execute(
            update(Subject)
            .where(Subject.member_id == source_id, Subject.relation == "self")
            .values(relation=FORMER),
            execution_options=_QUIET,
        )
        _give(db, Subject, source_id, target_id)
        _move_links(db, target_id)
        _give(db, Consent, source_id, target_id)
        _move_tags(db, source_id, target_id)
        db.execute(
            delete(RecoveryCode).where(RecoveryCode.member_id == source_id),
            execution_options=_QUIET,
        )

    def _move_profile(self, db: Session, source_id: int, target_id: int) -> None:
        profiles = Profiles(db, self._house.vault, Logins(db, self._house.vault))
        source, target = db.get(Member, source_id), db.get(Member, target_id)
        if source is None or target is None or source.profile is None:
            return
        try:
            told, known = profiles.read(source_id), profiles.read(target_id)
        except CannotOpen:
            return
        missing = {
            name: value
            for name, value in asdict(told).items()
            if value is not None and getattr(known, name) is None
        }
        if missing:
            profiles.update(target_id, missing)

    def _move_addresses(self, db: Session, source_id: int, target_id: int) -> None:
        standing = select(
            exists().where(PostalAddress.member_id == target_id, PostalAddress.is_default)
        )
        values: dict[str, Any] = {"member_id": target_id}
        if db.scalar(standing):
            values["is_default"] = False
        db.execute(
            update(PostalAddress).where(PostalAddress.member_id == source_id).values(**values),
            execution_options=_QUIET,
        )


def _count(db: Session, model: Any, member_id: int) -> int:
    query = select(func.count()).select_from(model).where(model.member_id == member_id)
    return db.scalar(query) or 0


def _give(db: Session, model: Any, source_id: int, target_id: int) -> None:
    db.execute(
        update(model).where(model.member_id == source_id).values(member_id=target_id),
        execution_options=_QUIET,
    )


def _move_links(db: Session, target_id: int) -> None:
    """Where a former self had taken a place as somebody's relative, it is the member's now."""
    mine = Subject.member_id == target_id
    former = select(Subject.id).where(mine, Subject.relation == FORMER)
    himself = select(Subject.id).where(mine, Subject.relation == "self").scalar_subquery()
    links = aliased(Subject)
    db.execute(
        update(links).where(links.linked_id.in_(former)).values(linked_id=himself),
        execution_options=_QUIET,
    )


def _move_tags(db: Session, source_id: int, target_id: int) -> None:
    known = select(MemberTag.tag).where(MemberTag.member_id == target_id)
    db.execute(
        update(MemberTag)
        .where(MemberTag.member_id == source_id, MemberTag.tag.not_in(known))
        .values(member_id=target_id),
        execution_options=_QUIET,
    )
    db.execute(delete(MemberTag).where(MemberTag.member_id == source_id), execution_options=_QUIET)
