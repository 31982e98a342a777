"""Bearer tokens of the APP: a short access token and a refresh token that changes at each use.

A refresh token that comes a second time was copied by somebody: the whole sign-in ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from suwen.accounts.errors import InvalidToken
from suwen.accounts.limits import Checkpoint, no_checkpoint
from suwen.accounts.models import ACTIVE, ApiToken, Member
from suwen.kernel import clock, ids
from suwen.kernel.sessions import API, Device, Sessions, WebSession, digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ACCESS_LASTS: Final = timedelta(minutes=30)
REFRESH_LASTS: Final = timedelta(days=30)

_QUIET: Final = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What the APP is given, this once. ``expires_at`` is that of the access token."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    member_id: int
    session_id: int


class ApiTokens:
    """Issues and exchanges tokens."""

    def __init__(self, db: Session, sessions: Sessions) -> None:
        """A family of tokens is one of ``sessions``."""
        self._db = db
        self._sessions = sessions

    def sign_in(self, member_id: int, device: Device) -> TokenPair:
        """Begin a family."""
        session, _none = self._sessions.open(member_id, device, API)
        return self._issue(session.id, member_id)

    def refresh(self, token: str, checkpoint: Checkpoint = no_checkpoint) -> TokenPair:
        """Exchange a refresh token; raises ``InvalidToken``, and ends the family at a replay."""
        row = self._db.execute(
            select(ApiToken.id, ApiToken.session_id, ApiToken.used_at, WebSession.member_id)
            .join(WebSession, WebSession.id == ApiToken.session_id)
            .join(Member, Member.id == WebSession.member_id)
            .where(
                ApiToken.token_hash == digest(token),
                ApiToken.kind == "refresh",
                ApiToken.expires_at > clock.now(),
                Member.state == ACTIVE,
                self._sessions.live(),
            )
        ).first()
        if row is None:
            raise InvalidToken
        if not self._use(row.id):
            self._sessions.revoke(row.member_id, row.session_id)
            checkpoint()
            raise InvalidToken
        self._db.execute(
            update(WebSession).where(WebSession.id == row.session_id).values(seen_at=clock.now()),
            execution_options=_QUIET,
        )
        return self._issue(row.session_id, row.member_id)

    def _use(self, token_id: int) -> bool:
        used = self._db.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.used_at.is_(None))
            .values(used_at=clock.now())
            .returning(ApiToken.id),
            execution_options=_QUIET,
        )
        return used.first() is not None

    def _issue(self, session_id: int, member_id: int) -> TokenPair:
        moment, access, refresh = clock.now(), ids.token(), ids.token()
        lasting = (("access", access, ACCESS_LASTS), ("refresh", refresh, REFRESH_LASTS))
        self._db.add_all(
            ApiToken(
                id=ids.new_id(),
                session_id=session_id,
                kind=kind,
                token_hash=digest(token),
                created_at=moment,
                expires_at=moment + lasts,
            )
            for kind, token, lasts in lasting
        )
        self._db.flush()
        return TokenPair(access, refresh, moment + ACCESS_LASTS, member_id, session_id)

    def purge(self) -> None:
        """Forget tokens that are over; used refresh tokens are kept until then, to notice replays."""
        self._db.execute(
            delete(ApiToken).where(ApiToken.expires_at < clock.now()), execution_options=_QUIET
        )
