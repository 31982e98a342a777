"""Who makes a request: read in one statement, from the session that the request proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, select

from suwen.accounts.models import ACTIVE, ApiToken, Member
from suwen.accounts.roles import EVERYWHERE, permissions_of
from suwen.accounts.staffing.models import StaffGrant
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.sessions import API, WEB, Sessions, WebSession, digest

if TYPE_CHECKING:
    from pyramid.request import Request
    from sqlalchemy.orm import Session

MEMBER: Final = "member"


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in member. Staff without a second factor hold no staff permission until they have one.

    ``grants`` are ``(role, region)`` with ``*`` for everywhere; ``elevated`` means that the member
    proved himself again within the last minutes.
    """

    member_id: int
    display_name: str
    kind: str
    permissions: frozenset[str]
    region_code: str | None
    session_id: int
    elevated: bool
    surface: str
    grants: tuple[tuple[str, str], ...] = ()
    has_totp: bool = False
    seen_at: datetime | None = None

    @property
    def is_staff(self) -> bool:
        """Whether any staff permission is held now."""
        return "staff" in self.permissions

    @property
    def needs_totp(self) -> bool:
        """Staff by role who has still to set up the second factor."""
        return bool(self.grants) and not self.has_totp

    def may(self, permission: str, region: str | None = None) -> bool:
        """Whether the permission is held, for staff also in this region (None: in any)."""
        if permission not in self.permissions:
            return False
        if region is None or not permission.startswith("staff."):
            return True
        roles = [role for role, where in self.grants if where in {EVERYWHERE, region}]
        return permission in permissions_of(roles)

    def regions_of(self, permission: str) -> tuple[str, ...] | None:
        """Regions in which a staff permission is held; None means everywhere."""
        regions = {where for role, where in self.grants if permission in permissions_of([role])}
        return None if EVERYWHERE in regions else tuple(sorted(regions))


_COLUMNS: Final = (
    WebSession.id.label("session_id"),
    WebSession.surface,
    WebSession.seen_at,
    WebSession.elevated_until,
    Member.id.label("member_id"),
    Member.display_name,
    Member.kind,
    Member.region_code,
    Member.totp_confirmed_at,
    StaffGrant.role,
    StaffGrant.region.label("grant_region"),
)


def of_browser(db: Session, sessions: Sessions, token: str) -> Identity | None:
    """Who a browser's cookie belongs to."""
    query = _select(sessions).where(
        WebSession.token_hash == digest(token), WebSession.surface == WEB
    )
    return _read(db, query)


def of_bearer(db: Session, sessions: Sessions, token: str) -> Identity | None:
    """Who an access token belongs to."""
    query = (
        _select(sessions)
        .join(ApiToken, ApiToken.session_id == WebSession.id)
        .where(
            ApiToken.token_hash == digest(token),
            ApiToken.kind == "access",
            ApiToken.expires_at > clock.now(),
            WebSession.surface == API,
        )
    )
    return _read(db, query)


def _select(sessions: Sessions) -> Any:
    return (
        select(*_COLUMNS)
        .select_from(WebSession)
        .join(Member, Member.id == WebSession.member_id)
        .outerjoin(StaffGrant, StaffGrant.member_id == Member.id)
        .where(sessions.live(), Member.state == ACTIVE)
    )


def _read(db: Session, query: Select[Any]) -> Identity | None:
    rows = db.execute(query).all()
    return _identity(rows) if rows else None


def _identity(rows: Sequence[Any]) -> Identity:
    first = rows[0]
    grants = tuple((row.role, row.grant_region) for row in rows if row.role is not None)
    has_totp = first.totp_confirmed_at is not None
    staff = permissions_of(role for role, _region in grants) if has_totp else frozenset()
    return Identity(
        member_id=first.member_id,
        display_name=first.display_name,
        kind=first.kind,
        permissions=staff | {MEMBER},
        region_code=first.region_code,
        session_id=first.session_id,
        elevated=first.elevated_until is not None and first.elevated_until > clock.now(),
        surface=first.surface,
        grants=grants,
        has_totp=has_totp,
        seen_at=first.seen_at,
    )


def actor(request: Request) -> Actor:
    """Who the audit log says did it."""
    identity: Identity | None = request.identity
    region = request.region.code if request.region else None
    if identity is None:
        return Actor("visitor", None, request.request_id, region)
    kind = "staff" if identity.is_staff and request.path.startswith("/admin") else "member"
    return Actor(kind, identity.member_id, request.request_id, region)
