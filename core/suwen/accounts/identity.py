"""Who makes a request: read in one statement, from the session that the request proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, select

from suwen.accounts.models import ACTIVE, ApiToken, Member
from suwen.accounts.staffing.grants import (
    GRANT_COLUMNS,
    Grant,
    branches_in,
    grants_of,
    regions_in,
    with_grants,
)
from suwen.accounts.staffing.models import NO_BRANCH
from suwen.accounts.staffing.permissions import with_staff
from suwen.accounts.staffing.reach import Reach
from suwen.kernel import clock
from suwen.kernel.audit import Actor
from suwen.kernel.cache import versions_column, versions_of
from suwen.kernel.sessions import API, WEB, Sessions, WebSession, digest

if TYPE_CHECKING:
    from pyramid.request import Request
    from sqlalchemy.orm import Session

MEMBER: Final = "member"
"""Acts of a member: shopping, and what comes with it."""
PRIVATE: Final = "member.private"
"""A member's own affairs: health, security, consents. Nobody holds it who acts for him."""
ACT: Final = "staff.members.impersonate"
"""Acting in a member's place; who loses it acts no longer, whatever sessions he has begun."""
AGREE: Final = "member.agree"
"""Agreeing to the terms: all that somebody holds whose account was opened for him, until he has."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in member. Staff without a second factor hold no staff permission until they have one.

    ``grants`` are his roles as staff; ``elevated`` means that the member proved himself again
    within the last minutes. ``impersonator_id`` is who of the staff acts in his place: such a
    session holds ``member`` and nothing else.
    """

    member_id: int
    display_name: str
    kind: str
    permissions: frozenset[str]
    region_code: str | None
    session_id: int
    elevated: bool
    surface: str
    grants: tuple[Grant, ...] = ()
    has_totp: bool = False
    seen_at: datetime | None = None
    impersonator_id: int | None = None
    must_agree: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether any staff permission is held now."""
        return "staff" in self.permissions

    @property
    def needs_totp(self) -> bool:
        """Staff by role who has still to set up the second factor."""
        return bool(self.grants) and not self.has_totp

    def may(self, permission: str, region: str | None = None, branch_id: int | None = None) -> bool:
        """Whether the permission is held, for staff also in this region and branch (None: in any).

        What belongs to no branch is asked for with ``NO_BRANCH``.
        """
        if permission not in self.permissions:
            return False
        if not permission.startswith("staff.") or (region is None and branch_id is None):
            return True
        return any(grant.holds(permission, region, branch_id) for grant in self.grants)

    def regions_of(self, permission: str) -> tuple[str, ...] | None:
        """Regions in which a staff permission is held; None means everywhere.

        For what belongs to branches ``branches_of`` limits it further; both together never give
        more than the grants do.
        """
        return regions_in(self.grants, permission)

    def branches_of(self, permission: str) -> tuple[int, ...] | None:
        """Branches to which a staff permission is limited; None means that it is not."""
        return branches_in(self.grants, permission)

    def reach(self, permission: str) -> Reach:
        """Regions and branches in one, as services take them."""
        return Reach(self.regions_of(permission), self.branches_of(permission))


_COLUMNS: Final = (
    WebSession.id.label("session_id"),
    WebSession.surface,
    WebSession.seen_at,
    WebSession.elevated_until,
    WebSession.impersonator_id,
    Member.id.label("member_id"),
    Member.display_name,
    Member.kind,
    Member.region_code,
    Member.totp_confirmed_at,
    Member.must_agree,
    Member.branch_id,
    *GRANT_COLUMNS,
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
    query = (
        select(*_COLUMNS)
        .select_from(WebSession)
        .join(Member, Member.id == WebSession.member_id)
        .where(sessions.live(), Member.state == ACTIVE)
    )
    return with_grants(query, Member.id)


def _read(db: Session, query: Select[Any]) -> Identity | None:
    rows = db.execute(query.add_columns(versions_column(db))).all()
    if not rows:
        return None
    versions_of(db, rows[0].versions or {})
    return _identity(rows) if rows[0].impersonator_id is None or _may_act(db, rows[0]) else None


def _may_act(db: Session, session: Any) -> bool:
    """Whether who acts in a member's place still may; asked at every request of such a session."""
    query = (
        select(*GRANT_COLUMNS)
        .select_from(Member)
        .where(
            Member.id == session.impersonator_id,
            Member.state == ACTIVE,
            Member.totp_confirmed_at.is_not(None),
        )
    )
    grants = grants_of(db.execute(with_grants(query, Member.id)).all())
    branch_id = session.branch_id or NO_BRANCH
    return any(grant.holds(ACT, branch_id=branch_id) for grant in grants)


def _identity(rows: Sequence[Any]) -> Identity:
    first = rows[0]
    acts_for_another = first.impersonator_id is not None
    grants = () if acts_for_another else grants_of(rows)
    has_totp = first.totp_confirmed_at is not None
    own = {MEMBER} if acts_for_another else {MEMBER, PRIVATE, AGREE}
    proved = first.elevated_until is not None and first.elevated_until > clock.now()
    permissions = (held(grants) if has_totp else frozenset()) | own
    return Identity(
        member_id=first.member_id,
        display_name=first.display_name,
        kind=first.kind,
        permissions=frozenset({AGREE}) if first.must_agree else permissions,
        region_code=first.region_code,
        session_id=first.session_id,
        elevated=proved and not acts_for_another,
        surface=first.surface,
        grants=grants,
        has_totp=has_totp,
        seen_at=first.seen_at,
        impersonator_id=first.impersonator_id,
        must_agree=first.must_agree,
    )


def held(grants: Sequence[Grant]) -> frozenset[str]:
    """``staff`` and every permission of the grants."""
    return with_staff(name for grant in grants for name in grant.permissions)


def actor(request: Request) -> Actor:
    """Who the audit log says did it."""
    identity: Identity | None = request.identity
    region = request.region.code if request.region else None
    if identity is None:
        return Actor("visitor", None, request.request_id, region)
    if identity.impersonator_id is not None:
        return Actor("staff", identity.impersonator_id, request.request_id, region)
    kind = "staff" if identity.is_staff and request.path.startswith("/admin") else "member"
    return Actor(kind, identity.member_id, request.request_id, region)
