"""Acting for a member (代会员操作): a short session in his place, for support, and never his health.

Such a session holds the permission ``member`` and nothing else, see ``suwen.accounts.identity``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import update

from suwen.accounts.models import ACTIVE, Member
from suwen.accounts.people.errors import CannotActFor, NotYourself
from suwen.accounts.people.rules import given_reason, staff_among
from suwen.kernel import clock
from suwen.kernel.regions import DEFAULT_CODE
from suwen.kernel.sessions import WebSession, sessions
from suwen.messaging.services import messaging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House
    from suwen.kernel.sessions import Device

LASTS: Final = timedelta(minutes=30)
START: Final = "member.impersonate"
END: Final = "member.impersonate_end"
_QUIET: Final = {"synchronize_session": False}


class Acting:
    """Begins and ends sessions in somebody's place."""

    def __init__(self, house: House, db: Session) -> None:
        """The member is told by the messages of ``house``."""
        self._house, self._db = house, db
        self._sessions = sessions(house.settings, db)

    def start(self, member: Member, reason: str, device: Device, actor: Actor) -> str:
        """Open a session of half an hour; its token for the browser.

        One at a time: another of the same person ends. The member sees it among his sessions, in a
        message and in the log of accesses. Raises ``ReasonNeeded``, ``NotYourself``, ``CannotActFor``.
        """
        why = given_reason(reason)
        self._check(member, actor)
        self._end_others(actor)
        row, token = self._sessions.open(member.id, device)
        row.impersonator_id, row.ends_at = actor.id, clock.now() + LASTS
        self._db.flush()
        self._write(START, member.id, row.id, actor, why)
        region = self._house.regions.resolve(self._db, member.region_code or DEFAULT_CODE)
        moment = clock.now().astimezone(clock.SHANGHAI)
        messaging(self._house, self._db).notify(
            member.id,
            "support_access",
            {"moment": f"{moment:%Y-%m-%d %H:%M}"},
            key=f"support_access:{row.id}",
            region=region.code,
        )
        return token

    def _check(self, member: Member, actor: Actor) -> None:
        if member.id == actor.id:
            raise NotYourself
        if member.state != ACTIVE or member.must_agree or staff_among(self._db, [member.id]):
            raise CannotActFor

    def _end_others(self, actor: Actor) -> None:
        self._db.execute(
            update(WebSession)
            .where(WebSession.impersonator_id == actor.id, WebSession.revoked_at.is_(None))
            .values(revoked_at=clock.now()),
            execution_options=_QUIET,
        )

    def end(self, member_id: int, session_id: int, actor: Actor) -> None:
        """Close the session."""
        self._sessions.revoke(member_id, session_id)
        self._write(END, member_id, session_id, actor, "")

    def way_back(self, token: str, staff_id: int) -> str | None:
        """A new token for the session that somebody of the staff came from, if it is still his."""
        found = self._sessions.find(token)
        if found is None or found.member_id != staff_id or found.impersonator_id is not None:
            return None
        return self._sessions.rotate(found.id)

    def _write(self, action: str, member_id: int, session_id: int, actor: Actor, why: str) -> None:
        from suwen.accounts.services import accounts

        self._house.audit.write(
            self._db,
            actor,
            action,
            "member",
            member_id,
            subject_id=accounts(self._house, self._db).subject_of(member_id),
            reason=why,
            details={"session": session_id},
        )
        self._db.flush()
