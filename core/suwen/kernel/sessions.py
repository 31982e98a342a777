"""Server-side sessions: one row per sign-in, in a browser or in the APP.

The browser holds a random token of 256 bits, the table its SHA-256, so a copy of the table signs
nobody in. A session ends when it is idle, when it is old, or when it is revoked; signing out
therefore also ends every copy of the cookie. The APP's bearer tokens belong to a session without a
browser token, so that both kinds are listed and revoked alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, ColumnElement, String, and_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from suwen.kernel import clock, ids
from suwen.kernel.db import Base, WithId

if TYPE_CHECKING:
    from suwen.kernel.db import Database
    from suwen.kernel.settings import Settings

WEB: Final = "web"
API: Final = "api"
API_IDLE: Final = timedelta(days=30)
API_ABSOLUTE: Final = timedelta(days=90)
SEEN_EVERY: Final = timedelta(minutes=10)

_QUIET: Final = {"synchronize_session": False}


def digest(token: str) -> str:
    """What the table keeps of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class WebSession(WithId, Base):
    """One sign-in (登录会话). ``surface`` is ``web`` or ``api``; only ``web`` has a token hash."""

    __tablename__ = "web_session"

    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    surface: Mapped[str] = mapped_column(String(4), default=WEB)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime] = mapped_column(index=True)
    elevated_until: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    address_hash: Mapped[str] = mapped_column(String(64), default="")
    impersonator_id: Mapped[int | None] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from; the network address is kept as a keyed hash only."""

    user_agent: str = ""
    address_hash: str = ""


class Sessions:
    """Opens, rotates, elevates, lists and revokes sessions."""

    def __init__(self, db: Session, *, idle: timedelta, absolute: timedelta) -> None:
        """``idle`` and ``absolute`` are the limits of browsers' sessions."""
        self._db = db
        self.idle = idle
        self.absolute = absolute

    def open(self, member_id: int, device: Device, surface: str = WEB) -> tuple[WebSession, str]:
        """A new session and its token, shown this once; the token of ``api`` is empty."""
        moment = clock.now()
        token = ids.token() if surface == WEB else ""
        row = WebSession(
            id=ids.new_id(),
            member_id=member_id,
            surface=surface,
            token_hash=digest(token) if token else None,
            created_at=moment,
            seen_at=moment,
            ends_at=moment + (self.absolute if surface == WEB else API_ABSOLUTE),
            user_agent=device.user_agent[:200],
            address_hash=device.address_hash,
        )
        self._db.add(row)
        self._db.flush()
        return row, token

    def live(self) -> ColumnElement[bool]:
        """SQL: neither revoked nor idle nor too old."""
        moment = clock.now()
        seen_after = {WEB: moment - self.idle, API: moment - API_IDLE}
        return and_(
            WebSession.revoked_at.is_(None),
            WebSession.ends_at > moment,
            ((WebSession.surface == WEB) & (WebSession.seen_at > seen_after[WEB]))
            | ((WebSession.surface == API) & (WebSession.seen_at > seen_after[API])),
        )

    def find(self, token: str) -> WebSession | None:
        """The live session of a browser's token."""
        query = select(WebSession).where(WebSession.token_hash == digest(token), self.live())
        return self._db.scalars(query).first()

    def rotate(self, session_id: int) -> str:
        """A new token for a session whose rights change; the old one is dead at once."""
        token = ids.token()
        self._db.execute(
            update(WebSession)
            .where(WebSession.id == session_id, WebSession.surface == WEB)
            .values(token_hash=digest(token)),
            execution_options=_QUIET,
        )
        return token

    def elevate(self, session_id: int, minutes: int) -> datetime:
        """Mark that the member has just proved himself again."""
        until = clock.now() + timedelta(minutes=minutes)
        self._db.execute(
            update(WebSession).where(WebSession.id == session_id).values(elevated_until=until),
            execution_options=_QUIET,
        )
        return until

    def of(self, member_id: int) -> Sequence[WebSession]:
        """Live sessions of a member, the latest used first."""
        query = (
            select(WebSession)
            .where(WebSession.member_id == member_id, self.live())
            .order_by(WebSession.seen_at.desc(), WebSession.id.desc())
            .limit(50)
        )
        return self._db.scalars(query).all()

    def revoke(self, member_id: int, session_id: int) -> None:
        """End one session of a member; another member's is left alone."""
        self._revoke(WebSession.member_id == member_id, WebSession.id == session_id)

    def revoke_all(self, member_id: int, *, keep: int | None = None) -> None:
        """End all sessions of a member but ``keep``: sign out everywhere, new password, new role."""
        self._revoke(WebSession.member_id == member_id, WebSession.id != (keep or 0))

    def _revoke(self, *conditions: ColumnElement[bool]) -> None:
        self._db.execute(
            update(WebSession)
            .where(*conditions, WebSession.revoked_at.is_(None))
            .values(revoked_at=clock.now()),
            execution_options=_QUIET,
        )


def touch(database: Database, session_id: int) -> None:
    """Note in a short transaction of its own that a session is in use."""
    moment = clock.now()
    with database.transaction() as db:
        db.execute(
            update(WebSession)
            .where(WebSession.id == session_id, WebSession.seen_at < moment - SEEN_EVERY)
            .values(seen_at=moment),
            execution_options=_QUIET,
        )


def sessions(settings: Settings, db: Session) -> Sessions:
    """The service with the limits of the settings."""
    return Sessions(
        db,
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(days=settings.session_absolute_days),
    )
