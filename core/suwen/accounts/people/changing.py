"""Tags of members, and whether an account may be used: for one member or for many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, update

from suwen.accounts.models import ACTIVE, Member, MemberTag
from suwen.accounts.people.errors import BadTag, TooManyTags, WrongState
from suwen.accounts.people.rules import check_authority, given_reason, staff_among
from suwen.accounts.people.wanted import LOCKED
from suwen.accounts.staffing.rights import turn
from suwen.kernel import clock
from suwen.kernel.db import locked
from suwen.kernel.errors import NotFound
from suwen.kernel.sessions import WebSession
from suwen.kernel.upsert import insert_for

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog

LONGEST_TAG: Final = 20
MOST_TAGS: Final = 20

ACTIONS: Final = ("tag", "untag", "disable", "enable")

_QUIET: Final = {"synchronize_session": False}
_STEPS: Final[Mapping[str, tuple[str, str]]] = {
    "disable": (ACTIVE, LOCKED),
    "enable": (LOCKED, ACTIVE),
}


def clean_tag(text: str) -> str:
    """A tag as it is kept; raises ``BadTag``."""
    plain = " ".join(text.split())
    if not 1 <= len(plain) <= LONGEST_TAG or not plain.isprintable():
        raise BadTag
    return plain


class Changes:
    """Writes and audits. The caller has looked that the members stand in his scope."""

    def __init__(self, db: Session, audit: AuditLog) -> None:
        """Work in ``db``."""
        self._db = db
        self._audit = audit

    def tag(self, member_id: int, text: str, actor: Actor) -> None:
        """Put a tag on a member; raises ``BadTag`` or ``TooManyTags``."""
        tag = clean_tag(text)
        count = select(func.count()).select_from(MemberTag)
        if (self._db.scalar(count.where(MemberTag.member_id == member_id)) or 0) >= MOST_TAGS:
            raise TooManyTags
        self.apply("tag", [member_id], actor, tag=tag)

    def untag(self, member_id: int, tag: str, actor: Actor) -> None:
        """Take a tag off."""
        self.apply("untag", [member_id], actor, tag=tag)

    def disable(self, member_id: int, reason: str, actor: Actor) -> None:
        """Lock an account: its sessions and tokens end at once.

        Raises ``ReasonNeeded``, ``NotYourself``, ``AboveYou``, ``LastAdministrator``, ``WrongState``.
        """
        self._switch("disable", member_id, reason, actor)

    def enable(self, member_id: int, reason: str, actor: Actor) -> None:
        """Let a locked account be used again; raises as ``disable``."""
        self._switch("enable", member_id, reason, actor)

    def _switch(self, action: str, member_id: int, reason: str, actor: Actor) -> None:
        why = given_reason(reason)
        turn(self._db)
        member = locked(self._db, Member, member_id)
        if member is None:
            raise NotFound
        check_authority(self._db, actor.id, member_id)
        if member.state != _STEPS[action][0]:
            raise WrongState
        self._move(action, [member_id], actor, why)
        self._db.expire(member)

    def apply(
        self, action: str, member_ids: Sequence[int], actor: Actor, *, tag: str = "", why: str = ""
    ) -> int:
        """Do it to those of several members to whom it may be done; to how many.

        A number of statements that does not depend on theirs. Staff are never disabled in bulk, nor
        is whoever asks.
        """
        if action == "tag":
            return self._tag(member_ids, tag, actor)
        if action == "untag":
            return self._untag(member_ids, tag, actor)
        return self._move(action, self._movable(action, member_ids, actor), actor, why)

    def _tag(self, member_ids: Sequence[int], tag: str, actor: Actor) -> int:
        moment = clock.now()
        rows = [
            {"member_id": key, "tag": tag, "created_by": actor.id, "created_at": moment}
            for key in member_ids
        ]
        table: Any = MemberTag.__table__
        statement = insert_for(self._db, table).on_conflict_do_nothing(
            index_elements=["member_id", "tag"]
        )
        made = self._db.scalars(statement.returning(table.c.member_id), rows).all() if rows else []
        return self._record("member.tag", made, actor, {"tag": tag})

    def _untag(self, member_ids: Sequence[int], tag: str, actor: Actor) -> int:
        gone = self._db.scalars(
            delete(MemberTag)
            .where(MemberTag.member_id.in_(member_ids), MemberTag.tag == tag)
            .returning(MemberTag.member_id),
            execution_options=_QUIET,
        ).all()
        return self._record("member.untag", gone, actor, {"tag": tag})

    def _movable(self, action: str, member_ids: Sequence[int], actor: Actor) -> Sequence[int]:
        query = select(Member.id).where(
            Member.id.in_(member_ids), Member.state == _STEPS[action][0]
        )
        held = self._db.scalars(query.order_by(Member.id).with_for_update()).all()
        barred = staff_among(self._db, held) | {actor.id}
        return [key for key in held if key not in barred]

    def _move(self, action: str, member_ids: Sequence[int], actor: Actor, why: str) -> int:
        before, after = _STEPS[action]
        self._db.execute(
            update(Member).where(Member.id.in_(member_ids)).values(state=after),
            execution_options=_QUIET,
        )
        if after == LOCKED:
            self._db.execute(
                update(WebSession)
                .where(WebSession.member_id.in_(member_ids), WebSession.revoked_at.is_(None))
                .values(revoked_at=clock.now()),
                execution_options=_QUIET,
            )
        details = {"before": {"state": before}, "after": {"state": after}}
        return self._record(f"member.{action}", member_ids, actor, details, why)

    def _record(
        self,
        action: str,
        member_ids: Sequence[int],
        actor: Actor,
        details: Mapping[str, Any],
        why: str = "",
    ) -> int:
        for key in member_ids:
            self._audit.write(self._db, actor, action, "member", key, reason=why, details=details)
        self._db.flush()
        return len(member_ids)
