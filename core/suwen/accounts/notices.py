"""Telling a member what was done to his account, so that a thief does not do it unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from suwen.accounts import agents
from suwen.accounts.models import Member
from suwen.kernel import ids
from suwen.kernel.regions import UnknownRegion
from suwen.kernel.sessions import WebSession

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.regions import Regions
    from suwen.messaging.services import MessagingService

REMEMBERED: Final = 30
"""Sign-ins that a device is compared with."""


class Notices:
    """Neutral messages about the account, by inbox and by the first address that answers."""

    def __init__(self, db: Session, messages: MessagingService, regions: Regions) -> None:
        """The channels are those of the member's own region."""
        self._db = db
        self._messages = messages
        self._regions = regions

    def tell(self, member_id: int, kind: str) -> None:
        """Tell one thing that has just happened; the address is that of now, before a change."""
        key = f"{kind}:{ids.new_id()}"
        self._messages.notify(member_id, kind, {}, key=key, region=self._region(member_id))

    def _region(self, member_id: int) -> str:
        own = self._db.scalar(select(Member.region_code).where(Member.id == member_id))
        try:
            return self._regions.resolve(self._db, own).code
        except UnknownRegion:
            return self._regions.default(self._db).code

    def signed_in(self, member_id: int, session_id: int, *, known: bool | None) -> None:
        """Tell of a sign-in from a device that was not seen before.

        ``known`` is what the browser proves; the APP proves nothing and is known by its name. The
        first sign-in of an account is that of its owner.
        """
        rows = self._db.execute(
            select(WebSession.id, WebSession.surface, WebSession.user_agent)
            .where(WebSession.member_id == member_id, WebSession.impersonator_id.is_(None))
            .order_by(WebSession.id.desc())
            .limit(REMEMBERED)
        ).all()
        this = next(row for row in rows if row.id == session_id)
        before = [row for row in rows if row.id != session_id]
        if known is None:
            names = [_name(row) for row in before]
            known = _name(this) in names
        if before and not known:
            self.tell(member_id, "new_device")


def _name(row: Any) -> tuple[Any, ...]:
    return (row.surface, *agents.names(row.user_agent))
